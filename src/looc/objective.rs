//! What a learner is trained by. An objective is a file of its own, and a line of [`OBJECTIVES`].

use super::{
    ContrastSettings, Hyper, Queue, Space, StepError, StepLosses, Views,
    encoder::{Encoder, Gradient, Room},
    moco, simclr, supervised,
    times::Stopwatch,
};
use crate::nn::{ModelSettings, Optimizer};
use candle_core::Device;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::{fmt, ops::Deref};

type Result<T, E = candle_core::Error> = std::result::Result<T, E>;

/// Every objective.
pub const OBJECTIVES: &[&Kind] = &[&moco::KIND, &simclr::KIND, &supervised::KIND];

/// An objective, as it is registered.
pub struct Kind {
    /// Its name in a configuration.
    pub name: &'static str,
    /// What it is, in a few words.
    pub help: &'static str,
    /// Whether it trains projection heads: that of Z0, and those of augmentations that own a space. Without,
    /// the one space is V, of unit length.
    pub heads: bool,
    /// Whether it learns from labels.
    pub labelled: bool,
    /// The values of the `contrast` section that it reads.
    pub numbers: &'static [&'static str],
    pub(super) make: fn(&Encoder, Start) -> Result<Box<dyn Objective>>,
}

/// What an objective begins with, beside the query encoder (which has no spaces yet).
pub(super) struct Start<'a> {
    pub model: &'a ModelSettings,
    pub contrast: &'a ContrastSettings,
    pub seed: u64,
    pub device: &'a Device,
}

/// One training step, and what an objective keeps from step to step.
pub(super) trait Objective: Send {
    /// Makes one step: the forward pass, the losses, the backward pass, and [`Step::update`].
    ///
    /// # Errors
    /// [`StepError::NotFinite`] before a weight of the query encoder has moved.
    fn step(&mut self, step: Step) -> Result<StepLosses, StepError>;

    /// The query encoder has a new space.
    ///
    /// # Errors
    /// If the device has no room for what belongs to it.
    fn space_added(&mut self, space: &Space, generation: u64) -> Result<()> {
        let _ = (space, generation);
        Ok(())
    }

    /// The query encoder has lost a space.
    fn space_removed(&mut self, name: &str) {
        let _ = name;
    }

    /// A number of classes to tell apart by features of so many values, if it learns from labels: once, before
    /// the first step.
    ///
    /// # Errors
    /// If it has learned to tell another number of them apart.
    fn tell_apart(&mut self, classes: usize, features: usize) -> Result<()> {
        let _ = (classes, features);
        Ok(())
    }

    /// The momentum encoder, if it has one.
    fn key(&self) -> Option<&Encoder> {
        None
    }

    /// A queue of keys for each space, by its name, if it has them.
    fn queues(&self) -> &[(String, Queue)] {
        &[]
    }

    /// The same, to be restored.
    fn queues_mut(&mut self) -> &mut [(String, Queue)] {
        &mut []
    }

    /// What the optimiser moves beside the query encoder.
    fn trained(&self) -> Vec<Room> {
        Vec::new()
    }
}

/// What one step works on.
pub(super) struct Step<'a> {
    pub query: &'a mut Encoder,
    pub optimizer: &'a mut Optimizer,
    pub views: &'a Views,
    pub hyper: Hyper<'a>,
    pub watch: &'a mut Stopwatch,
}

impl Step<'_> {
    /// The optimiser's step.
    ///
    /// # Errors
    /// If a gradient is of another network.
    pub fn update(&mut self, gradients: &[Gradient]) -> Result<()> {
        let Hyper { optimizer: settings, lr, .. } = self.hyper;
        for Gradient { room, parameters, flat } in gradients {
            self.optimizer.update(room, parameters, flat, settings, lr)?;
        }
        Ok(())
    }
}

/// An objective in a configuration: its name.
#[derive(Clone, Copy)]
pub struct ObjectiveKind(&'static Kind);

impl Deref for ObjectiveKind {
    type Target = Kind;
    fn deref(&self) -> &Kind {
        self.0
    }
}

impl Default for ObjectiveKind {
    fn default() -> Self {
        Self(&moco::KIND)
    }
}

impl PartialEq for ObjectiveKind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for ObjectiveKind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for ObjectiveKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for ObjectiveKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = OBJECTIVES.iter().find(|kind| kind.name == name);
        known.map(|kind| Self(kind)).ok_or_else(|| {
            let names: Vec<String> = OBJECTIVES.iter().map(|kind| format!("`{}`", kind.name)).collect();
            // serde's own words, which `config` puts into plain ones.
            D::Error::custom(format!("unknown variant `{name}`, expected one of {}", names.join(", ")))
        })
    }
}
