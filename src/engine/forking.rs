//! A run of its own that begins with another run's checkpoint.

use super::{EngineError, edits, saving::Facts};
use crate::{
    config::{self, Config},
    run::{
        self, Checkpoint, Edited, Entry, Fork, History, Manifest, RunError, StopReason, checkpoint, journal,
    },
};
use std::path::{Path, PathBuf};

/// Where a run is forked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// At its newest checkpoint.
    Newest,
    /// At the newest one at or before this step.
    Step(u64),
    /// At the one that was written just before this edit, counted from 1.
    Edit(u64),
}

/// What came of it.
#[derive(Debug)]
pub struct Forked {
    pub path: PathBuf,
    /// Steps done.
    pub step: u64,
    /// Steps to do in all, as the parent was to.
    pub steps: Option<u64>,
    /// Checkpoints that could not be used.
    pub warnings: Vec<String>,
}

/// Makes a child of `parent` at `child`; without that, in the next free number beside it. Each of `changes`,
/// such as `optimizer.lr=0.01`, becomes an edit at the fork's step. The parent may be training and is not
/// touched.
///
/// # Errors
/// [`EngineError::NoFork`] where there is no checkpoint for `at`, or a change is of what is fixed; what is
/// wrong with the parent; the system's.
pub fn fork(parent: &Path, at: At, child: Option<&Path>, changes: &[String]) -> Result<Forked, EngineError> {
    let manifest = Manifest::read(parent)?;
    // The checkpoint first: whatever happened before it is in the journal by now.
    let (mut checkpoint, warnings) = choose(parent, at)?;
    let records = journal::read(&parent.join(journal::JOURNAL))?;
    let history = History::of(&records);
    let facts = Facts::of(&checkpoint)?;
    let inherited = run::turns(&manifest, &records, facts.revision);
    let inherited = inherited.into_iter().map(|(step, turn)| (step, Entry::Inherited { turn }));
    let step = checkpoint.step;
    let steps = history.steps_at(step);
    let config = Config::parse(&checkpoint.config_yaml, "the checkpoint's config", &[])?;
    let edits = edits_of(parent, &config, changes)?;
    let start = |steps| {
        let (version, compute) = (env!("CARGO_PKG_VERSION").into(), String::new());
        Entry::Start { version, build: None, steps, compute, threads: None, data: None }
    };
    let stop = Entry::Stop { reason: StopReason::Stopped, why: None };
    let own = steps.map(start).into_iter().chain(edits).chain([stop]).map(|entry| (step, entry));
    let entries = inherited.chain(own).collect();
    // Its edits count from here, and it goes on with whatever computes then.
    let facts =
        Facts { counts: facts.counts, generations: facts.generations, time: facts.time, ..Facts::default() };
    (checkpoint.facts, checkpoint.config_yaml) = (facts.map()?, config.to_yaml());
    let path = match child {
        Some(path) => path.to_path_buf(),
        None => run::default_path(beside(parent))?,
    };
    let config_hash = config.hash();
    let fork =
        Fork { parent, checkpoint: &checkpoint, config_hash: &config_hash, seed: manifest.seed, entries };
    if let Err(error) = fork.make(&path) {
        if child.is_none() {
            // The number that was taken is given back; what is not empty stays.
            let _ = std::fs::remove_dir(&path);
        }
        return Err(error.into());
    }
    Ok(Forked { path, step, steps, warnings })
}

/// The folder that a run lies in.
fn beside(run: &Path) -> &Path {
    run.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn choose(parent: &Path, at: At) -> Result<(Checkpoint, Vec<String>), EngineError> {
    let step = match at {
        At::Newest => u64::MAX,
        At::Step(step) => step,
        At::Edit(number) => return before_edit(parent, number),
    };
    let found = run::newest_until(parent, step)?;
    found.ok_or_else(|| {
        let path = parent.to_path_buf();
        match checkpoint::steps(parent) {
            Ok(there) if !there.is_empty() => RunError::NoSuchCheckpoint { path, step, there }.into(),
            Ok(_) => RunError::NoCheckpoint(path).into(),
            Err(error) => error.into(),
        }
    })
}

/// The checkpoint that was written just before an edit.
fn before_edit(parent: &Path, number: u64) -> Result<(Checkpoint, Vec<String>), EngineError> {
    let history = History::of(&journal::read(&parent.join(journal::JOURNAL))?);
    let no_fork = |why| EngineError::NoFork { run: parent.to_path_buf(), why };
    let Some(edit) = history.edits.iter().find(|edit| edit.revision == number) else {
        let why = match history.edits.last() {
            Some(last) => format!("it has no edit {number}: they count from 1 to {}", last.revision),
            None => format!("it has no edit {number}, nor any other"),
        };
        return Err(no_fork(why));
    };
    let mut warnings = Vec::new();
    for path in checkpoint::all_of_step(parent, edit.step)? {
        match checkpoint::load(&path) {
            Ok(found) if Facts::of(&found)?.revision == number - 1 => return Ok((found, warnings)),
            Ok(_) => {}
            Err(error @ RunError::BadCheckpoint { .. }) => warnings.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    Err(no_fork(missing(edit, &checkpoint::steps(parent)?, &warnings)))
}

/// Why there is no checkpoint before an edit.
fn missing(edit: &Edited, there: &[u64], damaged: &[String]) -> String {
    let Edited { step, path, revision, .. } = edit;
    let what = format!("edit {revision} ({path}, at step {step})");
    if let [damage, ..] = damaged {
        return format!("the checkpoint before {what} cannot be used: {damage}");
    }
    let there = match there {
        [] => "it has none now".into(),
        there => {
            let steps: Vec<String> = there.iter().map(u64::to_string).collect();
            format!("it has those of {}; --at takes one of them", steps.join(", "))
        }
    };
    if edit.is_structural() {
        format!(
            "the checkpoint before {what} is not there any more, for those of the last four such edits stay: {there}"
        )
    } else {
        format!(
            "no checkpoint was written before {what}: only one that gives or takes a head has one; {there}"
        )
    }
}

/// The changes as edits, one after the other.
fn edits_of(parent: &Path, config: &Config, changes: &[String]) -> Result<Vec<Entry>, EngineError> {
    let (mut now, mut edits) = (config.clone(), Vec::new());
    for change in changes {
        let (path, value) = config::assignment(change)?;
        config::live(&path).map_err(|why| {
            let why = format!("--set {path}: {why}");
            EngineError::NoFork { run: parent.to_path_buf(), why }
        })?;
        let next = now.edited(&path, &value)?;
        if next != now {
            edits.push(edits::entry(&now, &next, &path, edits.len() as u64 + 1));
            now = next;
        }
    }
    Ok(edits)
}
