//! The `contrast` section of a configuration.

use super::ObjectiveKind;
use crate::knob::Knob;
use serde::{Deserialize, Serialize};

/// The `contrast` section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContrastSettings {
    /// The objective.
    pub kind: ObjectiveKind,
    /// τ of the softmax over similarities.
    pub temperature: f64,
    /// `moco`: keys in each space's queue. Fixed once a run has started.
    pub queue: usize,
    /// `moco`: m of the momentum encoder: key ← m·key + (1−m)·query.
    pub momentum: f64,
    /// Which keys are positives in the space that is invariant to everything.
    pub general_positives: GeneralPositives,
    /// `supervised`: the labels to learn, such as `class` or `shape`; none: the data set's first.
    pub label: Option<String>,
}

/// Which keys are positives in Z0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GeneralPositives {
    /// k0 alone, as in the paper's loss.
    K0,
    /// The mean of the InfoNCE with each of k0..kn as the one positive.
    All,
}

impl Default for ContrastSettings {
    fn default() -> Self {
        Self {
            kind: ObjectiveKind::default(),
            temperature: 0.2,
            queue: 4096,
            momentum: 0.99,
            general_positives: GeneralPositives::K0,
            label: None,
        }
    }
}

impl ContrastSettings {
    /// Ranges of the numbers.
    pub const KNOBS: &'static [Knob] = &[
        Knob { path: "temperature", min: 0.01, max: 2.0, step: 0.01, help: "temperature of the softmax" },
        Knob {
            path: "queue",
            min: 1.0,
            max: 1_048_576.0,
            step: 1024.0,
            help: "moco: keys in each space's queue",
        },
        Knob { path: "momentum", min: 0.0, max: 1.0, step: 0.001, help: "moco: momentum of the key encoder" },
    ];
}
