//! Texture: a random convolution of the brightness.

use super::blur::reflect;
use super::color::pixels::luma;
use super::{Augmentation, Image, Invalid, Knob, short};
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// The largest side of a kernel.
const LARGEST: usize = 15;
/// A deviation below this (a quarter of a level in 255) is flat: there is nothing to bring back.
const FLAT: f64 = 1e-3;

/// Changes the local texture with probability `p`, and neither shapes nor mean colours: the *substitute*
/// for the style transfer (Geirhos et al., 2019) that LooC's third augmentation is made by, which needs
/// a set of paintings and a network that was trained on them.
///
/// It is RandConv (Xu et al., 2021, arXiv:2007.13003) on the luma alone: a k × k kernel of normal
/// weights with variance 1/k², mixed with the image, `mix · image + (1 − mix) · filtered`. Three
/// things differ from the paper, so that a head of colour is not disturbed by a change of texture:
///
/// - one filter acts on the luma, and its change is added to all three channels;
/// - the filtered luma is brought to the image's mean and deviation, and negated where it is the
///   image's negative: the dark stays dark. A kernel of side 1 therefore changes nothing, and is not
///   among the default `sizes`;
/// - at the end each channel has the mean and the deviation it had before, but for values that leave
///   `[0, 1]` and are clamped.
///
/// Borders are reflected, where RandConv has zeros, so that no frame is drawn around the image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Texture {
    /// Probability.
    pub p: f64,
    /// Sides of the kernel in pixels, odd, each as likely as the others.
    pub sizes: Vec<usize>,
    /// Least and greatest share of the image's own luma, uniform between; 1 changes nothing. RandConv has
    /// `[0, 1]`, but then a kernel of 7 pixels takes the edges of a 32-pixel image away: the gradient's
    /// magnitude has a correlation of 0.2 with the image's, and from 0.4 on one of 0.8 on average.
    pub mix: [f64; 2],
}

impl Default for Texture {
    fn default() -> Self {
        Self { p: 0.5, sizes: vec![3, 5, 7], mix: [0.4, 1.0] }
    }
}

/// One drawn filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    /// Side of the kernel, odd.
    pub size: usize,
    /// `size × size` weights, row by row.
    pub weights: Vec<f32>,
    /// Share of the image's own luma, in `[0, 1]`.
    pub mix: f32,
}

impl Augmentation for Texture {
    const KIND: &'static str = "texture";
    const HELP: &'static str = "filters the brightness at random: other texture, same shapes and mean colour";
    const KNOBS: &'static [Knob] = &[
        Knob { path: "p", min: 0.0, max: 1.0, step: 0.05, help: "probability of another texture" },
        Knob { path: "mix.0", min: 0.0, max: 1.0, step: 0.05, help: "least share of the image itself" },
        Knob { path: "mix.1", min: 0.0, max: 1.0, step: 0.05, help: "greatest share of the image itself" },
    ];
    /// The filter; `None`: as it is.
    type Params = Option<Filter>;

    fn sample(&self, stream: &mut Stream, _width: usize, _height: usize) -> Option<Filter> {
        // Everything is always drawn, and the weights last: their number depends on the side.
        let textured = stream.coin(self.p as f32);
        let mix = stream.between(self.mix[0] as f32, self.mix[1] as f32);
        let place = stream.below(self.sizes.len() as u32) as usize;
        let size = self.sizes.get(place).copied().unwrap_or(1);
        let weights = (0..size * size).map(|_| stream.normal() / size as f32).collect();
        textured.then_some(Filter { size, weights, mix })
    }

    fn apply(filter: &Option<Filter>, image: &mut Image) {
        let Some(filter) = filter else { return };
        retexture(filter, image);
        image.pixels.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    }

    fn summary(&self) -> String {
        format!("p {} mix {}–{}", short(self.p), short(self.mix[0]), short(self.mix[1]))
    }

    fn describe(filter: &Option<Filter>) -> String {
        let words =
            |Filter { size, mix, .. }: &Filter| format!("{size}×{size} filter, {mix:.2} of the image");
        filter.as_ref().map_or_else(|| "own texture".into(), words)
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.sizes.is_empty() {
            return Err(Invalid::at("sizes", "no size to draw from: list some of 3, 5 and 7"));
        }
        for (place, &size) in self.sizes.iter().enumerate() {
            let path = format!("sizes.{place}");
            if size % 2 == 0 || size > LARGEST {
                let why = format!("{size} is no odd number of pixels from 1 to {LARGEST}");
                return Err(Invalid::at(path, why));
            }
            if self.sizes[..place].contains(&size) {
                let why = format!("{size} stands here a second time: list each size once");
                return Err(Invalid::at(path, why));
            }
        }
        super::ordered("mix", self.mix)
    }
}

