//! Sharpness.

use super::{Augmentation, Image, Invalid, Knob, short, with_scratch};
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// Blends the image with a smoothed one, with probability `p`, by a factor that is uniform in `factor`
/// (torchvision's `adjust_sharpness`; RandAugment, Cubuk et al., 2020, has factors from 0.1 to 1.9).
///
/// Factor 0 is the smoothed image, 1 the image, more than 1 sharper. The smoothing is Pillow's 3×3
/// kernel, 5/13 in the middle and 1/13 around it; the outermost pixels stay what they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sharpness {
    /// Probability.
    pub p: f64,
    /// Least and greatest factor.
    pub factor: [f64; 2],
}

impl Default for Sharpness {
    fn default() -> Self {
        Self { p: 0.5, factor: [0.1, 1.9] }
    }
}

impl Augmentation for Sharpness {
    const KIND: &'static str = "sharpness";
    const HELP: &'static str = "smooths or sharpens";
    const KNOBS: &'static [Knob] = &[
        Knob { path: "p", min: 0.0, max: 1.0, step: 0.05, help: "probability of a change" },
        Knob { path: "factor.0", min: 0.0, max: 10.0, step: 0.1, help: "least factor: 0 smooth, 1 as it is" },
        Knob { path: "factor.1", min: 0.0, max: 10.0, step: 0.1, help: "greatest factor: above 1 sharper" },
    ];
    /// The factor; `None`: as it is.
    type Params = Option<f32>;

    fn sample(&self, stream: &mut Stream, _width: usize, _height: usize) -> Option<f32> {
        let changed = stream.coin(self.p as f32);
        let factor = stream.between(self.factor[0] as f32, self.factor[1] as f32);
        changed.then_some(factor)
    }

    fn apply(factor: &Option<f32>, image: &mut Image) {
        let Some(factor) = *factor else { return };
        if image.width > 2 && image.height > 2 {
            blend(image, factor);
        }
    }

    fn summary(&self) -> String {
        format!("p {} ×{}–{}", short(self.p), short(self.factor[0]), short(self.factor[1]))
    }

    fn describe(factor: &Option<f32>) -> String {
        factor.map_or_else(|| "as it is".into(), |factor| format!("×{factor:.2}"))
    }

    fn check(&self) -> Result<(), Invalid> {
        super::ordered("factor", self.factor)
    }
}

/// Blends the inner pixels with their smoothed values: sums of three rows first, then of three columns.
fn blend(image: &mut Image, factor: f32) {
    let across = image.width * 3;
    with_scratch(image.pixels.len() + across, |scratch| {
        let (source, sums) = scratch.split_at_mut(image.pixels.len());
        source.copy_from_slice(&image.pixels);
        blend_rows(&mut image.pixels, source, sums, factor);
    });
    image.pixels.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
}

/// `sums` has room for a row.
fn blend_rows(pixels: &mut [f32], source: &[f32], sums: &mut [f32], factor: f32) {
    let across = sums.len();
    for y in 1..pixels.len() / across - 1 {
        let row = |at: usize| &source[at * across..(at + 1) * across];
        let (above, middle, below) = (row(y - 1), row(y), row(y + 1));
        for (sum, ((a, b), c)) in sums.iter_mut().zip(above.iter().zip(middle).zip(below)) {
            *sum = a + b + c;
        }
        let inner = 3..across - 3;
        let target = &mut pixels[y * across..][inner.clone()];
        let around = sums.iter().zip(&sums[3..]).zip(&sums[6..]);
        for ((to, own), ((left, here), right)) in target.iter_mut().zip(&middle[inner]).zip(around) {
            let smooth = (left + here + right + 4.0 * own) * (1.0 / 13.0);
            *to = smooth + factor * (own - smooth);
        }
    }
}
