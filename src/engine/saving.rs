//! Checkpoints of the training thread's state, and the end of a run.

use super::{
    EngineError,
    fingerprint::{Fingerprint, flat},
    message::{Event, Phase},
    trainer::{Saved, Trainer},
};
use crate::{
    looc::{Learner, LearnerState},
    run::{Began, Checkpoint, journal},
};
use candle_core::{Device, Tensor};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a checkpoint says beside its tensors.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Facts {
    /// Cursors of the queues and updates of the optimiser.
    pub counts: BTreeMap<String, u64>,
    /// How often a head of each name was made.
    pub generations: BTreeMap<String, u64>,
    /// Edits in force.
    pub revision: u64,
    /// Seconds trained.
    pub time: f64,
    /// What computed.
    pub compute: String,
    /// Of the program.
    pub version: String,
    /// Which build of that version.
    #[serde(default)]
    pub build: Option<String>,
    /// Threads that computed.
    #[serde(default)]
    pub threads: Option<usize>,
    /// Hash of the images.
    #[serde(default)]
    pub data: Option<String>,
}

impl Facts {
    pub fn map(&self) -> Result<Map<String, Value>, EngineError> {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(_) => Err(EngineError::Checkpoint("its facts are not an object".into())),
            Err(error) => Err(EngineError::Checkpoint(error.to_string())),
        }
    }

    /// What computed up to here.
    pub fn began(&self) -> Began {
        let (version, build) = (self.version.clone(), self.build.clone());
        let (compute, data) = (self.compute.clone(), self.data.clone());
        Began { version, build, compute, threads: self.threads, data }
    }

    /// From a checkpoint.
    pub fn of(checkpoint: &Checkpoint) -> Result<Self, EngineError> {
        Self::read(checkpoint.facts.clone())
    }

    /// From what a checkpoint says.
    pub fn read(facts: Map<String, Value>) -> Result<Self, EngineError> {
        serde_json::from_value(Value::Object(facts))
            .map_err(|error| EngineError::Checkpoint(error.to_string()))
    }
}

/// Puts a checkpoint's tensors back.
pub(super) fn restore(
    learner: &mut Learner,
    checkpoint: &Checkpoint,
    device: &Device,
) -> Result<(), EngineError> {
    let mut state = LearnerState { counts: Facts::of(checkpoint)?.counts, ..LearnerState::default() };
    for (name, shape, values) in &checkpoint.tensors {
        let tensor = Tensor::from_slice(values, shape.as_slice(), device)?;
        state.tensors.insert(name.clone(), tensor);
    }
    learner.restore(&state).map_err(|error| EngineError::Checkpoint(error.to_string()))
}

impl Trainer<'_> {
    /// Writes a checkpoint of this step. The log up to here is on the disk before it.
    pub fn save(&mut self) -> Result<(), EngineError> {
        self.finish_measurement()?;
        let (step, revision) = (self.now.step, self.now.revision);
        if let Some(saved) = self.saved.as_ref().filter(|it| (it.step, it.revision) == (step, revision)) {
            self.publisher.event(Event::Saved { step, path: saved.path.clone() });
            return Ok(());
        }
        self.run.in_place()?;
        let synced = self.run.metrics().sync();
        self.warn_of(synced);
        let state = self.learner.state()?;
        let (mut tensors, mut print) = (Vec::with_capacity(state.tensors.len()), Fingerprint::new(step));
        for (name, tensor) in state.tensors {
            let tensor = flat(name, &tensor)?;
            // The newest checkpoint is where a run goes on from: it must be one that can go on.
            if tensor.2.iter().any(|value| !value.is_finite()) {
                return Err(EngineError::NotFinite(tensor.0));
            }
            print.tensor(&tensor);
            tensors.push(tensor);
        }
        print.counts(&state.counts);
        print.counts(&self.generations);
        let Began { version, build, compute, threads, data } = self.began.clone();
        let facts = Facts {
            counts: state.counts,
            generations: self.generations.clone(),
            revision: self.now.revision,
            time: self.time(),
            compute,
            version,
            build,
            threads,
            data,
        };
        let config_yaml = self.now.config.to_yaml();
        let checkpoint = Checkpoint { step: self.now.step, tensors, facts: facts.map()?, config_yaml };
        let path = self.run.save(&checkpoint)?;
        for warning in self.run.warnings() {
            self.publisher.event(Event::Warning(warning));
        }
        self.note_state(print.finish())?;
        let name = path.strip_prefix(self.run.path()).unwrap_or(&path).display().to_string();
        self.run.journal().append(self.now.step, journal::Entry::Checkpoint { path: name })?;
        self.saved = Some(Saved { step, revision, path: path.clone() });
        self.publisher.event(Event::Saved { step, path });
        Ok(())
    }

    /// Ends the run in good order, or writes down why it could not.
    pub fn close(&mut self, ended: Result<Phase, EngineError>) -> Result<(), EngineError> {
        if let Err(EngineError::Data(_)) = &ended {
            // The next images cannot be read; the state up to here is whole.
            self.measurement = None;
            self.checkpoint();
        }
        let saved = ended.and_then(|phase| {
            // What was measured last may lie some steps behind; the checkpoint comes first.
            self.save()?;
            if phase == Phase::Finished {
                self.measure_the_end()?;
            }
            Ok(phase)
        });
        let (reason, why) = match &saved {
            Ok(Phase::Finished) => (journal::StopReason::Finished, None),
            Ok(_) => (journal::StopReason::Stopped, None),
            Err(error) => (journal::StopReason::Failed, Some(error.to_string())),
        };
        let logged = self.run.metrics().sync();
        self.warn_of(logged);
        let noted = self.run.journal().append(self.now.step, journal::Entry::Stop { reason, why });
        self.warn_of(noted);
        self.publish(saved?);
        Ok(())
    }
}
