//! The loop of the training thread.

use super::{
    EngineError, Job, Publisher,
    commands::Next,
    edits::{Editors, Replay},
    message::{Command, Event, Phase, Snapshot, Span, StepRecord},
    meter::Meter,
    pace::Pace,
    retrieval::Retrieval,
    supervision,
};
use crate::{
    augment::ViewName,
    config::Config,
    data::{Batch, Labels, Loader, Recipe, Splits, steps_per_epoch},
    eval::{Frozen, Measurement},
    looc::{GENERAL, Hyper, Learner, StepLosses, Views},
    nn::learning_rate,
    run::{Began, RunDir},
};
use candle_core::{Device, Tensor};
use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// Everything that the training thread owns.
pub(super) struct Trainer<'a> {
    pub publisher: &'a Publisher,
    pub run: RunDir,
    /// The state as it is published.
    pub now: Snapshot,
    pub data: Splits,
    pub device: Device,
    pub learner: Learner,
    /// None after an edit of the augmentations, until the next step.
    pub loader: Option<Loader>,
    pub frozen: Frozen,
    pub measurement: Option<Measurement>,
    /// When a slice of it is due.
    pub pace: Pace,
    /// Whose neighbours the viewer looks at.
    pub retrieval: Retrieval,
    /// The spaces that were collapsing when they were last measured.
    pub collapsing: Vec<String>,
    /// How often a head of each name was made.
    pub generations: BTreeMap<String, u64>,
    /// Edits that were journaled before an interruption and are still to come.
    pub replay: Replay,
    pub editors: Editors,
    pub meter: Meter,
    /// The clock of `time`: this much before, and since when it runs.
    pub clock: (f64, Instant),
    /// What computes here.
    pub began: Began,
    /// The step and the edits of the state whose hash is the journal's newest.
    pub noted: Option<(u64, u64)>,
    /// States that this run went through before it was interrupted, and will again.
    pub known: BTreeMap<(u64, u64), String>,
    /// The newest checkpoint.
    pub saved: Option<Saved>,
    /// Commands that came before they could be obeyed.
    pub early: VecDeque<Command>,
}

/// A checkpoint that is on the disk.
pub(super) struct Saved {
    pub step: u64,
    pub revision: u64,
    pub path: PathBuf,
}

/// Prepares and trains until all steps are done, or until it is told to stop.
pub(super) fn run(job: Job, publisher: &Publisher) -> Result<(), EngineError> {
    let attended = job.attended;
    let Some(mut trainer) = Trainer::prepare(job, publisher)? else {
        // Told to stop before there was anything to keep.
        publisher.publish(Snapshot { phase: Phase::Stopped, ..publisher.latest() });
        return Ok(());
    };
    let ended = trainer.train();
    trainer.close(ended)?;
    if attended && trainer.now.phase == Phase::Finished {
        trainer.attend();
    }
    Ok(())
}

