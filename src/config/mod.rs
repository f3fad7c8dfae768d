//! One document that says everything about a run: the rooms' own settings, put together.
//!
//! A file's text (`source`) and the changes of the command line (`overrides`) make one document;
//! `check` and `document` turn it into a [`Config`] or say what is wrong with it and where
//! (`error`). While a run trains, single values change by [`Config::edited`].

mod check;
mod difference;
mod document;
mod error;
mod live;
mod overrides;
mod presets;
mod source;
mod train;
mod words;

#[cfg(test)]
mod tests;

pub use difference::Difference;
pub use document::{hash_of, value_at};
pub use error::ConfigError;
pub use live::{LiveValue, live};
pub use overrides::assignment;
pub use presets::Preset;
pub use train::TrainSettings;

use crate::{
    augment::Entry,
    data::DataSettings,
    eval::EvalSettings,
    looc::ContrastSettings,
    nn::{ModelSettings, OptimizerSettings},
};
use source::Source;
use std::{fs::File, io::Read, path::Path};

/// The settings of a run without a file.
const QUICKSTART: &str = include_str!("../../configs/quickstart.yaml");

/// The whole configuration, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    pub data: DataSettings,
    /// In order of application.
    pub augment: Vec<Entry>,
    pub model: ModelSettings,
    pub contrast: ContrastSettings,
    pub optimizer: OptimizerSettings,
    pub train: TrainSettings,
    pub eval: EvalSettings,
}

impl Config {
    /// Reads a file, or the quickstart's settings without one, and makes the changes `a.b=c` on top.
    ///
    /// # Errors
    /// The file cannot be read, or says something that is not allowed: the error shows the line.
    pub fn load(path: Option<&Path>, overrides: &[String]) -> Result<Self, ConfigError> {
        let Some(path) = path else { return Self::parse(QUICKSTART, "quickstart.yaml", overrides) };
        let name = crate::text::printable_name(path.as_os_str());
        Self::parse(&read(path, &name)?, &name, overrides)
    }

    /// A configuration from its text; `name` stands for the file in messages.
    ///
    /// # Errors
    /// As [`Config::load`].
    ///
    /// ```
    /// let config = looc::config::Config::parse("model: { width: 8 }", "mine.yaml", &[]).unwrap();
    /// assert_eq!(config.model.width, 8);
    /// let wrong = looc::config::Config::parse("model: { widht: 8 }", "mine.yaml", &[]).unwrap_err();
    /// assert!(wrong.to_string().contains("mine.yaml:1:10"));
    /// ```
    pub fn parse(text: &str, name: &str, overrides: &[String]) -> Result<Self, ConfigError> {
        let source = Source::parse(name, text)?;
        let (value, changes) = overrides::apply(source.value.clone(), overrides)?;
        document::from_value(value).map_err(|wrong| {
            let given = changes.iter().rev().find_map(|change| change.place(&wrong.at));
            let place = given.or_else(|| source.place(&wrong.at));
            let error = ConfigError::from(wrong);
            place.into_iter().fold(error, ConfigError::placed)
        })
    }
}

/// The text of a file, if it is one of reasonable size.
fn read(path: &Path, name: &str) -> Result<String, ConfigError> {
    let cannot = |why: String| ConfigError::plain("", format!("cannot read {name}: {why}"));
    let mut text = Vec::new();
    let file = File::open(path).map_err(|error| {
        let hint = if error.kind() == std::io::ErrorKind::NotFound {
            "; `looc-tui config > mine.yaml` writes one to start from"
        } else {
            ""
        };
        cannot(format!("{error}{hint}"))
    })?;
    file.take(source::LONGEST as u64 + 1)
        .read_to_end(&mut text)
        .map_err(|error| cannot(error.to_string()))?;
    if text.len() > source::LONGEST {
        return Err(cannot(format!(
            "it is longer than {} KiB, which no configuration is",
            source::LONGEST >> 10
        )));
    }
    String::from_utf8(text).map_err(|error| {
        cannot(format!("byte {} is not UTF-8: is it a text file?", error.utf8_error().valid_up_to()))
    })
}
