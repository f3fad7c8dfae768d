//! What is being typed, and what for.

use crate::text::printable;

/// Longest text.
const LONGEST: usize = 200;

/// What a text is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// The chosen value of the editor.
    #[default]
    Value,
    /// Which held-out image's neighbours, or views, to show: its number.
    Image,
    /// What the list of runs, or the log, is narrowed to.
    Filter,
    /// Where the configuration is written.
    File,
}

/// What stands there so far.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub purpose: Purpose,
    pub text: String,
    /// What is wrong with it.
    pub error: Option<String>,
}

impl Typed {
    /// For this, with a text to begin with.
    pub fn new(purpose: Purpose, text: impl Into<String>) -> Self {
        Self { purpose, text: text.into(), error: None }
    }

    /// Adds what can be shown, and for a number what can belong to one.
    pub fn add(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.chars().count());
        let digits = self.purpose == Purpose::Image;
        let fitting = text.chars().filter(|c| {
            let plain = !c.is_control() && printable(c.encode_utf8(&mut [0; 4])).chars().eq([*c]);
            plain && (!digits || c.is_ascii_alphanumeric())
        });
        self.text.extend(fitting.take(room));
        self.error = None;
    }

    /// Takes the last character back, or everything.
    pub fn erase(&mut self, all: bool) {
        self.error = None;
        if all {
            self.text.clear();
        } else {
            self.text.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_is_taken() {
        let mut typed = Typed::new(Purpose::File, "a");
        typed.add("b é\u{1b}[2J\u{202e}\n\tc");
        assert_eq!(typed.text, "ab é[2Jc");
        typed.erase(false);
        assert_eq!(typed.text, "ab é[2J");
        let mut number = Typed::new(Purpose::Image, "");
        number.add("1 7;x");
        assert_eq!(number.text, "17x");
        number.add(&"9".repeat(999));
        assert_eq!(number.text.len(), LONGEST);
        number.erase(true);
        assert!(number.text.is_empty());
    }
}