impl Trainer<'_> {
    fn train(&mut self) -> Result<Phase, EngineError> {
        self.note_start()?;
        if self.measurement_due() {
            self.begin_measurement()?;
        }
        loop {
            self.replay_edits()?;
            match self.obey()? {
                Next::Stop => return Ok(Phase::Stopped),
                Next::Step if self.now.step >= self.now.steps => return Ok(Phase::Finished),
                Next::Step => self.step()?,
                Next::Rest => {}
            }
            self.measure_in_turn()?;
            self.retrieve_in_turn();
        }
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<Config> {
        self.now.config.clone()
    }

    /// Seconds since the run's start, interruptions left out.
    pub fn time(&self) -> f64 {
        self.clock.0 + self.clock.1.elapsed().as_secs_f64()
    }

    /// Publishes the present state in a phase.
    pub fn publish(&mut self, phase: Phase) {
        self.now.phase = phase;
        self.publisher.publish(self.now.clone());
    }

    /// A warning for the log and the viewer, if something that may go wrong did.
    pub fn warn_of<T, E: std::fmt::Display>(&self, outcome: Result<T, E>) {
        if let Err(error) = outcome {
            self.publisher.event(Event::Warning(error.to_string()));
        }
    }

    /// One training step, and all that comes with it.
    fn step(&mut self) -> Result<(), EngineError> {
        self.advance()?;
        self.note_state_in_turn()?;
        let every = self.now.config.train.checkpoint_every;
        if every > 0 && self.now.step.is_multiple_of(every) && self.now.step < self.now.steps {
            self.checkpoint();
        }
        if self.measurement_due() {
            self.begin_measurement()?;
        }
        // Training; or still paused, after a single step.
        self.publish(self.now.phase.clone());
        Ok(())
    }

    /// One training step alone. Its figures are told, and given.
    pub fn advance(&mut self) -> Result<Vec<(Arc<str>, f32)>, EngineError> {
        let waited = Instant::now();
        let batch = self.next_batch()?;
        let waited = waited.elapsed();
        let config = self.config();
        let labels = supervision::labels(&config.contrast, &self.data.train)?;
        let views = views(&batch, self.now.step, labels, &self.device)?;
        drop(batch);
        let lr = self.learning_rate(&config);
        let hyper = Hyper { contrast: &config.contrast, optimizer: &config.optimizer, lr };
        let losses = self.learner.step(&views, hyper)?;
        self.now.step += 1;
        self.meter.step(waited, &self.learner.times);
        Ok(self.tell(&config, &losses, lr))
    }

    /// A single step while paused, if there is one left.
    pub fn step_once(&mut self) -> Result<(), EngineError> {
        if self.now.step < self.now.steps { self.step() } else { Ok(()) }
    }

    fn next_batch(&mut self) -> Result<Batch, EngineError> {
        let config = self.config();
        let loader = match &mut self.loader {
            Some(loader) => loader,
            none => {
                let recipe = Recipe {
                    entries: config.augment.clone(),
                    seed: config.train.seed,
                    batch: config.train.batch,
                    // The cores belong to the network; one thread keeps ahead of it.
                    threads: 1,
                };
                none.insert(Loader::start(self.data.train.clone(), recipe, self.now.step)?)
            }
        };
        Ok(loader.next_batch()?)
    }

    fn learning_rate(&self, config: &Config) -> f64 {
        let epoch = steps_per_epoch(self.data.train.len(), config.train.batch);
        let warmup = (config.optimizer.warmup * epoch as f64).round() as u64;
        learning_rate(&config.optimizer, self.now.step, self.now.steps, warmup)
    }

    /// The figures of a step, to the log and to the viewer.
    fn tell(&mut self, config: &Config, losses: &StepLosses, lr: f64) -> Vec<(Arc<str>, f32)> {
        let (step, time) = (self.now.step, self.time());
        self.now.epoch = step as f32 * config.train.batch as f32 / self.data.train.len() as f32;
        self.now.loss = Some(losses.mean);
        self.now.lr = lr as f32;
        self.now.images_per_s = self.meter.images_per_s(config.train.batch);
        self.now.loader_wait = self.meter.wait_share();
        self.now.parts = self.meter.parts();
        let loss_of =
            |name: &str| losses.spaces.iter().find(|(space, _)| space == name).map(|(_, loss)| *loss);
        self.now.losses = self.spaces().map(|name| (name.into(), loss_of(name))).collect();
        let mut values: Vec<(Arc<str>, f32)> = vec![("loss".into(), losses.mean)];
        values.extend(losses.spaces.iter().map(|(name, loss)| (format!("loss/{name}").into(), *loss)));
        values.push(("lr".into(), lr as f32));
        values.push(("images_per_s".into(), self.now.images_per_s));
        let logged =
            self.run.metrics().record(step, time, values.iter().map(|(tag, value)| (&**tag, *value)));
        self.warn_of(logged);
        let spans = values.iter().map(|(tag, value)| (tag.clone(), Span::of(*value))).collect();
        self.publisher.record(StepRecord { step, time, values: spans });
        values
    }

    /// Z0 and the heads in the order of the augmentations.
    fn spaces(&self) -> impl Iterator<Item = &str> {
        let heads = self.now.config.augment.iter().filter(|entry| entry.head).map(|entry| entry.name());
        std::iter::once(GENERAL).chain(heads)
    }

    /// The views are made otherwise from the next step on.
    pub fn reload(&mut self) {
        self.loader = None;
    }

    /// Nothing was trained for a while: that time does not count in images a second.
    pub fn rested(&mut self) {
        self.meter.rest();
    }

    /// How long a rest lasts before the loop looks around.
    pub const REST: Duration = Duration::from_millis(250);
}

/// A batch as the method wants it.
fn views(batch: &Batch, step: u64, labels: Option<&Labels>, device: &Device) -> Result<Views, EngineError> {
    let of = |labels: &Labels| {
        let of: Vec<u32> = batch.indices.iter().map(|index| labels.of[*index as usize].into()).collect();
        Tensor::from_vec(of, batch.indices.len(), device)
    };
    let labels = labels.map(of).transpose()?;
    let (mut query, mut general, mut sharing) = (None, None, Vec::new());
    for (name, planes) in &batch.views {
        let shape = (batch.indices.len(), 3, batch.side, batch.side);
        let tensor = Tensor::from_slice(planes, shape, device)?;
        match name {
            ViewName::Query => query = Some(tensor),
            ViewName::General => general = Some(tensor),
            ViewName::Sharing(name) => sharing.push(((*name).to_owned(), tensor)),
        }
    }
    match (query, general) {
        (Some(query), Some(general)) => Ok(Views { step, query, general, sharing, labels }),
        _ => Err(candle_core::Error::Msg("a batch without q or k0".into()).into()),
    }
}
