//! The micro-kernel of every forward product and data gradient: an *indirect* matrix product.
//!
//! For each pixel p, with `K = segments · run` values of input behind it,
//! `out[to[p]][c] = Σₛ Σⱼ in[from[p] + segment[s] + j] · weight[s·run + j][c]`.
//! A pixel's patch is a few runs of neighbouring values (in NHWC, a row of the kernel is one), so the
//! same code serves every kernel size and stride, 1×1, the phases of a strided data gradient, and the
//! 36 products of Winograd's algorithm.

use super::lanes::{LANES, Lanes};

/// Where each pixel's patch begins in the input, and where its outputs go.
#[derive(Clone, Copy)]
pub(super) struct Pixels<'a> {
    pub from: &'a [u32],
    pub to: &'a [u32],
}

/// What a patch is: runs of `run` values, at these offsets from its beginning.
#[derive(Clone, Copy)]
pub(super) struct Patch<'a> {
    pub segments: &'a [u32],
    pub run: usize,
}

/// Output channels are packed so many together, if their number allows it.
pub(super) fn block(channels: usize) -> usize {
    if channels.is_multiple_of(2 * LANES) { 2 * LANES } else { LANES }
}

/// All pixels and all `channels` outputs. Weights are packed `[channels / block][K][block]`.
///
/// # Safety
/// Every value of every patch lies behind `input`, every output (and `channels` from it) behind
/// `output`, `channels · K` values behind `weights`; the two lists are of one length.
#[inline(always)]
pub(super) unsafe fn sweep<L: Lanes>(
    input: *const f32,
    output: *mut f32,
    pixels: Pixels,
    patch: Patch,
    weights: *const f32,
    channels: usize,
) {
    let block = block(channels);
    let depth = patch.segments.len() * patch.run;
    for first in (0..channels).step_by(block) {
        let weights = weights.add(first * depth);
        sweep_block::<L>(input, output.add(first), pixels, patch, weights, block);
    }
}

/// One block of outputs, with weights `[K][block]`.
///
/// # Safety
/// As for [`sweep`].
#[inline(always)]
pub(super) unsafe fn sweep_block<L: Lanes>(
    input: *const f32,
    output: *mut f32,
    pixels: Pixels,
    patch: Patch,
    weights: *const f32,
    block: usize,
) {
    if L::REGISTERS >= 32 && block == 2 * LANES {
        tiles::<L, 12, 2>(input, output, pixels, patch, weights, block);
        return;
    }
    for half in (0..block).step_by(LANES) {
        let (weights, output) = (weights.add(half), output.add(half));
        match L::REGISTERS {
            32.. => tiles::<L, 24, 1>(input, output, pixels, patch, weights, block),
            8.. => tiles::<L, 6, 1>(input, output, pixels, patch, weights, block),
            _ => tiles::<L, 2, 1>(input, output, pixels, patch, weights, block),
        }
    }
}

/// `P` pixels by `V` vectors of outputs at a time.
#[inline(always)]
unsafe fn tiles<L: Lanes, const P: usize, const V: usize>(
    input: *const f32,
    output: *mut f32,
    pixels: Pixels,
    patch: Patch,
    weights: *const f32,
    stride: usize,
) {
    let mut at = 0;
    while at < pixels.from.len() {
        // The last tile repeats its last pixel: the same values to the same place.
        let (mut from, mut to) = ([input; P], [output; P]);
        for i in 0..P {
            let pixel = (at + i).min(pixels.from.len() - 1);
            from[i] = input.add(pixels.from[pixel] as usize);
            to[i] = output.add(pixels.to[pixel] as usize);
        }
        tile::<L, P, V>(&from, &to, patch, weights, stride);
        at += P;
    }
}

#[inline(always)]
unsafe fn tile<L: Lanes, const P: usize, const V: usize>(
    from: &[*const f32; P],
    to: &[*mut f32; P],
    patch: Patch,
    mut weights: *const f32,
    stride: usize,
) {
    let mut sums = [[L::splat(0.0); V]; P];
    for &segment in patch.segments {
        for j in segment as usize..segment as usize + patch.run {
            let mut weight = [L::splat(0.0); V];
            for v in 0..V {
                weight[v] = L::load(weights.add(v * LANES));
            }
            for p in 0..P {
                let value = L::splat(*from[p].add(j));
                for v in 0..V {
                    sums[p][v] = value.mul_add(weight[v], sums[p][v]);
                }
            }
            weights = weights.add(stride);
        }
    }
    for p in 0..P {
        for v in 0..V {
            sums[p][v].store(to[p].add(v * LANES));
        }
    }
}
