//! SGD with momentum and AdamW, as PyTorch defines them, with a state that can be saved.

use super::{Layout, OptimizerKind, OptimizerSettings, Parameters, kernels};
use candle_core::{Result, Tensor, Var, bail};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

/// Moves parameters along their gradients. State is kept by room: the prefix of a network's names.
#[derive(Default)]
pub struct Optimizer {
    rooms: BTreeMap<String, Room>,
}

/// What is remembered of one network's gradients; both buffers `[count]`, in its layout.
struct Room {
    layout: Arc<Layout>,
    /// SGD: the momentum buffer. AdamW: the mean of the gradient.
    first: Tensor,
    /// AdamW: the mean of its square.
    second: Option<Tensor>,
    /// AdamW: updates so far, for the correction of the bias.
    updates: u64,
}

/// What is remembered of one parameter's gradients, in its shape.
pub struct Memory {
    /// The room and the parameter's name: `head.color.0.weight`.
    pub name: String,
    /// SGD: the momentum buffer. AdamW: the mean of the gradient.
    pub first: Tensor,
    /// AdamW: the mean of its square.
    pub second: Option<Tensor>,
    /// Updates so far.
    pub updates: u64,
}

impl Optimizer {
    /// Without any memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// One update of a network whose names are prefixed by `room`, along its gradient `[count]`.
    ///
    /// # Errors
    /// If the gradient has not that shape, or the room is that of another network.
    pub fn update(
        &mut self,
        room: &str,
        parameters: &Parameters,
        gradient: &Tensor,
        settings: &OptimizerSettings,
        lr: f64,
    ) -> Result<()> {
        let p = parameters.flat();
        if gradient.dims() != p.dims() {
            bail!("the gradient of {room} is {:?}, not {:?}", gradient.dims(), p.dims());
        }
        let state = match self.rooms.entry(room.into()) {
            Entry::Occupied(known) if known.get().layout != *parameters.layout() => {
                bail!("{room} is of another network")
            }
            Entry::Occupied(known) => known.into_mut(),
            // Zeros are what the first update of either rule begins with.
            Entry::Vacant(empty) => empty.insert(Room {
                layout: parameters.layout().clone(),
                first: p.zeros_like()?,
                second: None,
                updates: 0,
            }),
        };
        match settings.kind {
            OptimizerKind::Sgd => state.sgd(parameters.flat_mut(), gradient, settings, lr),
            OptimizerKind::Adamw => state.adamw(parameters.flat_mut(), gradient, settings, lr),
        }
    }

    /// Forgets what it knows of a room.
    pub fn forget(&mut self, room: &str) {
        self.rooms.remove(room);
    }

    /// What is remembered, by parameter. The tensors are views of the optimiser's buffers.
    ///
    /// # Errors
    /// If candle fails.
    pub fn memory(&self) -> Result<Vec<Memory>> {
        let mut memory = Vec::new();
        for (room, state) in &self.rooms {
            for entry in state.layout.entries() {
                memory.push(Memory {
                    name: format!("{room}{}", entry.name),
                    first: entry.view(&state.first)?,
                    second: state.second.as_ref().map(|second| entry.view(second)).transpose()?,
                    updates: state.updates,
                });
            }
        }
        Ok(memory)
    }

    /// Remembers what [`Self::memory`] gave for the parameters of a room, joined: each `[count]`.
    ///
    /// # Errors
    /// If the device has no room for the copies.
    pub fn remember(
        &mut self,
        room: &str,
        layout: &Arc<Layout>,
        first: &Tensor,
        second: Option<&Tensor>,
        updates: u64,
    ) -> Result<()> {
        // Copies, since they are changed in place.
        let first = first.force_contiguous()?;
        let second = second.map(Tensor::force_contiguous).transpose()?;
        self.rooms.insert(room.into(), Room { layout: layout.clone(), first, second, updates });
        Ok(())
    }
}

impl Room {
    fn sgd(&mut self, p: &Var, g: &Tensor, settings: &OptimizerSettings, lr: f64) -> Result<()> {
        let rule = kernels::Sgd { momentum: settings.momentum, decay: settings.weight_decay, rate: lr };
        if g.device().is_cpu() {
            rule.update(p, &self.first, g)?;
        } else {
            let (new, first) = sgd(&p.as_detached_tensor(), &self.first, g, rule)?;
            p.set(&new)?;
            self.first = first;
        }
        self.second = None;
        self.updates += 1;
        Ok(())
    }

    fn adamw(&mut self, p: &Var, g: &Tensor, settings: &OptimizerSettings, lr: f64) -> Result<()> {
        let second = match &self.second {
            Some(second) => second.clone(),
            // The memory is SGD's, or none: AdamW begins anew.
            None => {
                (self.first, self.updates) = (self.first.zeros_like()?, 0);
                self.first.zeros_like()?
            }
        };
        self.updates += 1;
        let power = i32::try_from(self.updates).unwrap_or(i32::MAX);
        let rule = kernels::AdamW {
            betas: settings.betas,
            corrections: settings.betas.map(|beta| 1.0 - beta.powi(power)),
            epsilon: settings.eps,
            decay: settings.weight_decay,
            rate: lr,
        };
        if g.device().is_cpu() {
            rule.update(p, &self.first, &second, g)?;
            self.second = Some(second);
        } else {
            let (new, first, second) = adamw(&p.as_detached_tensor(), &self.first, &second, g, rule)?;
            p.set(&new)?;
            (self.first, self.second) = (first, Some(second));
        }
        Ok(())
    }
}

/// [`kernels::Sgd`] in candle's operations: the new values and buffer.
pub(super) fn sgd(p: &Tensor, b: &Tensor, g: &Tensor, rule: kernels::Sgd) -> Result<(Tensor, Tensor)> {
    let b = ((b * rule.momentum)? + (g + (p * rule.decay)?)?)?;
    Ok(((p - (&b * rule.rate)?)?, b))
}

/// [`kernels::AdamW`] in candle's operations: the new values and both averages.
pub(super) fn adamw(
    p: &Tensor,
    m: &Tensor,
    v: &Tensor,
    g: &Tensor,
    rule: kernels::AdamW,
) -> Result<(Tensor, Tensor, Tensor)> {
    let ([beta1, beta2], [correction1, correction2]) = (rule.betas, rule.corrections);
    let m = ((m * beta1)? + (g * (1.0 - beta1))?)?;
    let v = ((v * beta2)? + (g.sqr()? * (1.0 - beta2))?)?;
    let denominator = ((&v / correction2)?.sqrt()? + rule.epsilon)?;
    let step = (((&m / correction1)? / denominator)? * rule.rate)?;
    Ok((((p * (1.0 - rule.rate * rule.decay))? - step)?, m, v))
}
