//! The loss of one embedding space (Xiao et al., 2021, equations 2 and 3).
//!
//! With s(a, b) = exp(a·b/τ), for a query through head i, the key of kᵢ through head i as the positive,
//! and as negatives the same image's other keys and the queue, all through head i:
//!
//! Lᵢ = −log s(q, kᵢ) / (Σⱼ s(q, kⱼ) + Σ_queue s(q, ·)).
//!
//! In Z0 the positive is k₀ and there is no other key of the image: plain InfoNCE.

use super::GeneralPositives;
use candle_core::{D, Result, Tensor};

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
    let similarity = |key: &Tensor| (query * key)?.sum_keepdim(D::Minus1);
    let mut columns = vec![similarity(positive)?];
    for other in others {
        columns.push(similarity(other)?);
    }
    columns.push(query.matmul(&queue.t()?)?);
    let logits = (Tensor::cat(&columns, 1)? / temperature)?;
    // The maximum is taken out as a constant, so that no exponential overflows.
    let highest = logits.max_keepdim(1)?.detach();
    let total = (logits.broadcast_sub(&highest)?.exp()?.sum_keepdim(1)?.log()? + highest)?;
    (total - logits.narrow(1, 0, 1)?)?.mean_all()
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
