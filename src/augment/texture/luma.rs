//! The luma, and changes of it that leave each channel its mean and its deviation.

use crate::augment::color::pixels::luma;
use crate::augment::vectorised;

/// A deviation below this (a quarter of a level in 255) is flat: there is nothing to bring back.
pub const FLAT: f64 = 1e-3;
/// How often [`settle`] gives a mean back, at most.
const ROUNDS: usize = 3;
/// A mean that is off by less than this (a twentieth of a level in 255) is left.
const OFF: f64 = 2e-4;

/// Mean and standard deviation of some values.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    pub mean: f64,
    pub deviation: f64,
}

impl Moments {
    pub fn of(values: &[f32]) -> Self {
        let (mut sum, mut squares) = (0.0, 0.0);
        for value in values.iter().map(|value| f64::from(*value)) {
            sum += value;
            squares += value * value;
        }
        Self::from_sums(values.len(), sum, squares)
    }

    /// Of each channel, in one pass over the pixels.
    pub fn of_channels(pixels: &[f32]) -> [Self; 3] {
        let (mut sums, mut squares) = ([0.0; 3], [0.0; 3]);
        for rgb in pixels.as_chunks::<3>().0 {
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

    pub fn is_flat(self) -> bool {
        self.deviation < FLAT
    }

    /// `(gain, offset)` of the line that takes values of these moments to those of `to`; flat values
    /// go to the mean.
    pub fn line(self, to: Self) -> (f32, f32) {
        let gain = if self.is_flat() { 0.0 } else { to.deviation / self.deviation };
        (gain as f32, (to.mean - gain * self.mean) as f32)
    }
}

/// The luma of RGB pixels.
pub fn of(pixels: &[f32], plane: &mut [f32]) {
    vectorised(
        #[inline(always)]
        || {
            for (luma_of, [red, green, blue]) in plane.iter_mut().zip(pixels.as_chunks::<3>().0) {
                *luma_of = luma(*red, *green, *blue);
            }
        },
    );
}

/// Adds a change of the luma to all three channels, then brings each to the mean and the deviation that it
/// had, which are returned.
pub fn add(pixels: &mut [f32], change: &[f32]) -> [Moments; 3] {
    let own = Moments::of_channels(pixels);
    for (rgb, change) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(change) {
        rgb.iter_mut().for_each(|value| *value += change);
    }
    let changed = Moments::of_channels(pixels);
    let lines = [0, 1, 2].map(|at| changed[at].line(own[at]));
    for rgb in pixels.as_chunks_mut::<3>().0 {
        for (value, (gain, offset)) in rgb.iter_mut().zip(lines) {
            *value = gain * *value + offset;
        }
    }
    own
}

/// Clamps to `[0, 1]`, and gives back what that takes from the channels' means: it would be a change of
/// colour.
pub fn settle(pixels: &mut [f32], own: [Moments; 3]) {
    pixels.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    for _ in 0..ROUNDS {
        let now = Moments::of_channels(pixels);
        let off = [0, 1, 2].map(|at| own[at].mean - now[at].mean);
        if off.iter().all(|off| off.abs() < OFF) {
            break;
        }
        for rgb in pixels.as_chunks_mut::<3>().0 {
            for (value, off) in rgb.iter_mut().zip(off) {
                *value = (*value + off as f32).clamp(0.0, 1.0);
            }
        }
    }
}
