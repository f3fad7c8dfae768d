//! Initial weights. candle's CPU generator cannot be seeded, so they are drawn from our streams.

use crate::rng::Stream;
use candle_core::{Device, Result, Tensor};

/// Values of a weight `[cout, cin, k, k]`, normal with variance 2 / (k·k·cout): He et al. (2015),
/// `fan_out`, as torchvision's ResNets.
pub fn he_normal(stream: &mut Stream, dims: [usize; 4]) -> Vec<f32> {
    let [cout, _, kernel, _] = dims;
    let deviation = (2.0 / (cout * kernel * kernel) as f32).sqrt();
    (0..dims.iter().product()).map(|_| stream.normal() * deviation).collect()
}

/// `count` values, uniform in ±1/√fan_in: PyTorch's default for linear layers, weights and biases.
pub fn linear_uniform(stream: &mut Stream, count: usize, fan_in: usize) -> Vec<f32> {
    let bound = 1.0 / (fan_in as f32).sqrt();
    (0..count).map(|_| stream.between(-bound, bound)).collect()
}

/// `count` random directions: rows of unit length, `[count, dim]`.
///
/// # Errors
/// If candle cannot make the tensor.
pub fn unit_rows(stream: &mut Stream, count: usize, dim: usize, device: &Device) -> Result<Tensor> {
    let mut values: Vec<f32> = (0..count * dim).map(|_| stream.normal()).collect();
    for row in values.chunks_exact_mut(dim) {
        let length = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        row.iter_mut().for_each(|v| *v /= length);
    }
    Tensor::from_vec(values, (count, dim), device)
}
