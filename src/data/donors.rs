//! What a data set lends to augmentations that need more than one image.

use super::{DataError, Images};
use crate::augment::{Others, floats};
use std::cell::{Cell, RefCell};

/// Lends the others of one image after the other, with one memory for all of them.
pub struct Donors<'a> {
    train: &'a Images,
    of: &'a Images,
    index: usize,
    scratch: RefCell<Vec<u8>>,
    trouble: Cell<Option<DataError>>,
}

impl<'a> Donors<'a> {
    /// For the images of `of`. Donors are always the images that are trained on, so that a held-out image is
    /// seen through what training has; its twin is its own.
    pub fn new(train: &'a Images, of: &'a Images) -> Self {
        Self { train, of, index: 0, scratch: RefCell::default(), trouble: Cell::new(None) }
    }

    /// Makes something with the others of image `index`.
    ///
    /// # Errors
    /// One of them could not be read.
    pub fn lend<T>(&mut self, index: usize, make: impl FnOnce(&Self) -> T) -> Result<T, DataError> {
        self.index = index;
        let made = make(self);
        self.trouble.take().map_or(Ok(made), Err)
    }

    fn copy(&self, from: &Images, index: usize, pixels: &mut [f32]) -> bool {
        match from.bytes(index, &mut self.scratch.borrow_mut()) {
            Ok(bytes) => floats(bytes, pixels),
            Err(error) => {
                self.trouble.set(Some(error));
                return false;
            }
        }
        true
    }
}

impl Others for Donors<'_> {
    fn count(&self) -> usize {
        self.train.len()
    }

    fn donor(&self, number: usize, pixels: &mut [f32]) -> bool {
        self.copy(self.train, number, pixels)
    }

    fn twin(&self, pixels: &mut [f32]) -> bool {
        self.of.twins.as_ref().is_some_and(|twins| self.copy(twins, self.index, pixels))
    }
}
