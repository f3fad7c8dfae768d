//! A projection head: two linear layers with ReLU between them, then unit length.

use super::{Parameters, ParametersBuilder, init};
use crate::rng::Stream;
use candle_core::{D, Device, Result, Tensor, bail};

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

    /// Another head with the same weights as now, which shares nothing with this one.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn twin(&self) -> Result<Self> {
        Ok(Self { parameters: self.parameters.duplicate()? })
    }

    /// z of a batch, and what [`Self::backward`] needs of it.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn project(&self, features: &Tensor) -> Result<Projection> {
        let [w1, b1, w2, b2] = self.weights()?;
        let hidden = features.matmul(&w1.t()?)?.broadcast_add(b1)?.relu()?;
        let out = hidden.matmul(&w2.t()?)?.broadcast_add(b2)?;
        let lengths = lengths(&out)?;
        Ok(Projection { z: out.broadcast_div(&lengths)?, features: features.clone(), hidden, lengths })
    }

    /// From z's gradient to that of the features, `[batch, F]`, and the flat one of the parameters.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub fn backward(&self, of: &Projection, gradient: &Tensor) -> Result<(Tensor, Tensor)> {
        let [w1, _, w2, _] = self.weights()?;
        // Along z nothing changes its length; under the floor the length is a constant.
        let along = (gradient * &of.z)?.sum_keepdim(D::Minus1)?;
        let along = (along * of.lengths.gt(FLOOR)?.to_dtype(gradient.dtype())?)?;
        let out = (gradient - of.z.broadcast_mul(&along)?)?.broadcast_div(&of.lengths)?;
        let hidden = (out.matmul(w2)? * of.hidden.gt(0f32)?.to_dtype(gradient.dtype())?)?;
        let parameters =
            [hidden.t()?.matmul(&of.features)?, hidden.sum(0)?, out.t()?.matmul(&of.hidden)?, out.sum(0)?];
        Ok((hidden.matmul(w1)?, self.parameters.layout().join(&parameters)?))
    }

    fn weights(&self) -> Result<&[Tensor; 4]> {
        match self.parameters.views().try_into() {
            Ok(weights) => Ok(weights),
            Err(_) => bail!("a head has four tensors"),
        }
    }

    /// `0.weight`, `0.bias`, `2.weight`, `2.bias`.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

/// A batch that went through a head.
pub struct Projection {
    /// Of unit length, `[batch, dim]`.
    pub z: Tensor,
    features: Tensor,
    /// After ReLU.
    hidden: Tensor,
    /// Before z was divided by them, `[batch, 1]`.
    lengths: Tensor,
}

/// No length is less: PyTorch's `normalize`.
const FLOOR: f64 = 1e-12;

fn lengths(rows: &Tensor) -> Result<Tensor> {
    rows.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?.maximum(FLOOR)
}

/// Rows of unit length; a row shorter than 1e-12 is divided by that (PyTorch's `normalize`).
///
/// # Errors
/// If candle fails.
pub fn normalise(rows: &Tensor) -> Result<Tensor> {
    rows.broadcast_div(&lengths(rows)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Domain;
    use candle_core::Var;

    /// The same in operations that candle differentiates.
    fn by_autograd(features: &Tensor, [w1, b1, w2, b2]: [&Var; 4]) -> Result<Tensor> {
        let hidden = features.matmul(&w1.t()?)?.broadcast_add(b1)?.relu()?;
        let out = hidden.matmul(&w2.t()?)?.broadcast_add(b2)?;
        out.broadcast_div(&out.sqr()?.sum_keepdim(D::Minus1)?.maximum(1e-24)?.sqrt()?)
    }

    fn noise(stream: &mut Stream, rows: usize, columns: usize) -> Result<Tensor> {
        let values: Vec<f32> = (0..rows * columns).map(|_| stream.normal()).collect();
        Tensor::from_vec(values, (rows, columns), &Device::Cpu)
    }

    #[test]
    fn the_gradient_is_that_of_autograd() -> Result<()> {
        let mut stream = Stream::named(3, Domain::Weights, "head test");
        let head = Head::new(&mut stream, 12, 7, &Device::Cpu)?;
        let (features, weight) = (Var::from_tensor(&noise(&mut stream, 9, 12)?)?, noise(&mut stream, 9, 7)?);
        let leaves = head.parameters().leaves()?;
        let theirs = by_autograd(features.as_tensor(), [&leaves[0], &leaves[1], &leaves[2], &leaves[3]])?;
        let store = (&theirs * &weight)?.sum_all()?.backward()?;
        let projection = head.project(&features.as_detached_tensor())?;
        let (of_features, of_parameters) = head.backward(&projection, &weight)?;
        let distance = |a: &Tensor, b: &Tensor| (a - b)?.abs()?.flatten_all()?.max(0)?.to_scalar::<f32>();
        assert!(distance(&projection.z, &theirs)? < 1e-6);
        assert!(distance(&of_features, store.get(features.as_tensor()).unwrap())? < 1e-5);
        assert!(distance(&of_parameters, &head.parameters().gradient(&leaves, &store)?)? < 1e-5);
        Ok(())
    }

    /// A row of zeros has no direction; its gradient is finite.
    #[test]
    fn a_row_of_zeros_stays_finite() -> Result<()> {
        let mut stream = Stream::named(3, Domain::Weights, "head test");
        let head = Head::new(&mut stream, 4, 3, &Device::Cpu)?;
        head.parameters().fill_from(&vec![0.0; head.parameters().count()])?;
        let projection = head.project(&noise(&mut stream, 2, 4)?)?;
        assert_eq!(projection.z.to_vec2::<f32>()?, [[0.0; 3]; 2]);
        let (features, parameters) = head.backward(&projection, &noise(&mut stream, 2, 3)?)?;
        let sum = (features.sum_all()? + parameters.sum_all()?)?.to_scalar::<f32>()?;
        assert!(sum.is_finite());
        Ok(())
    }
}
