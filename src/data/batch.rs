//! A batch of views: which images a step takes, and what is made of them.

use super::{DataError, Donors, Images, epoch_order, normalise, steps_per_epoch};
use crate::augment::{Entry, Image, PlanAddress, ViewName, ViewPlan, plan};
use crate::rng::Domain;
use std::sync::atomic::{AtomicBool, Ordering};

/// Everything but the images that a batch depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// The augmentations, in order of application.
    pub entries: Vec<Entry>,
    /// Of the order and of the views.
    pub seed: u64,
    /// Images a step.
    pub batch: usize,
    /// Threads that share the work of one batch; 0 and 1 are the loader's own thread alone. The batch
    /// is the same whatever it is.
    pub threads: usize,
}

/// What one step trains on.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The step it is for, from 0.
    pub step: u64,
    /// The pass over the images that the step belongs to, from 0.
    pub epoch: u64,
    /// Which images they are.
    pub indices: Vec<u32>,
    /// Width and height in pixels.
    pub side: usize,
    /// q, k0, then a view for each augmentation that trains a head; each `[batch, 3, side, side]`,
    /// normalised as [`normalise`] does.
    pub views: Vec<(ViewName, Vec<f32>)>,
}

/// Makes the batch of a step: a pure function of the recipe and the step.
///
/// `recipe.batch` is within `1..=images.len()`, as [`super::Loader::start`] makes sure of; otherwise
/// the batch has the images that there are.
///
/// # Errors
/// The images are on the disk and cannot be read.
pub fn make_batch(images: &Images, recipe: &Recipe, step: u64) -> Result<Batch, DataError> {
    let never = AtomicBool::new(false);
    Maker::new(images, recipe).make(step, &never)
}

/// Makes batches one after another; it keeps the epoch's order between them.
pub(super) struct Maker<'a> {
    images: &'a Images,
    recipe: &'a Recipe,
    epoch: u64,
    order: Vec<u32>,
}

impl<'a> Maker<'a> {
    pub fn new(images: &'a Images, recipe: &'a Recipe) -> Self {
        Self { images, recipe, epoch: 0, order: epoch_order(recipe.seed, 0, images.len()) }
    }

    /// The batch of a step. When `stop` is set meanwhile, views are left unmade: throw it away.
    pub fn make(&mut self, step: u64, stop: &AtomicBool) -> Result<Batch, DataError> {
        let steps = steps_per_epoch(self.images.len(), self.recipe.batch).max(1);
        let (epoch, place) = (step / steps, (step % steps) as usize);
        if epoch != self.epoch {
            self.epoch = epoch;
            self.order = epoch_order(self.recipe.seed, epoch, self.images.len());
        }
        let indices = self.order.chunks(self.recipe.batch.max(1)).nth(place).unwrap_or_default().to_vec();
        let side = self.images.side;
        let length = indices.len() * 3 * side * side;
        let names = plan(&self.recipe.entries, self.address(epoch, 0), side, side).views;
        let mut views: Vec<(ViewName, Vec<f32>)> =
            names.iter().map(|view| (view.name, vec![0.0; length])).collect();
        self.fill(&indices, &mut views, stop)?;
        Ok(Batch { step, epoch, indices, side, views })
    }

    fn address(&self, epoch: u64, sample: u32) -> PlanAddress {
        PlanAddress { seed: self.recipe.seed, domain: Domain::Views, epoch, sample: sample.into() }
    }

    /// Makes all views, in as many threads as the recipe says, each with a run of the images.
    fn fill(
        &self,
        indices: &[u32],
        views: &mut [(ViewName, Vec<f32>)],
        stop: &AtomicBool,
    ) -> Result<(), DataError> {
        let threads = self.recipe.threads.clamp(1, indices.len().max(1));
        let run = indices.len().div_ceil(threads).max(1);
        let run_length = (run * 3 * self.images.side * self.images.side).max(1);
        let mut parts: Vec<(&[u32], Vec<&mut [f32]>)> =
            indices.chunks(run).map(|indices| (indices, Vec::with_capacity(views.len()))).collect();
        for (_, view) in views {
            for ((_, part), planes) in parts.iter_mut().zip(view.chunks_mut(run_length)) {
                part.push(planes);
            }
        }
        let Some((indices, planes)) = parts.pop() else { return Ok(()) };
        std::thread::scope(|scope| {
            let others: Vec<_> = parts
                .into_iter()
                .map(|(indices, planes)| scope.spawn(move || self.fill_run(indices, planes, stop)))
                .collect();
            let own = self.fill_run(indices, planes, stop);
            others.into_iter().fold(own, |so_far, other| {
                so_far.and(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            })
        })
    }

    /// The views of a run of images, in one thread, with one image's memory for all of them.
    fn fill_run(
        &self,
        indices: &[u32],
        mut planes: Vec<&mut [f32]>,
        stop: &AtomicBool,
    ) -> Result<(), DataError> {
        let side = self.images.side;
        let mut source = Image { width: side, height: side, pixels: Vec::new() };
        let (mut view, mut plan, mut scratch) = (source.clone(), ViewPlan::default(), Vec::new());
        let mut donors = Donors::new(self.images, self.images);
        for (place, &index) in indices.iter().enumerate() {
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            source.set_bytes(self.images.bytes(index as usize, &mut scratch)?);
            plan.redraw(&self.recipe.entries, self.address(self.epoch, index), side, side);
            donors.lend(index as usize, |others| {
                for (planes, params) in planes.iter_mut().zip(&plan.views) {
                    view.pixels.clone_from(&source.pixels);
                    params.apply_to(&mut view, others);
                    let length = 3 * side * side;
                    normalise(&view, &mut planes[place * length..(place + 1) * length]);
                }
            })?;
        }
        Ok(())
    }
}
