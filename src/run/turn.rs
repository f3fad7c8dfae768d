//! The turns in a run's course: what was changed while it trained, and where it parted from another run.

use super::{Entry, Manifest, Record};
use serde::{Deserialize, Serialize};

/// What turned a run's course at a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Turn {
    /// A value was changed; text as in `--set`.
    Edit { path: String, from: String, to: String },
    /// The run parted from the run of this name, whose course it has up to there.
    Fork { of: String },
}

/// The turns up to and with the edit of this revision, each with its step, in order: those that a forked run
/// has from its parent, the fork, and its own.
pub fn turns(manifest: &Manifest, records: &[Record], revision: u64) -> Vec<(u64, Turn)> {
    let inherited = records.iter().filter_map(|record| match &record.entry {
        Entry::Inherited { turn } => Some((record.step, turn.clone())),
        _ => None,
    });
    let fork = manifest.parent.iter().map(|it| (it.step, Turn::Fork { of: it.name().to_owned() }));
    let own = records.iter().filter_map(|record| match &record.entry {
        Entry::Edit { path, from, to, revision: own, .. } if *own <= revision => {
            let (path, from, to) = (path.clone(), from.clone(), to.clone());
            Some((record.step, Turn::Edit { path, from, to }))
        }
        _ => None,
    });
    inherited.chain(fork).chain(own).collect()
}
