//! Image sets as the Hugging Face hub has them: parquet shards with a column of images, which is a struct
//! of `bytes` and `path`, and columns of labels (layout at
//! <https://huggingface.co/docs/hub/datasets-image#parquet-format>; names of classes are in the file's
//! metadata, as the `datasets` library writes them).
//!
//! Shards are told apart by their names: `train-00000-of-00002.parquet`, `validation-…`, `test-…`, in the
//! given folder or up to two below it. A `path` is never followed.

#[cfg(feature = "parquet")]
mod columns;
#[cfg(feature = "parquet")]
mod hybrid;
#[cfg(feature = "parquet")]
mod pages;
#[cfg(feature = "parquet")]
mod rows;
#[cfg(feature = "parquet")]
mod unpack;
#[cfg(feature = "parquet")]
mod values;

use super::registry::Progress;
use super::{DataError, DataSettings, Splits, shards};
use std::path::Path;

const EXTENSION: &str = "parquet";

/// Whether there are parquet shards.
pub fn is_here(path: &Path) -> bool {
    shards::is_here(path, EXTENSION)
}

/// Opens parquet shards, or one file.
#[cfg(feature = "parquet")]
pub fn open(settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
    rows::open(settings, progress)
}

/// Says that this build cannot.
#[cfg(not(feature = "parquet"))]
pub fn open(_: &DataSettings, _: &mut Progress) -> Result<Splits, DataError> {
    Err(DataError::NotBuilt { kind: "parquet" })
}

#[cfg(all(test, feature = "parquet"))]
mod tests;
