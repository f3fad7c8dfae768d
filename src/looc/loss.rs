//! The loss of one embedding space (Xiao et al., 2021, equations 2 and 3).
//!
//! With s(a, b) = exp(a·b/τ), for a query through head i, the key of kᵢ through head i as the positive,
//! and as negatives the same image's other keys and the queue, all through head i:
//!
//! Lᵢ = −log s(q, kᵢ) / (Σⱼ s(q, kⱼ) + Σ_queue s(q, ·)).
//!
//! In Z0 the positive is k₀ and there is no other key of the image: plain InfoNCE. [`nt_xent`] is the same
//! with the batch's other images in the place of the queue.

use super::GeneralPositives;
use crate::nn::kernels::{Isa, LogSum};
use candle_core::{D, Error, Result, Tensor};

/// InfoNCE with one positive: the mean over the batch.
///
/// `query`, `positive` and each of `others`: `[batch, dim]`; `queue`: `[length, dim]`; all of unit
/// length. `others` are this image's own negatives: row b belongs to query b alone.
///
/// # Errors
/// If shapes do not fit.
pub fn info_nce(
    query: &Tensor,
    positive: &Tensor,
    others: &[&Tensor],
    queue: &Tensor,
    temperature: f64,
) -> Result<Tensor> {
    let similarity = |key: &Tensor| (query * key)?.sum_keepdim(D::Minus1)? / temperature;
    let mut columns = vec![similarity(positive)?];
    for other in others {
        columns.push(similarity(other)?);
    }
    columns.push(queue_log_sum(query, queue, temperature)?);
    let logits = Tensor::cat(&columns, 1)?;
    (log_sum(&logits)? - logits.narrow(1, 0, 1)?)?.mean_all()
}

/// NT-Xent of two views of a batch (Chen et al., 2020, equation 1): the mean over both views' rows. Of the
/// 2·batch rows each has its other view as the positive and all others as negatives, itself excluded.
///
/// `views` and each of `others`: `[batch, dim]`, of unit length. `others` are further negatives of the same
/// images: row b belongs to image b's own two rows alone.
///
/// # Errors
/// If shapes do not fit.
pub fn nt_xent(views: [&Tensor; 2], others: &[&Tensor], temperature: f64) -> Result<Tensor> {
    let rows = Tensor::cat(&views, 0)?;
    let similarity = |other: &Tensor| (&rows * other)?.sum_keepdim(D::Minus1)? / temperature;
    let positive = similarity(&Tensor::cat(&[views[1], views[0]], 0)?)?;
    let own = (Tensor::eye(rows.dim(0)?, rows.dtype(), rows.device())? * EXCLUDED)?;
    let mut columns = vec![((rows.matmul(&rows.t()?)? / temperature)? + own)?];
    for other in others {
        columns.push(similarity(&Tensor::cat(&[other, other], 0)?)?);
    }
    (log_sum(&Tensor::cat(&columns, 1)?)? - positive)?.mean_all()
}

/// Cross-entropy of `logits: [batch, classes]` and classes `[batch]` of u32: the mean over the batch.
///
/// # Errors
/// If shapes do not fit.
pub(super) fn cross_entropy(logits: &Tensor, classes: &Tensor) -> Result<Tensor> {
    (log_sum(logits)? - logits.gather(&classes.unsqueeze(1)?, 1)?)?.mean_all()
}

/// A logit that no softmax sees: others are at most 1/0.01.
const EXCLUDED: f64 = -1e9;

/// log Σ_queue s(q, ·), `[batch, 1]`.
fn queue_log_sum(query: &Tensor, queue: &Tensor, temperature: f64) -> Result<Tensor> {
    if query.device().is_cpu() {
        let isa = Isa::preferred().map_err(Error::wrap)?;
        query.contiguous()?.apply_op1(LogSum::new(isa, queue, temperature))
    } else {
        log_sum(&(query.matmul(&queue.t()?)? / temperature)?)
    }
}

