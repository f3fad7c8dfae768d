//! log Σ exp over a queue of keys, with its gradient, without the similarities ever being in memory at once.
//!
//! For a query q and keys k: R = log Σₖ exp(q·k/τ), and dR/dq = Σₖ pₖ·k/τ with p the softmax. Sixteen queries
//! at a time go through the queue in chunks: similarities, maximum, exponentials, and the weighted sum
//! of the keys; when the maximum rises, what was summed is scaled down (Milakov & Gimelshein, 2018). Both
//! products are those of the convolutions: keys are the pixels, queries the channels.

use super::{
    buffer::{Buffer, with_scratch},
    lanes::{Isa, Kernel, LANES, Lanes},
    outer::outer,
    sweep::{Patch, Pixels, sweep_block},
    values, with_values,
};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;
use std::sync::OnceLock;

/// Keys at a time: their similarities to sixteen queries stay in the first-level cache.
const CHUNK: usize = 256;

/// `query: [batch, dim]` → R: `[batch, 1]`, over the queue as it is when this is applied.
pub struct LogSum {
    isa: Isa,
    /// `[length, dim]`.
    queue: Tensor,
    temperature: f32,
    /// dR/dq, `[batch, dim]`, once applied.
    gradient: OnceLock<Vec<f32>>,
}

impl LogSum {
    /// Over the keys of `queue: [length, dim]`, for similarities divided by `temperature`.
    pub fn new(isa: Isa, queue: &Tensor, temperature: f64) -> Self {
        Self { isa, queue: queue.clone(), temperature: temperature as f32, gradient: OnceLock::new() }
    }
}

impl CustomOp1 for LogSum {
    fn name(&self) -> &'static str {
        "log_sum"
    }

    fn cpu_fwd(&self, query: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, dim) = layout.shape().dims2()?;
        let (length, width) = self.queue.dims2()?;
        if dim != width || length == 0 {
            bail!("queries of {dim} values have no similarity to a queue of {length} times {width}");
        }
        let query = values(query, layout)?;
        let (sums, gradient) = with_values(&self.queue, |queue| {
            let padded = (!dim.is_multiple_of(LANES)).then(|| pad(queue, dim));
            let queue = padded.as_deref().unwrap_or(queue);
            Ok(self.all(query, queue, [batch, dim, length]))
        })?;
        // A second application of the same operation would need a second gradient.
        if self.gradient.set(gradient).is_err() {
            bail!("log_sum is applied once");
        }
        Ok((CpuStorage::F32(sums), Shape::from((batch, 1))))
    }

    fn bwd(&self, query: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let Some(own) = self.gradient.get() else { bail!("log_sum: backward before forward") };
        Ok(Some(Tensor::from_slice(own, query.shape(), query.device())?.broadcast_mul(gradient)?))
    }
}

/// Keys with zeros up to a whole number of vectors.
fn pad(keys: &[f32], dim: usize) -> Buffer {
    let size = dim.next_multiple_of(LANES);
    let mut padded = Buffer::zeros(keys.len() / dim * size);
    for (to, key) in padded.chunks_exact_mut(size).zip(keys.chunks_exact(dim)) {
        to[..dim].copy_from_slice(key);
    }
    padded
}

impl LogSum {
    /// R and its gradient of every query; the keys are padded.
    fn all(&self, query: &[f32], queue: &[f32], [batch, dim, length]: [usize; 3]) -> (Vec<f32>, Vec<f32>) {
        let (mut sums, mut gradient) = (vec![0.0; batch], vec![0.0; batch * dim]);
        let size = dim.next_multiple_of(LANES);
        let places = |step: usize| (0..CHUNK).map(|key| (key * step) as u32).collect::<Vec<_>>();
        let (keys, rows) = (places(size), places(LANES));
        let blocks = sums.par_chunks_mut(LANES).zip(gradient.par_chunks_mut(LANES * dim));
        blocks.zip(query.par_chunks(LANES * dim)).for_each(|((sums, gradient), query)| {
            with_scratch([size * LANES, CHUNK * LANES, LANES * size], |scratch| {
                let (length, temperature) = (length, self.temperature);
                let places = [&keys[..], &rows[..]];
                self.isa.run(Block {
                    query,
                    queue,
                    dim,
                    length,
                    temperature,
                    places,
                    scratch,
                    sums,
                    gradient,
                });
            });
        });
        (sums, gradient)
    }
}

