//! One viewer of a run, as the training process sees it: two threads, one that tells it what is new and one that
//! hears what it asks for. What it does not take it finds merged later; what it takes too slowly ends it.

use super::{
    LinkError,
    frames::{FROM_VIEWER, TO_VIEWER},
    message::{Asked, State, Told},
    peer::{Ear, Mouth, greet},
    system::Peer,
};
use crate::{
    config::Config,
    engine::{
        Door, Handle, Wanted,
        message::{Command, Event, NeighbourSheet, Snapshot, StepRecord, ViewSheet},
    },
};
use std::{
    os::unix::net::UnixStream,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// News are looked for this often.
const TICK: Duration = Duration::from_millis(50);
/// So many records go into one message.
const RECORDS: usize = 2_000;

/// What the two threads share.
#[derive(Default)]
struct Shared {
    /// What the viewer looks at.
    wanted: Mutex<Wanted>,
    /// It is heard no more.
    gone: AtomicBool,
}

/// Lets a viewer in, if it is one, and serves it until it leaves.
pub fn serve(stream: UnixStream, door: &Door, editor: u64) {
    // Whoever does not even greet is not worth a word.
    let Ok((mouth, ear, peer)) = greet(stream, TO_VIEWER, FROM_VIEWER) else { return };
    door.tell(&Event::Note(format!("{peer} watches this run")));
    let shared = Arc::new(Shared::default());
    let handle = door.enter();
    let commands = Commands { door: door.clone(), shared: shared.clone(), editor, peer };
    let mut teller = Teller { mouth, handle, shared, config: None, views: None, neighbours: None };
    let listens = std::thread::Builder::new().name("looc-viewer-in".into()).spawn(move || commands.obey(ear));
    let ended = listens.map_err(LinkError::Io).and_then(|_| teller.tell());
    teller.mouth.close();
    if let Err(error @ (LinkError::Slow | LinkError::TooLong { .. })) = ended {
        door.tell(&Event::Note(format!("{peer} watches no more: {error}")));
    }
}

/// What the viewer asks for.
struct Commands {
    door: Door,
    shared: Arc<Shared>,
    editor: u64,
    peer: Peer,
}

impl Commands {
    fn obey(self, mut ear: Ear) {
        let why = loop {
            match ear.hear::<Asked>() {
                Ok(asked) => self.pass(asked),
                Err(why) => break why,
            }
        };
        self.shared.gone.store(true, Ordering::SeqCst);
        ear.close();
        if !matches!(why, LinkError::Gone) {
            self.door.tell(&Event::Note(format!("{} is heard no more: {why}", self.peer)));
        }
    }

    /// Puts a command into the engine's queue.
    fn pass(&self, asked: Asked) {
        let command = match asked.command {
            Command::Edit(edit) => Command::EditAt { edit, base: asked.revision, editor: self.editor },
            // Made from what its screen showed, which may be older than what had come by then.
            Command::EditAt { edit, base, .. } => Command::EditAt { edit, base, editor: self.editor },
            other => other,
        };
        // Held until it is in the queue: no answer comes before it is waited for.
        let mut wanted = self.shared.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.ask(&command);
        self.door.command(command);
    }
}

/// What the viewer is told.
struct Teller {
    mouth: Mouth,
    handle: Handle,
    shared: Arc<Shared>,
    /// What it knows.
    config: Option<Arc<Config>>,
    views: Option<Arc<ViewSheet>>,
    neighbours: Option<Arc<NeighbourSheet>>,
}

impl Teller {
    /// Tells what was, and then what is new, until one of the two ends.
    fn tell(&mut self) -> Result<(), LinkError> {
        let before = self.handle.records.drain();
        let now = self.handle.snapshot.borrow_and_update().clone();
        self.state(&now)?;
        self.records(&before)?;
        self.mouth.say(&Told::Live)?;
        while !self.shared.gone.load(Ordering::SeqCst) {
            // Asked before the last look: its last word is told too.
            let ended = self.handle.snapshot.has_changed().is_err();
            // Before the state: who hears of an event finds it there.
            let (records, events) = (self.handle.records.drain(), self.handle.events.drain());
            let news = {
                let newest = self.handle.snapshot.borrow_and_update();
                (newest.has_changed() || ended).then(|| newest.clone())
            };
            if let Some(now) = news {
                self.state(&now)?;
            }
            self.records(&records)?;
            if !events.is_empty() {
                self.mouth.say(&Told::Events(events))?;
            }
            if ended {
                break;
            }
            std::thread::sleep(TICK);
        }
        Ok(())
    }

    fn records(&mut self, records: &[StepRecord]) -> Result<(), LinkError> {
        records.chunks(RECORDS).try_for_each(|some| self.mouth.say(&Told::Records(some.to_vec())))
    }

    fn state(&mut self, now: &Snapshot) -> Result<(), LinkError> {
        let mut state = State { snapshot: now.clone(), ..State::default() };
        if !self.config.as_ref().is_some_and(|known| Arc::ptr_eq(known, &now.config)) {
            state.config = Some(now.config.to_yaml());
            self.config = Some(now.config.clone());
        }
        (state.views, state.neighbours) = self.pictures(now);
        match self.mouth.say(&Told::State(Box::new(state))) {
            // Pictures too large to be sent: the rest all the same.
            Err(LinkError::TooLong { .. }) => {
                let config = Some(now.config.to_yaml());
                let state = State { snapshot: now.clone(), config, ..State::default() };
                self.mouth.say(&Told::State(Box::new(state)))
            }
            said => said,
        }
    }

    /// What this viewer asked for, if it is new.
    fn pictures(&mut self, now: &Snapshot) -> (Option<Arc<ViewSheet>>, Option<Arc<NeighbourSheet>>) {
        let mut wanted = self.shared.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        for command in wanted.take(now) {
            // An engine that has gone shows itself in its state.
            let _ = self.handle.commands.send(command);
        }
        (news(&mut self.views, wanted.views.own()), news(&mut self.neighbours, wanted.neighbours.own()))
    }
}

/// What is another than was told.
fn news<T>(told: &mut Option<Arc<T>>, newest: Option<&Arc<T>>) -> Option<Arc<T>> {
    let newest = newest.filter(|it| !told.as_ref().is_some_and(|told| Arc::ptr_eq(told, it)))?;
    *told = Some(newest.clone());
    Some(newest.clone())
}
