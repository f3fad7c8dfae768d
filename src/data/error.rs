//! What can be wrong with data: what, where, and what to do.

use super::place::shown;
use std::path::{Path, PathBuf};

/// Why there is no data. Names of files are fit for a terminal already where they come from a folder's contents.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("loading was broken off")]
    BrokenOff,

    #[error("data.kind: there is no data set {name:?}; there are {known}")]
    Unknown { name: String, known: String },

    #[error("data.size: images of {size} pixels are out of range; allowed are 1 to 4096")]
    Side { size: usize },

    #[error(
        "data.path: {kind} needs the folder where the images are; set data.path, e.g. --set data.path=FOLDER"
    )]
    NoPath { kind: &'static str },

    #[error(
        "{key}: there is no {what} at {tried} ({from}); correct {key} or set LOOC_DATA to where it starts"
    )]
    NotThere { key: &'static str, what: &'static str, tried: String, from: &'static str },

    #[error(
        "{bank}: {missing} of {of} images have no twin there, more than data.damaged_share = {allowed} allows; a twin has the path below data.style_bank that the image has below data.path. The first: {examples}. Stylise them too, correct data.style_bank, or raise data.damaged_share"
    )]
    NoTwins { bank: String, missing: usize, of: usize, allowed: f64, examples: String },

    #[error("data.{0}")]
    Settings(#[from] crate::knob::Invalid),

    #[error("{file}: cannot be read: {source}")]
    Read { file: String, source: std::io::Error },

    #[error(
        "{file}: {bytes} bytes are no whole number of records of {record} bytes ({layout}); the file is cut off or of another kind: fetch it again"
    )]
    Records { file: String, bytes: u64, record: usize, layout: &'static str },

    #[error(
        "{file}: record {record} has the {labels} label {label}, but labels are {} to {}; the file is damaged or of another kind",
        allowed.0, allowed.1
    )]
    Label { file: String, record: usize, labels: &'static str, label: u8, allowed: (u8, u8) },

    #[error("{file}: {why}; the file is cut off, damaged or of another kind: fetch it again")]
    Format { file: String, why: String },

    #[error(
        "{images_file} has {images} images, but {labels_file} has {labels} labels; they do not belong together, or one is cut off: fetch both again"
    )]
    Counts { images_file: String, images: usize, labels_file: String, labels: u64 },

    #[error(
        "{folder}: {missing} is not there; {kind} is read from the binary version of the set, which has {files}"
    )]
    Incomplete { folder: String, missing: &'static str, kind: &'static str, files: &'static str },

    #[error(
        "data.kind: this build has no {kind}: build with --features {kind} (cargo build --release --features {kind})"
    )]
    NotBuilt { kind: &'static str },

    #[error("{folder}: no file in it ends in .{extension}; {kind} is read from such files, e.g. {example}")]
    NoShards { folder: String, extension: &'static str, kind: &'static str, example: &'static str },

    #[error("{folder}: there are several sets in it: {sets}; set data.path to one of them")]
    SeveralSets { folder: String, sets: String },

    #[error(
        "{file}: no column of images in it, which has the fields bytes and path; its columns are {columns}"
    )]
    NoImageColumn { file: String, columns: String },

    #[error(
        "{place}: its {labels} label is {label}, but labels are 0 to {most}; the file is damaged or of another kind"
    )]
    Class { place: String, labels: String, label: i64, most: usize },

    #[error(
        "{folder}: no jpeg, png or webp image in it; expected are folders of images, one a class, or train/ and val/ with such folders"
    )]
    NoImages { folder: String },

    #[error("{folder}: {count} classes are more than the 65535 that can be told apart")]
    TooManyClasses { folder: String, count: usize },

    #[error(
        "{folder}: {damaged} of {of} images are damaged, more than data.damaged_share = {allowed} allows; the first: {examples}. Mend or remove them, or raise data.damaged_share"
    )]
    Damaged { folder: String, damaged: usize, of: usize, allowed: f64, examples: String },

    #[error("{what}: {found} images are too few; at least 2 are needed (data.kind = {kind}). {advice}")]
    TooFew { what: &'static str, found: usize, kind: String, advice: &'static str },

    #[error(
        "{count} images of {side}×{side} pixels do not fit into memory; lower data.size or use fewer images"
    )]
    Memory { count: usize, side: usize },

    #[error(
        "{file}: the image cache cannot be read: {why}. Remove this file and start again, or resume: it is built anew from the images"
    )]
    Stored { file: String, why: String },

    #[error(
        "{cache}, and {need} MiB of decoded images do not fit into {free} MiB of free memory; make room there, name another folder with --set data.cache=FOLDER, or lower data.size"
    )]
    NoCache { cache: String, need: u64, free: u64 },

    #[error("an image of {width}×{height} pixels cannot be brought to {side}×{side}")]
    Resize { width: usize, height: usize, side: usize },

    #[error(
        "train.batch: a batch of {batch} cannot be made from {count} training images; set train.batch between 1 and {count}"
    )]
    Batch { batch: usize, count: usize },

    #[error("the loader's thread cannot be started: {0}; close programs or raise the limit on threads")]
    Spawn(std::io::Error),

    #[error(
        "the loader's thread stopped while it made views: {0}. This is a fault of the program: please report it. What was saved is kept: --resume goes on from the last checkpoint"
    )]
    Loader(String),

    /// What the loader failed with before.
    #[error("{0}")]
    Again(String),
}

impl DataError {
    /// A file or folder that cannot be read.
    pub(super) fn read(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Read { file: shown(&path.into()), source }
    }

    /// A file that does not hold what its kind has to.
    pub(super) fn format(path: &Path, why: impl Into<String>) -> Self {
        Self::Format { file: shown(path), why: why.into() }
    }

    /// A file of images and one of labels that have not the same number of them.
    pub(super) fn counts((images_file, images): (&Path, usize), (labels_file, labels): (&Path, u64)) -> Self {
        Self::Counts { images_file: shown(images_file), images, labels_file: shown(labels_file), labels }
    }
}
