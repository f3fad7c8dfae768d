//! The run itself: its process, and its directory, as the model finds them.

use super::{
    common::config,
    course::{Course, LIVE, REFUSED, Torn, Transition, value},
    record::copy,
};
use looc::{
    engine::{
        self, Handle, Job, Place, Replaying,
        message::{Command, Edit, Event, Phase, Snapshot},
    },
    run::{checkpoint, journal},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64, atomic::Ordering::Relaxed},
    thread::{JoinHandle, sleep},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// As small as a run with two heads, queues and BatchNorm can be.
const TINY: &[&str] = &[
    "data.train=24",
    "data.held_out=4",
    "data.size=8",
    "model.width=4",
    "model.blocks=1",
    "model.dim=4",
    "model.bn_splits=1",
    "contrast.queue=16",
    "train.batch=8",
    "train.threads=1",
    "eval.every=0",
    "eval.images=2",
];
const STEPS: u64 = 1_000_000;
const PATIENCE: Duration = Duration::from_secs(300);

/// What was tried in all.
pub struct Tally {
    pub all: AtomicU64,
    pub edits: AtomicU64,
    pub kills: AtomicU64,
    /// Kills and stops after which it went on.
    pub resumed: AtomicU64,
}

pub static TALLY: Tally = Tally {
    all: AtomicU64::new(0),
    edits: AtomicU64::new(0),
    kills: AtomicU64::new(0),
    resumed: AtomicU64::new(0),
};

struct Process {
    handle: Handle,
    thread: JoinHandle<()>,
}

/// A run that rests between two transitions.
pub struct Run {
    folder: TempDir,
    /// Directories that there were.
    count: u32,
    path: PathBuf,
    process: Process,
    /// Bits of the loss of each step of the course that holds.
    losses: BTreeMap<u64, u32>,
}

impl Process {
    /// Starts and rests before its first step, with what is pending at it made again; or why it cannot start.
    /// How many steps it makes before it hears that it is to rest is not foreseen.
    fn start(place: Place) -> Result<Self, String> {
        let set: Vec<String> = LIVE.iter().map(|(path, values)| format!("{path}={}", values[0])).collect();
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let config = config(&[TINY, &set].concat());
        let (handle, thread) =
            engine::start(Job { config, place, steps: Some(STEPS), attended: false }).unwrap();
        let process = Self { handle, thread };
        // One that has failed already does not listen.
        let _ = process.handle.commands.send(Command::Pause);
        let now = process.until(|now| matches!(now.phase, Phase::Paused | Phase::Failed(_)));
        match &now.phase {
            Phase::Failed(why) => Err(why.clone()),
            _ => Ok(process),
        }
    }

    fn now(&self) -> Arc<Snapshot> {
        self.handle.snapshot.borrow().clone()
    }

    fn until(&self, reached: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let since = Instant::now();
        loop {
            let now = self.now();
            if reached(&now) {
                return now;
            }
            assert!(since.elapsed() < PATIENCE, "{:?} at step {}", now.phase, now.step);
            sleep(Duration::from_micros(200));
        }
    }

    /// Sends a command and waits for the event that answers it.
    fn ask(&self, command: Command, answers: impl Fn(&Event) -> bool) -> Event {
        self.handle.events.drain().iter().for_each(calm);
        self.handle.commands.send(command).unwrap();
        let since = Instant::now();
        loop {
            let events = self.handle.events.drain();
            events.iter().for_each(calm);
            if let Some(answer) = events.into_iter().find(&answers) {
                return answer;
            }
            assert!(since.elapsed() < PATIENCE, "no answer");
            sleep(Duration::from_micros(200));
        }
    }

    fn stop(self) {
        let _ = self.handle.commands.send(Command::Stop);
        self.thread.join().unwrap();
    }
}

/// Nothing that is done to these runs is worth a warning: a state that came out otherwise is one.
fn calm(event: &Event) {
    assert!(!matches!(event, Event::Warning(_)), "{event:?}");
}

