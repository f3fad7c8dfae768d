//! Everything that a learner has learned, by name: what a checkpoint keeps.
//!
//! | name | what |
//! |---|---|
//! | `query.backbone.…`, `key.backbone.…` | weights and BatchNorm statistics, by torchvision's names |
//! | `query.head.SPACE.…`, `key.head.SPACE.…` | `0.weight`, `0.bias`, `2.weight`, `2.bias` |
//! | `queue.SPACE` | `[length, dim]`; the count is its cursor |
//! | `optimizer.first.…`, `optimizer.second.…` | the optimiser's buffers; the count is that of the updates |

use super::{Learner, Queue, room};
use crate::nn::{Optimizer, Parameters};
use candle_core::{Result, Tensor, bail};
use std::collections::BTreeMap;

/// See the table above.
#[derive(Clone, Debug, Default)]
pub struct LearnerState {
    pub tensors: BTreeMap<String, Tensor>,
    pub counts: BTreeMap<String, u64>,
}

impl Learner {
    /// All of it. The tensors share nothing with the learner.
    ///
    /// # Errors
    /// If the device has no room for the copies.
    pub fn state(&self) -> Result<LearnerState> {
        let mut state = LearnerState::default();
        for (prefix, parameters) in self.rooms() {
            for (name, var) in parameters.iter() {
                state.tensors.insert(format!("{prefix}{name}"), var.as_detached_tensor().copy()?);
            }
        }
        for space in &self.spaces {
            let name = format!("queue.{}", space.name);
            state.tensors.insert(name.clone(), space.queue.keys()?);
            state.counts.insert(name, space.queue.cursor() as u64);
        }
        for (name, first, second, updates) in self.optimizer.memory() {
            state.tensors.insert(format!("optimizer.first.{name}"), first.copy()?);
            if let Some(second) = second {
                state.tensors.insert(format!("optimizer.second.{name}"), second.copy()?);
            }
            state.counts.insert(format!("optimizer.{name}"), updates);
        }
        Ok(state)
    }

    /// Takes it back. The learner must have the same spaces and sizes.
    ///
    /// # Errors
    /// If a name is missing, unknown or of another shape; the learner is then as it was.
    pub fn restore(&mut self, state: &LearnerState) -> Result<()> {
        self.check(state)?;
        for (prefix, parameters) in self.rooms() {
            for (name, var) in parameters.iter() {
                var.set(&state.tensors[&format!("{prefix}{name}")].copy()?)?;
            }
        }
        for space in &mut self.spaces {
            let name = format!("queue.{}", space.name);
            let cursor = state.counts.get(&name).copied().unwrap_or(0) as usize;
            space.queue = Queue::restored(state.tensors[&name].copy()?, cursor);
        }
        self.optimizer = Optimizer::new();
        for (key, first) in &state.tensors {
            let Some(name) = key.strip_prefix("optimizer.first.") else { continue };
            let second = state.tensors.get(&format!("optimizer.second.{name}"));
            let updates = state.counts.get(&format!("optimizer.{name}")).copied().unwrap_or(0);
            self.optimizer.remember(name.into(), first.copy()?, second.cloned(), updates);
        }
        Ok(())
    }

    /// Every set of weights and statistics, with the prefix of its names.
    fn rooms(&self) -> Vec<(String, Parameters)> {
        let mut rooms = Vec::new();
        for (side, backbone) in [("query", &self.query), ("key", &self.key)] {
            rooms.push((format!("{side}.backbone."), backbone.parameters().clone()));
            rooms.push((format!("{side}.backbone."), backbone.buffers().clone()));
        }
        for space in &self.spaces {
            for (side, head) in [("query", &space.query), ("key", &space.key)] {
                rooms.push((format!("{side}.{}", room(&space.name)), head.parameters().clone()));
            }
        }
        rooms
    }

    /// Whether a state fits, before anything is changed.
    fn check(&self, state: &LearnerState) -> Result<()> {
        let mut shapes = BTreeMap::new();
        for (prefix, parameters) in self.rooms() {
            for (name, var) in parameters.iter() {
                shapes.insert(format!("{prefix}{name}"), var.dims().to_vec());
            }
        }
        for space in &self.spaces {
            shapes.insert(format!("queue.{}", space.name), space.queue.keys()?.dims().to_vec());
        }
        for (name, shape) in &shapes {
            match state.tensors.get(name) {
                None => bail!("{name} is missing"),
                Some(tensor) if tensor.dims() != shape => {
                    bail!("{name} is {:?} there and {shape:?} here", tensor.dims())
                }
                Some(_) => {}
            }
        }
        for (name, tensor) in &state.tensors {
            match name.strip_prefix("optimizer.").and_then(|name| name.split_once('.')) {
                None if !shapes.contains_key(name) => bail!("{name} is unknown"),
                None => {}
                Some((_, parameter)) => match shapes.get(&format!("query.{parameter}")) {
                    Some(shape) if tensor.dims() == shape => {}
                    _ => bail!("{name} fits no parameter"),
                },
            }
        }
        Ok(())
    }
}
