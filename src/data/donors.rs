//! What a data set lends to augmentations that need more than one image.

use super::Images;
use crate::augment::{Others, floats};

/// The others of one image.
pub struct Donors<'a> {
    train: &'a Images,
    of: &'a Images,
    index: usize,
}

impl<'a> Donors<'a> {
    /// For image `index` of `of`. Donors are always the images that are trained on, so that a held-out image
    /// is seen through what training has; its twin is its own.
    pub fn new(train: &'a Images, of: &'a Images, index: usize) -> Self {
        Self { train, of, index }
    }
}

impl Others for Donors<'_> {
    fn count(&self) -> usize {
        self.train.len()
    }

    fn donor(&self, number: usize, pixels: &mut [f32]) -> bool {
        floats(self.train.bytes(number), pixels);
        true
    }

    fn twin(&self, pixels: &mut [f32]) -> bool {
        let Some(twins) = &self.of.twins else { return false };
        floats(twins.bytes(self.index), pixels);
        true
    }
}
