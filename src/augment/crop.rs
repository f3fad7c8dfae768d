//! Random resized crop.

use super::{Augmentation, Image, Invalid, Knob, short};
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

mod resize;

/// How many boxes are tried before the central one is taken (torchvision's `get_params`).
const TRIES: usize = 10;

/// Cuts a random box out and resizes it back to the image's width and height
/// (torchvision's `RandomResizedCrop`, bilinear with `antialias=True`).
///
/// The box's area is uniform in `scale`, its aspect ratio log-uniform in `ratio`, its place uniform;
/// its edges are whole pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Crop {
    /// Least and greatest area of the box, as a part of the image's, in `(0, 1]`.
    pub scale: [f64; 2],
    /// Least and greatest width ÷ height of the box.
    pub ratio: [f64; 2],
}

impl Default for Crop {
    fn default() -> Self {
        Self { scale: [0.2, 1.0], ratio: [3.0 / 4.0, 4.0 / 3.0] }
    }
}

/// The box that is kept, in pixels of the image that it was drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// First column.
    pub left: usize,
    /// First row.
    pub top: usize,
    /// Columns, at least 1.
    pub width: usize,
    /// Rows, at least 1.
    pub height: usize,
    /// Width and height of the image that it was drawn for: the area is relative to it.
    pub of: [usize; 2],
}

impl Crop {
    /// The largest central box whose aspect ratio is allowed: torchvision's way out.
    fn central(&self, width: usize, height: usize) -> Region {
        let [low, high] = self.ratio;
        let (w, h) = (width as f64, height as f64);
        let (w, h) = if w / h < low {
            (w, w / low)
        } else if w / h > high {
            (h * high, h)
        } else {
            (w, h)
        };
        let width_of_box = whole(w).clamp(1, width.max(1));
        let height_of_box = whole(h).clamp(1, height.max(1));
        Region {
            left: width.saturating_sub(width_of_box) / 2,
            top: height.saturating_sub(height_of_box) / 2,
            width: width_of_box,
            height: height_of_box,
            of: [width, height],
        }
    }
}

impl Augmentation for Crop {
    const KIND: &'static str = "crop";
    const HELP: &'static str = "cuts a random box out and resizes it back";
    const KNOBS: &'static [Knob] = &[
        Knob { path: "scale.0", min: 0.01, max: 1.0, step: 0.05, help: "least area of the box, part of 1" },
        Knob {
            path: "scale.1",
            min: 0.01,
            max: 1.0,
            step: 0.05,
            help: "greatest area of the box, part of 1",
        },
        Knob { path: "ratio.0", min: 0.1, max: 10.0, step: 0.05, help: "least width ÷ height of the box" },
        Knob {
            path: "ratio.1", min: 0.1, max: 10.0, step: 0.05, help: "greatest width ÷ height of the box"
        },
    ];
    type Params = Region;

    fn sample(&self, stream: &mut Stream, width: usize, height: usize) -> Region {
        let area = (width * height) as f64;
        let [low, high] = self.ratio.map(|ratio| ratio.ln() as f32);
        for _ in 0..TRIES {
            let target = area * f64::from(stream.between(self.scale[0] as f32, self.scale[1] as f32));
            let ratio = f64::from(stream.between(low, high)).exp();
            let (w, h) = (whole((target * ratio).sqrt()), whole((target / ratio).sqrt()));
            if (1..=width).contains(&w) && (1..=height).contains(&h) {
                let top = stream.below((height - h) as u32 + 1) as usize;
                let left = stream.below((width - w) as u32 + 1) as usize;
                return Region { left, top, width: w, height: h, of: [width, height] };
            }
        }
        self.central(width, height)
    }

    fn apply(region: &Region, image: &mut Image) {
        let Region { left, top, width, height, .. } = *region;
        let inside = left + width <= image.width && top + height <= image.height && width * height > 0;
        debug_assert!(inside, "{region:?} in {}×{}", image.width, image.height);
        let whole_image = width == image.width && height == image.height;
        if inside && !whole_image {
            resize::fill(region, image);
        }
    }

    fn summary(&self) -> String {
        format!("{}–{}", short(self.scale[0]), short(self.scale[1]))
    }

    fn describe(region: &Region) -> String {
        let Region { left, top, width, height, of } = region;
        let area = (width * height) as f64 / (of[0] * of[1]).max(1) as f64;
        format!("area {area:.2}, {width}×{height} at {left},{top}")
    }

    fn check(&self) -> Result<(), Invalid> {
        super::ordered("scale", self.scale)?;
        super::ordered("ratio", self.ratio)
    }
}

/// The nearest whole number, halves to the even one, as Python's `round` has it.
fn whole(value: f64) -> usize {
    value.round_ties_even() as usize
}
