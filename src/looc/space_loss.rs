//! The losses of a step's spaces: what they are reported as, and where their gradients go.

use super::{
    StepError, StepLosses,
    encoder::{Encoder, Gradient},
};
use crate::nn::Projection;
use candle_core::{Tensor, Var};
type Result<T, E = candle_core::Error> = std::result::Result<T, E>;

/// A space's loss with its graph, which ends at z.
pub(super) struct SpaceLoss {
    /// The space's place in the encoder.
    pub place: usize,
    pub value: Tensor,
    /// The leaf that `value` was computed from.
    pub z: Var,
    pub projection: Projection,
}

impl SpaceLoss {
    /// The loss that `loss` makes of `features` through the head at `place`.
    ///
    /// # Errors
    /// If a shape does not fit.
    pub fn new(
        query: &Encoder,
        place: usize,
        features: &Tensor,
        loss: impl FnOnce(&Tensor) -> Result<Tensor>,
    ) -> Result<Self> {
        let projection = query.project(place, features)?;
        let z = Var::from_tensor(&projection.z)?;
        Ok(Self { place, value: loss(&z)?, z, projection })
    }
}

/// Every loss and their mean, L = (L0 + … + Ln)/(n+1).
///
/// # Errors
/// [`StepError::NotFinite`].
pub(super) fn report(losses: &[SpaceLoss], query: &Encoder) -> Result<StepLosses, StepError> {
    let mut spaces = Vec::new();
    for loss in losses {
        let (head, value) = (query.space(loss.place).name.clone(), loss.value.to_scalar::<f32>()?);
        if !value.is_finite() {
            return Err(StepError::NotFinite { head, value });
        }
        spaces.push((head, value));
    }
    let mean = spaces.iter().map(|(_, value)| value).sum::<f32>() / spaces.len() as f32;
    Ok(StepLosses { mean, spaces })
}

/// The gradients of L.
///
/// # Errors
/// If the encoder kept no pass.
pub(super) fn gradients(losses: &[SpaceLoss], query: &mut Encoder) -> Result<Vec<Gradient>> {
    let values: Vec<&Tensor> = losses.iter().map(|loss| &loss.value).collect();
    let total = (Tensor::stack(&values, 0)?.sum_all()? / losses.len() as f64)?;
    let store = total.backward()?;
    let mut of = Vec::new();
    for loss in losses {
        let Some(gradient) = store.get(loss.z.as_tensor()) else {
            let name = &query.space(loss.place).name;
            candle_core::bail!("the loss of {name} does not depend on its query");
        };
        of.push((loss.place, &loss.projection, gradient));
    }
    query.backward(&of)
}
