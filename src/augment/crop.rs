//! Random resized crop.

use super::{Augmentation, Image, Invalid, Knob, short};
use crate::rng::Stream;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::F32x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;

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
        let Some(cut) = cut(region, image) else { return };
        resize(&cut, region, image);
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

/// The pixels of the region; `None` when it is all of the image, or does not lie within it.
///
/// They are copied out before resizing because the resizer's own crop box lets the filter see the
/// pixels around it, and torchvision's does not.
fn cut(region: &Region, image: &Image) -> Option<Vec<F32x3>> {
    let Region { left, top, width, height, .. } = *region;
    let whole_image = width == image.width && height == image.height;
    let inside = left + width <= image.width && top + height <= image.height && width * height > 0;
    debug_assert!(inside, "{region:?} in {}×{}", image.width, image.height);
    if whole_image || !inside {
        return None;
    }
    let mut pixels = Vec::with_capacity(width * height);
    for row in image.pixels.chunks_exact(image.width * 3).skip(top).take(height) {
        let row = &row[left * 3..(left + width) * 3];
        pixels.extend(row.chunks_exact(3).map(|rgb| F32x3::new([rgb[0], rgb[1], rgb[2]])));
    }
    Some(pixels)
}

thread_local! {
    /// The resizer keeps its buffers from one image to the next.
    static RESIZER: RefCell<Resizer> = RefCell::new(Resizer::new());
}

/// Resizes the region's pixels to fill the image.
fn resize(pixels: &[F32x3], region: &Region, image: &mut Image) {
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    let mut target = TypedImage::<F32x3>::new(image.width as u32, image.height as u32);
    let Ok(source) = TypedImageRef::new(region.width as u32, region.height as u32, pixels) else { return };
    let done = RESIZER.with_borrow_mut(|resizer| resizer.resize_typed(&source, &mut target, &options));
    debug_assert!(done.is_ok(), "{done:?}");
    for (to, from) in image.pixels.chunks_exact_mut(3).zip(target.pixels()) {
        to.copy_from_slice(&from.0);
    }
}
