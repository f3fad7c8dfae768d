//! SGD with momentum and AdamW, as PyTorch defines them, with a state that can be saved.

use super::{OptimizerKind, OptimizerSettings, Parameters};
use candle_core::{Result, Tensor};
use std::collections::BTreeMap;

/// Moves parameters along their gradients. State is kept by parameter name.
pub struct Optimizer {
    state: BTreeMap<String, State>,
}

/// What is remembered of one parameter's gradients.
#[derive(Clone)]
struct State {
    /// SGD: the momentum buffer. AdamW: the mean of the gradient.
    first: Tensor,
    /// AdamW: the mean of its square.
    second: Option<Tensor>,
    /// AdamW: updates so far, for the correction of the bias.
    updates: u64,
}

impl Optimizer {
    /// Without any memory.
    pub fn new() -> Self {
        Self { state: BTreeMap::new() }
    }

    /// One update. `gradients` are in the order of `parameters`, whose names are prefixed by `room`.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn update(
        &mut self,
        room: &str,
        parameters: &Parameters,
        gradients: &[Tensor],
        settings: &OptimizerSettings,
        lr: f64,
    ) -> Result<()> {
        for ((name, var), gradient) in parameters.iter().zip(gradients) {
            let name = format!("{room}{name}");
            let value = var.as_detached_tensor();
            let known = self.state.remove(&name);
            let (value, state) = match settings.kind {
                OptimizerKind::Sgd => sgd(&value, gradient, known, settings, lr)?,
                OptimizerKind::Adamw => adamw(&value, gradient, known, settings, lr)?,
            };
            var.set(&value)?;
            self.state.insert(name, state);
        }
        Ok(())
    }

    /// Forgets what it knows of parameters whose names start so.
    pub fn forget(&mut self, room: &str) {
        self.state.retain(|name, _| !name.starts_with(room));
    }

    /// What is remembered, by parameter: the first buffer, the second (AdamW), the number of updates.
    pub fn memory(&self) -> impl Iterator<Item = (&str, &Tensor, Option<&Tensor>, u64)> {
        self.state.iter().map(|(name, it)| (name.as_str(), &it.first, it.second.as_ref(), it.updates))
    }

    /// Remembers what [`Self::memory`] gave for one parameter.
    pub fn remember(&mut self, name: String, first: Tensor, second: Option<Tensor>, updates: u64) {
        self.state.insert(name, State { first, second, updates });
    }
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::new()
    }
}

/// g += λ·p; b = μ·b + g (b = g at first); p −= η·b.
fn sgd(
    p: &Tensor,
    g: &Tensor,
    known: Option<State>,
    settings: &OptimizerSettings,
    lr: f64,
) -> Result<(Tensor, State)> {
    let g = (g + (p * settings.weight_decay)?)?;
    let (buffer, updates) = match known {
        Some(state) => (((state.first * settings.momentum)? + g)?, state.updates),
        None => (g, 0),
    };
    let p = (p - (&buffer * lr)?)?;
    Ok((p, State { first: buffer, second: None, updates: updates + 1 }))
}

/// p −= η·λ·p; m = β₁m + (1−β₁)g; v = β₂v + (1−β₂)g²; p −= η·m̂/(√v̂ + ε).
fn adamw(
    p: &Tensor,
    g: &Tensor,
    known: Option<State>,
    settings: &OptimizerSettings,
    lr: f64,
) -> Result<(Tensor, State)> {
    let [beta1, beta2] = settings.betas;
    let (first, second, updates) = match known {
        Some(State { first, second: Some(second), updates }) => (first, second, updates + 1),
        _ => (g.zeros_like()?, g.zeros_like()?, 1),
    };
    let first = ((first * beta1)? + (g * (1.0 - beta1))?)?;
    let second = ((second * beta2)? + (g.sqr()? * (1.0 - beta2))?)?;
    let power = i32::try_from(updates).unwrap_or(i32::MAX);
    let (bias1, bias2) = (1.0 - beta1.powi(power), 1.0 - beta2.powi(power));
    let denominator = ((&second / bias2)?.sqrt()? + settings.eps)?;
    let step = (((&first / bias1)? / denominator)? * lr)?;
    let p = ((p * (1.0 - lr * settings.weight_decay))? - step)?;
    Ok((p, State { first, second: Some(second), updates }))
}
