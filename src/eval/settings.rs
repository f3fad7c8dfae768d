//! The `eval` section of a configuration.

use crate::knob::Knob;
use serde::{Deserialize, Serialize};

/// The `eval` section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvalSettings {
    /// Steps between two measurements of the invariance; 0 measures only at the start and the end.
    pub every: u64,
    /// Held-out images that are measured.
    pub images: usize,
    /// Training images that the offline evaluation fits probes to and looks for neighbours among, at most.
    pub bank: usize,
}

impl Default for EvalSettings {
    fn default() -> Self {
        Self { every: 100, images: 512, bank: 10_000 }
    }
}

impl EvalSettings {
    /// Ranges of the numbers.
    pub const KNOBS: &'static [Knob] = &[
        Knob { path: "every", min: 0.0, max: 1e9, step: 10.0, help: "steps between two measurements" },
        Knob { path: "images", min: 2.0, max: 65_536.0, step: 64.0, help: "held-out images measured" },
        Knob {
            path: "bank",
            min: 2.0,
            max: 1e7,
            step: 1000.0,
            help: "training images of the offline evaluation, at most",
        },
    ];
}
