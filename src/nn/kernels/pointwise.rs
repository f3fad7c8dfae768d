//! What happens to every value of a layer's output on its own, while it is in the cache.
//!
//! Sums are taken in f32 over runs of 64 pixels, and over the runs in f64.

use super::lanes::{LANES, Lanes};

/// Pixels that are summed in f32.
const RUN: usize = 64;

/// `sums[0][c] += Σ first`, `sums[1][c] += Σ second` of `pair(place)` over all pixels; `count` values.
///
/// # Safety
/// The processor has the instruction set of `L`; `pair` may be called with every place below `count`
/// that begins a vector.
#[inline(always)]
unsafe fn sum_pairs<L: Lanes, const N: usize>(
    channels: usize,
    count: usize,
    constants: [&[f32]; N],
    sums: &mut [f64],
    pair: impl Fn(usize, [L; N]) -> (L, L),
) {
    assert!(channels.is_multiple_of(LANES) && sums.len() == 2 * channels);
    assert!(constants.iter().all(|values| values.len() == channels));
    for channel in (0..channels).step_by(LANES) {
        let mut known = [L::splat(0.0); N];
        for (known, values) in known.iter_mut().zip(&constants) {
            *known = L::load(values.as_ptr().add(channel));
        }
        let (mut at, end) = (channel, count);
        while at < end {
            let stop = end.min(at + RUN * channels);
            let mut run = (L::splat(0.0), L::splat(0.0));
            while at < stop {
                let (first, second) = pair(at, known);
                run = (run.0 + first, run.1 + second);
                at += channels;
            }
            let mut values = [[0.0f32; LANES]; 2];
            run.0.store(values[0].as_mut_ptr());
            run.1.store(values[1].as_mut_ptr());
            for i in 0..LANES {
                sums[channel + i] += f64::from(values[0][i]);
                sums[channels + channel + i] += f64::from(values[1][i]);
            }
        }
    }
}

/// Σ(z−s) and Σ(z−s)² a channel, if sums are wanted; the shift s is the first pixel: a large mean then does
/// not eat the variance's digits.
#[inline(always)]
pub(super) unsafe fn moments<L: Lanes>(z: &[f32], channels: usize, sums: &mut [f64]) {
    if sums.is_empty() {
        return;
    }
    sums.fill(0.0);
    sum_pairs::<L, 1>(
        channels,
        z.len(),
        [&z[..channels]],
        sums,
        #[inline(always)]
        |at, [shift]| {
            let d = L::load(z.as_ptr().add(at)) - shift;
            (d, d * d)
        },
    );
}

/// g ← g where z·scale + shift > 0, elsewhere 0; then Σg and Σg·(z−mean).
#[inline(always)]
pub(super) unsafe fn through_relu<L: Lanes>(
    g: &mut [f32],
    z: &[f32],
    [scale, shift, mean]: [&[f32]; 3],
    sums: &mut [f64],
) {
    assert!(g.len() == z.len());
    let (to, z) = (g.as_mut_ptr(), z.as_ptr());
    sum_pairs::<L, 3>(
        scale.len(),
        g.len(),
        [scale, shift, mean],
        sums,
        #[inline(always)]
        |at, [scale, shift, mean]| {
            let value = L::load(z.add(at));
            let masked = L::load(to.add(at)).where_positive(value.mul_add(scale, shift));
            masked.store(to.add(at));
            (masked, masked * (value - mean))
        },
    );
}

/// g ← g + other where y > 0, elsewhere 0; then Σg and Σg·(z−mean).
#[inline(always)]
pub(super) unsafe fn through_join<L: Lanes>(
    g: &mut [f32],
    other: &[f32],
    y: &[f32],
    z: &[f32],
    mean: &[f32],
    sums: &mut [f64],
) {
    assert!(g.len() == z.len() && g.len() == y.len() && g.len() == other.len());
    let (to, other, y, z) = (g.as_mut_ptr(), other.as_ptr(), y.as_ptr(), z.as_ptr());
    sum_pairs::<L, 1>(
        mean.len(),
        g.len(),
        [mean],
        sums,
        #[inline(always)]
        |at, [mean]| {
            let sum = L::load(to.add(at)) + L::load(other.add(at));
            let masked = sum.where_positive(L::load(y.add(at)));
            masked.store(to.add(at));
            (masked, masked * (L::load(z.add(at)) - mean))
        },
    );
}

