//! From a job to a trainer that is ready for its first step.

use super::{
    EngineError, Job, Place, Publisher,
    edits::{Editors, Replay},
    environment,
    message::{Command, Event, Phase, Snapshot},
    meter::Meter,
    models,
    pace::Pace,
    recall::recall,
    retrieval::Retrieval,
    saving::Facts,
    trainer::{Saved, Trainer},
};
use crate::{
    config::Config,
    data::{self, DataError, Splits, steps_per_epoch},
    eval::Frozen,
    run::{self, Began, Checkpoint, History, RunDir, checkpoint, journal},
};
use std::{
    collections::{BTreeMap, VecDeque},
    ops::ControlFlow,
    path::Path,
    sync::Arc,
    time::Instant,
};

impl<'a> Trainer<'a> {
    /// Loads the data, builds the model or takes it from a checkpoint, and opens the run's directory.
    /// None if the viewer left meanwhile.
    pub fn prepare(job: Job, publisher: &'a Publisher) -> Result<Option<Self>, EngineError> {
        let (resumed, config) = match &job.place {
            Place::Resume(path) => {
                let (run, checkpoint) = open(path, publisher)?;
                let config = match &checkpoint {
                    Some(it) => Config::parse(&it.config_yaml, "the checkpoint's config", &[])?,
                    None => Config::parse(&run.config_yaml()?, "the run's config.yaml", &[])?,
                };
                (Some((run, checkpoint)), config)
            }
            Place::New(_) | Place::Next(_) => (None, job.config),
        };
        let mut now = Snapshot { config: Arc::new(config.clone()), ..Snapshot::default() };
        let mut early = VecDeque::new();
        let data = match load(&config, &mut now, &mut early, publisher) {
            Err(EngineError::Data(DataError::BrokenOff)) => return Ok(None),
            data => data?,
        };
        let (device, warning) = models::device();
        warning.into_iter().for_each(|text| publisher.event(Event::Warning(text)));
        now.compute = models::compute(&device)?;
        let epochs = config.train.epochs * steps_per_epoch(data.train.len(), config.train.batch) as f64;
        now.steps = job.steps.unwrap_or_else(|| (epochs.round() as u64).max(1));
        let began = environment::here(&now.compute, &data)?;
        let (mut time, mut saved, mut generations, mut replay) =
            (0.0, None, BTreeMap::new(), Replay::default());
        let mut known = BTreeMap::new();
        let learner;
        let run = match resumed {
            Some((mut run, checkpoint)) => {
                let history = History::of(run.records());
                if let Some(checkpoint) = &checkpoint {
                    let facts = Facts::of(checkpoint)?;
                    environment::same(run.path(), &facts.began(), &began)?;
                    learner = models::learned(&config, &data.train, checkpoint, &device)?;
                    let path = run.path().join(checkpoint::CHECKPOINTS);
                    saved = Some(Saved { step: checkpoint.step, revision: facts.revision, path });
                    (now.step, now.revision) = (checkpoint.step, facts.revision);
                    (time, generations) = (facts.time, facts.generations);
                } else {
                    // Killed before its first checkpoint: it begins anew, and makes its edits again.
                    let recorded = history.began.last().cloned().unwrap_or_default();
                    environment::same(run.path(), &recorded, &began)?;
                    learner = models::fresh(&config, &data.train, &device)?;
                }
                run.metrics().truncate_after(now.step)?;
                let revision = now.revision;
                recall(&mut now, &run, revision, publisher)?;
                replay = Replay::after(revision, run.records());
                let planned = history.steps_at(u64::MAX);
                now.steps = job.steps.or(planned).unwrap_or(now.steps);
                if planned == Some(now.steps) {
                    known = history.states;
                }
                run
            }
            None => {
                learner = models::fresh(&config, &data.train, &device)?;
                create(&job.place, &config)?
            }
        };
        now.run = Some(run.path().to_path_buf());
        let frozen = Frozen::of(&learner)?;
        let clock = (time, Instant::now());
        let (loader, measurement, meter) = (None, None, Meter::default());
        Ok(Some(Self {
            publisher,
            run,
            now,
            data,
            device,
            learner,
            loader,
            frozen,
            measurement,
            pace: Pace::new(Instant::now()),
            retrieval: Retrieval::default(),
            collapsing: Vec::new(),
            generations,
            replay,
            began,
            noted: None,
            known,
            editors: Editors::default(),
            meter,
            clock,
            saved,
            early,
        }))
    }

    /// Writes down that a process begins to train.
    pub fn note_start(&mut self) -> Result<(), EngineError> {
        let Began { version, build, compute, threads, data } = self.began.clone();
        let entry = journal::Entry::Start { version, build, steps: self.now.steps, compute, threads, data };
        self.run.journal().append(self.now.step, entry)?;
        self.publish(Phase::Training);
        Ok(())
    }
}

/// Opens an interrupted run, and its newest good checkpoint; none if it was interrupted before its first.
fn open(path: &Path, publisher: &Publisher) -> Result<(RunDir, Option<Checkpoint>), EngineError> {
    let run = RunDir::open(path)?;
    let Some((checkpoint, warnings)) = run.newest()? else {
        // A fork does not begin with step 0.
        let forked = run.manifest().parent.is_some();
        return if forked { Err(EngineError::NothingToResume(path.to_path_buf())) } else { Ok((run, None)) };
    };
    for warning in warnings {
        publisher.event(Event::Warning(warning));
    }
    Ok((run, Some(checkpoint)))
}

fn create(place: &Place, config: &Config) -> Result<RunDir, EngineError> {
    let path = match place {
        Place::New(path) | Place::Resume(path) => path.clone(),
        Place::Next(root) => run::default_path(root)?,
    };
    Ok(RunDir::create(&path, &config.to_yaml(), &config.hash(), config.train.seed)?)
}

fn load(
    config: &Config,
    now: &mut Snapshot,
    early: &mut VecDeque<Command>,
    publisher: &Publisher,
) -> Result<Splits, EngineError> {
    let data = data::open(&config.data, &mut |what, done, of| {
        now.phase = Phase::Loading { what: what.into(), done, of };
        publisher.publish(now.clone());
        early.extend(publisher.commands.try_iter());
        if early.contains(&Command::Stop) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    for note in &data.notes {
        publisher.event(Event::Warning(note.clone()));
    }
    let (images, batch) = (data.train.len(), config.train.batch);
    if images < batch {
        return Err(EngineError::BatchTooLarge { images, batch });
    }
    if data.held_out.len() < 2 {
        return Err(EngineError::NothingHeldOut);
    }
    now.images = (images, data.held_out.len());
    now.phase = Phase::Starting;
    publisher.publish(now.clone());
    Ok(data)
}
