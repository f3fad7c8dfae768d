//! What moves a whole network: passes over flat buffers, in place and in parallel.
//!
//! Every value's new state depends on that value's place alone, so neither the chunks nor the number
//! of threads can change a bit.

use super::{with_values, with_values_mut};
use candle_core::{Result, Tensor, bail};
use rayon::prelude::*;

/// Values a task: long enough for the loop to be worth a task, short enough for three buffers to stay
/// in the second-level cache.
const CHUNK: usize = 16 * 1024;

/// key ← m·key + (1−m)·query, both `[count]` and not of the same storage.
///
/// # Errors
/// If they are not on the CPU, or differ in length.
pub fn average(key: &Tensor, query: &Tensor, momentum: f64) -> Result<()> {
    let (kept, taken) = (momentum as f32, (1.0 - momentum) as f32);
    with_values_mut(key, |key| {
        with_values(query, |query| {
            same_length(&[key.len(), query.len()])?;
            key.par_chunks_mut(CHUNK).zip(query.par_chunks(CHUNK)).for_each(|(key, query)| {
                for (key, query) in key.iter_mut().zip(query) {
                    *key = *key * kept + query * taken;
                }
            });
            Ok(())
        })
    })
}

/// SGD with momentum: b ← μ·b + (g + λ·p), p ← p − η·b.
#[derive(Clone, Copy, Debug)]
pub struct Sgd {
    /// μ.
    pub momentum: f64,
    /// λ.
    pub decay: f64,
    /// η.
    pub rate: f64,
}

impl Sgd {
    /// Values p, buffer b and gradient g, each `[count]`, of three storages.
    ///
    /// # Errors
    /// If they are not on the CPU, or differ in length.
    pub fn update(&self, p: &Tensor, b: &Tensor, g: &Tensor) -> Result<()> {
        let (momentum, decay, rate) = (self.momentum as f32, self.decay as f32, self.rate as f32);
        with_three(p, b, g, |p, b, g| {
            let chunks = p.par_chunks_mut(CHUNK).zip(b.par_chunks_mut(CHUNK)).zip(g.par_chunks(CHUNK));
            chunks.for_each(|((p, b), g)| {
                for ((p, b), g) in p.iter_mut().zip(b).zip(g) {
                    *b = *b * momentum + (g + *p * decay);
                    *p -= *b * rate;
                }
            });
            Ok(())
        })
    }
}

/// AdamW: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², p ← (1−ηλ)·p − η·(m/c₁)/(√(v/c₂) + ε).
#[derive(Clone, Copy, Debug)]
pub struct AdamW {
    /// β₁, β₂.
    pub betas: [f64; 2],
    /// c₁ = 1−β₁ᵗ and c₂ = 1−β₂ᵗ at the t-th update.
    pub corrections: [f64; 2],
    /// ε.
    pub epsilon: f64,
    /// λ.
    pub decay: f64,
    /// η.
    pub rate: f64,
}

impl AdamW {
    /// Values p, means m of the gradient and v of its square, gradient g, each `[count]`, of four storages.
    ///
    /// # Errors
    /// If they are not on the CPU, or differ in length.
    pub fn update(&self, p: &Tensor, m: &Tensor, v: &Tensor, g: &Tensor) -> Result<()> {
        let [(kept1, taken1), (kept2, taken2)] = self.betas.map(|beta| (beta as f32, (1.0 - beta) as f32));
        let [inverse1, inverse2] = self.corrections.map(|correction| (1.0 / correction) as f32);
        let (epsilon, rate) = (self.epsilon as f32, self.rate as f32);
        let shrink = (1.0 - self.rate * self.decay) as f32;
        with_values_mut(v, |v| {
            with_three(p, m, g, |p, m, g| {
                same_length(&[p.len(), v.len()])?;
                let averages = m.par_chunks_mut(CHUNK).zip(v.par_chunks_mut(CHUNK));
                let chunks = p.par_chunks_mut(CHUNK).zip(averages).zip(g.par_chunks(CHUNK));
                chunks.for_each(|((p, (m, v)), g)| {
                    for ((p, (m, v)), g) in p.iter_mut().zip(m.iter_mut().zip(v)).zip(g) {
                        *m = *m * kept1 + g * taken1;
                        *v = *v * kept2 + g * g * taken2;
                        let step = *m * inverse1 / ((*v * inverse2).sqrt() + epsilon);
                        *p = *p * shrink - step * rate;
                    }
                });
                Ok(())
            })
        })
    }
}

/// Calls `pass` with two buffers to change and one to read, of equal lengths.
fn with_three(
    p: &Tensor,
    state: &Tensor,
    gradient: &Tensor,
    pass: impl FnOnce(&mut [f32], &mut [f32], &[f32]) -> Result<()>,
) -> Result<()> {
    with_values_mut(p, |p| {
        with_values_mut(state, |state| {
            with_values(gradient, |gradient| {
                same_length(&[p.len(), state.len(), gradient.len()])?;
                pass(p, state, gradient)
            })
        })
    })
}

fn same_length(lengths: &[usize]) -> Result<()> {
    if lengths.windows(2).any(|pair| pair[0] != pair[1]) {
        bail!("buffers of {lengths:?} values do not belong together");
    }
    Ok(())
}