impl Run {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (path, process) = begin(folder.path(), 1);
        Self { folder, count: 1, path, process, losses: BTreeMap::new() }
    }

    /// Does it, and looks at what is told of it.
    pub fn make(&mut self, transition: &Transition, expected: &Course) {
        TALLY.all.fetch_add(1, Relaxed);
        match transition {
            Transition::Step => {
                // A step may be shown before the checkpoint of it is there.
                let saved = expected.checkpoints.last().is_some_and(|(step, _)| *step == expected.step);
                if saved {
                    drop(self.process.ask(Command::StepOnce, |it| matches!(it, Event::Saved { .. })));
                } else {
                    self.process.handle.commands.send(Command::StepOnce).unwrap();
                }
                let reached =
                    |now: &Snapshot| (now.step, now.revision as usize) == (expected.step, expected.revision);
                let loss = self.process.until(reached).loss.unwrap().to_bits();
                let known = *self.losses.entry(expected.step).or_insert(loss);
                assert_eq!(known, loss, "step {} has another loss than before the kill", expected.step);
            }
            Transition::Edit(at, which) => {
                let (path, values) = LIVE[*at];
                self.edit(path, value(values[*which]), expected);
            }
            Transition::Refused(at) => {
                let (path, text) = REFUSED[*at];
                self.edit(path, value(text), expected);
            }
            Transition::Save => {
                drop(self.process.ask(Command::Checkpoint, |it| matches!(it, Event::Saved { .. })));
            }
            Transition::Stop => self.resume(None, expected),
            Transition::Kill(torn) => {
                TALLY.kills.fetch_add(1, Relaxed);
                self.resume(Some(*torn), expected);
            }
        }
    }

    fn edit(&mut self, path: &str, value: Value, expected: &Course) {
        let edit = Edit { path: path.into(), value };
        let answer = self.process.ask(Command::Edit(edit), |it| match it {
            Event::Edited { path: of, .. } | Event::Refused { path: of, .. } => of == path,
            _ => false,
        });
        assert_eq!(matches!(answer, Event::Refused { .. }), expected.refused, "{answer:?}");
        if !expected.refused {
            TALLY.edits.fetch_add(1, Relaxed);
            self.losses.retain(|step, _| *step <= expected.step);
        }
    }

    /// Another process goes on with it: after a kill, which leaves `torn`; or after it was told to stop.
    fn resume(&mut self, torn: Option<Torn>, expected: &Course) {
        let left = self.folder.path().join("left");
        match torn {
            Some(torn) => {
                copy(&self.path, &left);
                tear(&left, torn);
                // What the old process does from here on is not seen by anybody.
                fs::remove_dir_all(&self.path).unwrap();
            }
            None => self.process.ask_to_stop(),
        }
        let (old, path) = (self.path.clone(), |count: u32| self.folder.path().join(format!("run-{count}")));
        if torn.is_none() {
            fs::rename(&old, &left).unwrap();
        }
        self.count += 1;
        TALLY.resumed.fetch_add(1, Relaxed);
        let next = path(self.count);
        let process = at_step(expected.step, || {
            if next.exists() {
                fs::remove_dir_all(&next).unwrap();
            }
            copy(&left, &next);
            Place::Resume(next.clone())
        });
        std::mem::replace(&mut self.process, process).stop();
        self.path = next;
        fs::remove_dir_all(left).unwrap();
    }

    /// What the process says and what is on the disk are the model's.
    pub fn agrees(&self, expected: &Course) {
        let now = self.process.now();
        assert_eq!(
            (&now.phase, now.step, now.revision),
            (&Phase::Paused, expected.step, expected.revision as u64)
        );
        for (path, _) in LIVE {
            assert_eq!(now.config.get(path), Some(expected.value(path)), "{path}");
        }
        let steps: Vec<u64> = expected.checkpoints.iter().map(|(step, _)| *step).collect();
        assert_eq!(checkpoint::steps(&self.path).unwrap(), steps);
        let records = journal::read(&self.path.join(journal::JOURNAL)).unwrap();
        let edits = records.into_iter().filter_map(|record| match record.entry {
            journal::Entry::Edit { path, to, revision, .. } => {
                Some((record.step, path, journal::value(&to), revision as usize))
            }
            _ => None,
        });
        let acknowledged = expected.edits.iter().enumerate().map(|(at, edit)| {
            let (path, value) = (edit.path.to_owned(), edit.value.clone());
            (edit.step, path, value, at + 1)
        });
        assert_eq!(edits.collect::<Vec<_>>(), acknowledged.collect::<Vec<_>>());
    }

    /// Never killed, with the same edits at the same steps, it comes to the same bits: the replay makes it so.
    pub fn ends_as_recorded(mut self, expected: &Course) {
        self.process.ask_to_stop();
        let into = self.folder.path().join("again");
        let task = Replaying { run: self.path.clone(), until: None, into, keep: false, threads: None };
        let (_handle, thread) = engine::replay(task).unwrap_or_else(|error| panic!("{error}"));
        let verdict = thread.join().unwrap().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(verdict.difference, None);
        assert_eq!((verdict.steps, verdict.edits), (expected.step, expected.revision as u64));
        assert!(verdict.states > 0 && verdict.changed.is_empty(), "{verdict:?}");
        self.process.stop();
    }
}

