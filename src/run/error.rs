//! What can go wrong with a run's directory.

use super::Holder;
use crate::text::printable_name;
use std::{
    io,
    path::{Path, PathBuf},
};

/// What can go wrong with a run's directory. Each message says what, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The system refused something.
    #[error("cannot {doing} {}: {source}{}", shown(path), advice(source))]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    /// A new run was to start where there is one.
    #[error(
        "{} already holds a run: choose another directory with --run, or continue this one with --resume",
        shown(.0)
    )]
    AlreadyARun(PathBuf),
    /// A new run was to start among other files.
    #[error(
        "{} is not empty and not a run: choose another directory with --run; nothing in it was touched",
        shown(.0)
    )]
    NotEmpty(PathBuf),
    /// Somebody else's directory: what is put there, they could replace.
    #[error("{} belongs to another user: choose a directory of your own with --run", shown(.0))]
    Foreign(PathBuf),
    /// There is no run where one was to be opened.
    #[error("{} is not a run: it has no readable manifest.json ({why})", shown(path))]
    NotARun { path: PathBuf, why: String },
    /// Another version's layout.
    #[error(
        "{} is of format {format}, and this program reads format {}: open it with {program}",
        shown(path),
        super::manifest::FORMAT
    )]
    Format { path: PathBuf, format: u32, program: String },
    /// A checkpoint that cannot be trusted.
    #[error("checkpoint {} is damaged ({why}): use an earlier one, or restore it from a copy", shown(path))]
    BadCheckpoint { path: PathBuf, why: String },
    /// There is none at all yet.
    #[error("{} has no checkpoint yet: `c` writes one, and so does the end of training", shown(.0))]
    NoCheckpoint(PathBuf),
    /// There is no checkpoint of that step.
    #[error("{} has no checkpoint of step {step}: {}", shown(path), steps(there))]
    NoSuchCheckpoint { path: PathBuf, step: u64, there: Vec<u64> },
    /// Checkpoints, and none of them good.
    #[error(
        "no checkpoint in {} can be used: {}; restore one from a copy, or start a new run",
        shown(path), why.join("; ")
    )]
    NoGoodCheckpoint { path: PathBuf, why: Vec<String> },
    /// A state that could not be read back is not written.
    #[error("cannot save step {step}: {why}; the checkpoints before it are untouched")]
    Unsound { step: u64, why: String },
    /// Another process has the run.
    #[error(
        "{0} is in use by {holder}: `looc-tui attach {0}` shows it, `looc-tui stop {0}` ends it; or choose another directory with --run",
        shown(path)
    )]
    Held { path: PathBuf, holder: Holder },
    /// The directory is not where it was when the run started.
    #[error("{} was moved, deleted or replaced while the run goes on: nothing more is written there", shown(.0))]
    Moved(PathBuf),
    /// A record before the last one cannot be trusted.
    #[error(
        "{}, line {line}, is damaged ({why}): the lines before it are good; restore the file, or start a new run",
        shown(path)
    )]
    Damaged { path: PathBuf, line: usize, why: String },
}

impl RunError {
    /// For `map_err`.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_path_buf(), source }
    }
}

/// What to do about the system's errors that users meet.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; make room on the disk, what is there already is kept"
        }
        io::ErrorKind::FileTooLarge => "; raise the limit on the size of files (`ulimit -f`)",
        io::ErrorKind::PermissionDenied => "; change its permissions, or choose another directory with --run",
        io::ErrorKind::ReadOnlyFilesystem => "; choose a directory that can be written with --run",
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            "; choose another directory with --run"
        }
        io::ErrorKind::NotFound => "; restore it, or choose another directory with --run",
        _ => "",
    }
}

/// The checkpoints that there are.
fn steps(there: &[u64]) -> String {
    let steps: Vec<String> = there.iter().map(u64::to_string).collect();
    match &steps[..] {
        [] => "it has none yet; `c` writes one, and so does the end of training".into(),
        steps => format!("it has those of {}; older ones are removed as it trains", steps.join(", ")),
    }
}

/// A path for people.
pub(crate) fn shown(path: &Path) -> String {
    printable_name(path.as_os_str())
}