/// Σg and Σg·(z−mean).
#[inline(always)]
pub(super) unsafe fn gradient_sums<L: Lanes>(g: &[f32], z: &[f32], mean: &[f32], sums: &mut [f64]) {
    assert!(g.len() == z.len());
    sum_pairs::<L, 1>(
        mean.len(),
        g.len(),
        [mean],
        sums,
        #[inline(always)]
        |at, [mean]| {
            let g = L::load(g.as_ptr().add(at));
            (g, g * (L::load(z.as_ptr().add(at)) - mean))
        },
    );
}

/// g ← g + other.
#[inline(always)]
pub(super) unsafe fn add<L: Lanes>(g: &mut [f32], other: &[f32]) {
    assert!(g.len() == other.len() && g.len().is_multiple_of(LANES));
    for at in (0..g.len()).step_by(LANES) {
        let sum = L::load(g.as_ptr().add(at)) + L::load(other.as_ptr().add(at));
        sum.store(g.as_mut_ptr().add(at));
    }
}

/// What is added to a block's residual; statistics are `[groups, channels]`.
#[derive(Clone, Copy)]
pub enum Shortcut<'a> {
    /// Nothing: it is no residual.
    None,
    /// The block's input.
    Identity(&'a [f32]),
    /// z·scale + shift of the shortcut's convolution.
    Projection { z: &'a [f32], scale: &'a [f32], shift: &'a [f32] },
}

/// y = ReLU(z·scale + shift + shortcut); all of one group.
#[inline(always)]
pub(super) unsafe fn join<L: Lanes>(
    z: &[f32],
    [scale, shift]: [&[f32]; 2],
    shortcut: Shortcut,
    y: &mut [f32],
) {
    let channels = scale.len();
    assert!(z.len() == y.len() && z.len().is_multiple_of(channels) && shift.len() == channels);
    assert!(channels.is_multiple_of(LANES));
    let (to, from) = (y.as_mut_ptr(), z.as_ptr());
    for channel in (0..channels).step_by(LANES) {
        let (scale, shift) = (L::load(scale.as_ptr().add(channel)), L::load(shift.as_ptr().add(channel)));
        let places = (channel..z.len()).step_by(channels);
        match shortcut {
            Shortcut::None => {
                for at in places {
                    L::load(from.add(at)).mul_add(scale, shift).relu().store(to.add(at));
                }
            }
            Shortcut::Identity(x) => {
                assert!(x.len() == z.len());
                for at in places {
                    let sum = L::load(from.add(at)).mul_add(scale, shift) + L::load(x.as_ptr().add(at));
                    sum.relu().store(to.add(at));
                }
            }
            Shortcut::Projection { z: other, scale: other_scale, shift: other_shift } => {
                assert!(other.len() == z.len() && other_scale.len() == channels);
                assert!(other_shift.len() == channels);
                let other_scale = L::load(other_scale.as_ptr().add(channel));
                let other_shift = L::load(other_shift.as_ptr().add(channel));
                for at in places {
                    let other = L::load(other.as_ptr().add(at)).mul_add(other_scale, other_shift);
                    let sum = L::load(from.add(at)).mul_add(scale, shift) + other;
                    sum.relu().store(to.add(at));
                }
            }
        }
    }
}

/// The mean over each image's pixels, `[images, channels]`.
#[inline(always)]
pub(super) unsafe fn mean<L: Lanes>(y: &[f32], image: usize, means: &mut [f32]) {
    let channels = means.len() / (y.len() / image);
    assert!(channels.is_multiple_of(LANES) && y.len() * channels == means.len() * image);
    let part = L::splat(channels as f32 / image as f32);
    for (y, means) in y.chunks_exact(image).zip(means.chunks_exact_mut(channels)) {
        for channel in (0..channels).step_by(LANES) {
            let mut sum = L::splat(0.0);
            for at in (channel..image).step_by(channels) {
                sum = sum + L::load(y.as_ptr().add(at));
            }
            (sum * part).store(means.as_mut_ptr().add(channel));
        }
    }
}

/// The gradient of [`mean`], where y > 0: g of every pixel.
#[inline(always)]
pub(super) unsafe fn spread<L: Lanes>(means: &[f32], image: usize, y: &[f32], g: &mut [f32]) {
    let channels = means.len() / (y.len() / image);
    assert!(channels.is_multiple_of(LANES) && y.len() * channels == means.len() * image);
    assert!(g.len() == y.len());
    let part = L::splat(channels as f32 / image as f32);
    for (at, means) in means.chunks_exact(channels).enumerate() {
        let first = at * image;
        for channel in (0..channels).step_by(LANES) {
            let value = L::load(means.as_ptr().add(channel)) * part;
            for at in (first + channel..first + image).step_by(channels) {
                value.where_positive(L::load(y.as_ptr().add(at))).store(g.as_mut_ptr().add(at));
            }
        }
    }
}
