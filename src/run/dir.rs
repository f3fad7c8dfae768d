//! A run's directory, opened by the one process that trains it.

use super::{
    History, Journal, Lock, Manifest, MetricsLog, Record, RunError,
    checkpoint::{self, CHECKPOINTS, Checkpoint},
    journal::JOURNAL,
    lock::LOCK,
    manifest::MANIFEST,
    metrics::METRICS,
};
use crate::durable;
use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The configuration that the run started with, in its directory. Later edits are in the journal.
pub const CONFIG: &str = "config.yaml";
/// A configuration is some kilobytes.
pub(super) const CONFIG_LIMIT: u64 = 16 << 20;

/// An open run. Its lock is held until this is dropped, or the process ends.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    manifest: Manifest,
    records: Vec<Record>,
    journal: Journal,
    metrics: MetricsLog,
    warnings: Vec<String>,
    /// Steps whose checkpoints stay however old they are.
    kept: Vec<u64>,
    // Last, so that nothing is written after it is given back.
    lock: Lock,
}

impl RunDir {
    /// Makes a run at `path`, with the folders above it. `path` may be an empty directory, or what a
    /// process that was killed while it made a run left there.
    ///
    /// # Errors
    /// [`RunError::AlreadyARun`], [`RunError::NotEmpty`], [`RunError::Foreign`] and [`RunError::Held`]
    /// leave what is there untouched; the system's.
    pub fn create(path: &Path, config_yaml: &str, config_hash: &str, seed: u64) -> Result<Self, RunError> {
        durable::make_dirs(path).map_err(RunError::io("create", path))?;
        vacant(path)?;
        let lock = Lock::take(path)?;
        // Another process may have been here between the two.
        vacant(path)?;
        durable::sweep(path).map_err(RunError::io("clear", path))?;
        let config = path.join(CONFIG);
        durable::write(&config, config_yaml.as_bytes()).map_err(RunError::io("write", &config))?;
        let journal = Journal::create(&path.join(JOURNAL))?;
        let metrics = MetricsLog::open(&path.join(METRICS))?;
        let manifest = Manifest::new(config_hash, seed, None);
        manifest.write(path)?;
        let (records, warnings, kept) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { path: path.to_path_buf(), manifest, records, journal, metrics, warnings, kept, lock })
    }

    /// Opens a run to continue it: takes the lock, clears what a killed process left half-written, and
    /// cuts torn last lines away.
    ///
    /// # Errors
    /// [`RunError::NotARun`], [`RunError::Format`], [`RunError::Foreign`], [`RunError::Held`],
    /// [`RunError::Damaged`] for the journal; the system's.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let manifest = Manifest::read(path)?;
        own(path)?;
        let lock = Lock::take(path)?;
        durable::sweep(path).map_err(RunError::io("clear", path))?;
        let checkpoints = path.join(CHECKPOINTS);
        if checkpoints.is_dir() {
            durable::sweep(&checkpoints).map_err(RunError::io("clear", &checkpoints))?;
        }
        let (journal, records) = Journal::open(&path.join(JOURNAL))?;
        let metrics = MetricsLog::open(&path.join(METRICS))?;
        let mut kept: Vec<u64> = History::of(&records)
            .edits
            .iter()
            .filter(|edit| edit.is_structural())
            .map(|it| it.step)
            .collect();
        kept.dedup();
        let warnings = Vec::new();
        Ok(Self { path: path.to_path_buf(), manifest, records, journal, metrics, warnings, kept, lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The configuration that it started with.
    ///
    /// # Errors
    /// The system's.
    pub fn config_yaml(&self) -> Result<String, RunError> {
        config_yaml(&self.path)
    }

    /// What happens to it from now on.
    pub fn journal(&mut self) -> &mut Journal {
        &mut self.journal
    }

    /// What was in the journal when it was opened.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Its figures.
    pub fn metrics(&mut self) -> &mut MetricsLog {
        &mut self.metrics
    }

    /// Saves a checkpoint; once this returns `Ok`, it survives a kill and a power loss. The two newest
    /// before it stay, and those of the last steps of [`Self::keep`]. Bring the metrics up to it first ([`MetricsLog::sync`]).
    ///
    /// # Errors
    /// [`RunError::Moved`], [`RunError::Unsound`], and the system's after a second attempt. The two newest
    /// before it are untouched, and a later save may succeed.
    pub fn save(&mut self, checkpoint: &Checkpoint) -> Result<PathBuf, RunError> {
        self.in_place()?;
        checkpoint::save(&self.path.join(CHECKPOINTS), checkpoint, &self.kept, &mut self.warnings)
    }

    /// Keeps the checkpoints of a step, at which a head was given or taken.
    pub fn keep(&mut self, step: u64) {
        self.kept.push(step);
        self.kept.dedup();
    }

    /// The newest good checkpoint, and a sentence on each newer one that was passed over; `None` before the
    /// first one. Damaged ones are set aside under another name.
    ///
    /// # Errors
    /// [`RunError::NoGoodCheckpoint`], [`RunError::Format`], and the system's.
    pub fn newest(&self) -> Result<Option<(Checkpoint, Vec<String>)>, RunError> {
        checkpoint::newest(&self.path.join(CHECKPOINTS), u64::MAX, true)
    }

    /// What went wrong since the last call without stopping anything, such as an old checkpoint that could
    /// not be removed.
    pub fn warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// Whether the directory is still where it was.
    ///
    /// # Errors
    /// [`RunError::Moved`].
    pub fn in_place(&self) -> Result<(), RunError> {
        self.lock.in_place()
    }
}

/// The configuration that the run at `path` started with. Needs no lock.
///
/// # Errors
/// The system's; `InvalidData` for what is no text.
pub fn config_yaml(path: &Path) -> Result<String, RunError> {
    let path = path.join(CONFIG);
    let text = durable::read(&path, CONFIG_LIMIT).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    });
    text.map_err(RunError::io("read", &path))
}

