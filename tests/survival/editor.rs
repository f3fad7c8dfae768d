//! Somebody who attaches to a run whenever it can be attached to, and edits it all the time.

use crate::{course::PATIENCE, tally::Tally};
use looc::{
    engine::{
        Handle,
        message::{Command, Edit, Event},
    },
    link,
    run::{Entry, journal},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// The one edit that comes again and again with the same values: it gives a head and takes it.
const HEAD: &str = "augment.rotation.head";

/// Its step, what, and the new value.
type Shown = (u64, String, String);

#[derive(Default)]
struct Shared {
    shown: Mutex<Vec<Shown>>,
    made: AtomicU64,
    leaves: AtomicBool,
}

/// Edits from a thread of its own until it leaves.
pub struct Editor {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Editor {
    pub fn of(run: PathBuf) -> Self {
        let shared = Arc::new(Shared::default());
        let own = shared.clone();
        let edits = move || {
            while !own.leaves.load(Ordering::SeqCst) {
                match link::attach(&run) {
                    Ok(handle) => own.edit(&handle),
                    Err(_) => thread::sleep(Duration::from_millis(2)),
                }
            }
        };
        Self { shared, thread: Some(thread::spawn(edits)) }
    }

    /// How many edits were shown as made so far.
    pub fn shown(&self) -> usize {
        self.shared.shown.lock().unwrap().len()
    }

    /// Leaves, and compares what it saw with the run's journal: each edit that it was shown stands there once.
    pub fn leave(mut self, run: &Path, tally: &mut Tally) {
        self.shared.leaves.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap();
        let mut recorded: BTreeMap<Shown, u64> = BTreeMap::new();
        let mut revisions = Vec::new();
        for record in journal::read(&run.join("journal.jsonl")).unwrap() {
            if let Entry::Edit { path, to, revision, .. } = record.entry {
                *recorded.entry((record.step, path, to)).or_default() += 1;
                revisions.push(revision);
            }
        }
        assert_eq!(revisions, (1..=revisions.len() as u64).collect::<Vec<_>>(), "an edit twice, or a gap");
        let mut shown = self.shared.shown.lock().unwrap();
        shown.sort();
        shown.dedup();
        tally.edits += shown.len() as u64;
        for edit in shown.iter() {
            match recorded.get(edit) {
                Some(1) => {}
                Some(_) if edit.1 == HEAD => {}
                count => tally.lost(&format!("{edit:?} was shown and stands there {count:?} times")),
            }
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.shared.leaves.store(true, Ordering::SeqCst);
    }
}

impl Shared {
    /// Another value each time, so that each edit is known again.
    fn next(&self) -> Edit {
        let n = self.made.fetch_add(1, Ordering::SeqCst);
        let small = (n % 100_000) as f64;
        let (path, value) = match n % 8 {
            0 => (HEAD, (n % 16 == 8).into()),
            1 | 4 => ("augment.color.p", (0.2 + small * 1e-6).into()),
            2 | 6 => ("contrast.temperature", (0.1 + small * 1e-6).into()),
            _ => ("optimizer.lr", (0.001 + small * 1e-7).into()),
        };
        Edit { path: path.into(), value }
    }

    /// One edit after the other, until the connection is lost.
    fn edit(&self, handle: &Handle) {
        self.take(handle.events.drain());
        while !self.leaves.load(Ordering::SeqCst) {
            if handle.commands.send(Command::Edit(self.next())).is_err() {
                return;
            }
            let since = Instant::now();
            // Shown or refused, as before the run has caught up with its journal.
            while !self.take(handle.events.drain()) {
                if handle.snapshot.has_changed().is_err() {
                    self.take(handle.events.drain());
                    return;
                }
                assert!(since.elapsed() < PATIENCE, "an edit without an answer");
                thread::sleep(Duration::from_millis(1));
            }
        }
    }

    /// Keeps what was shown; whether an answer was among it.
    fn take(&self, events: Vec<Event>) -> bool {
        let mut answered = false;
        for event in events {
            match event {
                Event::Edited { step, path, to, .. } => {
                    self.shown.lock().unwrap().push((step, path, to));
                    answered = true;
                }
                Event::Refused { .. } => answered = true,
                _ => {}
            }
        }
        answered
    }
}
