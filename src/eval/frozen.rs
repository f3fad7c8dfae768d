//! A copy of the query encoder and its heads that stands still while the original trains on.

use super::views::{clean, some};
use crate::{
    data::Images,
    looc::{Learner, Space},
    nn::{Backbone, Head, ModelSettings, Pass},
    rng::{Domain, Stream},
};
use candle_core::{Device, Result, Tensor};

/// The share of a new batch in BatchNorm's running statistics, as in `nn::Norm`.
const SHARE: f64 = 0.1;

/// Images that give BatchNorm its statistics before the first step.
const CALIBRATION: usize = 256;

/// The query encoder and its heads at one step.
pub struct Frozen {
    backbone: Box<dyn Backbone>,
    heads: Vec<(String, Head)>,
    dim: usize,
    device: Device,
}

impl Frozen {
    /// A copy of the learner as it is now.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn of(learner: &Learner, model: &ModelSettings, device: &Device) -> Result<Self> {
        let backbone = learner.query.twin()?;
        let mut frozen = Self { backbone, heads: Vec::new(), dim: model.dim, device: device.clone() };
        frozen.refresh(learner)?;
        Ok(frozen)
    }

    /// Becomes a copy of the learner as it is now; heads come and go with it.
    ///
    /// # Errors
    /// If it is a learner of another shape.
    pub fn refresh(&mut self, learner: &Learner) -> Result<()> {
        self.backbone.parameters().copy_from(learner.query.parameters())?;
        self.backbone.buffers().copy_from(learner.query.buffers())?;
        let same = |((name, _), space): (&(String, Head), &Space)| *name == space.name;
        if self.heads.len() != learner.spaces.len() || !self.heads.iter().zip(&learner.spaces).all(same) {
            let fresh = |space: &Space| {
                let mut stream = Stream::named(0, Domain::Weights, &space.name);
                let head = Head::new(&mut stream, self.backbone.features(), self.dim, &self.device)?;
                Ok((space.name.clone(), head))
            };
            self.heads = learner.spaces.iter().map(fresh).collect::<Result<_>>()?;
        }
        for ((_, head), space) in self.heads.iter().zip(&learner.spaces) {
            head.parameters().copy_from(space.query.parameters())?;
        }
        Ok(())
    }

    /// Gives BatchNorm the statistics of these images, `[batch, 3, height, width]`. For a network at
    /// initialisation, whose running statistics are of nothing yet.
    ///
    /// # Errors
    /// If the batch cannot be split into BatchNorm's groups.
    pub fn calibrate(&mut self, images: &Tensor) -> Result<()> {
        let before = self.backbone.buffers().flat().copy()?;
        self.backbone.forward(images, Pass::Key)?;
        let after = self.backbone.buffers();
        // The pass left (1 − share)·before + share·batch: the batch's own part is solved for.
        let batch = ((after.flat() - (before * (1.0 - SHARE))?)? * (1.0 / SHARE))?;
        after.flat_mut().set(&batch)
    }

    /// [`Self::calibrate`] with some training images, drawn for the seed, in whole groups of `groups`.
    ///
    /// # Errors
    /// As [`Self::calibrate`].
    pub fn calibrate_on(&mut self, images: &Images, groups: usize, seed: u64) -> Result<()> {
        let count = images.len().min(CALIBRATION) / groups * groups;
        let at = some(seed, "calibration", images.len(), count);
        self.calibrate(&clean(images, &at, &self.device)?)
    }

    /// Names of the heads, `all` first.
    pub fn heads(&self) -> impl Iterator<Item = &str> {
        self.heads.iter().map(|(name, _)| name.as_str())
    }

    /// `[batch, 3, height, width]` → `[batch, F]`, by the running statistics.
    ///
    /// # Errors
    /// If the images' shape does not fit.
    pub fn features(&mut self, images: &Tensor) -> Result<Tensor> {
        self.backbone.forward(images, Pass::Frozen)
    }

    /// `[batch, 3, height, width]` → for each head `[batch, dim]`, of unit length.
    ///
    /// # Errors
    /// If the images' shape does not fit.
    pub fn embed(&mut self, images: &Tensor) -> Result<Vec<Tensor>> {
        Ok(self.represent(images)?.1)
    }

    /// [`Self::features`] and [`Self::embed`] by one pass.
    ///
    /// # Errors
    /// If the images' shape does not fit.
    pub fn represent(&mut self, images: &Tensor) -> Result<(Tensor, Vec<Tensor>)> {
        let features = self.features(images)?;
        let z = self.heads.iter().map(|(_, head)| Ok(head.project(&features)?.z)).collect::<Result<_>>()?;
        Ok((features, z))
    }
}
