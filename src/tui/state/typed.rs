//! A number that is being typed.

/// Longest text.
const LONGEST: usize = 24;

/// What stands there so far.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub text: String,
    /// What is wrong with it.
    pub error: Option<String>,
}

impl Typed {
    /// Adds what can belong to a number.
    pub fn add(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.len());
        let fitting = text.chars().filter(|c| c.is_ascii_alphanumeric() || "+-._".contains(*c));
        self.text.extend(fitting.take(room));
        self.error = None;
    }

    /// Takes the last character back, or everything.
    pub fn erase(&mut self, all: bool) {
        self.error = None;
        self.text.truncate(if all { 0 } else { self.text.len().saturating_sub(1) });
    }
}
