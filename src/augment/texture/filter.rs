//! A random convolution of the luma.

use super::luma::{self, Moments};
use crate::augment::blur::reflect;
use crate::augment::{Image, vectorised, with_scratch};
use crate::rng::{Domain, Stream};
use serde::{Deserialize, Serialize};

/// The largest side of a kernel.
pub const LARGEST: usize = 15;

/// RandConv (Xu et al., 2021, arXiv:2007.13003) on the luma alone: a k × k kernel of normal weights with
/// variance 1/k², mixed with the image, `mix · image + (1 − mix) · filtered`. Three things differ from the
/// paper, so that a head of colour is not disturbed by a change of texture:
///
/// - one filter acts on the luma, and its change is added to all three channels;
/// - the filtered luma is brought to the image's mean and deviation, and negated where it is the
///   image's negative: the dark stays dark. A kernel of side 1 therefore changes nothing, and is not
///   among the default `sizes`;
/// - at the end each channel has the mean and the deviation it had before; where values leave `[0, 1]` and
///   are clamped, the mean alone.
///
/// Borders are reflected, where RandConv has zeros, so that no frame is drawn around the image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    /// Side of the kernel, odd, at most 15.
    pub size: usize,
    /// Where its weights come from: the same seed is the same kernel.
    pub seed: u32,
    /// Share of the image's own luma, in `[0, 1]`.
    pub mix: f32,
}

impl Filter {
    /// The `size × size` weights, row by row.
    pub(in crate::augment) fn weights<'a>(&self, room: &'a mut [f32; LARGEST * LARGEST]) -> &'a [f32] {
        // A stream by a name that is no augmentation's: it coincides with no stream of parameters.
        let mut stream = Stream::named(u64::from(self.seed), Domain::Views, "weights of a filter");
        let weights = &mut room[..self.size * self.size];
        weights.iter_mut().for_each(|weight| *weight = stream.normal() / self.size as f32);
        weights
    }

    /// Changes the image, without clamping. The channels' moments before, unless nothing has changed.
    pub(super) fn apply(&self, image: &mut Image) -> Option<[Moments; 3]> {
        let Image { width, height, pixels } = image;
        let (radius, count) = (self.size / 2, *width * *height);
        let bordered = (*width + 2 * radius) * (*height + 2 * radius);
        with_scratch(2 * count + bordered, |scratch| {
            let (own, scratch) = scratch.split_at_mut(count);
            let (filtered, bordered) = scratch.split_at_mut(count);
            luma::of(pixels, own);
            self.convolve(own, *width, bordered, filtered);
            self.difference(own, filtered)?;
            Some(luma::add(pixels, filtered))
        })
    }

    /// What the luma is to change by, in place of the filtered luma; `None` for flat ones.
    fn difference(&self, own: &[f32], filtered: &mut [f32]) -> Option<()> {
        let (before, after) = (Moments::of(own), Moments::of(filtered));
        if before.is_flat() || after.is_flat() {
            return None;
        }
        let (mut gain, mut offset) = after.line(before);
        let together: f64 = own.iter().zip(&*filtered).map(|(a, b)| f64::from(a * b)).sum();
        if together < own.len() as f64 * before.mean * after.mean {
            (gain, offset) = (-gain, (2.0 * before.mean) as f32 - offset);
        }
        for (filtered, own) in filtered.iter_mut().zip(own) {
            *filtered = (1.0 - self.mix) * (gain * *filtered + offset - own);
        }
        Some(())
    }

    /// Filters a plane; its borders are copied around it first, so that the inner loop has none.
    fn convolve(&self, plane: &[f32], width: usize, bordered: &mut [f32], filtered: &mut [f32]) {
        let (size, radius, height) = (self.size, self.size / 2, plane.len() / width);
        let mut room = [0.0; LARGEST * LARGEST];
        let weights = self.weights(&mut room);
        let across = width + 2 * radius;
        for (y, line) in bordered.chunks_exact_mut(across).enumerate() {
            let row = reflect(y as isize - radius as isize, height) * width;
            let row = &plane[row..row + width];
            line[radius..radius + width].copy_from_slice(row);
            for x in (0..radius).chain(radius + width..across) {
                line[x] = row[reflect(x as isize - radius as isize, width)];
            }
        }
        vectorised(
            #[inline(always)]
            || {
                for (y, sums) in filtered.chunks_exact_mut(width).enumerate() {
                    sums.fill(0.0);
                    for (tap, &weight) in weights.iter().enumerate() {
                        let from = (y + tap / size) * across + tap % size;
                        for (sum, value) in sums.iter_mut().zip(&bordered[from..from + width]) {
                            *sum += weight * value;
                        }
                    }
                }
            },
        );
    }
}
