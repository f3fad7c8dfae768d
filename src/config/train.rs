//! The `train` section of a configuration.

use crate::knob::Knob;
use serde::{Deserialize, Serialize};

/// The `train` section. Fixed once a run has started, but for `checkpoint_every`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainSettings {
    /// Images a step.
    pub batch: usize,
    /// Passes over the training images.
    pub epochs: f64,
    /// Of every random draw.
    pub seed: u64,
    /// Threads that compute; 0 is every core.
    pub threads: usize,
    /// Steps between two checkpoints; 0 writes one at the end and on demand only.
    pub checkpoint_every: u64,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self { batch: 128, epochs: 20.0, seed: 0, threads: 0, checkpoint_every: 500 }
    }
}

impl TrainSettings {
    /// Ranges of the numbers.
    pub const KNOBS: &'static [Knob] = &[
        Knob { path: "batch", min: 2.0, max: 65_536.0, step: 16.0, help: "images a step" },
        Knob { path: "epochs", min: 0.001, max: 1e6, step: 1.0, help: "passes over the training images" },
        Knob { path: "seed", min: 0.0, max: 9.007199254740991e15, step: 1.0, help: "of every random draw" },
        Knob {
            path: "threads",
            min: 0.0,
            max: 1024.0,
            step: 1.0,
            help: "threads that compute; 0 is every core",
        },
        Knob {
            path: "checkpoint_every",
            min: 0.0,
            max: 1e9,
            step: 100.0,
            help: "steps between two checkpoints",
        },
    ];
}
