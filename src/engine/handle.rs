//! The two ends of the line between the training thread and its viewer.

use super::{
    mailbox::{Coalesce, Mailbox},
    message::{Command, Event, Snapshot, StepRecord},
};
use std::sync::{Arc, mpsc};
use tokio::sync::watch;

/// The figures of so many steps are kept apart for a viewer that does not read; then they merge.
const RECORDS: usize = 65_536;
/// So many events wait for a viewer; then the older half is thinned out (all are in the run's log).
const EVENTS: usize = 4_096;

/// The viewer's end.
pub struct Handle {
    /// Commands to the engine, in order.
    pub commands: mpsc::Sender<Command>,
    /// The newest state. `changed()` wakes when there is a newer one.
    pub snapshot: watch::Receiver<Arc<Snapshot>>,
    /// Figures of the steps since the last drain.
    pub records: Arc<Mailbox<StepRecord>>,
    /// What happened since the last drain.
    pub events: Arc<Mailbox<Event>>,
}

/// The engine's end. Nothing here waits.
pub struct Publisher {
    /// Commands from the viewer; disconnected when the viewer has gone.
    pub commands: mpsc::Receiver<Command>,
    snapshot: watch::Sender<Arc<Snapshot>>,
    records: Arc<Mailbox<StepRecord>>,
    events: Arc<Mailbox<Event>>,
}

/// A line between an engine and a viewer.
pub fn line(first: Snapshot) -> (Handle, Publisher) {
    let (send, receive) = mpsc::channel();
    let (publish, snapshot) = watch::channel(Arc::new(first));
    let (records, events) = (Arc::new(Mailbox::new(RECORDS)), Arc::new(Mailbox::new(EVENTS)));
    let handle = Handle { commands: send, snapshot, records: records.clone(), events: events.clone() };
    (handle, Publisher { commands: receive, snapshot: publish, records, events })
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
        self.records.put(record);
    }

    /// Adds an event.
    pub fn event(&self, event: Event) {
        self.events.put(event);
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
