//! A run that is watched and steered from other processes of the same user, over a socket in its directory.
//!
//! [`serve`] stands beside the training thread and lets viewers in; [`attach`] is the other end, and gives a viewer
//! the same [`crate::engine::Handle`] that a screen in the training process has. What is said is in `message`, how
//! it is cut into frames in `frames`. The engine never waits for any of it.

mod address;
mod client;
mod frames;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzz;
mod message;
mod peer;
mod server;
mod system;
mod viewer;

pub use client::{attach, stop};
pub use server::{Server, serve};

use crate::text::{printable, printable_name};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The version of what is said over the socket.
const PROTOCOL: u32 = 1;
/// A greeting, and any message once it has begun, is there within this.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why two processes do not come together. Each message says what to do, where something can be done.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error(
        "{} is not being trained: there is nobody to attach to; `looc-tui runs` lists the runs, --resume trains one on",
        printable_name(.0.as_os_str())
    )]
    NotTrained(PathBuf),
    #[error(
        "{} is trained by {holder}, which does not listen: {why}; if it was started just now, try again",
        printable_name(run.as_os_str())
    )]
    Deaf { run: PathBuf, holder: crate::run::Holder, why: io::Error },
    #[error("the process at the other end is another user's")]
    Foreign,
    #[error(
        "the run is trained by looc-tui {theirs}, which speaks otherwise than this looc-tui {}: attach with that one",
        env!("CARGO_PKG_VERSION")
    )]
    Version { theirs: String },
    #[error("it said something that is no message: {}", printable(.0))]
    Garbage(String),
    #[error("a message of {bytes} bytes, where {bound} are the most")]
    TooLong { bytes: usize, bound: usize },
    #[error("it was silent, or did not listen, for {} seconds", PATIENCE.as_secs())]
    Slow,
    #[error("the connection has ended")]
    Gone,
    #[error("the connection fails: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Run(#[from] crate::run::RunError),
}

/// Whether somebody lets viewers in to this run now.
pub fn is_served(run: &Path) -> bool {
    address::connect(run).is_ok()
}
