//! Horizontal flip.

use super::{Augmentation, Image, Knob, short};
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// Mirrors left and right with probability `p` (torchvision's `RandomHorizontalFlip`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Flip {
    /// Probability.
    pub p: f64,
}

impl Default for Flip {
    fn default() -> Self {
        Self { p: 0.5 }
    }
}

impl Augmentation for Flip {
    const KIND: &'static str = "flip";
    const HELP: &'static str = "mirrors left and right";
    const KNOBS: &'static [Knob] =
        &[Knob { path: "p", min: 0.0, max: 1.0, step: 0.05, help: "probability of a flip" }];
    const DISCRETE: bool = true;
    /// Whether it is mirrored.
    type Params = bool;

    fn sample(&self, stream: &mut Stream, _width: usize, _height: usize) -> bool {
        stream.coin(self.p as f32)
    }

    fn apply(mirrored: &bool, image: &mut Image) {
        if *mirrored {
            for row in image.pixels.chunks_exact_mut(image.width * 3) {
                row.as_chunks_mut::<3>().0.reverse();
            }
        }
    }

    fn summary(&self) -> String {
        format!("p {}", short(self.p))
    }

    fn describe(mirrored: &bool) -> String {
        if *mirrored { "mirrored" } else { "as it is" }.into()
    }
}
