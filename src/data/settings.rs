//! The `data` section of a configuration.

use crate::knob::{Invalid, Knob};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// MiB of decoded images up to which they are held in memory: as much as a small model's training takes
/// by itself, and read from their files in some seconds. It is 87,000 images of 32×32.
const MEMORY: usize = 256;

/// The `data` section. Fixed once a run has started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataSettings {
    /// Which data set: one of the registry's names.
    pub kind: String,
    /// Width and height that images are brought to, in pixels.
    pub size: usize,
    /// Where it is; a relative path starts from `LOOC_DATA`, or from the present folder without it.
    pub path: Option<PathBuf>,
    /// `shapes`: how many images to render for training.
    pub train: usize,
    /// `shapes`: how many images to render as held out.
    pub held_out: usize,
    /// `folder`, `parquet` or `webdataset` without a part to hold out: the share of each class that is held out.
    pub held_out_share: f64,
    /// `folder`, `parquet`, `webdataset`: the share of damaged images that is put up with, and that of missing twins.
    pub damaged_share: f64,
    /// `folder`: where the images' stylised twins are, for `texture` with `method: bank`. A twin has the same
    /// path below this folder as the image below `path`, but may have another extension; it is read if
    /// this is set, and held in memory. A relative path starts where `path` does.
    pub style_bank: Option<PathBuf>,
    /// `folder`: where decoded images are kept that are too many for the memory; see [`Cache`].
    pub cache: Cache,
    /// `folder`: MiB of decoded images up to which they are held in memory, without the cache.
    pub memory: usize,
}

/// Where decoded images are kept. In a configuration `auto`, `off`, or a folder's path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PathBuf", into = "PathBuf")]
pub enum Cache {
    /// In the user's cache folder: `looc-tui/images` in `XDG_CACHE_HOME`, or in `~/.cache`.
    #[default]
    Auto,
    /// Nowhere: all images are held in memory, however many there are.
    Off,
    /// In this folder, which is made if it is not there; a relative path starts from the present folder.
    Folder(PathBuf),
}

impl TryFrom<PathBuf> for Cache {
    type Error = &'static str;

    fn try_from(path: PathBuf) -> Result<Self, Self::Error> {
        match path.as_os_str().as_encoded_bytes() {
            b"auto" => Ok(Self::Auto),
            b"off" => Ok(Self::Off),
            b"" => Err("expected auto, off or a folder's path, but found nothing"),
            _ => Ok(Self::Folder(path)),
        }
    }
}

impl From<Cache> for PathBuf {
    fn from(cache: Cache) -> Self {
        match cache {
            Cache::Auto => "auto".into(),
            Cache::Off => "off".into(),
            Cache::Folder(path) => path,
        }
    }
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            kind: "shapes".into(),
            size: 32,
            path: None,
            train: 5000,
            held_out: 1000,
            held_out_share: 0.1,
            damaged_share: 0.05,
            style_bank: None,
            cache: Cache::Auto,
            memory: MEMORY,
        }
    }
}

impl DataSettings {
    /// Ranges of the numbers.
    pub const KNOBS: &'static [Knob] = &[
        Knob { path: "size", min: 8.0, max: 512.0, step: 8.0, help: "working size of an image in pixels" },
        Knob { path: "train", min: 2.0, max: 1e7, step: 1000.0, help: "built-in images to train on" },
        Knob { path: "held_out", min: 2.0, max: 1e6, step: 100.0, help: "built-in images held out" },
        Knob {
            path: "held_out_share",
            min: 0.01,
            max: 0.9,
            step: 0.01,
            help: "share held out where there is no val folder",
        },
        Knob {
            path: "damaged_share",
            min: 0.0,
            max: 1.0,
            step: 0.01,
            help: "share of damaged files that is put up with",
        },
        Knob {
            path: "memory",
            min: 0.0,
            max: 1e6,
            step: 64.0,
            help: "MiB of decoded images; a folder of more uses data.cache: auto, off or a path",
        },
    ];

    /// What the ranges of [`Self::KNOBS`] cannot say.
    ///
    /// # Errors
    /// There is a style bank for a data set without files to match.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.style_bank.is_none() || self.kind == "folder" {
            return Ok(());
        }
        let why = format!(
            "twins are found by the paths of an image folder's files, and {} has none: use data.kind: folder, or \
             take style_bank out",
            self.kind
        );
        Err(Invalid::at("style_bank", why))
    }
}
