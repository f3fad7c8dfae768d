//! Images and their labels: the built-in set, CIFAR, image folders; the order of an epoch; and the
//! loader that makes views ahead of the trainer.

mod cifar;
mod error;
mod folder;
mod loader;
mod normal;
mod order;
mod pixels;
mod registry;
mod settings;
mod shapes;
#[cfg(test)]
mod tests;

pub use error::DataError;
pub use loader::{Batch, Loader, Recipe, make_batch};
pub use normal::{MEAN, STD, normalise};
pub use order::{epoch_order, steps_per_epoch};
pub use registry::{DATASETS, Dataset, Progress, open};
pub use settings::DataSettings;

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
}

/// A data set as the program uses it.
#[derive(Clone, Debug, Default)]
pub struct Splits {
    /// Images to train on.
    pub train: std::sync::Arc<Images>,
    /// Images kept aside for the metrics; never trained on.
    pub held_out: std::sync::Arc<Images>,
    /// What the reader of the log should know: damaged files and the like.
    pub notes: Vec<String>,
}
