//! Solarisation.

use super::{Augmentation, Image, Knob, short};
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// Inverts every value that is at least `threshold`, with probability `p` (torchvision's
/// `RandomSolarize`; BYOL, Grill et al., 2020, has it on one of its two views with `p` 0.2).
///
/// Each channel is inverted by itself, so that colours change too: a head of colour that is to keep the
/// mean colour is better trained without it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Solarize {
    /// Probability.
    pub p: f64,
    /// The least value that is inverted, of values in `[0, 1]`.
    pub threshold: f64,
}

impl Default for Solarize {
    fn default() -> Self {
        Self { p: 0.2, threshold: 0.5 }
    }
}

impl Augmentation for Solarize {
    const KIND: &'static str = "solarize";
    const HELP: &'static str = "inverts what is bright";
    const KNOBS: &'static [Knob] = &[
        Knob { path: "p", min: 0.0, max: 1.0, step: 0.05, help: "probability of solarisation" },
        Knob { path: "threshold", min: 0.0, max: 1.0, step: 0.05, help: "least value that is inverted" },
    ];
    /// The threshold; `None`: as it is.
    type Params = Option<f32>;

    fn sample(&self, stream: &mut Stream, _width: usize, _height: usize) -> Option<f32> {
        stream.coin(self.p as f32).then_some(self.threshold as f32)
    }

    fn apply(threshold: &Option<f32>, image: &mut Image) {
        let Some(threshold) = *threshold else { return };
        for value in &mut image.pixels {
            *value = if *value >= threshold { 1.0 - *value } else { *value };
        }
    }

    fn summary(&self) -> String {
        format!("p {} from {}", short(self.p), short(self.threshold))
    }

    fn describe(threshold: &Option<f32>) -> String {
        threshold.map_or_else(|| "not solarised".into(), |threshold| format!("inverted from {threshold:.2}"))
    }
}