/// log Σ exp of each row, `[batch, 1]`.
fn log_sum(logits: &Tensor) -> Result<Tensor> {
    // The maximum is taken out as a constant, so that no exponential overflows.
    let highest = logits.max_keepdim(1)?.detach();
    logits.broadcast_sub(&highest)?.exp()?.sum_keepdim(1)?.log()? + highest
}

/// L0: the query against k₀; or, with [`GeneralPositives::All`], the mean of the InfoNCE with each key
/// as the one positive in its own denominator. `keys`: k₀, k₁, …, all through head 0.
///
/// # Errors
/// If shapes do not fit.
pub fn general(
    query: &Tensor,
    keys: &[Tensor],
    queue: &Tensor,
    temperature: f64,
    positives: GeneralPositives,
) -> Result<Tensor> {
    let count = match positives {
        GeneralPositives::K0 => 1,
        GeneralPositives::All => keys.len(),
    };
    let mut sum = info_nce(query, &keys[0], &[], queue, temperature)?;
    for key in &keys[1..count] {
        sum = (sum + info_nce(query, key, &[], queue, temperature)?)?;
    }
    sum / count as f64
}

/// Lᵢ: `own` is the place of kᵢ among `keys` (k₀, k₁, …), all through head i.
///
/// # Errors
/// If shapes do not fit.
pub fn leave_one_out(
    query: &Tensor,
    keys: &[Tensor],
    own: usize,
    queue: &Tensor,
    temperature: f64,
) -> Result<Tensor> {
    let others: Vec<&Tensor> =
        keys.iter().enumerate().filter(|(j, _)| *j != own).map(|(_, key)| key).collect();
    info_nce(query, &keys[own], &others, queue, temperature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Stream};
    use candle_core::{Device, Var};
    use proptest::prelude::*;

    fn noise(stream: &mut Stream, rows: usize, dim: usize, size: f32) -> Tensor {
        let values: Vec<f32> = (0..rows * dim).map(|_| stream.normal() * size).collect();
        Tensor::from_vec(values, (rows, dim), &Device::Cpu).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// The kernel against candle's operations: values and gradients, odd sizes, sharp and flat softmax.
        #[test]
        fn the_sum_over_the_queue_is_candles(
            (batch, dim, length) in (1usize..40, 1usize..40, 1usize..600),
            temperature in 0.02f64..2.0,
            seed in 0u64..1000,
        ) {
            let mut stream = Stream::named(seed, Domain::Queue, "loss test");
            let query = Var::from_tensor(&noise(&mut stream, batch, dim, 0.5)).unwrap();
            let queue = noise(&mut stream, length, dim, 0.5);
            let weight = noise(&mut stream, batch, 1, 1.0);
            let run = |sums: Tensor| {
                let store = (&sums * &weight).unwrap().sum_all().unwrap().backward().unwrap();
                (sums, store.get(query.as_tensor()).unwrap().clone())
            };
            let theirs = run(log_sum(&(query.matmul(&queue.t().unwrap()).unwrap() / temperature).unwrap()).unwrap());
            for isa in Isa::all() {
                let ours = run(query.apply_op1(LogSum::new(isa, &queue, temperature)).unwrap());
                for (ours, theirs) in [(&ours.0, &theirs.0), (&ours.1, &theirs.1)] {
                    let largest = |t: &Tensor| t.abs().unwrap().flatten_all().unwrap().max(0).unwrap();
                    let difference: f32 = largest(&(ours - theirs).unwrap()).to_scalar().unwrap();
                    let size: f32 = largest(theirs).to_scalar().unwrap();
                    prop_assert!(difference <= 1e-5 * size.max(1.0), "{}: {difference} of {size}", isa.name());
                }
            }
        }
    }

    #[test]
    fn a_queue_of_another_width_is_refused() -> Result<()> {
        let mut stream = Stream::named(0, Domain::Queue, "loss test");
        let (query, queue) = (noise(&mut stream, 3, 8, 1.0), noise(&mut stream, 5, 7, 1.0));
        let error = queue_log_sum(&query, &queue, 0.1).unwrap_err().to_string();
        assert!(error.contains("queries of 8 values"), "{error}");
        Ok(())
    }
}
