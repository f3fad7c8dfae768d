//! A run's directory: what it holds, who may write it, and how it survives everything.
//!
//! ```text
//! manifest.json   what it is; written last, so a directory with it is a whole run   (manifest)
//! config.yaml     the configuration it started with                                 (dir)
//! journal.jsonl   what was done to it, in order                                     (journal)
//! metrics.jsonl   the figures of every step                                         (metrics)
//! lock            who writes it now                                                 (lock)
//! socket          where that process lets viewers in                                (link)
//! checkpoints/    step-00001234/{state.safetensors, config.yaml, manifest.json}     (checkpoint)
//! origin/         of a forked run: the checkpoint that it began with                (fork)
//! ```

pub mod checkpoint;
mod clock;
mod dir;
mod error;
mod fork;
mod history;
pub mod journal;
mod list;
mod lock;
mod manifest;
pub mod metrics;
mod metrics_row;
mod seal;
mod tensors;
mod turn;

/// What the fuzz targets reach for.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzz {
    pub use super::{
        seal::seal,
        tensors::{decode, encode},
    };
}
#[cfg(test)]
mod tests;

pub use checkpoint::Checkpoint;
pub use clock::utc;
pub use dir::{CONFIG, RunDir, config_yaml, default_path, newest, newest_until};
pub use error::RunError;
pub use fork::{Fork, origin};
pub use history::{Began, Edited, History};
pub use journal::{Entry, Journal, Record, StopReason};
pub use list::{State, Summary, list};
pub use lock::{Holder, Lock, SOCKET, holder};
pub use manifest::{Manifest, Parent};
pub use metrics::MetricsLog;
pub use turn::{Turn, turns};
