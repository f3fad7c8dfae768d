//! The runs of a folder, each in a line: from their journals and the last lines of their metrics.

use super::{
    Entry, Holder, Manifest, Record, RunError, StopReason,
    dir::{CONFIG, CONFIG_LIMIT},
    holder, journal, metrics,
};
use crate::{durable, text::printable};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What a run is doing, from its lock and its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A process holds it and has not begun to train.
    Starting,
    /// A process trains it.
    Training,
    /// A process holds it and rests.
    Paused,
    /// All its steps are done.
    Finished,
    /// It was ended on request, and can be resumed.
    Stopped,
    /// It could not go on.
    Failed,
    /// Its process ended without a word; it can be resumed.
    Killed,
}

impl State {
    /// Whether a process holds the run, and trains it or is about to.
    pub fn is_held(self) -> bool {
        matches!(self, Self::Starting | Self::Training | Self::Paused)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Starting => "starting",
            Self::Training => "training",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Killed => "killed",
        })
    }
}

/// One run of a list.
#[derive(Clone, Debug)]
pub struct Summary {
    pub path: PathBuf,
    pub manifest: Manifest,
    pub state: State,
    /// Who writes it now.
    pub holder: Option<Holder>,
    /// Steps done, as far as its files tell.
    pub step: u64,
    /// Steps to do in all; 0 before it began.
    pub steps: u64,
    /// Why it ended, if it said so.
    pub why: Option<String>,
    /// How often its configuration was edited.
    pub edits: usize,
    /// Its data and its heads as it started: `shapes, heads color rotation`.
    pub config: String,
    /// Seconds since its start, at the last figures.
    pub time: f64,
    /// The latest figure of every tag (`loss`, `invariance/<head>/<augmentation>`, …) in its last lines.
    pub figures: Vec<(Arc<str>, f32)>,
}

impl Summary {
    /// Reads one run. Takes no lock and changes nothing.
    ///
    /// # Errors
    /// [`RunError::NotARun`], [`RunError::Format`], [`RunError::Damaged`] for the journal; the system's.
    pub fn read(path: &Path) -> Result<Self, RunError> {
        let manifest = Manifest::read(path)?;
        // Before the journal: a run that ends between the two is told as ended.
        let holder = holder(path);
        let records = journal::read(&path.join(journal::JOURNAL))?;
        let last = metrics::latest(&path.join(metrics::METRICS))?;
        let (figured, time, figures) =
            last.map_or((0, 0.0, Vec::new()), |row| (row.step, row.time, row.values));
        let (mut steps, mut edits, mut why) = (0, 0, None);
        for record in &records {
            match &record.entry {
                Entry::Start { steps: of, .. } => (steps, why) = (*of, None),
                Entry::Edit { .. } => edits += 1,
                Entry::Stop { why: said, .. } => why = said.as_deref().map(printable),
                _ => {}
            }
        }
        Ok(Self {
            path: path.to_path_buf(),
            manifest,
            state: state(holder.is_some(), &records),
            holder,
            step: figured.max(records.last().map_or(0, |record| record.step)),
            steps,
            why,
            edits,
            config: one_line(path),
            time,
            figures,
        })
    }

    /// The latest figure of a tag.
    pub fn figure(&self, tag: &str) -> Option<f32> {
        self.figures.iter().find(|(name, _)| **name == *tag).map(|(_, value)| *value)
    }
}

fn state(held: bool, records: &[Record]) -> State {
    let telling = records.iter().rev().map(|record| &record.entry).find(|entry| {
        matches!(entry, Entry::Start { .. } | Entry::Pause | Entry::Resume | Entry::Stop { .. })
    });
    match (held, telling) {
        (true, Some(Entry::Pause)) => State::Paused,
        (true, Some(Entry::Start { .. } | Entry::Resume)) => State::Training,
        (true, _) => State::Starting,
        (false, Some(Entry::Stop { reason: StopReason::Finished, .. })) => State::Finished,
        (false, Some(Entry::Stop { reason: StopReason::Stopped, .. })) => State::Stopped,
        (false, Some(Entry::Stop { reason: StopReason::Failed, .. })) => State::Failed,
        (false, _) => State::Killed,
    }
}

/// The configuration in a few words, as far as it can be read: a list is no place to check it.
fn one_line(path: &Path) -> String {
    let text = durable::read(&path.join(CONFIG), CONFIG_LIMIT).unwrap_or_default();
    let config: serde_yaml::Value = serde_yaml::from_slice(&text).unwrap_or_default();
    let augmentations = config["augment"].as_sequence().map(Vec::as_slice).unwrap_or_default();
    let on = |entry: &serde_yaml::Value, key: &str, default| entry[key].as_bool().unwrap_or(default);
    let heads = augmentations.iter().filter(|entry| on(entry, "enabled", true) && on(entry, "head", false));
    let heads: Vec<&str> = heads.filter_map(|entry| entry["kind"].as_str()).collect();
    let heads = if heads.is_empty() { "no heads".into() } else { format!("heads {}", heads.join(" ")) };
    printable(&format!("{}, {heads}", config["data"]["kind"].as_str().unwrap_or("?")))
}

/// Every run in `root`, in order of their names; one that cannot be read is an error of its own. What is
/// not a run is left out. No folder, no run.
pub fn list(root: &Path) -> Vec<Result<Summary, RunError>> {
    let folders = match fs::read_dir(root) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        entries => entries.and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>()
        }),
    };
    match folders {
        Err(error) => vec![Err(RunError::io("list", root)(error))],
        Ok(mut folders) => {
            folders.retain(|folder| begun(folder));
            folders.sort();
            folders.iter().map(|folder| Summary::read(folder)).collect()
        }
    }
}

/// Whether somebody would look for a run here: it has a manifest, or the traces of a run that lost its own.
fn begun(folder: &Path) -> bool {
    if folder.file_name().is_some_and(durable::is_temp) {
        // A fork that is being made, or was when its process was killed.
        return false;
    }
    let there = |name: &str| fs::symlink_metadata(folder.join(name));
    there(super::manifest::MANIFEST).is_ok() || there(journal::JOURNAL).is_ok_and(|file| file.len() > 0)
}
