//! A viewer's end: a line to an engine in another process.

use super::{
    LinkError, PATIENCE, address,
    frames::{FROM_VIEWER, TO_VIEWER},
    message::{Asked, Told},
    peer::{Ear, Mouth, greet},
};
use crate::{
    engine::{
        Handle, Publisher, line,
        message::{Command, Event, Phase, Snapshot, StepRecord},
    },
    run::{self, journal},
};
use std::{
    mem,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, channel},
    },
};

/// Watches a run that another process trains. The course until now and the edits in it are there at once; when the
/// connection ends before the run does, the state says so ([`Phase::Lost`]).
///
/// # Errors
/// [`LinkError::NotTrained`], [`LinkError::Deaf`], [`LinkError::Version`]; whatever else comes between.
pub fn attach(run: &Path) -> Result<Handle, LinkError> {
    let (mouth, mut ear) = connect(run)?;
    let first = first(&mut ear, run)?;
    let revision = first.revision;
    let (handle, mut publisher) = line(first);
    let (manifest, records) = (run::Manifest::read(run)?, journal::read(&run.join(journal::JOURNAL))?);
    for (step, turn) in run::turns(&manifest, &records, revision) {
        publisher.event(Event::Recalled { step, turn });
    }
    loop {
        match ear.hear_within(PATIENCE)? {
            Told::Live => break,
            other => take(&publisher, run, other)?,
        }
    }
    let (_, none) = channel();
    let commands = mem::replace(&mut publisher.commands, none);
    let known = Arc::new(Known { revision: AtomicU64::new(revision), left: AtomicBool::new(false) });
    let (shared, path) = (known.clone(), run.to_path_buf());
    let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
        std::thread::Builder::new().name(name.into()).spawn(work).map(|_| ())
    };
    spawn("looc-link-in", Box::new(move || follow(ear, &publisher, &path, &shared)))?;
    spawn("looc-link-out", Box::new(move || pass_on(mouth, &commands, &known)))?;
    Ok(handle)
}

/// Asks the process that trains a run to write a checkpoint and to end; waits until it says that it has. The run's lock
/// may be held a moment longer.
///
/// # Errors
/// As [`attach`]; [`LinkError::Gone`] if it ended without a word.
pub fn stop(run: &Path) -> Result<Phase, LinkError> {
    let (mut mouth, mut ear) = connect(run)?;
    let revision = first(&mut ear, run)?.revision;
    mouth.say(&Asked { command: Command::Stop, revision })?;
    let mut last = Phase::default();
    loop {
        match ear.hear() {
            Ok(Told::State(state)) => last = state.snapshot.phase,
            Ok(_) => {}
            Err(LinkError::Gone) if ended(&last) => return Ok(last),
            Err(error) => return Err(error),
        }
    }
}

fn connect(run: &Path) -> Result<(Mouth, Ear), LinkError> {
    run::Manifest::read(run)?;
    let stream = address::connect(run).map_err(|why| match run::holder(run) {
        Some(holder) => LinkError::Deaf { run: run.to_path_buf(), holder, why },
        None => LinkError::NotTrained(run.to_path_buf()),
    })?;
    let (mouth, ear, _) = greet(stream, FROM_VIEWER, TO_VIEWER)?;
    Ok((mouth, ear))
}

/// The state comes first.
fn first(ear: &mut Ear, run: &Path) -> Result<Snapshot, LinkError> {
    match ear.hear_within(PATIENCE)? {
        Told::State(state) => here(*state, run, &Snapshot::default()),
        _ => Err(LinkError::Garbage("no state at first".into())),
    }
}

/// The state as this process sees it: the run may lie on another path from here.
fn here(state: super::message::State, run: &Path, before: &Snapshot) -> Result<Snapshot, LinkError> {
    let state = state.after(before).map_err(|error| LinkError::Garbage(error.to_string()))?;
    Ok(Snapshot { run: Some(PathBuf::from(run)), ..state })
}

fn ended(phase: &Phase) -> bool {
    matches!(phase, Phase::Finished | Phase::Stopped | Phase::Failed(_))
}

/// Takes in what the run tells.
fn take(publisher: &Publisher, run: &Path, told: Told) -> Result<(), LinkError> {
    match told {
        Told::State(state) => publisher.publish(here(*state, run, &publisher.latest())?),
        Told::Records(records) => records.into_iter().for_each(|it: StepRecord| publisher.record(it)),
        Told::Events(events) => events.into_iter().for_each(|it| publisher.event(it)),
        Told::Live => {}
    }
    Ok(())
}

/// What both directions know.
struct Known {
    /// Edits in force in the newest state.
    revision: AtomicU64,
    /// The viewer wants no more.
    left: AtomicBool,
}

/// Takes in everything until the connection ends.
fn follow(mut ear: Ear, publisher: &Publisher, run: &Path, known: &Known) {
    let why = loop {
        let taken = ear.hear().and_then(|told| take(publisher, run, told));
        known.revision.store(publisher.latest().revision, Ordering::SeqCst);
        if let Err(why) = taken {
            break why;
        }
    };
    ear.close();
    let last = publisher.latest();
    if !ended(&last.phase) && !known.left.load(Ordering::SeqCst) {
        let text = match why {
            LinkError::Gone => "the process that trains it has gone, or has closed this connection".into(),
            other => other.to_string(),
        };
        publisher.event(Event::Warning(format!("the connection to the run is lost: {text}")));
        publisher.publish(Snapshot { phase: Phase::Lost(text), ..last });
    }
}

/// Passes the viewer's commands on, until it leaves or nobody takes them.
fn pass_on(mut mouth: Mouth, commands: &Receiver<Command>, known: &Known) {
    for command in commands {
        let asked = Asked { command, revision: known.revision.load(Ordering::SeqCst) };
        if mouth.say(&asked).is_err() {
            return mouth.close();
        }
    }
    known.left.store(true, Ordering::SeqCst);
    mouth.close();
}
