//! Images on their way into a tensor: as they are, turned, or as views.

use super::error::Result;
use crate::{
    augment::{Image, Others, ViewParams},
    data::{Images, normalise},
    rng::{Domain, Stream},
};
use candle_core::{Device, Tensor};

/// Views or images of 32×32 pixels that go through the network at once, about; fewer of larger ones.
const SLICE: usize = 64;

/// A batch that is being put together, all of one size.
pub(super) struct Views {
    planes: Vec<f32>,
    side: usize,
}

impl Views {
    /// None yet; width and height in pixels.
    pub fn new(side: usize) -> Self {
        Self { planes: Vec::new(), side }
    }

    /// Adds an image as it is; its place.
    pub fn add(&mut self, image: &Image) -> usize {
        let (size, place) = (3 * self.side * self.side, self.count());
        self.planes.resize((place + 1) * size, 0.0);
        normalise(image, &mut self.planes[place * size..]);
        place
    }

    /// Adds a view of an image; its place.
    pub fn add_view(&mut self, image: &Image, params: &ViewParams, others: &dyn Others) -> usize {
        self.add(&params.apply(image, others))
    }

    fn count(&self) -> usize {
        self.planes.len() / (3 * self.side * self.side)
    }

    /// Width and height in pixels.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Adds others behind its own; how many there were.
    pub fn append(&mut self, mut others: Self) -> usize {
        let count = others.count();
        self.planes.append(&mut others.planes);
        count
    }

    /// `[count, 3, side, side]`.
    pub fn tensor(self, device: &Device) -> candle_core::Result<Tensor> {
        let count = self.count();
        Tensor::from_vec(self.planes, (count, 3, self.side, self.side), device)
    }
}

/// Images of this side in a slice: it is to take no more than a blink.
pub(super) fn slice(side: usize) -> usize {
    (SLICE * 32 * 32 / (side * side).max(1)).clamp(1, SLICE)
}

/// Images as they are, `[count, 3, side, side]`.
///
/// # Errors
/// If an image cannot be read, or the device has no room for them.
pub fn clean(images: &Images, at: &[u32], device: &Device) -> Result<Tensor> {
    let mut views = Views::new(images.side);
    for index in at {
        views.add(&images.image(*index as usize)?);
    }
    Ok(views.tensor(device)?)
}

/// `count` of `of` images, drawn once for a seed, in the order of the draw.
pub fn some(seed: u64, what: &str, of: usize, count: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..of as u32).collect();
    Stream::named(seed, Domain::Evaluation, what).shuffle(&mut order);
    order.truncate(count);
    order
}
