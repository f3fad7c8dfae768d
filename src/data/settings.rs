//! The `data` section of a configuration.

use crate::knob::Knob;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The `data` section. Fixed once a run has started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataSettings {
    /// Which data set: one of the registry's names.
    pub kind: String,
    /// Width and height that images are brought to, in pixels.
    pub size: usize,
    /// Where it is; a relative path starts from `LOOC_DATA`, or from the present folder without it.
    pub path: Option<PathBuf>,
    /// `shapes`: how many images to render for training.
    pub train: usize,
    /// `shapes`: how many images to render as held out.
    pub held_out: usize,
    /// `folder`, `parquet` or `webdataset` without a part to hold out: the share of each class that is held out.
    pub held_out_share: f64,
    /// `folder`, `parquet`, `webdataset`: the share of damaged images that is put up with.
    pub damaged_share: f64,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            kind: "shapes".into(),
            size: 32,
            path: None,
            train: 5000,
            held_out: 1000,
            held_out_share: 0.1,
            damaged_share: 0.05,
        }
    }
}

impl DataSettings {
    /// Ranges of the numbers.
    pub const KNOBS: &'static [Knob] = &[
        Knob { path: "size", min: 8.0, max: 512.0, step: 8.0, help: "working size of an image in pixels" },
        Knob { path: "train", min: 2.0, max: 1e7, step: 1000.0, help: "built-in images to train on" },
        Knob { path: "held_out", min: 2.0, max: 1e6, step: 100.0, help: "built-in images held out" },
        Knob {
            path: "held_out_share",
            min: 0.01,
            max: 0.9,
            step: 0.01,
            help: "share held out where there is no val folder",
        },
        Knob {
            path: "damaged_share",
            min: 0.0,
            max: 1.0,
            step: 0.01,
            help: "share of damaged files that is put up with",
        },
    ];
}
