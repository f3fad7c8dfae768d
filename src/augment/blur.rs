//! Gaussian blur.

use super::{Augmentation, Image, Invalid, Knob, short};
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// Blurs with probability `p` by a Gaussian whose standard deviation is uniform in `sigma`
/// (SimCLR, Chen et al., 2020, appendix A; MoCo v2; torchvision's `GaussianBlur`).
///
/// The kernel is as wide as SimCLR's: a tenth of the image's shorter side, made odd, at least 3 —
/// 3 taps for 32 pixels, 9 for 96, 23 for 224. Borders are reflected, the edge pixel once.
/// For 32×32 images the literature leaves blur out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Blur {
    /// Probability.
    pub p: f64,
    /// Least and greatest standard deviation, in pixels.
    pub sigma: [f64; 2],
}

impl Default for Blur {
    fn default() -> Self {
        Self { p: 0.5, sigma: [0.1, 2.0] }
    }
}

impl Augmentation for Blur {
    const KIND: &'static str = "blur";
    const HELP: &'static str = "blurs by a Gaussian of random width";
    const KNOBS: &'static [Knob] = &[
        Knob { path: "p", min: 0.0, max: 1.0, step: 0.05, help: "probability of a blur" },
        Knob { path: "sigma.0", min: 0.05, max: 10.0, step: 0.1, help: "least standard deviation, pixels" },
        Knob {
            path: "sigma.1",
            min: 0.05,
            max: 10.0,
            step: 0.1,
            help: "greatest standard deviation, pixels",
        },
    ];
    /// The standard deviation in pixels; `None`: sharp as it is.
    type Params = Option<f32>;

    fn sample(&self, stream: &mut Stream, _width: usize, _height: usize) -> Option<f32> {
        // Both are always drawn, so that a change of `p` leaves the widths as they were.
        let blurred = stream.coin(self.p as f32);
        let sigma = stream.between(self.sigma[0] as f32, self.sigma[1] as f32);
        blurred.then_some(sigma)
    }

    fn apply(sigma: &Option<f32>, image: &mut Image) {
        let Some(sigma) = *sigma else { return };
        let kernel = kernel(radius(image.width.min(image.height)), sigma);
        let mut across = vec![0.0; image.pixels.len()];
        blur_rows(&image.pixels, &mut across, image.width, &kernel);
        blur_columns(&across, &mut image.pixels, image.width, image.height, &kernel);
    }

    fn summary(&self) -> String {
        format!("p {} σ{}–{}", short(self.p), short(self.sigma[0]), short(self.sigma[1]))
    }

    fn describe(sigma: &Option<f32>) -> String {
        sigma.map_or_else(|| "sharp".into(), |sigma| format!("σ {sigma:.2} px"))
    }

    fn check(&self) -> Result<(), Invalid> {
        super::ordered("sigma", self.sigma)
    }
}

/// Taps on each side of the middle one, for an image whose shorter side is `side` pixels.
fn radius(side: usize) -> usize {
    (side / 10 / 2).max(1)
}

/// The normalised Gaussian, `2 · radius + 1` taps.
fn kernel(radius: usize, sigma: f32) -> Vec<f32> {
    let tap = |at: usize| {
        let distance = (at as f32 - radius as f32) / sigma;
        (-0.5 * distance * distance).exp()
    };
    let mut taps: Vec<f32> = (0..=2 * radius).map(tap).collect();
    let sum: f32 = taps.iter().sum();
    taps.iter_mut().for_each(|tap| *tap /= sum);
    taps
}

/// The place within `0..length` that a place around it mirrors, the edge pixel counted once.
/// Defined for every place and for every length of at least 1.
pub(super) fn reflect(at: isize, length: usize) -> usize {
    let period = 2 * (length as isize - 1);
    if period == 0 {
        return 0;
    }
    let at = at.rem_euclid(period);
    at.min(period - at) as usize
}

/// Convolves every row; a row is copied with its reflected borders, so that the inner loop has none.
fn blur_rows(source: &[f32], target: &mut [f32], width: usize, kernel: &[f32]) {
    let radius = kernel.len() / 2;
    let mut bordered = vec![0.0; (width + 2 * radius) * 3];
    let rows = source.chunks_exact(width * 3).zip(target.chunks_exact_mut(width * 3));
    for (row, blurred) in rows {
        bordered[radius * 3..(radius + width) * 3].copy_from_slice(row);
        for place in (0..radius).chain(radius + width..width + 2 * radius) {
            let from = reflect(place as isize - radius as isize, width) * 3;
            bordered[place * 3..place * 3 + 3].copy_from_slice(&row[from..from + 3]);
        }
        weigh(blurred, kernel, |tap| &bordered[tap * 3..(tap + width) * 3]);
    }
}

/// Convolves every column, a whole row at a time.
fn blur_columns(source: &[f32], target: &mut [f32], width: usize, height: usize, kernel: &[f32]) {
    let radius = kernel.len() / 2;
    for (y, blurred) in target.chunks_exact_mut(width * 3).enumerate() {
        weigh(blurred, kernel, |tap| {
            let row = reflect((y + tap) as isize - radius as isize, height);
            &source[row * width * 3..(row + 1) * width * 3]
        });
    }
}

/// `target = Σ kernel[t] · line(t)`.
fn weigh<'a>(target: &mut [f32], kernel: &[f32], line: impl Fn(usize) -> &'a [f32]) {
    target.fill(0.0);
    for (tap, &weight) in kernel.iter().enumerate() {
        for (sum, value) in target.iter_mut().zip(line(tap)) {
            *sum += weight * value;
        }
    }
}
