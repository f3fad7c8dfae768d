//! One editable number of a settings struct: its range and its step, said once and used by the
//! validation of configuration files, by the editor on the screen, and by the help.

/// A number that can be edited while training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knob {
    /// The path below the settings struct: a field's name, or `field.0` for a list's element.
    pub path: &'static str,
    /// Smallest allowed value.
    pub min: f64,
    /// Largest allowed value.
    pub max: f64,
    /// How far one key press moves the value.
    pub step: f64,
    /// One line for the reader: what it does, and its unit.
    pub help: &'static str,
}

/// What is wrong with a settings struct: where, below it, and why.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct Invalid {
    /// The path below the settings struct; empty for the struct as a whole.
    pub path: String,
    /// What was expected there.
    pub why: String,
}

impl Invalid {
    /// An [`Invalid`] at `path`.
    pub fn at(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self { path: path.into(), why: why.into() }
    }
}
