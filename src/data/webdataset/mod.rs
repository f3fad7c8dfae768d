//! WebDataset tar shards (A. Aizman, G. Maltby & T. Breuel, "High Performance I/O For Large Scale Deep
//! Learning", 2019; layout at <https://github.com/webdataset/webdataset>).
//!
//! A sample is the members that follow each other and whose names are the same up to the first dot of the
//! last part: `0001.jpg`, `0001.cls`, `0001.json`. Shards are told apart by their names: `train-0000.tar`,
//! `val-…`, `test-…`, or by their folders, in the given folder or up to two below it. Nothing is extracted:
//! names in a tar are never followed.

#[cfg(feature = "webdataset")]
mod members;
#[cfg(feature = "webdataset")]
mod samples;

use super::registry::Progress;
use super::{DataError, DataSettings, Splits, shards};
use std::path::Path;

const EXTENSION: &str = "tar";

/// Whether there are tar shards.
pub fn is_here(path: &Path) -> bool {
    shards::is_here(path, EXTENSION)
}

/// Opens tar shards, or one file.
#[cfg(feature = "webdataset")]
pub fn open(settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
    samples::open(settings, progress)
}

/// Says that this build cannot.
#[cfg(not(feature = "webdataset"))]
pub fn open(_: &DataSettings, _: &mut Progress) -> Result<Splits, DataError> {
    Err(DataError::NotBuilt { kind: "webdataset" })
}

#[cfg(all(test, feature = "webdataset"))]
mod tests;
