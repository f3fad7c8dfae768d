//! The training thread: commands in, snapshots and figures out.
//!
//! [`start`] makes the thread. It owns the model, the data and the run's directory, and never waits
//! for a viewer: the viewer sends [`message::Command`]s and looks at the latest [`message::Snapshot`].

mod commands;
mod edits;
pub mod environment;
mod fingerprint;
mod fork_points;
mod forking;
mod handle;
mod history;
mod inspect;
#[cfg(test)]
mod interleaved;
mod mailbox;
mod measuring;
pub mod message;
mod meter;
pub mod models;
mod pace;
mod preparing;
mod recall;
pub mod recording;
mod replaying;
mod retrieval;
mod saving;
mod supervision;
/// What the ends of the line share. In `interleaved` they share other things of the same names.
mod sync {
    pub use std::sync::{Mutex, MutexGuard, mpsc};

    /// Runs a test that has one thread.
    #[cfg(test)]
    pub fn alone(test: fn()) {
        test();
    }
}
mod trainer;
mod wanted;

pub use fingerprint::STATE_EVERY;
pub use fork_points::{ForkPoint, fork_points};
pub use forking::{At, Forked, fork};
pub use handle::{Door, Handle, Publisher, line};
pub use mailbox::{Coalesce, Mailbox};
pub use recall::measured;
pub use replaying::{Difference, Replaying, Verdict, replay};
pub use wanted::Wanted;

use crate::{
    config::Config,
    eval::EvalError,
    nn::kernels::{Isa, UnfitIsa},
};
use message::{Phase, Snapshot};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
    thread::JoinHandle,
};

/// What to train.
pub struct Job {
    /// The configuration; for [`Place::Resume`] the one that the run started with.
    pub config: Config,
    /// Where its records go.
    pub place: Place,
    /// Steps in all; none: as many as `train.epochs` make, or as the resumed run was to make.
    pub steps: Option<u64>,
    /// Whether, after the last step, the viewer may still ask for views and neighbours: the thread then ends
    /// when it is told to stop, or when the viewer has gone.
    pub attended: bool,
}

/// Where a run's records go. A new directory is made once the data could be loaded.
pub enum Place {
    /// A directory of its own for a new run.
    New(PathBuf),
    /// The next free number below this directory.
    Next(PathBuf),
    /// The directory of a run that goes on from its newest checkpoint.
    Resume(PathBuf),
}

/// Why training could not go on. Each message says what, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Data(#[from] crate::data::DataError),
    #[error(transparent)]
    Run(#[from] crate::run::RunError),
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    #[error(transparent)]
    Step(#[from] crate::looc::StepError),
    #[error("the network cannot be computed: {}", without_trace(.0))]
    Tensor(#[from] candle_core::Error),
    #[error(
        "there are {images} training images, fewer than train.batch: {batch}: lower train.batch to {images} or less"
    )]
    BatchTooLarge { images: usize, batch: usize },
    #[error(
        "there is no held-out image: the invariance cannot be measured; add a val folder or raise data.held_out_share"
    )]
    NothingHeldOut,
    #[error(
        "contrast.kind: {0} learns from labels, but the images to train on have no labels: choose another objective"
    )]
    Unlabelled(&'static str),
    #[error("contrast.label: the images have no labels named {wanted}: allowed: {known}")]
    NoLabel { wanted: String, known: String },
    #[error("there is no checkpoint in {} to resume from: start anew with another --run", .0.display())]
    NothingToResume(PathBuf),
    #[error(
        "{0} holds values that are no finite numbers: this state is not saved; resume from a checkpoint before it"
    )]
    NotFinite(String),
    #[error("the checkpoint does not fit this program: {0}")]
    Checkpoint(String),
    #[error(
        "{} was not recorded with what is here now, and could not go on with the same bits:{what}\n\
         put back what changed; or go on in a run of its own: looc-tui fork {}",
        shown(run),
        shown(run)
    )]
    NotTheSame { run: PathBuf, what: String },
    #[error("{} holds no step and no state to compare with", shown(.0))]
    NothingRecorded(PathBuf),
    #[error("edit {revision} ({path}, at step {step}) cannot be made again: {why}")]
    Unrepeatable { revision: u64, path: String, step: u64, why: String },
    #[error("{} cannot be forked there: {why}", shown(run))]
    NoFork { run: PathBuf, why: String },
    #[error(transparent)]
    Kernels(#[from] UnfitIsa),
    #[error(transparent)]
    Eval(EvalError),
    #[error("cannot start threads: {0}")]
    Threads(String),
}

impl From<EvalError> for EngineError {
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::Data(error) => Self::Data(error),
            EvalError::Tensor(error) => Self::Tensor(error),
            other => Self::Eval(other),
        }
    }
}

/// candle's own words, without the stack that it appends to them.
fn without_trace(error: &candle_core::Error) -> String {
    let text = error.to_string();
    let said = text.lines().take_while(|line| !line.trim_start().starts_with("0: "));
    said.collect::<Vec<_>>().join(" ")
}

/// Starts training in a thread of its own. The viewer's end of the line, and the thread.
///
/// # Errors
/// If the system refuses a thread, or the environment asks for kernels that are not there.
pub fn start(job: Job) -> Result<(Handle, JoinHandle<()>), EngineError> {
    // Before anything is loaded or made.
    Isa::preferred()?;
    let first = Snapshot { config: Arc::new(job.config.clone()), ..Snapshot::default() };
    let (handle, publisher) = line(first);
    let pool = pool(job.config.train.threads)?;
    let thread = std::thread::Builder::new()
        .name("looc-train".into())
        .spawn(move || pool.install(move || train(job, publisher)))
        .map_err(|error| EngineError::Threads(error.to_string()))?;
    Ok((handle, thread))
}

/// A pool of its own: with `threads` 0, one for each core.
fn pool(threads: usize) -> Result<rayon::ThreadPool, EngineError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|i| format!("looc-compute-{i}"))
        .build()
        .map_err(|error| EngineError::Threads(error.to_string()))
}

/// A path for people.
fn shown(path: &std::path::Path) -> String {
    crate::text::printable_name(path.as_os_str())
}

/// Trains to the end, and says how it ended: also a panic is told, since the viewer lives on.
fn train(job: Job, publisher: Publisher) {
    let ended = catch_unwind(AssertUnwindSafe(|| trainer::run(job, &publisher)));
    let why = match ended {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message");
            format!(
                "training panicked: {text}. This is a fault of the program: please report it. What was saved is kept: \
                 --resume goes on from the last checkpoint."
            )
        }
    };
    publisher.fail(why);
}

impl Publisher {
    /// The newest state with its phase replaced by the failure.
    fn fail(&self, why: String) {
        let mut last = self.latest();
        last.phase = Phase::Failed(why);
        self.publish(last);
    }
}