/// The newest good checkpoint of the run at `path`, also while another process trains it. Changes nothing;
/// otherwise as [`RunDir::newest`].
///
/// # Errors
/// As [`RunDir::newest`], and [`RunError::NotARun`].
pub fn newest(path: &Path) -> Result<Option<(Checkpoint, Vec<String>)>, RunError> {
    newest_until(path, u64::MAX)
}

/// The same at or before a step.
///
/// # Errors
/// As [`newest`].
pub fn newest_until(path: &Path, step: u64) -> Result<Option<(Checkpoint, Vec<String>)>, RunError> {
    Manifest::read(path)?;
    checkpoint::newest(&path.join(CHECKPOINTS), step, false)
}

/// Refuses a directory in which a run cannot be made.
pub(super) fn vacant(path: &Path) -> Result<(), RunError> {
    own(path)?;
    let entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(RunError::io("list", path))?;
    let has = |name: &str| entries.iter().any(|entry| entry.file_name() == name);
    if has(MANIFEST) {
        return Err(RunError::AlreadyARun(path.to_path_buf()));
    }
    // Without a lock file no run was begun here, whatever the files are called.
    let left_over = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let empty = || entry.metadata().is_ok_and(|it| it.is_file() && it.len() == 0);
        has(LOCK)
            && (name == LOCK
                || name == CONFIG
                || durable::is_temp(&name)
                || (name == JOURNAL || name == METRICS) && empty())
    };
    if entries.iter().all(left_over) { Ok(()) } else { Err(RunError::NotEmpty(path.to_path_buf())) }
}

/// Refuses another user's directory.
fn own(path: &Path) -> Result<(), RunError> {
    let owner = fs::metadata(path).map_err(RunError::io("read", path))?.uid();
    if owner == rustix::process::geteuid().as_raw() {
        Ok(())
    } else {
        Err(RunError::Foreign(path.to_path_buf()))
    }
}

/// Makes the directory of the next run below `root`: `r0001`, `r0002`, … A number is not given twice, also
/// not to two processes at once, nor again while a later one is there.
///
/// # Errors
/// The system's.
pub fn default_path(root: &Path) -> Result<PathBuf, RunError> {
    durable::make_dirs(root).map_err(RunError::io("create", root))?;
    let mut last = 0;
    for entry in fs::read_dir(root).map_err(RunError::io("list", root))? {
        let name = entry.map_err(RunError::io("list", root))?.file_name();
        last = last.max(name.to_str().and_then(number).unwrap_or(0));
    }
    loop {
        last += 1;
        let path = root.join(format!("r{last:04}"));
        match durable::make_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(RunError::io("create", &path)(error)),
        }
    }
}

/// The number of a run's name.
fn number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix('r').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok().filter(|number| *number < u32::MAX)
}