/// At most sixteen queries.
struct Block<'a> {
    query: &'a [f32],
    queue: &'a [f32],
    dim: usize,
    length: usize,
    temperature: f32,
    /// Of the keys of a chunk; of their similarities.
    places: [&'a [u32]; 2],
    /// The queries as weights; similarities; sums of keys.
    scratch: [&'a mut [f32]; 3],
    sums: &'a mut [f32],
    gradient: &'a mut [f32],
}

impl Kernel for Block<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let size = self.dim.next_multiple_of(LANES);
        let [weights, similar, keys] = self.scratch;
        assert!(self.queue.len() == self.length * size && self.places.iter().all(|it| it.len() == CHUNK));
        assert!(
            weights.len() >= size * LANES && similar.len() >= CHUNK * LANES && keys.len() >= size * LANES
        );
        weights.fill(0.0);
        for (lane, query) in self.query.chunks_exact(self.dim).enumerate() {
            for (value, weight) in query.iter().zip(weights[lane..].iter_mut().step_by(LANES)) {
                *weight = value / self.temperature;
            }
        }
        keys.fill(0.0);
        let patch = Patch { segments: &[0], run: size };
        let (mut highest, mut total) = (L::splat(f32::MIN), L::splat(0.0));
        for first in (0..self.length).step_by(CHUNK) {
            let count = CHUNK.min(self.length - first);
            let queue = self.queue.as_ptr().add(first * size);
            let [from, to] = self.places.map(|places| &places[..count]);
            // SAFETY: `count` keys of `size` values are left from `first` on; the assertions cover the rest.
            sweep_block::<L>(
                queue,
                similar.as_mut_ptr(),
                Pixels { from, to },
                patch,
                weights.as_ptr(),
                LANES,
            );
            let mut higher = highest;
            for key in 0..count {
                higher = higher.max(L::load(similar.as_ptr().add(key * LANES)));
            }
            let shrink = exp(highest - higher);
            highest = higher;
            total = total * shrink;
            scale_rows::<L>(keys.as_mut_ptr(), size, shrink);
            for key in 0..count {
                let place = similar.as_mut_ptr().add(key * LANES);
                let weight = exp(L::load(place) - highest);
                total = total + weight;
                weight.store(place);
            }
            outer::<L>(
                similar.as_ptr(),
                LANES,
                queue,
                size,
                Pixels { from: to, to: from },
                keys.as_mut_ptr(),
            );
        }
        let (mut peaks, mut totals) = ([0.0; LANES], [0.0; LANES]);
        highest.store(peaks.as_mut_ptr());
        total.store(totals.as_mut_ptr());
        for (lane, sum) in self.sums.iter_mut().enumerate() {
            *sum = peaks[lane] + totals[lane].ln();
            let scale = 1.0 / (totals[lane] * self.temperature);
            let gradient = self.gradient[lane * self.dim..][..self.dim].iter_mut();
            for (gradient, key) in gradient.zip(&keys[lane * size..]) {
                *gradient = key * scale;
            }
        }
    }
}

/// Each of sixteen rows times its factor.
#[inline(always)]
unsafe fn scale_rows<L: Lanes>(rows: *mut f32, size: usize, factors: L) {
    let mut each = [0.0; LANES];
    factors.store(each.as_mut_ptr());
    for (row, factor) in each.into_iter().enumerate() {
        if factor == 1.0 {
            continue;
        }
        for at in (row * size..(row + 1) * size).step_by(LANES) {
            (L::load(rows.add(at)) * L::splat(factor)).store(rows.add(at));
        }
    }
}

/// eˣ for x ≤ 0, with a relative error of about 1e-7 (Moshier's Cephes, `expf`); below −87 it is e⁻⁸⁷.
#[inline(always)]
unsafe fn exp<L: Lanes>(x: L) -> L {
    // The second operand wins if it is not a number.
    let x = L::splat(-87.0).max(x);
    // Adding and subtracting 1.5·2²³ rounds to a whole number.
    let magic = L::splat(12_582_912.0);
    let n = x.mul_add(L::splat(std::f32::consts::LOG2_E), magic) - magic;
    // ln 2 in two parts, the first with few digits.
    let r = n.mul_add(L::splat(-0.693_359_4), x);
    let r = n.mul_add(L::splat(2.121_944_4e-4), r);
    let mut p = L::splat(1.987_569_1e-4);
    for factor in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5, 1.0, 1.0] {
        p = p.mul_add(r, L::splat(factor));
    }
    p.times_power(n)
}