/// Mean and standard deviation of some values.
#[derive(Clone, Copy)]
struct Moments {
    mean: f64,
    deviation: f64,
}

impl Moments {
    fn of(values: &[f32]) -> Self {
        let (mut sum, mut squares) = (0.0, 0.0);
        for value in values.iter().map(|value| f64::from(*value)) {
            sum += value;
            squares += value * value;
        }
        Self::from_sums(values.len(), sum, squares)
    }

    /// Of each channel, in one pass over the pixels.
    fn of_channels(pixels: &[f32]) -> [Self; 3] {
        let (mut sums, mut squares) = ([0.0; 3], [0.0; 3]);
        for rgb in pixels.chunks_exact(3) {
            for ((sum, square), value) in sums.iter_mut().zip(&mut squares).zip(rgb) {
                let value = f64::from(*value);
                *sum += value;
                *square += value * value;
            }
        }
        [0, 1, 2].map(|at| Self::from_sums(pixels.len() / 3, sums[at], squares[at]))
    }

    fn from_sums(count: usize, sum: f64, squares: f64) -> Self {
        let count = count.max(1) as f64;
        let mean = sum / count;
        Self { mean, deviation: (squares / count - mean * mean).max(0.0).sqrt() }
    }

    /// `(gain, offset)` of the line that takes values of these moments to those of `to`; flat values
    /// go to the mean.
    fn line(self, to: Self) -> (f32, f32) {
        let gain = if self.deviation < FLAT { 0.0 } else { to.deviation / self.deviation };
        (gain as f32, (to.mean - gain * self.mean) as f32)
    }
}

/// The whole change but the clamping.
pub(super) fn retexture(filter: &Filter, image: &mut Image) {
    let own: Vec<f32> =
        image.pixels.as_chunks().0.iter().map(|&[red, green, blue]| luma(red, green, blue)).collect();
    let filtered = convolve(&own, image.width, image.height, filter);
    let (before, after) = (Moments::of(&own), Moments::of(&filtered));
    if before.deviation < FLAT || after.deviation < FLAT {
        return;
    }
    let (mut gain, mut offset) = after.line(before);
    let together: f64 = own.iter().zip(&filtered).map(|(a, b)| f64::from(a * b)).sum();
    if together < own.len() as f64 * before.mean * after.mean {
        (gain, offset) = (-gain, (2.0 * before.mean) as f32 - offset);
    }
    let channels = Moments::of_channels(&image.pixels);
    for ((rgb, own), filtered) in image.pixels.chunks_exact_mut(3).zip(&own).zip(&filtered) {
        let change = (1.0 - filter.mix) * (gain * filtered + offset - own);
        rgb.iter_mut().for_each(|value| *value += change);
    }
    let changed = Moments::of_channels(&image.pixels);
    let lines = [0, 1, 2].map(|at| changed[at].line(channels[at]));
    for rgb in image.pixels.chunks_exact_mut(3) {
        for (value, (gain, offset)) in rgb.iter_mut().zip(lines) {
            *value = gain * *value + offset;
        }
    }
}

/// The filtered plane; its borders are copied around it first, so that the inner loop has none.
fn convolve(plane: &[f32], width: usize, height: usize, filter: &Filter) -> Vec<f32> {
    let (size, radius) = (filter.size, filter.size / 2);
    let across = width + 2 * radius;
    let mut bordered = vec![0.0; across * (height + 2 * radius)];
    for (y, line) in bordered.chunks_exact_mut(across).enumerate() {
        let row = reflect(y as isize - radius as isize, height) * width;
        let row = &plane[row..row + width];
        line[radius..radius + width].copy_from_slice(row);
        for x in (0..radius).chain(radius + width..across) {
            line[x] = row[reflect(x as isize - radius as isize, width)];
        }
    }
    let mut filtered = vec![0.0; plane.len()];
    for (y, sums) in filtered.chunks_exact_mut(width).enumerate() {
        for (tap, &weight) in filter.weights.iter().enumerate() {
            let from = (y + tap / size) * across + tap % size;
            for (sum, value) in sums.iter_mut().zip(&bordered[from..from + width]) {
                *sum += weight * value;
            }
        }
    }
    filtered
}
