//! From a job to a trainer that is ready for its first step.

use super::{
    EngineError, Job, Place, Publisher,
    edits::{Replay, heads},
    message::{Command, Event, Phase, Snapshot},
    meter::Meter,
    recall::recall,
    saving::{Facts, restore},
    supervision,
    trainer::{Saved, Trainer},
    without_trace,
};
use crate::{
    config::Config,
    data::{self, DataError, Splits, steps_per_epoch},
    eval::Frozen,
    looc::Learner,
    nn::kernels::Isa,
    run::{self, Checkpoint, RunDir, checkpoint, journal},
};
use candle_core::Device;
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
                let opened = open(path, publisher)?;
                let config = Config::parse(&opened.1.config_yaml, "the checkpoint's config", &[])?;
                (Some(opened), config)
            }
            Place::New(_) | Place::Next(_) => (None, job.config),
        };
        let mut now = Snapshot { config: Arc::new(config.clone()), ..Snapshot::default() };
        let mut early = VecDeque::new();
        let data = match load(&config, &mut now, &mut early, publisher) {
            Err(EngineError::Data(DataError::BrokenOff)) => return Ok(None),
            data => data?,
        };
        let device = device(publisher);
        now.compute = compute(&device)?;
        let seed = config.train.seed;
        let mut learner = Learner::new(&config.model, &config.contrast, &heads(&config), seed, &device)?;
        if let Some(labels) = supervision::labels(&config.contrast, &data.train)? {
            learner.tell_apart(labels.classes.len())?;
        }
        let epochs = config.train.epochs * steps_per_epoch(data.train.len(), config.train.batch) as f64;
        now.steps = job.steps.unwrap_or_else(|| (epochs.round() as u64).max(1));
        let (mut time, mut saved, mut generations, mut replay) =
            (0.0, None, BTreeMap::new(), Replay::default());
        let run = match resumed {
            Some((mut run, checkpoint)) => {
                restore(&mut learner, &checkpoint, &device)?;
                let facts = Facts::of(&checkpoint)?;
                let path = run.path().join(checkpoint::CHECKPOINTS);
                let newest = Saved { step: checkpoint.step, revision: facts.revision, path };
                (time, saved, generations) = (facts.time, Some(newest), facts.generations.clone());
                run.metrics().truncate_after(checkpoint.step)?;
                recall(&mut now, &run, publisher)?;
                replay = Replay::after(facts.revision, run.records());
                (now.step, now.revision) = (checkpoint.step, facts.revision);
                now.steps = job.steps.or(planned(run.records())).unwrap_or(now.steps);
                differing(&facts, &now.compute, publisher);
                run
            }
            None => create(&job.place, &config)?,
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
            generations,
            replay,
            meter,
            clock,
            saved,
            early,
        }))
    }

    /// Writes down that a process begins to train.
    pub fn note_start(&mut self) -> Result<(), EngineError> {
        let entry = journal::Entry::Start {
            version: env!("CARGO_PKG_VERSION").into(),
            steps: self.now.steps,
            compute: self.now.compute.clone(),
        };
        self.run.journal().append(self.now.step, entry)?;
        self.publish(Phase::Training);
        Ok(())
    }
}

/// Opens an interrupted run, and its newest good checkpoint.
fn open(path: &Path, publisher: &Publisher) -> Result<(RunDir, Checkpoint), EngineError> {
    let run = RunDir::open(path)?;
    let (checkpoint, warnings) =
        run.newest()?.ok_or_else(|| EngineError::NothingToResume(path.to_path_buf()))?;
    for warning in warnings {
        publisher.event(Event::Warning(warning));
    }
    Ok((run, checkpoint))
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

/// The steps that the run was last started for.
fn planned(records: &[journal::Record]) -> Option<u64> {
    records.iter().rev().find_map(|record| match &record.entry {
        journal::Entry::Start { steps, .. } => Some(*steps),
        _ => None,
    })
}

/// The bits of a resumed run are those of the uninterrupted one on the same machine only.
fn differing(facts: &Facts, compute: &str, publisher: &Publisher) {
    let before = format!("{} with looc-tui {}", facts.compute, facts.version);
    let now = format!("{compute} with looc-tui {}", env!("CARGO_PKG_VERSION"));
    if before != now {
        let text = format!(
            "this run computed on {before} before and goes on with {now}: its figures may differ in their last digits from those of a run without an interruption"
        );
        publisher.event(Event::Warning(text));
    }
}

/// A GPU if the program was built for one and one can be used.
fn device(publisher: &Publisher) -> Device {
    let gpu = if cfg!(feature = "cuda") {
        Device::new_cuda(0)
    } else if cfg!(feature = "metal") {
        Device::new_metal(0)
    } else {
        return Device::Cpu;
    };
    gpu.unwrap_or_else(|error| {
        let why = without_trace(&error);
        publisher.event(Event::Warning(format!("no GPU can be used ({why}): the CPU computes")));
        Device::Cpu
    })
}

/// What the network computes on, in words: other bits may come out of another one. The number of threads
/// changes none.
fn compute(device: &Device) -> Result<String, EngineError> {
    Ok(match device {
        Device::Cpu => format!("cpu ({})", Isa::preferred()?.name()),
        Device::Cuda(_) => "cuda:0".into(),
        Device::Metal(_) => "metal:0".into(),
    })
}
