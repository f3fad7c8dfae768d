//! Batch normalisation on the CPU, with a batch's statistics taken in groups, and ReLU in the same pass.
//!
//! For a group g and a channel c with m values: μ = Σx/m, σ² = Σ(x−μ)²/m, x̂ = (x−μ)/√(σ²+ε),
//! y = γ·x̂ + β (Ioffe & Szegedy, 2015). Backward, with S₁ = Σdy and S₂ = Σdy·x̂ over the group:
//! dx = γ/√(σ²+ε) · (dy − S₁/m − x̂·S₂/m); dγ and dβ are S₂ and S₁ summed over the groups.
//! Sums are taken in f64 a plane, then over planes in order.

use super::{values, with_values};
use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;
use std::sync::{Arc, OnceLock};

/// Mean and biased variance of every group and channel, `[groups, channels]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
}

/// `y = γ·(x−μ)/√(σ²+ε) + β`, then ReLU if wanted; arguments x `[n, c, h, w]`, γ `[c]`, β `[c]`.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    /// Groups of neighbouring images with statistics of their own; must divide the batch.
    pub groups: usize,
    /// ε.
    pub epsilon: f32,
    /// Whether ReLU follows.
    pub relu: bool,
    /// Given: used as they are (one group), without a backward pass. Empty: taken from the batch and left here.
    pub moments: Arc<OnceLock<Moments>>,
}

/// The sizes of one call.
#[derive(Clone, Copy)]
struct Sizes {
    images: usize,
    channels: usize,
    plane: usize,
    groups: usize,
}

impl Sizes {
    fn image(&self) -> usize {
        self.channels * self.plane
    }
    /// The row of `[groups, channels]` that an image's channels start at.
    fn row(&self, image: usize) -> usize {
        image * self.groups / self.images * self.channels
    }
    /// Values a group and channel.
    fn count(&self) -> f64 {
        (self.images / self.groups * self.plane) as f64
    }

    /// Two sums a group and channel, `[groups, channels]`, over `pair(image, channel)`'s two sums a plane.
    fn sums(&self, pair: impl Fn(usize, usize) -> (f64, f64) + Sync) -> Vec<(f64, f64)> {
        let planes: Vec<(f64, f64)> = (0..self.images * self.channels)
            .into_par_iter()
            .with_min_len(self.channels)
            .map(|at| pair(at / self.channels, at % self.channels))
            .collect();
        let mut sums = vec![(0.0, 0.0); self.groups * self.channels];
        for (image, planes) in planes.chunks_exact(self.channels).enumerate() {
            for (sum, plane) in sums[self.row(image)..].iter_mut().zip(planes) {
                *sum = (sum.0 + plane.0, sum.1 + plane.1);
            }
        }
        sums
    }
}

/// Sums of f32 values in f64, eight lanes at a time so that the loop is vectorised.
fn sums_of(pairs: impl Fn(usize) -> (f32, f32), count: usize) -> (f64, f64) {
    let mut total = (0.0f64, 0.0f64);
    let mut start = 0;
    while start < count {
        // A short run of f32 sums loses nothing that matters; the runs are summed in f64.
        let end = (start + 64).min(count);
        let mut run = ([0.0f32; 8], [0.0f32; 8]);
        for i in start..end {
            let (a, b) = pairs(i);
            run.0[i % 8] += a;
            run.1[i % 8] += b;
        }
        total.0 += run.0.iter().map(|&v| f64::from(v)).sum::<f64>();
        total.1 += run.1.iter().map(|&v| f64::from(v)).sum::<f64>();
        start = end;
    }
    total
}

impl BatchNorm {
    fn sizes(&self, shape: &Shape) -> Result<Sizes> {
        let (images, channels, height, width) = shape.dims4()?;
        if self.groups == 0 || images % self.groups != 0 {
            candle_core::bail!(
                "a batch of {images} cannot be split into {} groups for BatchNorm",
                self.groups
            );
        }
        Ok(Sizes { images, channels, plane: height * width, groups: self.groups })
    }

    fn moments(&self, sizes: &Sizes, x: &[f32]) -> Moments {
        let plane = |image: usize, channel: usize| {
            &x[(image * sizes.channels + channel) * sizes.plane..][..sizes.plane]
        };
        // Shifted by the group's first value, so that a large mean does not eat the variance's digits.
        let shift = |image: usize, channel: usize| {
            plane(image / (sizes.images / sizes.groups) * (sizes.images / sizes.groups), channel)[0]
        };
        let sums = sizes.sums(|image, channel| {
            let (values, shift) = (plane(image, channel), shift(image, channel));
            sums_of(
                |i| {
                    let d = values[i] - shift;
                    (d, d * d)
                },
                sizes.plane,
            )
        });
        let count = sizes.count();
        let of = |(at, sum): (usize, &(f64, f64))| {
            let group_image = at / sizes.channels * (sizes.images / sizes.groups);
            let mean = sum.0 / count;
            let variance = (sum.1 / count - mean * mean).max(0.0);
            ((mean + f64::from(shift(group_image, at % sizes.channels))) as f32, variance as f32)
        };
        let (mean, variance) = sums.iter().enumerate().map(of).unzip();
        Moments { mean, variance }
    }

