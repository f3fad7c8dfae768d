//! The micro-kernel of every weight gradient: a sum of outer products.
//!
//! `sum[r][c] += Σₚ in[from[p] + r] · gradient[to[p] + c]` for `rows` neighbouring values r of the input
//! and all `channels` c of the gradient.

use super::{
    lanes::{LANES, Lanes},
    sweep::Pixels,
};

/// Adds into `sum`, `[rows][channels]`.
///
/// # Safety
/// `rows` values lie behind each `input + from`, `channels` behind each `gradient + to`, and
/// `rows · channels` behind `sum`; the two lists are of one length.
#[inline(always)]
pub(super) unsafe fn outer<L: Lanes>(
    input: *const f32,
    rows: usize,
    gradient: *const f32,
    channels: usize,
    pixels: Pixels,
    sum: *mut f32,
) {
    let mut c = 0;
    while c < channels {
        let wide = L::REGISTERS >= 32 && c + 2 * LANES <= channels;
        let (gradient, sum) = (gradient.add(c), sum.add(c));
        let mut r = 0;
        while r < rows {
            let (input, sum, left) = (input.add(r), sum.add(r * channels), rows - r);
            r += match (wide, left) {
                (true, 12..) => rank::<L, 12, 2>(input, gradient, pixels, sum, channels),
                (true, 8..) => rank::<L, 8, 2>(input, gradient, pixels, sum, channels),
                (true, 4..) => rank::<L, 4, 2>(input, gradient, pixels, sum, channels),
                (true, _) => rank::<L, 1, 2>(input, gradient, pixels, sum, channels),
                (false, 16..) if L::REGISTERS >= 32 => {
                    rank::<L, 16, 1>(input, gradient, pixels, sum, channels)
                }
                (false, 4..) if L::REGISTERS >= 8 => rank::<L, 4, 1>(input, gradient, pixels, sum, channels),
                (false, 2..) => rank::<L, 2, 1>(input, gradient, pixels, sum, channels),
                (false, _) => rank::<L, 1, 1>(input, gradient, pixels, sum, channels),
            };
        }
        c += if wide { 2 * LANES } else { LANES };
    }
}

/// `R` rows by `V` vectors; says how many rows that were.
#[inline(always)]
unsafe fn rank<L: Lanes, const R: usize, const V: usize>(
    input: *const f32,
    gradient: *const f32,
    pixels: Pixels,
    sum: *mut f32,
    channels: usize,
) -> usize {
    let mut sums = [[L::splat(0.0); V]; R];
    for (&from, &to) in pixels.from.iter().zip(pixels.to) {
        let (input, gradient) = (input.add(from as usize), gradient.add(to as usize));
        let mut values = [L::splat(0.0); V];
        for v in 0..V {
            values[v] = L::load(gradient.add(v * LANES));
        }
        for r in 0..R {
            let factor = L::splat(*input.add(r));
            for v in 0..V {
                sums[r][v] = factor.mul_add(values[v], sums[r][v]);
            }
        }
    }
    for r in 0..R {
        for v in 0..V {
            let to = sum.add(r * channels + v * LANES);
            (L::load(to) + sums[r][v]).store(to);
        }
    }
    R
}
