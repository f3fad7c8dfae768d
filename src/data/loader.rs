//! The thread that makes views ahead of the trainer.

use super::batch::Maker;
use super::{Batch, DataError, Images, Recipe};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// How many finished batches wait at most. One would do if all took the same time; the second one
/// covers for the trainer's and the loader's turns on a shared core.
const AHEAD: usize = 2;

type Sender = SyncSender<Result<Batch, DataError>>;

/// Makes batches from a step on, in order, at most two ahead of who takes them; it sleeps while they wait.
///
/// A change of the recipe is a new loader that starts at the next step: batches are a pure function of
/// images, recipe and step ([`super::make_batch`]). Dropping it stops the thread within the time of one image.
pub struct Loader {
    /// `None` once the loader is being dropped or its thread has died.
    batches: Option<Receiver<Result<Batch, DataError>>>,
    thread: Option<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    /// Why there will be no more batches: what the thread said when it panicked, or an error of the data.
    died: Option<Died>,
}

#[derive(Clone)]
enum Died {
    Panicked(String),
    Failed(String),
}

impl Loader {
    /// Starts at `first_step`.
    ///
    /// # Errors
    /// The batch is 0 or larger than the number of images, or the system refuses a thread.
    pub fn start(images: Arc<Images>, recipe: Recipe, first_step: u64) -> Result<Self, DataError> {
        let (batch, count) = (recipe.batch, images.len());
        if batch == 0 || batch > count {
            return Err(DataError::Batch { batch, count });
        }
        Self::spawn(move |sender, stop| work(&images, &recipe, first_step, sender, stop))
    }

    fn spawn(work: impl FnOnce(&Sender, &AtomicBool) + Send + 'static) -> Result<Self, DataError> {
        let (sender, batches) = sync_channel(AHEAD);
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("loader".into())
            .spawn(move || work(&sender, &told))
            .map_err(DataError::Spawn)?;
        Ok(Self { batches: Some(batches), thread: Some(thread), stop, died: None })
    }

    /// The next step's batch; waits until it is made.
    ///
    /// # Errors
    /// An image cannot be read, or the loader's thread has panicked; an error that says the same again
    /// after that.
    pub fn next_batch(&mut self) -> Result<Batch, DataError> {
        match self.batches.as_ref().map(Receiver::recv) {
            Some(Ok(Ok(batch))) => return Ok(batch),
            Some(Ok(Err(error))) => {
                self.batches = None;
                self.died = Some(Died::Failed(error.to_string()));
                return Err(error);
            }
            Some(Err(_)) | None => self.batches = None,
        }
        if self.died.is_none()
            && let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
        {
            self.died = Some(Died::Panicked(words(panic.as_ref())));
        }
        Err(match self.died.clone() {
            Some(Died::Failed(why)) => DataError::Again(why),
            Some(Died::Panicked(why)) => DataError::Loader(why),
            None => DataError::Loader("it ended early".into()),
        })
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Without a receiver, a thread that waits for room in the queue wakes up.
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            // A panic of a loader that nobody listens to any more has been printed by the hook.
            let _ = thread.join();
        }
    }
}

/// The thread: until it is told to stop, until nobody takes the batches, or until an image cannot be read.
fn work(images: &Images, recipe: &Recipe, first_step: u64, sender: &Sender, stop: &AtomicBool) {
    let mut maker = Maker::new(images, recipe);
    for step in first_step.. {
        let batch = maker.make(step, stop);
        let failed = batch.is_err();
        if stop.load(Ordering::Relaxed) || sender.send(batch).is_err() || failed {
            return;
        }
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}

#[cfg(test)]
#[path = "loader_tests.rs"]
mod tests;
