//! 3×3 max-pooling with stride 2 and one pixel of border, after ReLU, and its gradient.
//!
//! Values after ReLU are not negative, so a border that is left out is the same as one of −∞. No place of
//! a maximum is kept: the gradient looks for it again, and as in PyTorch goes to the first.

use super::lanes::{LANES, Lanes};

/// The sizes of an image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pool {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

/// Pixels that remain of so many.
pub fn pooled(size: usize) -> usize {
    (size - 1) / 2 + 1
}

impl Pool {
    /// Values of an image before, and after.
    fn sizes(&self) -> (usize, usize) {
        let input = self.height * self.width * self.channels;
        (input, pooled(self.height) * pooled(self.width) * self.channels)
    }

    /// Calls `work` with each output's place and its window: first row and column, and their ends.
    #[inline(always)]
    fn windows(&self, mut work: impl FnMut(usize, [usize; 4])) {
        let range = |at: usize, size: usize| ((2 * at).saturating_sub(1), (2 * at + 2).min(size));
        let columns = pooled(self.width);
        for y in 0..pooled(self.height) {
            let (top, bottom) = range(y, self.height);
            for x in 0..columns {
                let (left, right) = range(x, self.width);
                work((y * columns + x) * self.channels, [top, bottom, left, right]);
            }
        }
    }

    /// The largest ReLU(z·scale + shift) of a window.
    #[inline(always)]
    unsafe fn largest<L: Lanes>(
        &self,
        z: *const f32,
        [top, bottom, left, right]: [usize; 4],
        known: [L; 2],
    ) -> L {
        let mut largest = L::splat(0.0);
        for y in top..bottom {
            for x in left..right {
                let value = L::load(z.add((y * self.width + x) * self.channels));
                largest = largest.max(value.mul_add(known[0], known[1]));
            }
        }
        largest
    }

    /// Pools ReLU(z·scale + shift) of images of one group.
    #[inline(always)]
    pub unsafe fn forward<L: Lanes>(&self, z: &[f32], [scale, shift]: [&[f32]; 2], out: &mut [f32]) {
        let (input, output) = self.sizes();
        assert!(scale.len() == self.channels && shift.len() == self.channels);
        assert!(self.channels.is_multiple_of(LANES) && z.len() * output == out.len() * input);
        for (z, out) in z.chunks_exact(input).zip(out.chunks_exact_mut(output)) {
            for channel in (0..self.channels).step_by(LANES) {
                let known = [L::load(scale.as_ptr().add(channel)), L::load(shift.as_ptr().add(channel))];
                self.windows(
                    #[inline(always)]
                    |to, window| {
                        let largest = self.largest::<L>(z.as_ptr().add(channel), window, known);
                        largest.store(out.as_mut_ptr().add(to + channel));
                    },
                );
            }
        }
    }

    /// From the gradient of what came out to that of BatchNorm's output, through ReLU.
    #[inline(always)]
    pub unsafe fn backward<L: Lanes>(
        &self,
        gradient: &[f32],
        z: &[f32],
        [scale, shift]: [&[f32]; 2],
        g: &mut [f32],
    ) {
        let (input, output) = self.sizes();
        assert!(scale.len() == self.channels && shift.len() == self.channels && g.len() == z.len());
        assert!(self.channels.is_multiple_of(LANES) && z.len() * output == gradient.len() * input);
        g.fill(0.0);
        let images = z.chunks_exact(input).zip(g.chunks_exact_mut(input));
        for ((z, g), gradient) in images.zip(gradient.chunks_exact(output)) {
            for channel in (0..self.channels).step_by(LANES) {
                let known = [L::load(scale.as_ptr().add(channel)), L::load(shift.as_ptr().add(channel))];
                let (z, g) = (z.as_ptr().add(channel), g.as_mut_ptr().add(channel));
                self.windows(
                    #[inline(always)]
                    |from, window| {
                        let largest = self.largest::<L>(z, window, known);
                        let mut left = L::load(gradient.as_ptr().add(from + channel));
                        for y in window[0]..window[1] {
                            for x in window[2]..window[3] {
                                let at = (y * self.width + x) * self.channels;
                                let value = L::load(z.add(at)).mul_add(known[0], known[1]);
                                let hit = left.where_at_least(value, largest);
                                left = left - hit;
                                (L::load(g.add(at)) + hit.where_positive(value)).store(g.add(at));
                            }
                        }
                    },
                );
            }
        }
    }
}
