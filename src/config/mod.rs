//! One document that says everything about a run.

mod train;
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
