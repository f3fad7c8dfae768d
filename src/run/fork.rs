//! A run that begins with another run's checkpoint.

use super::{
    Checkpoint, Entry, Journal, Lock, Manifest, MetricsLog, Parent, RunError,
    checkpoint::{self, CHECKPOINTS},
    dir::{CONFIG, vacant},
    journal::JOURNAL,
    metrics::METRICS,
};
use crate::durable;
use std::{
    fs::{self, File},
    io,
    path::Path,
};

/// The folder with the checkpoint that a forked run began with. It stays while those of `checkpoints/` go:
/// a replay begins with it.
const ORIGIN: &str = "origin";

/// What a forked run is made of.
pub struct Fork<'a> {
    /// The run that it comes from. It is read and never changed.
    pub parent: &'a Path,
    /// What it begins with; its configuration is the new run's.
    pub checkpoint: &'a Checkpoint,
    /// Hash of that configuration.
    pub config_hash: &'a str,
    pub seed: u64,
    /// What its journal begins with, each with its step.
    pub entries: Vec<(u64, Entry)>,
}

impl Fork<'_> {
    /// Makes the new run at `path`, an empty directory or none yet: whole or not at all. Its figures begin with
    /// the parent's.
    ///
    /// # Errors
    /// [`RunError::AlreadyARun`], [`RunError::NotEmpty`], [`RunError::Foreign`] and [`RunError::Held`]
    /// leave what is there untouched; [`RunError::NotARun`] and [`RunError::Damaged`] for the parent; the
    /// system's.
    pub fn make(self, path: &Path) -> Result<(), RunError> {
        let of = Manifest::read(self.parent)?;
        durable::make_dirs(path).map_err(RunError::io("create", path))?;
        vacant(path)?;
        let temp = durable::temp_dir(path).map_err(RunError::io("create", path))?;
        let made = self.fill(&temp, of).and_then(|()| place(&temp, path));
        if made.is_err() {
            // The first error is the one to tell.
            let _ = durable::remove(&temp);
        }
        made
    }

    /// Writes everything of the new run into `path`.
    fn fill(self, path: &Path, of: Manifest) -> Result<(), RunError> {
        // One checkpoint each: none is old enough to be removed.
        for folder in [ORIGIN, CHECKPOINTS] {
            checkpoint::save(&path.join(folder), self.checkpoint, &[], &mut Vec::new())?;
        }
        let step = self.checkpoint.step;
        copy_figures(self.parent, path, step)?;
        let mut journal = Journal::create(&path.join(JOURNAL))?;
        for (step, entry) in self.entries {
            journal.append(step, entry)?;
        }
        let config = path.join(CONFIG);
        let text = self.checkpoint.config_yaml.as_bytes();
        durable::write(&config, text).map_err(RunError::io("write", &config))?;
        // Absolute where that can be found out: the child may be looked at from elsewhere.
        let parent = self.parent.canonicalize().unwrap_or_else(|_| self.parent.to_path_buf());
        let parent = Parent { path: parent.to_string_lossy().into_owned(), created: of.created, step };
        Manifest::new(self.config_hash, self.seed, Some(parent)).write(path)
    }
}

/// Puts a whole run at `path`, in the place of what was found vacant there.
fn place(temp: &Path, path: &Path) -> Result<(), RunError> {
    let _lock = Lock::take(path)?;
    // Another process may have been here meanwhile.
    vacant(path)?;
    let entries = fs::read_dir(path).map_err(RunError::io("list", path))?;
    for entry in entries {
        let left_over = entry.map_err(RunError::io("list", path))?.path();
        durable::remove(&left_over).map_err(RunError::io("remove", &left_over))?;
    }
    durable::place_dir(temp, path).map_err(RunError::io("create", path))
}

/// The parent's figures up to the fork.
fn copy_figures(parent: &Path, path: &Path, step: u64) -> Result<(), RunError> {
    let (from, to) = (parent.join(METRICS), path.join(METRICS));
    let mut theirs = durable::open_regular(&from).map_err(RunError::io("read", &from))?;
    let mut ours: File = durable::open_append(&to).map_err(RunError::io("open", &to))?;
    io::copy(&mut theirs, &mut ours).map_err(RunError::io("write", &to))?;
    drop(ours);
    // A parent that trains may be in the middle of a line: opening the log cuts that away.
    MetricsLog::open(&to)?.truncate_after(step)
}

/// The checkpoint that the run at `path` began with; none for a run that began with step 0.
///
/// # Errors
/// [`RunError::NotARun`], [`RunError::NoGoodCheckpoint`] if it is damaged, [`RunError::NoCheckpoint`] if
/// there should be one and is not; the system's.
pub fn origin(path: &Path) -> Result<Option<Checkpoint>, RunError> {
    if Manifest::read(path)?.parent.is_none() {
        return Ok(None);
    }
    let folder = path.join(ORIGIN);
    match checkpoint::newest(&folder, u64::MAX, false)? {
        Some((checkpoint, _)) => Ok(Some(checkpoint)),
        None => Err(RunError::NoCheckpoint(folder)),
    }
}
