//! The thread that reads the machine.

use super::{DeviceReading, Gpus, Processor};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{Builder, JoinHandle},
    time::Duration,
};

/// The drivers have new figures about once a second; more readings would only take time from training.
const PERIOD: Duration = Duration::from_secs(1);
/// A driver may hang, with a GPU that is failing: after so long it is left to itself, so that the
/// terminal is given back.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads the machine once a second until it is dropped.
///
/// ```
/// let telemetry = looc::device::Telemetry::start();
/// // Never waits: there is nothing until the first reading is done.
/// if let Some(reading) = telemetry.latest() {
///     println!("{} cores", reading.cores.len());
/// }
/// ```
#[derive(Debug)]
pub struct Telemetry {
    latest: Arc<Mutex<Latest>>,
    /// Closed to end the thread. Nothing is ever sent.
    stop: Option<Sender<()>>,
    /// Closed by the end of the thread.
    ended: Receiver<()>,
    /// `None` if the system gave no thread: then there is no telemetry.
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Latest {
    reading: Option<DeviceReading>,
    revision: u64,
}

impl Telemetry {
    /// Starts the thread. The first reading comes after [`Processor::GAP`], or when the driver is awake.
    pub fn start() -> Self {
        let latest = Arc::new(Mutex::new(Latest::default()));
        let (stop, stopped) = channel();
        let (ending, ended) = channel();
        let kept = latest.clone();
        let thread = Builder::new().name("telemetry".into()).spawn(move || {
            watch(&kept, &stopped);
            drop::<Sender<()>>(ending);
        });
        Self { latest, stop: Some(stop), ended, thread: thread.ok() }
    }

    /// The latest reading; `None` until there is one.
    pub fn latest(&self) -> Option<DeviceReading> {
        lock(&self.latest).reading.clone()
    }

    /// How many readings there were: it tells a new reading from the last one when both are equal.
    pub fn revision(&self) -> u64 {
        lock(&self.latest).revision
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.stop = None;
        let hangs = self.ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
        if let Some(thread) = self.thread.take().filter(|_| !hangs) {
            // If it has panicked, the hook has said so.
            let _ = thread.join();
        }
    }
}

fn watch(latest: &Mutex<Latest>, stopped: &Receiver<()>) {
    let mut processor = Processor::new();
    let gpus = Gpus::find();
    let mut pause = Processor::GAP;
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let (gpus, gpu_note) = gpus.read();
        let machine = processor.as_mut().map(Processor::read).unwrap_or_default();
        let mut latest = lock(latest);
        latest.reading = Some(DeviceReading { gpus, gpu_note, ..machine });
        latest.revision += 1;
        pause = PERIOD;
    }
}

/// A reading is whole or not there: a panic elsewhere does not spoil it.
fn lock(latest: &Mutex<Latest>) -> MutexGuard<'_, Latest> {
    latest.lock().unwrap_or_else(PoisonError::into_inner)
}
