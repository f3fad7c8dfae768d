//! The learner: one backbone with n+1 spaces, its momentum encoder, and one training step.

use super::{
    ContrastSettings, GENERAL, Space, SpaceSizes, StepTimes, loss, momentum, shuffle::Shuffle,
    times::Stopwatch,
};
use crate::nn::{Backbone, ModelSettings, Optimizer, OptimizerSettings, Pass, Projection, backbone};
use candle_core::{Device, Tensor, Var};

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

/// The model, its momentum encoder, its queues and its optimiser.
pub struct Learner {
    /// f of the query.
    pub query: Box<dyn Backbone>,
    /// f of the keys: a moving average.
    pub key: Box<dyn Backbone>,
    /// Z0 first, then Zᵢ.
    pub spaces: Vec<Space>,
    /// The optimiser over the query's backbone and heads.
    pub optimizer: Optimizer,
    /// Where the time of the last step went.
    pub times: StepTimes,
    sizes: SpaceSizes,
    seed: u64,
    device: Device,
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
        let query = backbone(model, seed, device)?;
        // The momentum encoder starts as a copy.
        let key = query.twin()?;
        let sizes = SpaceSizes { features: query.features(), dim: model.dim, queue: contrast.queue };
        let mut learner = Self {
            query,
            key,
            spaces: Vec::new(),
            optimizer: Optimizer::new(),
            times: StepTimes::default(),
            sizes,
            seed,
            device: device.clone(),
        };
        for name in std::iter::once(&GENERAL).chain(heads) {
            learner.add_space(name, 0)?;
        }
        Ok(learner)
    }

    /// Adds a space with fresh weights and a queue of random directions.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn add_space(&mut self, name: &str, generation: u64) -> Result<()> {
        self.spaces.push(Space::new(name, self.sizes, self.seed, generation, &self.device)?);
        Ok(())
    }

    /// Removes a space with all that belonged to it. Z0 stays.
    pub fn remove_space(&mut self, name: &str) {
        if name != GENERAL {
            self.spaces.retain(|space| space.name != name);
            self.optimizer.forget(&room(name));
        }
    }

    /// The space of that name.
    pub fn space(&self, name: &str) -> Option<&Space> {
        self.spaces.iter().find(|space| space.name == name)
    }

    /// One training step: momentum, keys, loss, backward, optimiser, queues — in MoCo's order.
    ///
    /// # Errors
    /// [`StepError::NotFinite`] before anything but the momentum encoder has moved; [`StepError::NoSpace`]
    /// for a view without its space; a tensor error if shapes do not fit.
    pub fn step(&mut self, views: &Views, hyper: Hyper) -> Result<StepLosses, StepError> {
        let mut watch = Stopwatch::start();
        let trained = self.trained(views)?;
        let features = self.query.forward(&views.query, Pass::Learn)?;
        watch.lap();
        self.follow(hyper.contrast.momentum)?;
        let keys = self.keys(views, &trained)?;
        watch.lap();
        let losses = self.losses(&features, &keys, &trained, hyper.contrast)?;
        let report = self.report(&losses, &trained)?;
        watch.lap();
        let (backbone, heads) = self.gradients(&losses, &trained)?;
        watch.lap();
        self.update(&backbone, &heads, &trained, hyper)?;
        watch.lap();
        for (keys, (own, space)) in keys.iter().zip(trained.iter().enumerate()) {
            self.spaces[*space].queue.enqueue(&keys[own])?;
        }
        self.times = watch.stop();
        Ok(report)
    }

    /// The places of the spaces that have a view: Z0, then in the order of the views.
    fn trained(&self, views: &Views) -> Result<Vec<usize>, StepError> {
        let names = std::iter::once(GENERAL).chain(views.sharing.iter().map(|(name, _)| name.as_str()));
        names
            .map(|name| {
                let found = self.spaces.iter().position(|space| space.name == name);
                found.ok_or_else(|| StepError::NoSpace(name.into()))
            })
            .collect()
    }

    fn follow(&self, momentum: f64) -> Result<()> {
        momentum::follow(self.key.parameters(), self.query.parameters(), momentum)?;
        self.spaces.iter().try_for_each(|space| {
            momentum::follow(space.key.parameters(), space.query.parameters(), momentum)
        })
    }

    /// `[space][view]`: every key view through every trained space's momentum head. The views go through the
    /// backbone one by one, because BatchNorm must not see them together, and shuffled, because it
    /// must not see a key among the same images as its query; through a head they go together.
    fn keys(&mut self, views: &Views, trained: &[usize]) -> Result<Vec<Vec<Tensor>>> {
        let mut features = Vec::new();
        let sharing = views.sharing.iter().map(|(name, view)| (name.as_str(), view));
        for (name, view) in std::iter::once((GENERAL, &views.general)).chain(sharing) {
            let shuffle = Shuffle::at(self.seed, views.step, name, view.dim(0)?, &self.device)?;
            features.push(shuffle.restored(&self.key.forward(&shuffle.shuffled(view)?, Pass::Key)?)?);
        }
        let (all, views) = (Tensor::cat(&features, 0)?, features.len());
        let of_space = |space: &usize| self.spaces[*space].key.project(&all)?.z.chunk(views, 0);
        trained.iter().map(of_space).collect()
    }

    fn losses(
        &self,
        features: &Tensor,
        keys: &[Vec<Tensor>],
        trained: &[usize],
        contrast: &ContrastSettings,
    ) -> Result<Vec<Loss>> {
        let of = |(own, (space, keys)): (usize, (&usize, &Vec<Tensor>))| {
            let space = &self.spaces[*space];
            let projection = space.query.project(features)?;
            let query = Var::from_tensor(&projection.z)?;
            let (queue, temperature) = (space.queue.view(), contrast.temperature);
            let value = match own {
                0 => loss::general(&query, keys, queue, temperature, contrast.general_positives),
                own => loss::leave_one_out(&query, keys, own, queue, temperature),
            }?;
            Ok(Loss { value, query, projection })
        };
        trained.iter().zip(keys).enumerate().map(of).collect()
    }

    fn report(&self, losses: &[Loss], trained: &[usize]) -> Result<StepLosses, StepError> {
        let mut spaces = Vec::new();
        for (loss, space) in losses.iter().zip(trained) {
            let (head, value) = (self.spaces[*space].name.clone(), loss.value.to_scalar::<f32>()?);
            if !value.is_finite() {
                return Err(StepError::NotFinite { head, value });
            }
            spaces.push((head, value));
        }
        let mean = spaces.iter().map(|(_, value)| value).sum::<f32>() / spaces.len() as f32;
        Ok(StepLosses { mean, spaces })
    }

    /// The flat gradients of L = (L0 + … + Ln)/(n+1): of the backbone, and of each trained head.
    fn gradients(&mut self, losses: &[Loss], trained: &[usize]) -> Result<(Tensor, Vec<Tensor>)> {
        let values: Vec<&Tensor> = losses.iter().map(|loss| &loss.value).collect();
        let total = (Tensor::stack(&values, 0)?.sum_all()? / losses.len() as f64)?;
        let store = total.backward()?;
        let (mut of_features, mut heads) = (None::<Tensor>, Vec::new());
        for (loss, space) in losses.iter().zip(trained) {
            let space = &self.spaces[*space];
            let Some(gradient) = store.get(loss.query.as_tensor()) else {
                candle_core::bail!("the loss of {} does not depend on its query", space.name);
            };
            let (features, head) = space.query.backward(&loss.projection, gradient)?;
            of_features = Some(match of_features {
                Some(sum) => (sum + features)?,
                None => features,
            });
            heads.push(head);
        }
        let Some(of_features) = of_features else { candle_core::bail!("no space is trained") };
        Ok((self.query.backward(&of_features)?, heads))
    }

    /// The optimiser's step.
    fn update(&mut self, backbone: &Tensor, heads: &[Tensor], trained: &[usize], hyper: Hyper) -> Result<()> {
        let Hyper { optimizer: settings, lr, .. } = hyper;
        self.optimizer.update("backbone.", self.query.parameters(), backbone, settings, lr)?;
        for (gradient, space) in heads.iter().zip(trained) {
            let space = &self.spaces[*space];
            let parameters = space.query.parameters();
            self.optimizer.update(&room(&space.name), parameters, gradient, settings, lr)?;
        }
        Ok(())
    }
}

/// A space's loss with its graph, which ends at the query's projection.
struct Loss {
    value: Tensor,
    query: Var,
    projection: Projection,
}

/// The prefix of a space's parameters in the optimiser's state and in checkpoints.
pub fn room(space: &str) -> String {
    format!("head.{space}.")
}
