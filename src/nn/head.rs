//! A projection head: two linear layers with ReLU between them, then unit length.

use super::{Parameters, init};
use crate::rng::Stream;
use candle_core::{D, Device, Result, Tensor, Var};

/// z = h₂·ReLU(h₁·v + b₁) + b₂, divided by its length; v: `[batch, F]`, z: `[batch, dim]`.
pub struct Head {
    parameters: Parameters,
    layers: [(Var, Var); 2],
}

impl Head {
    /// Fresh weights (PyTorch's default for linear layers). The hidden width is that of the features.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn new(stream: &mut Stream, features: usize, dim: usize, device: &Device) -> Result<Self> {
        let mut parameters = Parameters::default();
        let mut layer = |name: &str, out: usize| -> Result<(Var, Var)> {
            let weight = init::linear_uniform(stream, (out, features), features, device)?;
            let bias = init::linear_uniform(stream, out, features, device)?;
            parameters.add(format!("{name}.weight"), &weight);
            parameters.add(format!("{name}.bias"), &bias);
            Ok((weight, bias))
        };
        // `0` and `2`: the places in PyTorch's `Sequential(Linear, ReLU, Linear)`.
        let layers = [layer("0", features)?, layer("2", dim)?];
        Ok(Self { parameters, layers })
    }

    /// With gradients for the parameters and for `features`, if that is a variable.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn project(&self, features: &Tensor) -> Result<Tensor> {
        self.run(features, |var| var.as_tensor().clone())
    }

    /// Without any gradient.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn project_frozen(&self, features: &Tensor) -> Result<Tensor> {
        self.run(features, Var::as_detached_tensor)
    }

    fn run(&self, features: &Tensor, read: impl Fn(&Var) -> Tensor) -> Result<Tensor> {
        let [(w1, b1), (w2, b2)] = &self.layers;
        let hidden = features.matmul(&read(w1).t()?)?.broadcast_add(&read(b1))?.relu()?;
        normalise(&hidden.matmul(&read(w2).t()?)?.broadcast_add(&read(b2))?)
    }

    /// `0.weight`, `0.bias`, `2.weight`, `2.bias`.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

/// Rows of unit length; a row shorter than 1e-12 is divided by that (PyTorch's `normalize`).
///
/// # Errors
/// If candle fails.
pub fn normalise(rows: &Tensor) -> Result<Tensor> {
    let squares = rows.sqr()?.sum_keepdim(D::Minus1)?;
    // The floor is under the root, where its derivative is finite.
    rows.broadcast_div(&squares.maximum(1e-24)?.sqrt()?)
}