    fn inverse(&self, variance: f32) -> f32 {
        1.0 / (variance + self.epsilon).sqrt()
    }
}

impl CustomOp3 for BatchNorm {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        gamma: &CpuStorage,
        gamma_layout: &Layout,
        beta: &CpuStorage,
        beta_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let sizes = self.sizes(x_layout.shape())?;
        let (x, gamma, beta) =
            (values(x, x_layout)?, values(gamma, gamma_layout)?, values(beta, beta_layout)?);
        let moments = self.moments.get_or_init(|| self.moments(&sizes, x));
        let floor = if self.relu { 0.0 } else { f32::NEG_INFINITY };
        let mut y = vec![0.0f32; x.len()];
        let images = y.par_chunks_mut(sizes.image()).zip(x.par_chunks(sizes.image())).enumerate();
        images.for_each(|(image, (y, x))| {
            let row = sizes.row(image);
            let planes = y.chunks_exact_mut(sizes.plane).zip(x.chunks_exact(sizes.plane)).enumerate();
            for (channel, (y, x)) in planes {
                let scale = gamma[channel] * self.inverse(moments.variance[row + channel]);
                let shift = beta[channel] - moments.mean[row + channel] * scale;
                for (y, x) in y.iter_mut().zip(x) {
                    let value = x * scale + shift;
                    // Not `max`, which would turn a NaN into a healthy zero.
                    *y = if value < floor { floor } else { value };
                }
            }
        });
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        gamma: &Tensor,
        beta: &Tensor,
        out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let sizes = self.sizes(x.shape())?;
        let Some(moments) = self.moments.get() else {
            candle_core::bail!("batch_norm: backward before forward")
        };
        let [dx, d_gamma, d_beta] = with_values(x, |xs| {
            with_values(out, |out| {
                with_values(gradient, |gradient| {
                    with_values(gamma, |gamma| Ok(self.gradients(&sizes, moments, xs, gamma, out, gradient)))
                })
            })
        })?;
        let dx = Tensor::from_vec(dx, x.shape(), x.device())?;
        let d_gamma = Tensor::from_vec(d_gamma, gamma.shape(), x.device())?;
        let d_beta = Tensor::from_vec(d_beta, beta.shape(), x.device())?;
        Ok((Some(dx), Some(d_gamma), Some(d_beta)))
    }
}

impl BatchNorm {
    /// dx, dγ, dβ.
    fn gradients(
        &self,
        sizes: &Sizes,
        moments: &Moments,
        x: &[f32],
        gamma: &[f32],
        out: &[f32],
        gradient: &[f32],
    ) -> [Vec<f32>; 3] {
        let relu = self.relu;
        let masked = move |dy: f32, y: f32| if relu && y <= 0.0 { 0.0 } else { dy };
        let sums = sizes.sums(|image, channel| {
            let at = (image * sizes.channels + channel) * sizes.plane;
            let (x, y, dy) =
                (&x[at..][..sizes.plane], &out[at..][..sizes.plane], &gradient[at..][..sizes.plane]);
            let at = sizes.row(image) + channel;
            let (mean, inverse) = (moments.mean[at], self.inverse(moments.variance[at]));
            sums_of(
                |i| {
                    let dy = masked(dy[i], y[i]);
                    (dy, dy * (x[i] - mean) * inverse)
                },
                sizes.plane,
            )
        });
        let mut dx = vec![0.0f32; x.len()];
        dx.par_chunks_mut(sizes.image()).enumerate().for_each(|(image, dx)| {
            for (channel, dx) in dx.chunks_exact_mut(sizes.plane).enumerate() {
                let at = (image * sizes.channels + channel) * sizes.plane;
                let (x, y, dy) =
                    (&x[at..][..sizes.plane], &out[at..][..sizes.plane], &gradient[at..][..sizes.plane]);
                let at = sizes.row(image) + channel;
                let (mean, inverse) = (moments.mean[at], self.inverse(moments.variance[at]));
                let (first, second) =
                    ((sums[at].0 / sizes.count()) as f32, (sums[at].1 / sizes.count()) as f32);
                let scale = gamma[channel] * inverse;
                for i in 0..sizes.plane {
                    let normal = (x[i] - mean) * inverse;
                    dx[i] = scale * (masked(dy[i], y[i]) - first - normal * second);
                }
            }
        });
        let over_groups = |pick: fn(&(f64, f64)) -> f64| {
            (0..sizes.channels)
                .map(|channel| {
                    sums.iter().skip(channel).step_by(sizes.channels).map(pick).sum::<f64>() as f32
                })
                .collect()
        };
        [dx, over_groups(|sum| sum.1), over_groups(|sum| sum.0)]
    }
}
