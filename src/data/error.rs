//! What can go wrong with data. Each message says what, where, and what to do.

use crate::text::printable_name;
use std::{
    io,
    path::{Path, PathBuf},
};

#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The registry has no such name.
    #[error("there is no data set named {name}: data.kind is one of {known}")]
    Unknown { name: String, known: String },
    /// A data set on the disk without a path.
    #[error("data.path is missing: data.kind: {0} needs the folder of the data set (--set data.path=FOLDER)")]
    NoPath(&'static str),
    /// The folder or a file in it cannot be read.
    #[error("cannot read {}: {source}{}", shown(path), hint(path))]
    Read { path: PathBuf, source: io::Error },
    /// A folder without what belongs there.
    #[error("{} holds no {what}", shown(path))]
    Missing { path: PathBuf, what: String },
    /// A CIFAR file of the wrong length or content.
    #[error("{}: {why}", shown(path))]
    Malformed { path: PathBuf, why: String },
    /// Too many damaged files.
    #[error(
        "{damaged} of {files} images in {} cannot be read, more than data.damaged_share: {allowed}; the first: {first}",
        shown(path)
    )]
    Damaged { path: PathBuf, damaged: usize, files: usize, allowed: f64, first: String },
    /// Nothing to learn from.
    #[error("{} holds {count} images to train on; at least 2 are needed", shown(path))]
    TooFew { path: PathBuf, count: usize },
    /// More classes than a label can number.
    #[error("{} has {count} class folders; at most 65536 can be told apart", shown(path))]
    Classes { path: PathBuf, count: usize },
    /// The system refuses a thread.
    #[error("cannot start the loader's thread: {0}")]
    Thread(io::Error),
    /// The loader's thread has panicked.
    #[error("the thread that makes the views has ended without a word: please report this as a fault of the program")]
    LoaderGone,
}

impl DataError {
    /// For `map_err`.
    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Read { path: path.to_path_buf(), source }
    }
}

/// A path for people.
pub(super) fn shown(path: &Path) -> String {
    printable_name(path.as_os_str())
}

/// Where a relative path started from.
fn hint(path: &Path) -> &'static str {
    match (path.is_relative(), std::env::var_os("LOOC_DATA")) {
        (true, None) => "; relative paths start here, or from the folder that LOOC_DATA names",
        _ => "",
    }
}
