//! Batch normalisation whose statistics are taken over groups of a batch (`bn_splits`), on candle's
//! operations.
//!
//! BatchNorm's statistics tell which key belongs to which query. MoCo shuffles keys across GPUs; on one
//! device the keys are shuffled (`looc`) and a batch is split into groups, as in MoCo's CIFAR-10 demo.

use super::Pass;
use candle_core::{Result, Tensor};

/// ε and the running average's weight, as in PyTorch.
pub const EPSILON: f64 = 1e-5;
pub const MOMENTUM: f32 = 0.1;

/// The running statistics of `channels` channels. Scale and shift are given to each pass.
pub struct Norm {
    groups: usize,
    /// Parts of the network's buffers, in which they are written.
    running_mean: Tensor,
    running_variance: Tensor,
}

impl Norm {
    /// `running_mean`, `running_variance`: `[channels]`, views of the network's buffers; the statistics
    /// of a batch are taken over `groups` parts of it.
    pub fn new(groups: usize, running_mean: &Tensor, running_variance: &Tensor) -> Self {
        Self { groups, running_mean: running_mean.clone(), running_variance: running_variance.clone() }
    }

    /// Normalises `x: [n, c, h, w]`, scales and shifts it (`weight`, `bias`: `[c]`), then applies ReLU if
    /// wanted. [`Pass::Learn`] and [`Pass::Key`] use the batch's statistics and move the running ones;
    /// [`Pass::Frozen`] uses the running ones.
    ///
    /// # Errors
    /// If the batch cannot be split into the groups.
    pub fn forward(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        pass: Pass,
        relu: bool,
    ) -> Result<Tensor> {
        if pass == Pass::Frozen {
            return affine(x, weight, bias, &self.running_mean, &self.running_variance, relu);
        }
        let (y, mean, variance) = by_batch(x, weight, bias, self.groups, relu)?;
        self.remember(x, &mean.detach(), &variance.detach())?;
        Ok(y)
    }

    /// Moves the running statistics: the mean over the groups, variances unbiased, as PyTorch does it.
    fn remember(&self, x: &Tensor, mean: &Tensor, variance: &Tensor) -> Result<()> {
        let (images, _, height, width) = x.dims4()?;
        let count = (images / self.groups * height * width) as f64;
        let unbiased = (variance.mean(0)? * (count / (count - 1.0).max(1.0)))?;
        for (running, new) in [(&self.running_mean, mean.mean(0)?), (&self.running_variance, unbiased)] {
            let kept = (running * f64::from(1.0 - MOMENTUM))?;
            running.slice_set(&(kept + (new * f64::from(MOMENTUM))?)?, 0, 0)?;
        }
        Ok(())
    }
}

/// With given statistics.
fn affine(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    mean: &Tensor,
    variance: &Tensor,
    relu: bool,
) -> Result<Tensor> {
    let scale = (weight / (variance + EPSILON)?.sqrt()?)?;
    let shift = (bias - (mean * &scale)?)?;
    let channels = (1, weight.elem_count(), 1, 1);
    let y = x.broadcast_mul(&scale.reshape(channels)?)?.broadcast_add(&shift.reshape(channels)?)?;
    if relu { y.relu() } else { Ok(y) }
}

/// With a batch's own statistics. Returns the output and the groups' means and biased variances,
/// `[groups, channels]`.
fn by_batch(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    groups: usize,
    relu: bool,
) -> Result<(Tensor, Tensor, Tensor)> {
    let (images, channels, height, width) = x.dims4()?;
    if groups == 0 || images % groups != 0 {
        candle_core::bail!("a batch of {images} cannot be split into {groups} groups for BatchNorm");
    }
    let grouped = x.reshape((groups, images / groups, channels, height * width))?;
    let mean = grouped.mean_keepdim((1, 3))?;
    let centred = grouped.broadcast_sub(&mean)?;
    let variance = centred.sqr()?.mean_keepdim((1, 3))?;
    let normal = centred.broadcast_div(&(&variance + EPSILON)?.sqrt()?)?;
    let channel = (1, 1, channels, 1);
    let y = normal.broadcast_mul(&weight.reshape(channel)?)?.broadcast_add(&bias.reshape(channel)?)?;
    let y = y.reshape(x.shape())?;
    let y = if relu { y.relu()? } else { y };
    Ok((y, mean.reshape((groups, channels))?, variance.reshape((groups, channels))?))
}
