//! Erasing a box.

use super::{Augmentation, Image, Invalid, Knob, short};
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// How many boxes are tried before none is erased (torchvision's `get_params`).
const TRIES: usize = 10;

/// Covers a random box with probability `p` (torchvision's `RandomErasing`, Zhong et al., 2020; much like
/// Cutout, DeVries & Taylor, 2017).
///
/// The box's area is uniform in `scale`, its height ÷ width log-uniform in `ratio`, its place uniform;
/// its edges are whole pixels, and it is smaller than the image in both directions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Erase {
    /// Probability.
    pub p: f64,
    /// Least and greatest area of the box, as a part of the image's.
    pub scale: [f64; 2],
    /// Least and greatest height ÷ width of the box.
    pub ratio: [f64; 2],
    /// What the box is filled with.
    pub fill: Fill,
}

/// What a box is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fill {
    /// The image's mean colour, which then hardly changes: what a head of colour looks at stays.
    Mean,
    /// Black: torchvision's default.
    Zero,
}

impl Default for Erase {
    fn default() -> Self {
        Self { p: 0.5, scale: [0.02, 0.33], ratio: [0.3, 3.3], fill: Fill::Mean }
    }
}

/// The box that is covered, in pixels of the image that it was drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch {
    /// First column.
    pub left: usize,
    /// First row.
    pub top: usize,
    /// Columns; may be 0 in a tiny image, and then nothing is covered.
    pub width: usize,
    /// Rows; may be 0 in a tiny image.
    pub height: usize,
    /// What covers it.
    pub fill: Fill,
}

impl Augmentation for Erase {
    const KIND: &'static str = "erase";
    const HELP: &'static str = "covers a random box";
    const KNOBS: &'static [Knob] = &[
        Knob { path: "p", min: 0.0, max: 1.0, step: 0.05, help: "probability of a covered box" },
        Knob { path: "scale.0", min: 0.0, max: 1.0, step: 0.01, help: "least area of the box, part of 1" },
        Knob { path: "scale.1", min: 0.0, max: 1.0, step: 0.01, help: "greatest area of the box, part of 1" },
        Knob { path: "ratio.0", min: 0.1, max: 10.0, step: 0.1, help: "least height ÷ width of the box" },
        Knob { path: "ratio.1", min: 0.1, max: 10.0, step: 0.1, help: "greatest height ÷ width of the box" },
    ];
    /// The box; `None`: nothing is covered.
    type Params = Option<Patch>;

    fn sample(&self, stream: &mut Stream, width: usize, height: usize) -> Option<Patch> {
        if !stream.coin(self.p as f32) {
            return None;
        }
        let area = (width * height) as f64;
        let [low, high] = self.ratio.map(|ratio| ratio.ln() as f32);
        for _ in 0..TRIES {
            let target = area * f64::from(stream.between(self.scale[0] as f32, self.scale[1] as f32));
            let ratio = f64::from(stream.between(low, high)).exp();
            let rows = (target * ratio).sqrt().round_ties_even() as usize;
            let columns = (target / ratio).sqrt().round_ties_even() as usize;
            if rows < height && columns < width {
                let top = stream.below((height - rows) as u32 + 1) as usize;
                let left = stream.below((width - columns) as u32 + 1) as usize;
                return Some(Patch { left, top, width: columns, height: rows, fill: self.fill });
            }
        }
        None
    }

    fn apply(patch: &Option<Patch>, image: &mut Image) {
        let Some(Patch { left, top, width, height, fill }) = *patch else { return };
        debug_assert!(left + width <= image.width && top + height <= image.height, "{patch:?}");
        let colour = match fill {
            Fill::Mean => mean(&image.pixels),
            Fill::Zero => [0.0; 3],
        };
        for row in image.pixels.chunks_exact_mut(image.width * 3).skip(top).take(height) {
            row.chunks_exact_mut(3).skip(left).take(width).for_each(|rgb| rgb.copy_from_slice(&colour));
        }
    }

    fn summary(&self) -> String {
        format!("p {} {}–{}", short(self.p), short(self.scale[0]), short(self.scale[1]))
    }

    fn describe(patch: &Option<Patch>) -> String {
        let words = |it: Patch| format!("{}×{} covered at {},{}", it.width, it.height, it.left, it.top);
        patch.map_or_else(|| "nothing covered".into(), words)
    }

    fn check(&self) -> Result<(), Invalid> {
        super::ordered("scale", self.scale)?;
        super::ordered("ratio", self.ratio)
    }
}

/// The mean colour; in f64, so that it does not depend on the size of the image.
fn mean(pixels: &[f32]) -> [f32; 3] {
    let mut sums = [0.0f64; 3];
    for rgb in pixels.chunks_exact(3) {
        sums.iter_mut().zip(rgb).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let count = (pixels.len() / 3).max(1) as f64;
    sums.map(|sum| (sum / count) as f32)
}
