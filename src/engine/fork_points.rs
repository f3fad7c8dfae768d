//! Where a run can be forked: at each of its checkpoints.

use super::{At, EngineError, saving::Facts};
use crate::run::{History, RunError, Turn, checkpoint, journal};
use std::path::Path;

/// A checkpoint that a run can be forked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkPoint {
    /// What [`super::fork`] takes for it.
    pub at: At,
    /// Steps done.
    pub step: u64,
    /// The edit that was made next, if it was made just there: to fork here is to go back to before it.
    pub before: Option<Turn>,
}

/// The checkpoints of a run, newest first. One whose manifest is damaged is left out. The run may be training.
///
/// # Errors
/// What is wrong with the run; the system's.
pub fn fork_points(run: &Path) -> Result<Vec<ForkPoint>, EngineError> {
    let checkpoints = checkpoint::all(run)?;
    let history = History::of(&journal::read(&run.join(journal::JOURNAL))?);
    let mut points = Vec::new();
    for path in checkpoints.iter().rev() {
        let (step, facts) = match checkpoint::facts(path) {
            Err(RunError::BadCheckpoint { .. }) => continue,
            found => found?,
        };
        let revision = Facts::read(facts)?.revision;
        let next = history.edits.iter().find(|edit| (edit.step, edit.revision) == (step, revision + 1));
        points.push(match next {
            Some(edit) => {
                let (path, from, to) = (edit.path.clone(), edit.from.clone(), edit.to.clone());
                ForkPoint { at: At::Edit(edit.revision), step, before: Some(Turn::Edit { path, from, to }) }
            }
            None => ForkPoint { at: At::Step(step), step, before: None },
        });
    }
    Ok(points)
}
