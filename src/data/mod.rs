//! Images and their labels: the built-in set, CIFAR, STL-10, the MNIST kind, image folders, shards of
//! parquet and tar; the order of an epoch; and the loader that makes views ahead of the trainer.

mod batch;
mod binary;
mod cifar;
mod donors;
mod error;
mod fingerprint;
mod fit;
mod folder;
mod idx;
mod loader;
mod normal;
mod parquet;
mod place;
mod registry;
mod sampler;
mod settings;
mod shapes;
mod shards;
mod splits;
mod stl;
mod stored;
mod summary;
mod webdataset;

pub use batch::{Batch, Recipe, make_batch};
pub use donors::Donors;
pub use error::DataError;
pub use folder::{CacheUse, cache_use};
pub use loader::Loader;
pub use normal::{MEAN, STD, normalise};
pub use registry::{DATASETS, Dataset, Progress, open, quiet, read, recognise};
pub use sampler::{epoch_order, steps_per_epoch};
pub use settings::{Cache, DataSettings};
pub use splits::{Damaged, Sizes, Splits};
pub use stored::Stored;
pub use summary::{Counted, Moments, count, moments, parts};

use crate::augment::Image;
use std::sync::Arc;

/// Images of one size, with any number of label sets.
#[derive(Clone, Debug, Default)]
pub struct Images {
    /// Width and height in pixels.
    pub side: usize,
    /// `[count, side, side, 3]` bytes, red first.
    pub pixels: Pixels,
    /// What is known of each image (class; or shape, colour and texture). May be empty.
    pub labels: Vec<Labels>,
    /// Each image's stylised twin, by the same index, where there is a style bank.
    pub twins: Option<Arc<Images>>,
}

/// Where the bytes of images are.
#[derive(Clone, Debug)]
pub enum Pixels {
    /// In memory, one image after the other.
    Memory(Vec<u8>),
    /// In a file of the image cache.
    Stored(Stored),
}

impl Default for Pixels {
    fn default() -> Self {
        Self::Memory(Vec::new())
    }
}

impl From<Vec<u8>> for Pixels {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Memory(bytes)
    }
}

/// One set of labels over all images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// What is labelled: `class`, `shape`, …
    pub name: String,
    /// Names of the classes, by number.
    pub classes: Vec<String>,
    /// The class of each image.
    pub of: Vec<u16>,
}

impl Images {
    /// How many images.
    pub fn len(&self) -> usize {
        match &self.pixels {
            Pixels::Memory(bytes) => bytes.len() / self.area().max(1),
            Pixels::Stored(stored) => stored.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of one image.
    fn area(&self) -> usize {
        self.side * self.side * 3
    }

    /// The bytes of one image, `[side, side, 3]`: where they are in memory, or read into `scratch`, which
    /// takes no more memory once it has held one. It panics where there is no image of that index.
    ///
    /// # Errors
    /// The cache's file cannot be read, or holds something else by now.
    pub fn bytes<'a>(&'a self, index: usize, scratch: &'a mut Vec<u8>) -> Result<&'a [u8], DataError> {
        match &self.pixels {
            Pixels::Memory(bytes) => Ok(&bytes[index * self.area()..(index + 1) * self.area()]),
            Pixels::Stored(stored) => {
                stored.read(index, scratch)?;
                Ok(scratch)
            }
        }
    }

    /// One image, in `[0, 1]`. It panics where there is none of that index.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub fn image(&self, index: usize) -> Result<Image, DataError> {
        let mut scratch = Vec::new();
        Ok(Image::from_bytes(self.side, self.side, self.bytes(index, &mut scratch)?))
    }
}

#[cfg(test)]
impl Images {
    /// The bytes of all images.
    pub fn all(&self) -> Vec<u8> {
        let mut scratch = Vec::new();
        (0..self.len()).flat_map(|index| self.bytes(index, &mut scratch).unwrap().to_vec()).collect()
    }
}

#[cfg(test)]
impl PartialEq for Images {
    fn eq(&self, other: &Self) -> bool {
        (self.side, &self.labels, self.all()) == (other.side, &other.labels, other.all())
    }
}

impl Images {
    /// An image's labels in words, such as `shape star`.
    pub fn describe(&self, index: usize) -> Vec<String> {
        let of = |labels: &Labels| {
            let class = usize::from(*labels.of.get(index)?);
            let name = labels.classes.get(class).cloned().unwrap_or_else(|| class.to_string());
            Some(format!("{} {name}", labels.name))
        };
        self.labels.iter().filter_map(of).collect()
    }
}

/// An empty buffer with room for the pixels of `count` images.
fn room(count: usize, side: usize) -> Result<Vec<u8>, DataError> {
    let mut pixels = Vec::new();
    let bytes = count.checked_mul(side * side * 3).ok_or(DataError::Memory { count, side })?;
    pixels.try_reserve_exact(bytes).map_err(|_| DataError::Memory { count, side })?;
    Ok(pixels)
}
