//! One document that says everything about a run.

mod document;
mod train;
pub use document::live;
pub use train::TrainSettings;

use crate::{
    augment::Entry,
    data::DataSettings,
    eval::EvalSettings,
    looc::ContrastSettings,
    nn::{ModelSettings, OptimizerSettings},
};

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

#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}")]
pub struct ConfigError { pub path: String, pub why: String }
