//! Gaussian blur.

use super::{Augmentation, Image, Invalid, Knob, short, vectorised, with_scratch};
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
        let radius = radius(image.width.min(image.height));
        smooth::<3>(&mut image.pixels, [image.width, image.height], radius, sigma);
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

/// Convolves `[height, width, N]` values with a Gaussian that has so many taps on each side of the middle
/// one. Borders are reflected, the edge once.
pub(super) fn smooth<const N: usize>(values: &mut [f32], size: [usize; 2], radius: usize, sigma: f32) {
    let [width, height] = size;
    let (row, rows) = ((width + 2 * radius) * N, (height + 2 * radius) * width * N);
    with_scratch(radius + 1 + row + rows, |scratch| {
        let (weights, scratch) = scratch.split_at_mut(radius + 1);
        let (row, rows) = scratch.split_at_mut(row);
        half_kernel(weights, sigma);
        vectorised(
            #[inline(always)]
            || blur::<N>(values, size, weights, row, rows),
        );
    });
}

/// The middle tap of the normalised Gaussian, then the others of one side.
fn half_kernel(taps: &mut [f32], sigma: f32) {
    for (distance, tap) in taps.iter_mut().enumerate() {
        let distance = distance as f32 / sigma;
        *tap = (-0.5 * distance * distance).exp();
    }
    let sum = taps[0] + 2.0 * taps[1..].iter().sum::<f32>();
    taps.iter_mut().for_each(|tap| *tap /= sum);
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

/// Convolves rows, then columns. `row` and `rows` hold one row and the blurred rows with their reflected
/// borders, so that the sums have none.
#[inline(always)]
fn blur<const N: usize>(
    values: &mut [f32],
    [width, height]: [usize; 2],
    weights: &[f32],
    row: &mut [f32],
    rows: &mut [f32],
) {
    let (radius, line) = (weights.len() - 1, width * N);
    let borders = |length: usize| (0..radius).chain(radius + length..length + 2 * radius);
    let mirrored = |place: usize, length: usize| radius + reflect(place as isize - radius as isize, length);
    for (from, to) in values.chunks_exact(line).zip(rows.chunks_exact_mut(line).skip(radius)) {
        row[radius * N..radius * N + line].copy_from_slice(from);
        for place in borders(width) {
            let from = mirrored(place, width) * N;
            row.copy_within(from..from + N, place * N);
        }
        weigh(row, to, N, weights);
    }
    for place in borders(height) {
        let from = mirrored(place, height) * line;
        rows.copy_within(from..from + line, place * line);
    }
    for (y, to) in values.chunks_exact_mut(line).enumerate() {
        weigh(&rows[y * line..], to, line, weights);
    }
}

/// Every value of the target is the weighted sum of those that lie `stride` apart in the source, which
/// begins and ends the kernel's radius earlier and later: the middle one, then pairs from the nearest on.
#[inline(always)]
fn weigh(source: &[f32], target: &mut [f32], stride: usize, weights: &[f32]) {
    let middle = (weights.len() - 1) * stride;
    for (to, from) in target.iter_mut().zip(&source[middle..]) {
        *to = weights[0] * from;
    }
    // Several pairs at a time, so that the sums are seldom written and read again.
    let mut done = 1;
    while done < weights.len() {
        done += match weights.len() - done {
            4.. => add_pairs::<4>(source, target, stride, weights, done),
            2.. => add_pairs::<2>(source, target, stride, weights, done),
            _ => add_pairs::<1>(source, target, stride, weights, done),
        };
    }
}

/// Adds the pairs of values at distances from `first` on, and returns how many those are.
#[inline(always)]
fn add_pairs<const N: usize>(
    source: &[f32],
    target: &mut [f32],
    stride: usize,
    weights: &[f32],
    first: usize,
) -> usize {
    let (middle, length) = ((weights.len() - 1) * stride, target.len());
    let weights: [f32; N] = std::array::from_fn(|pair| weights[first + pair]);
    let before: [&[f32]; N] =
        std::array::from_fn(|pair| &source[middle - (first + pair) * stride..][..length]);
    let after: [&[f32]; N] =
        std::array::from_fn(|pair| &source[middle + (first + pair) * stride..][..length]);
    for (place, to) in target.iter_mut().enumerate() {
        let mut sum = *to;
        for (weight, (before, after)) in weights.iter().zip(before.iter().zip(&after)) {
            sum += weight * (before[place] + after[place]);
        }
        *to = sum;
    }
    N
}
