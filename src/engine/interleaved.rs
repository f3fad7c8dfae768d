//! The mailbox and the line under many interleavings of their threads: the same source as the engine's, over
//! locks and channels behind which shuttle decides who goes on.
//!
//! The snapshot's channel is tokio's own and one step here: what is tried is when it is written and read between
//! all the others.

mod sync {
    pub use shuttle::sync::{Mutex, MutexGuard, mpsc};

    /// Runs a test that has one thread.
    pub fn alone(test: fn()) {
        shuttle::check_random(test, 1);
    }
}
use super::{history, message};
#[allow(dead_code, reason = "of what a viewer can do, these tests do a part")]
#[allow(clippy::duplicate_mod, reason = "over another `sync`")]
#[path = "handle.rs"]
mod handle;
#[allow(clippy::duplicate_mod, reason = "over another `sync`")]
#[path = "mailbox.rs"]
mod mailbox;

use handle::{Handle, line};
use mailbox::{Coalesce, Mailbox};
use message::{Command, Event, Snapshot, Span, StepRecord, ViewRequest};
use shuttle::{
    Config, Runner,
    scheduler::{PctScheduler, RandomScheduler},
    thread,
};
use std::sync::Arc;

/// Interleavings of each kind that a test is tried with.
const TIMES: usize = 10_000;

/// Runs a test under many interleavings: by chance, and by few changes of who goes first. How many there were.
fn explored(test: impl Fn() + Send + Sync + Clone + 'static) -> usize {
    let mut config = Config::new();
    // Whole snapshots are moved about.
    config.stack_size = 1 << 20;
    Runner::new(RandomScheduler::new(TIMES), config.clone()).run(test.clone())
        + Runner::new(PctScheduler::new(3, TIMES), config).run(test)
}

/// Neighbours as one: from, to.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Range(u32, u32);

impl Coalesce for Range {
    fn merge(self, later: Self) -> Self {
        assert_eq!(self.1 + 1, later.0, "merged with one that is no neighbour");
        Self(self.0, later.1)
    }
}

#[test]
fn nothing_that_is_put_in_is_lost_or_comes_twice() {
    const COUNT: u32 = 9;
    const BOUND: usize = 4;
    let tried = explored(|| {
        let shared = Arc::new(Mailbox::new(BOUND));
        let putting = shared.clone();
        let engine = thread::spawn(move || (0..COUNT).for_each(|at| putting.put(Range(at, at))));
        let mut seen = Vec::new();
        let mut look = || {
            let drained = shared.drain();
            assert!(drained.len() <= BOUND, "{drained:?}");
            seen.extend(drained);
        };
        (0..3).for_each(|_| look());
        engine.join().unwrap();
        look();
        assert_eq!((seen[0].0, seen[seen.len() - 1].1), (0, COUNT - 1));
        assert!(seen.windows(2).all(|two| two[0].1 + 1 == two[1].0), "{seen:?}");
    });
    assert_eq!(tried, 2 * TIMES);
}

fn snapshot(step: u64) -> Snapshot {
    Snapshot { step, ..Snapshot::default() }
}

fn record(step: u64) -> StepRecord {
    StepRecord { step, time: 0.0, values: vec![("loss".into(), Span::of(1.0))] }
}

/// What a viewer has been told.
#[derive(Default)]
struct Told {
    state: u64,
    steps: Vec<u64>,
    notes: Vec<u64>,
}

impl Told {
    /// Events, then the state that they are of: never an older one, nor than before.
    fn look(&mut self, viewer: &Handle) {
        for event in viewer.events.drain() {
            let Event::Note(step) = event else { panic!("{event:?}") };
            self.notes.push(step.parse().unwrap());
        }
        let state = viewer.snapshot.borrow().step;
        let last = self.notes.last().copied().unwrap_or(0);
        assert!(state >= self.state && state >= last, "{state} after {} and event {last}", self.state);
        self.state = state;
        self.steps.extend(viewer.records.drain().iter().map(|record| record.step));
    }
}

const STEPS: u64 = 4;

/// An engine, a viewer from the start, and one that comes at any moment.
fn watched(tell: fn(&handle::Publisher, u64)) {
    let (first, engine) = line(snapshot(0));
    let door = first.door();
    let engine = thread::spawn(move || (1..=STEPS).for_each(|step| tell(&engine, step)));
    let late = thread::spawn(move || {
        let (viewer, mut told) = (door.enter(), Told::default());
        told.look(&viewer);
        (viewer, told)
    });
    let mut told = Told::default();
    (0..3).for_each(|_| told.look(&first));
    engine.join().unwrap();
    told.look(&first);
    assert_eq!((told.state, &told.notes), (STEPS, &told.steps), "who was there from the start is told all");
    let all: Vec<u64> = (1..=STEPS).collect();
    assert_eq!(told.steps, all);
    let (viewer, mut told) = late.join().unwrap();
    told.look(&viewer);
    assert_eq!((told.state, told.steps), (STEPS, all), "the course so far, then the rest, each step once");
    assert!(
        told.notes.iter().rev().copied().eq((1..=STEPS).rev().take(told.notes.len())),
        "{:?}",
        told.notes
    );
}

fn state_first(engine: &handle::Publisher, step: u64) {
    engine.publish(snapshot(step));
    engine.record(record(step));
    engine.event(Event::Note(step.to_string()));
}

#[test]
fn every_viewer_is_told_everything_once_and_in_order() {
    explored(|| watched(state_first));
}

/// The control: an engine that tells of a step before its state is found out.
#[test]
fn an_event_before_its_state_is_found_out() {
    let event_first = |engine: &handle::Publisher, step: u64| {
        engine.event(Event::Note(step.to_string()));
        engine.publish(snapshot(step));
        engine.record(record(step));
    };
    let found = std::panic::catch_unwind(|| explored(move || watched(event_first)));
    assert!(found.is_err(), "no interleaving shows it: the test has lost its eyes");
}

#[test]
fn the_commands_of_each_viewer_come_in_order_and_none_is_lost() {
    const EACH: u64 = 4;
    explored(|| {
        let (first, engine) = line(snapshot(0));
        let viewers = [first.door(), first.door()].into_iter().enumerate();
        let sending = viewers.map(|(index, door)| {
            thread::spawn(move || {
                (0..EACH).for_each(|draw| door.command(Command::Views(ViewRequest { index, draw })));
            })
        });
        let sending: Vec<_> = sending.collect();
        let mut next = [0; 2];
        while next != [EACH; 2] {
            let Ok(Command::Views(ViewRequest { index, draw })) = engine.commands.recv() else { panic!() };
            assert_eq!(draw, next[index]);
            next[index] += 1;
        }
        sending.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(engine.commands.try_recv().is_err());
    });
}
