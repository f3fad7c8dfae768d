//! BatchNorm of one layer: from the kernels' sums to what the kernels apply, forward and backward.
//!
//! Forward, for a group with m values a channel: y = γ·(z−μ)/√(σ²+ε) + β = z·scale + shift. Backward,
//! with S₁ = Σg and S₂ = Σg·(z−μ): dz = a·g + b·z + c, where, with r = 1/√(σ²+ε),
//! a = γr, b = −γr³S₂/m, c = −γr·S₁/m − b·μ; dγ = Σ r·S₂ and dβ = Σ S₁ over the groups.
//! (Ioffe & Szegedy, 2015; statistics over groups of a batch as in `nn::norm`.)

use crate::nn::{
    kernels::Unit,
    norm::{EPSILON, MOMENTUM},
};

/// `[groups, channels]` of everything, channels padded with zeros.
pub(super) struct Statistics {
    channels: usize,
    padded: usize,
    /// Values a group and channel.
    count: f64,
    pub mean: Vec<f32>,
    inverse: Vec<f32>,
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
    pub a: Vec<f32>,
    pub b: Vec<f32>,
    pub c: Vec<f32>,
    /// Two sums of each, and the values of a group that are already in them.
    sums: Vec<[f64; 2]>,
    seen: Vec<f64>,
}

/// γ and β of a layer.
#[derive(Clone, Copy)]
pub(super) struct Affine<'a> {
    pub weight: &'a [f32],
    pub bias: &'a [f32],
}

impl Statistics {
    /// `count`: values a group and channel.
    pub fn new(channels: usize, padded: usize, groups: usize, count: usize) -> Self {
        let zeros = || vec![0.0; groups * padded];
        Self {
            channels,
            padded,
            count: count as f64,
            mean: zeros(),
            inverse: zeros(),
            scale: zeros(),
            shift: zeros(),
            a: zeros(),
            b: zeros(),
            c: zeros(),
            sums: vec![[0.0; 2]; groups * padded],
            seen: vec![0.0; groups],
        }
    }

    /// Takes the batch's statistics from the sums of its units, `[unit][2][padded]` around each unit's
    /// first pixel in z, and moves the running ones: mean and unbiased variance, averaged over the groups.
    pub fn measure(
        &mut self,
        units: impl Iterator<Item = Unit>,
        (z, image): (&[f32], usize),
        sums: &[f64],
        affine: Affine,
        running: [&mut [f32]; 2],
    ) {
        self.seen.fill(0.0);
        self.sums.fill([0.0; 2]);
        let pixels = image / self.padded;
        for (unit, sums) in units.zip(sums.chunks_exact(2 * self.padded)) {
            let (seen, new) = (self.seen[unit.group], (unit.images * pixels) as f64);
            self.seen[unit.group] += new;
            let first = &z[unit.first * image..][..self.channels];
            let rows = self.sums[unit.group * self.padded..].iter_mut();
            for (channel, ([mean, squares], shift)) in rows.zip(first).enumerate() {
                let (sum, square) = (sums[channel], sums[self.padded + channel]);
                // Chan et al. (1983): means and sums of squares around them, one set joined to another.
                let distance = f64::from(*shift) + sum / new - *mean;
                *mean += distance * new / (seen + new);
                *squares += square - sum * sum / new + distance * distance * seen * new / (seen + new);
            }
        }
        self.set_from_sums(affine);
        self.remember(running);
    }

    fn set_from_sums(&mut self, affine: Affine) {
        for (at, [mean, squares]) in self.sums.iter().enumerate() {
            let channel = at % self.padded;
            if channel < self.channels {
                let variance = (squares / self.count).max(0.0) as f32;
                self.mean[at] = *mean as f32;
                self.inverse[at] = 1.0 / (variance + EPSILON as f32).sqrt();
                self.scale[at] = affine.weight[channel] * self.inverse[at];
                self.shift[at] = affine.bias[channel] - self.mean[at] * self.scale[at];
            }
        }
    }

    fn remember(&self, [mean, variance]: [&mut [f32]; 2]) {
        let groups = self.seen.len() as f64;
        // Unbiased, as PyTorch keeps it.
        let degrees = (self.count - 1.0).max(1.0);
        for (channel, (mean, variance)) in mean.iter_mut().zip(variance).enumerate() {
            let of_channel = self.sums.iter().skip(channel).step_by(self.padded);
            let sums = of_channel.fold([0.0; 2], |sum, it| [sum[0] + it[0], sum[1] + it[1].max(0.0)]);
            *mean += MOMENTUM * ((sums[0] / groups) as f32 - *mean);
            *variance += MOMENTUM * ((sums[1] / groups / degrees) as f32 - *variance);
        }
    }

    /// Takes the running statistics instead of a batch's.
    pub fn freeze(&mut self, affine: Affine, [mean, variance]: [&[f32]; 2]) {
        for at in 0..self.mean.len() {
            let channel = at % self.padded;
            if channel < self.channels {
                self.mean[at] = mean[channel];
                self.inverse[at] = 1.0 / (variance[channel] + EPSILON as f32).sqrt();
                self.scale[at] = affine.weight[channel] * self.inverse[at];
                self.shift[at] = affine.bias[channel] - mean[channel] * self.scale[at];
            }
        }
    }

    /// From S₁ and S₂ of the units, `[unit][2][padded]`, to a, b and c, and the gradients of γ and β.
    pub fn backward(
        &mut self,
        units: impl Iterator<Item = Unit>,
        sums: &[f64],
        weight: &[f32],
        [weight_gradient, bias_gradient]: [&mut [f32]; 2],
    ) {
        self.sums.fill([0.0; 2]);
        for (unit, sums) in units.zip(sums.chunks_exact(2 * self.padded)) {
            let rows = self.sums[unit.group * self.padded..][..self.padded].iter_mut();
            for (channel, row) in rows.enumerate() {
                row[0] += sums[channel];
                row[1] += sums[self.padded + channel];
            }
        }
        for channel in 0..self.channels {
            let mut gradients = [0.0; 2];
            for at in (channel..self.sums.len()).step_by(self.padded) {
                let ([first, second], inverse) = (self.sums[at], f64::from(self.inverse[at]));
                let scale = f64::from(weight[channel]) * inverse;
                let b = -scale * inverse * inverse * second / self.count;
                self.a[at] = scale as f32;
                self.b[at] = b as f32;
                self.c[at] = (-scale * first / self.count - b * f64::from(self.mean[at])) as f32;
                gradients[0] += second * inverse;
                gradients[1] += first;
            }
            weight_gradient[channel] = gradients[0] as f32;
            bias_gradient[channel] = gradients[1] as f32;
        }
    }
}
