//! The learner: the query encoder, the objective that trains it, and one training step.

use super::{
    ContrastSettings, GENERAL, StepTimes,
    encoder::Encoder,
    objective::{Objective, Start, Step},
    room,
    space::stage_room,
    times::Stopwatch,
};
use crate::nn::{ModelSettings, Optimizer, OptimizerSettings};
use candle_core::{Device, Tensor};

type Result<T, E = candle_core::Error> = std::result::Result<T, E>;

/// The views of one step, each `[batch, 3, height, width]`.
pub struct Views {
    /// The step's number: with the seed, it draws the order of the keys.
    pub step: u64,
    /// q.
    pub query: Tensor,
    /// k₀.
    pub general: Tensor,
    /// kᵢ, by the name of the augmentation whose parameters it shares with q. Spaces without a key here rest.
    pub sharing: Vec<(String, Tensor)>,
    /// The images' classes, `[batch]` of u32, for an objective that learns from labels.
    pub labels: Option<Tensor>,
}

impl Views {
    /// q, k₀, k₁, ….
    pub fn all(&self) -> impl Iterator<Item = &Tensor> {
        [&self.query, &self.general].into_iter().chain(self.sharing.iter().map(|(_, view)| view))
    }
}

/// What can change from step to step.
#[derive(Clone, Copy)]
pub struct Hyper<'a> {
    pub contrast: &'a ContrastSettings,
    pub optimizer: &'a OptimizerSettings,
    /// The learning rate of this step.
    pub lr: f64,
}

/// The losses of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct StepLosses {
    /// The mean over the spaces that were trained.
    pub mean: f32,
    /// Each such space's loss, `all` first.
    pub spaces: Vec<(String, f32)>,
}

/// A step's failure.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The loss is not a number any more; nothing has been changed by this step.
    #[error(
        "the loss of head {head} is {value}: lower the learning rate or raise the temperature, and resume from a checkpoint"
    )]
    NotFinite { head: String, value: f32 },
    /// A view for a space that does not exist.
    #[error("there is no space named {0}")]
    NoSpace(String),
    /// Shapes, memory, device.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// The model, its objective with what that keeps, and its optimiser.
pub struct Learner {
    /// What is trained; evaluation reads it.
    pub query: Encoder,
    pub(super) objective: Box<dyn Objective>,
    /// The optimiser over the query encoder's networks.
    pub(super) optimizer: Optimizer,
    /// Where the time of the last step went.
    pub times: StepTimes,
}

impl Learner {
    /// A fresh learner with Z0 and a space for each of `heads`; a function of `seed`.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn new(
        model: &ModelSettings,
        contrast: &ContrastSettings,
        heads: &[&str],
        seed: u64,
        device: &Device,
    ) -> Result<Self> {
        let query = Encoder::new(model, contrast.kind.heads, seed, device)?;
        if !contrast.kind.heads && !heads.is_empty() {
            candle_core::bail!("{} trains no heads", contrast.kind.name);
        }
        let objective = (contrast.kind.make)(&query, Start { model, contrast, seed, device })?;
        let (optimizer, times) = (Optimizer::new(), StepTimes::default());
        let mut learner = Self { query, objective, optimizer, times };
        for name in std::iter::once(&GENERAL).chain(heads) {
            learner.add_space(name, 0)?;
        }
        Ok(learner)
    }

    /// How many classes there are, for an objective that learns from labels: once, before the first step.
    ///
    /// # Errors
    /// If it has learned to tell another number of them apart, or the device has no room.
    pub fn tell_apart(&mut self, classes: usize) -> Result<()> {
        self.objective.tell_apart(classes, self.query.width())
    }

    /// Adds a space with fresh weights, and what the objective keeps for it.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn add_space(&mut self, name: &str, generation: u64) -> Result<()> {
        let space = self.query.add(name, generation)?;
        self.objective.space_added(space, generation)
    }

    /// Removes a space with all that belonged to it. Z0 stays.
    pub fn remove_space(&mut self, name: &str) {
        if name != GENERAL {
            self.query.remove(name);
            self.objective.space_removed(name);
            self.optimizer.forget(&room(name));
            self.optimizer.forget(&stage_room(name));
        }
    }

    /// One training step, as the objective makes it.
    ///
    /// # Errors
    /// [`StepError::NotFinite`] before anything but a momentum encoder has moved; [`StepError::NoSpace`]
    /// for a view without its space; a tensor error if shapes do not fit.
    pub fn step(&mut self, views: &Views, hyper: Hyper) -> Result<StepLosses, StepError> {
        let mut watch = Stopwatch::start();
        let (query, optimizer) = (&mut self.query, &mut self.optimizer);
        let losses = self.objective.step(Step { query, optimizer, views, hyper, watch: &mut watch })?;
        self.times = watch.stop();
        Ok(losses)
    }
}
