//! The ends of the line between the training thread and its viewers.

use super::{
    history::History,
    mailbox::{Coalesce, Mailbox},
    message::{Command, Event, Snapshot, StepRecord},
    sync::{Mutex, MutexGuard, mpsc},
};
use std::sync::{Arc, PoisonError, Weak};
use tokio::sync::watch;

/// The figures of so many steps are kept apart for a viewer that does not read; then they merge.
const RECORDS: usize = 65_536;
/// So many events wait for a viewer; then the older half is thinned out (all are in the run's log).
const EVENTS: usize = 4_096;

/// A viewer's end.
pub struct Handle {
    /// Commands to the engine, in order.
    pub commands: mpsc::Sender<Command>,
    /// The newest state. `changed()` wakes when there is a newer one.
    pub snapshot: watch::Receiver<Arc<Snapshot>>,
    /// Figures of the steps since the last drain.
    pub records: Arc<Mailbox<StepRecord>>,
    /// What happened since the last drain.
    pub events: Arc<Mailbox<Event>>,
    viewers: Arc<Viewers>,
}

/// Where further viewers come in.
#[derive(Clone)]
pub struct Door {
    commands: mpsc::Sender<Command>,
    /// The newest state.
    pub snapshot: watch::Receiver<Arc<Snapshot>>,
    viewers: Arc<Viewers>,
}

/// The engine's end. Nothing here waits.
pub struct Publisher {
    /// Commands from the viewers; disconnected when all have gone.
    pub commands: mpsc::Receiver<Command>,
    snapshot: watch::Sender<Arc<Snapshot>>,
    viewers: Arc<Viewers>,
}

/// Everybody who is told, and what those who come later are told first.
#[derive(Default)]
struct Viewers(Mutex<Told>);

type Boxes = (Weak<Mailbox<StepRecord>>, Weak<Mailbox<Event>>);

#[derive(Default)]
struct Told {
    history: History,
    /// Gone when the viewer has.
    boxes: Vec<Boxes>,
}

/// A line between an engine and a first viewer.
pub fn line(first: Snapshot) -> (Handle, Publisher) {
    let (commands, receive) = mpsc::channel();
    let (publish, snapshot) = watch::channel(Arc::new(first));
    let viewers = Arc::new(Viewers::default());
    let door = Door { commands, snapshot, viewers: viewers.clone() };
    (door.enter(), Publisher { commands: receive, snapshot: publish, viewers })
}

impl Handle {
    /// Where others can come in.
    pub fn door(&self) -> Door {
        let Self { commands, snapshot, viewers, .. } = self;
        Door { commands: commands.clone(), snapshot: snapshot.clone(), viewers: viewers.clone() }
    }
}

impl Door {
    /// One more viewer. What was told before of the run's course awaits it.
    pub fn enter(&self) -> Handle {
        let (records, events) = (Arc::new(Mailbox::new(RECORDS)), Arc::new(Mailbox::new(EVENTS)));
        let mut told = self.viewers.lock();
        told.history.all().into_iter().for_each(|record| records.put(record));
        told.boxes.push((Arc::downgrade(&records), Arc::downgrade(&events)));
        drop(told);
        let Self { commands, snapshot, viewers } = self.clone();
        Handle { commands, snapshot, records, events, viewers }
    }

    /// Asks the engine for something; one that has gone shows itself in its state.
    pub fn command(&self, command: Command) {
        let _ = self.commands.send(command);
    }

    /// Tells every viewer of something beside training.
    pub fn tell(&self, event: &Event) {
        self.viewers.event(event);
    }
}

impl Viewers {
    /// A panic elsewhere leaves whole vectors behind, so a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, record: StepRecord) {
        let mut told = self.lock();
        told.boxes.retain(|(records, _)| records.upgrade().map(|it| it.put(record.clone())).is_some());
        told.history.put(record);
    }

    fn event(&self, event: &Event) {
        let told = self.lock();
        told.boxes.iter().filter_map(|(_, events)| events.upgrade()).for_each(|it| it.put(event.clone()));
    }
}

impl Publisher {
    /// Replaces the newest state.
    pub fn publish(&self, snapshot: Snapshot) {
        self.snapshot.send_replace(Arc::new(snapshot));
    }

    /// The state that was last published.
    pub fn latest(&self) -> Snapshot {
        Snapshot::clone(&self.snapshot.borrow())
    }

    /// Adds a step's figures.
    pub fn record(&self, record: StepRecord) {
        self.viewers.record(record);
    }

    /// Adds an event.
    pub fn event(&self, event: Event) {
        self.viewers.event(&event);
    }
}

impl Coalesce for Event {
    fn merge(self, later: Self) -> Self {
        // What needs attention outlives what does not.
        match (&self, &later) {
            (Self::Note(_) | Self::Saved { .. }, _) => later,
            _ => self,
        }
    }
}

impl Coalesce for StepRecord {
    fn merge(self, later: Self) -> Self {
        let mut values = self.values;
        for (tag, span) in later.values {
            match values.iter_mut().find(|(known, _)| *known == tag) {
                Some((_, older)) => *older = older.then(span),
                None => values.push((tag, span)),
            }
        }
        // A measurement is of a step that lies back.
        Self { step: self.step.max(later.step), time: self.time.max(later.time), values }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sync, *};
    use crate::engine::message::Span;

    fn record(step: u64) -> StepRecord {
        StepRecord { step, time: 0.0, values: vec![("loss".into(), Span::of(1.0))] }
    }

    #[test]
    fn who_comes_later_is_told_the_course_and_then_everything_once() {
        sync::alone(|| {
            let (first, engine) = line(Snapshot::default());
            engine.record(record(1));
            let second = first.door().enter();
            engine.record(record(2));
            engine.event(Event::Note("a".into()));
            for viewer in [&first, &second] {
                let steps: Vec<u64> = viewer.records.drain().iter().map(|record| record.step).collect();
                assert_eq!(steps, [1, 2]);
                assert_eq!(viewer.events.drain(), [Event::Note("a".into())]);
            }
            drop(first);
            engine.record(record(3));
            assert_eq!(engine.viewers.lock().boxes.len(), 1, "who has gone costs nothing");
            assert!(second.commands.send(Command::Stop).is_ok());
            drop(engine);
            assert!(second.snapshot.has_changed().is_err(), "a viewer sees that the engine has gone");
        });
    }
}
