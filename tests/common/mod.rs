//! Training in a test: a run in a temporary folder, watched through the engine's own messages.

use looc::{
    config::Config,
    engine::{
        self, Handle, Job, Place,
        message::{Command, Event, Phase, Snapshot},
    },
    run::metrics::{self, Row},
};
use std::{
    path::Path,
    sync::Arc,
    thread::{JoinHandle, sleep},
    time::{Duration, Instant},
};

/// A model that learns within the patience of a test.
pub const SMALL: &[&str] = &[
    "data.train=2000",
    "data.held_out=300",
    "model.width=8",
    "train.batch=32",
    "contrast.queue=512",
    "model.bn_splits=2",
    "eval.every=0",
    "eval.images=200",
];

/// Longer than anything here takes, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// The quickstart with changes.
pub fn config(overrides: &[&str]) -> Config {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    Config::load(None, &overrides).unwrap_or_else(|error| panic!("{error}"))
}

/// Trains to the end.
pub fn train(config: Config, place: Place, steps: u64) -> Arc<Snapshot> {
    Watched::start(config, place, steps).join()
}

/// The log of a run.
pub fn rows(path: &Path) -> Vec<Row> {
    metrics::read(&path.join("metrics.jsonl")).unwrap()
}

/// A tag's values, in order.
pub fn series(rows: &[Row], tag: &str) -> Vec<f32> {
    rows.iter().flat_map(|row| &row.values).filter(|(it, _)| &**it == tag).map(|(_, value)| *value).collect()
}

/// What kind each line of a run's journal is.
pub fn journal_kinds(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path.join("journal.jsonl")).unwrap();
    let kind = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["kind"].as_str().unwrap().to_owned()
    };
    text.lines().map(kind).collect()
}

/// A run and its viewer.
pub struct Watched {
    handle: Handle,
    thread: JoinHandle<()>,
    events: Vec<Event>,
}

impl Watched {
    pub fn start(config: Config, place: Place, steps: u64) -> Self {
        Self::of(Job { config, place, steps: Some(steps), attended: false })
    }

    /// One that answers after its last step, until it is told to stop.
    pub fn attend(config: Config, place: Place, steps: u64) -> Self {
        Self::of(Job { config, place, steps: Some(steps), attended: true })
    }

    fn of(job: Job) -> Self {
        let (handle, thread) = engine::start(job).unwrap();
        Self { handle, thread, events: Vec::new() }
    }

    pub fn send(&self, command: Command) {
        self.handle.commands.send(command).expect("the engine listens");
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.handle.snapshot.borrow().clone()
    }

    /// Waits for a state.
    pub fn until(&mut self, reached: impl Fn(&Snapshot) -> bool) {
        let since = Instant::now();
        while !reached(&self.snapshot()) {
            if let Phase::Failed(why) = &self.snapshot().phase {
                panic!("{why}");
            }
            assert!(since.elapsed() < PATIENCE, "{:?}", self.snapshot().phase);
            sleep(Duration::from_millis(5));
        }
    }

    pub fn until_step(&mut self, step: u64) {
        self.until(|snapshot| snapshot.step >= step);
    }

    /// Waits for an event; what came before it is forgotten.
    pub fn until_event<T>(&mut self, pick: impl Fn(&Event) -> Option<T>) -> T {
        let since = Instant::now();
        loop {
            self.events.extend(self.handle.events.drain());
            if let Some(at) = self.events.iter().position(|event| pick(event).is_some()) {
                let found = pick(&self.events[at]).unwrap();
                self.events.drain(..=at);
                return found;
            }
            assert!(since.elapsed() < PATIENCE, "no such event");
            sleep(Duration::from_millis(5));
        }
    }

    /// The step at which an edit took effect.
    pub fn until_edited(&mut self, wanted: &str) -> u64 {
        self.until_event(|event| match event {
            Event::Edited { step, path, .. } if path == wanted => Some(*step),
            Event::Refused { path, why } if path == wanted => panic!("{path}: {why}"),
            _ => None,
        })
    }

    pub fn until_refused(&mut self, wanted: &str) -> String {
        self.until_event(|event| match event {
            Event::Refused { path, why } if path == wanted => Some(why.clone()),
            _ => None,
        })
    }

    /// Stops it, in good order.
    pub fn stop(self) -> Arc<Snapshot> {
        self.send(Command::Stop);
        let ended = self.join();
        assert_eq!(ended.phase, Phase::Stopped);
        ended
    }

    /// Waits for the end.
    pub fn join(self) -> Arc<Snapshot> {
        self.thread.join().unwrap();
        self.handle.snapshot.borrow().clone()
    }
}
