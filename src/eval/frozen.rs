//! A copy of the query encoder that stands still while the original trains on.

use super::{
    error,
    views::{clean, some},
};
use crate::{
    data::Images,
    looc::{Encoder, Learner},
};
use candle_core::{Result, Tensor};

/// Images that give BatchNorm its statistics before the first step.
const CALIBRATION: usize = 256;

/// The query encoder, its backbone and its heads, at one step.
pub struct Frozen(Encoder);

impl Frozen {
    /// A copy of the learner as it is now.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn of(learner: &Learner) -> Result<Self> {
        Ok(Self(learner.query.twin()?))
    }

    /// Becomes a copy of the learner as it is now; heads come and go with it.
    ///
    /// # Errors
    /// If it is a learner of another shape.
    pub fn refresh(&mut self, learner: &Learner) -> Result<()> {
        self.0.copy_from(&learner.query)
    }

    /// Gives BatchNorm the statistics of these images, `[batch, 3, height, width]`. For a network at
    /// initialisation, whose running statistics are of nothing yet.
    ///
    /// # Errors
    /// If the batch cannot be split into BatchNorm's groups.
    pub fn calibrate(&mut self, images: &Tensor) -> Result<()> {
        self.0.calibrate(images)
    }

    /// [`Self::calibrate`] with some training images, drawn for the seed, in whole groups of `groups`.
    ///
    /// # Errors
    /// As [`Self::calibrate`], or if an image cannot be read.
    pub fn calibrate_on(&mut self, images: &Images, groups: usize, seed: u64) -> error::Result<()> {
        let count = images.len().min(CALIBRATION) / groups * groups;
        let at = some(seed, "calibration", images.len(), count);
        Ok(self.calibrate(&clean(images, &at, self.0.device())?)?)
    }

    /// Names of the heads, `all` first.
    pub fn heads(&self) -> impl Iterator<Item = &str> {
        self.0.names()
    }

    /// V of `[batch, 3, height, width]`, `[batch, F]`, by the running statistics.
    ///
    /// # Errors
    /// If the images' shape does not fit.
    pub fn features(&mut self, images: &Tensor) -> Result<Tensor> {
        self.0.features(images)
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
        self.0.represent(images)
    }
}
