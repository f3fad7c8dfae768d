//! Initial weights. candle's CPU generator cannot be seeded, so they are drawn from our streams.

use crate::rng::Stream;
use candle_core::{Device, Result, Shape, Tensor, Var};

/// Normal with variance 2 / (k·k·cout): He et al. (2015), `fan_out`, as torchvision's ResNets.
///
/// # Errors
/// If candle cannot make the tensor.
pub fn he_normal(stream: &mut Stream, shape: (usize, usize, usize, usize), device: &Device) -> Result<Var> {
    let (cout, _, kernel, _) = shape;
    let deviation = (2.0 / (cout * kernel * kernel) as f32).sqrt();
    draw(shape, device, || stream.normal() * deviation)
}

/// Uniform in ±1/√fan_in: PyTorch's default for linear layers, weights and biases.
///
/// # Errors
/// If candle cannot make the tensor.
pub fn linear_uniform(
    stream: &mut Stream,
    shape: impl Into<Shape>,
    fan_in: usize,
    device: &Device,
) -> Result<Var> {
    let bound = 1.0 / (fan_in as f32).sqrt();
    draw(shape, device, || stream.between(-bound, bound))
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

fn draw(shape: impl Into<Shape>, device: &Device, mut next: impl FnMut() -> f32) -> Result<Var> {
    let shape = shape.into();
    let values: Vec<f32> = (0..shape.elem_count()).map(|_| next()).collect();
    Var::from_vec(values, shape, device)
}
