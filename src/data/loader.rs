//! Batches of views, made ahead of the trainer by a thread of its own.
//!
//! A batch is a function of the recipe and the step: a loader can begin at any step, and what was made
//! ahead can be thrown away after an edit.

use super::{DataError, Images, epoch_order, normalise, steps_per_epoch};
use crate::{
    augment::{Entry, PlanAddress, ViewName, plan},
    rng::Domain,
};
use std::{
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

/// Batches made ahead: one in the making while the other waits.
const AHEAD: usize = 2;

/// How batches are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    pub entries: Vec<Entry>,
    pub seed: u64,
    /// Images a batch; at most as many as there are.
    pub batch: usize,
}

/// The views of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Counted from 0.
    pub step: u64,
    pub epoch: u64,
    /// Which images.
    pub indices: Vec<u32>,
    /// Width and height in pixels.
    pub side: usize,
    /// q, k₀, then kᵢ; each `[batch, 3, side, side]`, normalised.
    pub views: Vec<(ViewName, Vec<f32>)>,
}

/// Makes one batch; `order` is that of its epoch.
fn batch(images: &Images, recipe: &Recipe, step: u64, order: &[u32]) -> Batch {
    let steps = steps_per_epoch(images.len(), recipe.batch);
    let (epoch, first) = (step / steps, (step % steps) as usize * recipe.batch);
    let indices = order[first..first + recipe.batch].to_vec();
    let size = 3 * images.side * images.side;
    let mut views: Vec<(ViewName, Vec<f32>)> = Vec::new();
    for (place, index) in indices.iter().enumerate() {
        let at =
            PlanAddress { seed: recipe.seed, domain: Domain::Views, epoch, sample: u64::from(*index) };
        let plan = plan(&recipe.entries, at, images.side, images.side);
        if views.is_empty() {
            let empty = |name| (name, vec![0.0; indices.len() * size]);
            views = plan.views.iter().map(|view| empty(view.name)).collect();
        }
        let image = images.image(*index as usize);
        for (view, (_, planes)) in plan.views.iter().zip(&mut views) {
            normalise(&view.apply(&image), &mut planes[place * size..(place + 1) * size]);
        }
    }
    Batch { step, epoch, indices, side: images.side, views }
}

/// The batch of a step.
pub fn make_batch(images: &Images, recipe: &Recipe, step: u64) -> Batch {
    let epoch = step / steps_per_epoch(images.len(), recipe.batch);
    batch(images, recipe, step, &epoch_order(recipe.seed, epoch, images.len()))
}

/// A thread that makes batches ahead. It ends when the loader is dropped.
pub struct Loader {
    batches: Option<mpsc::Receiver<Batch>>,
    thread: Option<JoinHandle<()>>,
}

impl Loader {
    /// Begins with the batch of `first_step`.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(images: Arc<Images>, recipe: Recipe, first_step: u64) -> Result<Self, DataError> {
        let (send, batches) = mpsc::sync_channel(AHEAD - 1);
        let thread = std::thread::Builder::new()
            .name("looc-loader".into())
            .spawn(move || make_ahead(&images, &recipe, first_step, &send))
            .map_err(DataError::Thread)?;
        Ok(Self { batches: Some(batches), thread: Some(thread) })
    }

    /// The next step's batch; waits until it is made.
    ///
    /// # Errors
    /// If the thread has panicked.
    pub fn next(&mut self) -> Result<Batch, DataError> {
        self.batches.as_ref().and_then(|batches| batches.recv().ok()).ok_or(DataError::LoaderGone)
    }
}

fn make_ahead(images: &Images, recipe: &Recipe, first_step: u64, send: &mpsc::SyncSender<Batch>) {
    let steps = steps_per_epoch(images.len(), recipe.batch);
    let mut of = None;
    for step in first_step.. {
        let epoch = step / steps;
        let order = match &mut of {
            Some((known, order)) if *known == epoch => order,
            of => &mut of.insert((epoch, epoch_order(recipe.seed, epoch, images.len()))).1,
        };
        if send.send(batch(images, recipe, step, order)).is_err() {
            return; // nobody wants more
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        // A closed line ends the thread after the batch in the making.
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            // A panic in there has been seen as LoaderGone.
            let _ = thread.join();
        }
    }
}