impl Process {
    /// Waits until it has stopped by itself.
    fn ask_to_stop(&mut self) {
        self.handle.commands.send(Command::Stop).unwrap();
        drop(self.until(|now| now.phase == Phase::Stopped));
        // The directory's lock is given back with the thread.
        let thread = std::mem::replace(&mut self.thread, std::thread::spawn(|| ()));
        thread.join().unwrap();
        self.handle.events.drain().iter().for_each(calm);
    }
}

/// A run of its own.
fn begin(folder: &Path, count: u32) -> (PathBuf, Process) {
    let path = folder.join(format!("run-{count}"));
    let process = at_step(0, || {
        if path.exists() {
            fs::remove_dir_all(&path).unwrap();
        }
        Place::New(path.clone())
    });
    (path, process)
}

/// Started, and at rest at that step: one that was quicker than its first command is started again.
fn at_step(step: u64, place: impl Fn() -> Place) -> Process {
    loop {
        let process = Process::start(place()).unwrap_or_else(|why| panic!("{why}"));
        let now = process.now().step;
        assert!(now >= step, "it goes on from step {now}, not {step}");
        if now == step {
            return process;
        }
        process.stop();
    }
}

/// Leaves a directory as a kill may leave it.
fn tear(run: &Path, torn: Torn) {
    let share = |whole: usize, share: u16| (whole * usize::from(share)).div_ceil(1000);
    let figures = run.join("metrics.jsonl");
    // Up to the newest checkpoint they were brought to the disk.
    let last = checkpoint::steps(run).unwrap().last().copied().unwrap_or(0);
    let text = fs::read_to_string(&figures).unwrap();
    let late = |line: &&str| {
        let row: Value = serde_json::from_str(line).unwrap();
        row["step"].as_u64().unwrap() > last
    };
    let lines: Vec<&str> = text.split_inclusive('\n').filter(|line| line.ends_with('\n')).collect();
    let kept = lines.iter().rposition(|line| !late(line)).map_or(0, |at| at + 1);
    let kept: usize = lines[..kept].iter().map(|line| line.len()).sum();
    let lost = share(text.len() - kept, torn.lost);
    fs::write(&figures, &text[..text.len() - lost]).unwrap();
    for (name, cut) in [("metrics.jsonl", torn.figures), ("journal.jsonl", torn.journal)] {
        let mut text = fs::read(run.join(name)).unwrap();
        let whole = text.strip_suffix(b"\n").unwrap_or_default();
        if whole.is_empty() {
            continue;
        }
        let line = whole.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = whole[line..].to_vec();
        text.extend_from_slice(&line[..share(line.len(), cut)]);
        fs::write(run.join(name), text).unwrap();
    }
    if torn.half_saved {
        let half = run.join("checkpoints/.step-00000099.tmp");
        fs::create_dir_all(&half).unwrap();
        fs::write(half.join("state.safetensors"), [7; 100]).unwrap();
    }
}
