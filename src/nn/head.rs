//! A projection head: two linear layers with ReLU between them, then unit length.

use super::{Parameters, ParametersBuilder, init};
use crate::rng::Stream;
use candle_core::{D, Device, Result, Tensor, Var, bail};

/// z = h₂·ReLU(h₁·v + b₁) + b₂, divided by its length; v: `[batch, F]`, z: `[batch, dim]`.
pub struct Head {
    parameters: Parameters,
}

impl Head {
    /// Fresh weights (PyTorch's default for linear layers). The hidden width is that of the features.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn new(stream: &mut Stream, features: usize, dim: usize, device: &Device) -> Result<Self> {
        let mut parameters = ParametersBuilder::default();
        // `0` and `2`: the places in PyTorch's `Sequential(Linear, ReLU, Linear)`.
        for (name, out) in [("0", features), ("2", dim)] {
            let mut uniform = |count| init::linear_uniform(stream, count, features);
            parameters.add(format!("{name}.weight"), &[out, features], &uniform(out * features))?;
            parameters.add(format!("{name}.bias"), &[out], &uniform(out))?;
        }
        Ok(Self { parameters: parameters.build(device)? })
    }

    /// With gradients for `features`, if that is a variable, and for the weights: the projections, and
    /// the leaves that [`Parameters::gradient`] asks for.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn project(&self, features: &Tensor) -> Result<(Tensor, Vec<Var>)> {
        let leaves = self.parameters.leaves()?;
        let weights: Vec<Tensor> = leaves.iter().map(|leaf| leaf.as_tensor().clone()).collect();
        Ok((run(features, &weights)?, leaves))
    }

    /// Without any gradient.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn project_frozen(&self, features: &Tensor) -> Result<Tensor> {
        run(features, self.parameters.views())
    }

    /// `0.weight`, `0.bias`, `2.weight`, `2.bias`.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

fn run(features: &Tensor, weights: &[Tensor]) -> Result<Tensor> {
    let [w1, b1, w2, b2] = weights else { bail!("a head has four tensors, not {}", weights.len()) };
    let hidden = features.matmul(&w1.t()?)?.broadcast_add(b1)?.relu()?;
    normalise(&hidden.matmul(&w2.t()?)?.broadcast_add(b2)?)
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
