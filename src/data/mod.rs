//! Images and their labels: the built-in set, CIFAR, STL-10, the MNIST kind, image folders, shards of
//! parquet and tar; the order of an epoch; and the loader that makes views ahead of the trainer.

mod batch;
mod binary;
mod cifar;
mod error;
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
mod summary;
mod webdataset;

pub use batch::{Batch, Recipe, make_batch};
pub use error::DataError;
pub use loader::Loader;
pub use normal::{MEAN, STD, normalise};
pub use registry::{DATASETS, Dataset, Progress, open, quiet, read, recognise};
pub use sampler::{epoch_order, steps_per_epoch};
pub use settings::DataSettings;
pub use splits::{Damaged, Sizes, Splits};
pub use summary::{Counted, count, moments, parts};

use crate::augment::Image;

/// Images of one size, in memory, with any number of label sets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Images {
    /// Width and height in pixels.
    pub side: usize,
    /// `[count, side, side, 3]` bytes, red first.
    pub pixels: Vec<u8>,
    /// What is known of each image (class; or shape, colour and texture). May be empty.
    pub labels: Vec<Labels>,
}

/// One set of labels over all images.
#[derive(Clone, Debug, PartialEq)]
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
        self.pixels.len() / (self.side * self.side * 3).max(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// The bytes of one image, `[side, side, 3]`.
    pub fn bytes(&self, index: usize) -> &[u8] {
        let length = self.side * self.side * 3;
        &self.pixels[index * length..(index + 1) * length]
    }

    /// One image, in `[0, 1]`. Like [`Self::bytes`] it panics where there is none of that index.
    pub fn image(&self, index: usize) -> Image {
        Image::from_bytes(self.side, self.side, self.bytes(index))
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
