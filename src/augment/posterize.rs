//! Posterisation: fewer levels.

use super::{Augmentation, Image, Knob, short};
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// Leaves `bits` bits of each channel with probability `p` (torchvision's `RandomPosterize`; AutoAugment,
/// Cubuk et al., 2019, has it with 4 to 8 bits).
///
/// Values are rounded down, as torchvision does for float images: 2 to the power of `bits` levels, of
/// which the greatest is 1 − 2⁻ᵇⁱᵗˢ, so the image becomes a little darker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Posterize {
    /// Probability.
    pub p: f64,
    /// Bits that each channel keeps, 1 to 8.
    pub bits: u32,
}

impl Default for Posterize {
    fn default() -> Self {
        Self { p: 0.5, bits: 4 }
    }
}

impl Augmentation for Posterize {
    const KIND: &'static str = "posterize";
    const HELP: &'static str = "leaves few levels of each channel";
    const KNOBS: &'static [Knob] = &[
        Knob { path: "p", min: 0.0, max: 1.0, step: 0.05, help: "probability of posterisation" },
        Knob { path: "bits", min: 1.0, max: 8.0, step: 1.0, help: "bits that each channel keeps" },
    ];
    /// The bits; `None`: as it is.
    type Params = Option<u32>;

    fn sample(&self, stream: &mut Stream, _width: usize, _height: usize) -> Option<u32> {
        stream.coin(self.p as f32).then_some(self.bits)
    }

    fn apply(bits: &Option<u32>, image: &mut Image) {
        let Some(bits) = *bits else { return };
        let levels = (1u32 << bits.min(8)) as f32;
        for value in &mut image.pixels {
            // Rounds down, as the number is not negative; `floor` would be a call for every value.
            let level = (*value * levels).clamp(0.0, levels - 1.0) as i32;
            *value = level as f32 / levels;
        }
    }

    fn summary(&self) -> String {
        format!("p {} {} bits", short(self.p), self.bits)
    }

    fn describe(bits: &Option<u32>) -> String {
        bits.map_or_else(|| "all levels".into(), |bits| format!("{} levels", 1u32 << bits.min(8)))
    }
}
