//! `manifest.json`: says that a directory is a run, which program made it, and what it was made with.
//! It is written last, so a directory that has it is whole.

use super::{RunError, clock, lock};
use crate::{durable, text::printable};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The manifest's name in a run's directory and in a checkpoint's.
pub const MANIFEST: &str = "manifest.json";
/// Of the directory's layout. A program reads the formats it knows and no other.
pub const FORMAT: u32 = 1;
/// A manifest is some hundred bytes.
const LIMIT: u64 = 1 << 20;

/// What a run is. Written once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Of the directory's layout; 1 for now.
    pub format: u32,
    /// The program's name and version.
    pub program: String,
    /// UTC.
    pub created: String,
    /// Of every random draw.
    pub seed: u64,
    /// Hash of the configuration it was started with.
    pub config: String,
    /// The machine it was made on.
    pub host: String,
    /// The machine's kind: other kinds may compute other bits.
    pub machine: String,
    /// The run that it was forked from; none for one that began with step 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
}

/// Where a forked run comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The parent's directory when it was forked.
    pub path: String,
    /// When the parent was made, UTC: knows it again where it was moved.
    pub created: String,
    /// Steps done at the fork.
    pub step: u64,
}

impl Parent {
    /// The parent's name.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

impl Manifest {
    /// Of a run that begins here and now.
    pub(super) fn new(config_hash: &str, seed: u64, parent: Option<Parent>) -> Self {
        Self {
            format: FORMAT,
            program: program(),
            created: clock::utc(clock::now()),
            seed,
            config: config_hash.into(),
            host: lock::host(),
            machine: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            parent,
        }
    }

    /// Puts it into a run's directory, which is a run from then on.
    pub(super) fn write(&self, folder: &Path) -> Result<(), RunError> {
        let path = folder.join(MANIFEST);
        let mut text =
            serde_json::to_vec_pretty(self).map_err(|error| RunError::io("encode", &path)(error.into()))?;
        text.push(b'\n');
        durable::write(&path, &text).map_err(RunError::io("write", &path))
    }

    /// Reads it from a run's directory.
    ///
    /// # Errors
    /// [`RunError::NotARun`] where there is none that can be read; [`RunError::Format`] for one of another
    /// format, whatever else it says.
    pub fn read(folder: &Path) -> Result<Self, RunError> {
        #[derive(Deserialize)]
        struct Formatted {
            format: u32,
            #[serde(default)]
            program: String,
        }
        let not_a_run = |why: String| RunError::NotARun { path: folder.to_path_buf(), why: printable(&why) };
        let text =
            durable::read(&folder.join(MANIFEST), LIMIT).map_err(|error| not_a_run(error.to_string()))?;
        let Formatted { format, program } =
            serde_json::from_slice(&text).map_err(|error| not_a_run(error.to_string()))?;
        check_format(folder, format, &program)?;
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| not_a_run(error.to_string()))?;
        Ok(manifest.printable())
    }

    /// It may come from anywhere, and is shown.
    fn printable(self) -> Self {
        let parent = self.parent.map(|it| Parent {
            path: printable(&it.path),
            created: printable(&it.created),
            step: it.step,
        });
        Self {
            parent,
            program: printable(&self.program),
            created: printable(&self.created),
            config: printable(&self.config),
            host: printable(&self.host),
            machine: printable(&self.machine),
            ..self
        }
    }
}

/// This program's name and version.
pub(super) fn program() -> String {
    format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}

/// Refuses what another format wrote.
pub(super) fn check_format(path: &Path, format: u32, program: &str) -> Result<(), RunError> {
    if format == FORMAT {
        return Ok(());
    }
    let program = if program.is_empty() { "the program that wrote it".into() } else { printable(program) };
    Err(RunError::Format { path: path.to_path_buf(), format, program })
}
