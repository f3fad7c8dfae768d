//! Everything that a learner has learned, by name: what a checkpoint keeps.
//!
//! | name | what |
//! |---|---|
//! | `query.backbone.…`, `key.backbone.…` | weights and BatchNorm statistics, by torchvision's names |
//! | `query.head.SPACE.…`, `key.head.SPACE.…` | `0.weight`, `0.bias`, `2.weight`, `2.bias` |
//! | `query.head.SPACE.layer4.…`, `key.…` | LooC++: of the space's own last stage, by torchvision's names |
//! | `query.classifier.…` | `weight`, `bias` |
//! | `queue.SPACE` | `[length, dim]`; the count is its cursor |
//! | `optimizer.first.…`, `optimizer.second.…` | the optimiser's buffers; the count is that of the updates |
//!
//! `key.…`, `queue.…` and the classifier are there for objectives that have them.

use super::{
    Learner, Queue,
    encoder::{Encoder, Room},
    supervised,
};
use crate::nn::{Entry, Memory, Optimizer, Parameters};
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
            for (name, view) in parameters.iter() {
                state.tensors.insert(format!("{prefix}{name}"), view.force_contiguous()?);
            }
        }
        for (space, queue) in self.objective.queues() {
            let name = format!("queue.{space}");
            state.tensors.insert(name.clone(), queue.keys()?);
            state.counts.insert(name, queue.cursor() as u64);
        }
        for Memory { name, first, second, updates } in self.optimizer.memory()? {
            state.tensors.insert(format!("optimizer.first.{name}"), first.force_contiguous()?);
            if let Some(second) = second {
                state.tensors.insert(format!("optimizer.second.{name}"), second.force_contiguous()?);
            }
            state.counts.insert(format!("optimizer.{name}"), updates);
        }
        Ok(state)
    }

    /// Takes it back. The learner must have the same objective, spaces and sizes.
    ///
    /// # Errors
    /// If a name is missing, unknown or of another shape; nothing that was learned has changed then.
    pub fn restore(&mut self, state: &LearnerState) -> Result<()> {
        // A classifier is made as large as the one that is there.
        if let Some(weight) = state.tensors.get(supervised::WEIGHT) {
            self.tell_apart(weight.dims().first().copied().unwrap_or_default())?;
        }
        self.check(state)?;
        let optimizer = self.remembered(state)?;
        for (prefix, parameters) in self.rooms() {
            for Entry { name, .. } in parameters.layout().entries() {
                parameters.set(name, &state.tensors[&format!("{prefix}{name}")])?;
            }
        }
        for (space, queue) in self.objective.queues_mut() {
            let name = format!("queue.{space}");
            let cursor = state.counts.get(&name).copied().unwrap_or(0) as usize;
            *queue = Queue::restored(state.tensors[&name].copy()?, cursor);
        }
        self.optimizer = optimizer;
        Ok(())
    }

    /// The optimiser with the memory that a state holds.
    fn remembered(&self, state: &LearnerState) -> Result<Optimizer> {
        let mut optimizer = Optimizer::new();
        for Room { name: room, parameters, .. } in self.trained_rooms() {
            let layout = parameters.layout();
            let join = |which: &str| {
                let of =
                    |entry: &Entry| state.tensors.get(&format!("optimizer.{which}.{room}{}", entry.name));
                let found: Vec<Tensor> = layout.entries().iter().filter_map(of).cloned().collect();
                match found.len() {
                    0 => Ok(None),
                    all if all == layout.entries().len() => layout.join(&found).map(Some),
                    some => {
                        bail!("optimizer.{which}.{room} has {some} tensors of {}", layout.entries().len())
                    }
                }
            };
            let Some(first) = join("first")? else { continue };
            // Every parameter of a room was updated as often as the others.
            let count = |entry: &Entry| state.counts.get(&format!("optimizer.{room}{}", entry.name));
            let updates = layout.entries().iter().find_map(count).copied().unwrap_or(0);
            optimizer.remember(&room, layout, &first, join("second")?.as_ref(), updates)?;
        }
        Ok(optimizer)
    }

    /// What the optimiser moves.
    fn trained_rooms(&self) -> Vec<Room> {
        self.query.rooms().into_iter().chain(self.objective.trained()).collect()
    }

    /// Every set of weights and statistics, with the prefix of its names.
    fn rooms(&self) -> Vec<(String, Parameters)> {
        let of_side = |side: &'static str, rooms: Vec<Room>| {
            rooms.into_iter().flat_map(move |Room { name, parameters, buffers }| {
                let sets = std::iter::once(parameters).chain(buffers);
                sets.map(move |set| (format!("{side}.{name}"), set))
            })
        };
        let key = self.objective.key().map(Encoder::rooms).unwrap_or_default();
        of_side("query", self.trained_rooms()).chain(of_side("key", key)).collect()
    }

    /// Whether a state fits, before anything is changed.
    fn check(&self, state: &LearnerState) -> Result<()> {
        let mut shapes = BTreeMap::new();
        for (prefix, parameters) in self.rooms() {
            for Entry { name, dims, .. } in parameters.layout().entries() {
                shapes.insert(format!("{prefix}{name}"), dims.clone());
            }
        }
        for (space, queue) in self.objective.queues() {
            shapes.insert(format!("queue.{space}"), queue.view().dims().to_vec());
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
