//! What the viewer asks for, at a step boundary.

use super::{
    EngineError, inspect,
    message::{Command, Event, Phase, ViewRequest},
    trainer::Trainer,
};
use crate::run::journal;
use std::sync::{
    Arc,
    mpsc::{RecvTimeoutError, TryRecvError},
};

/// What the loop does next.
pub(super) enum Next {
    /// Make a step.
    Step,
    /// Look around again.
    Rest,
    /// End, with a checkpoint.
    Stop,
}

impl Trainer<'_> {
    /// Obeys every command that has come. While paused, waits a little for one.
    pub fn obey(&mut self) -> Result<Next, EngineError> {
        let paused = self.now.phase == Phase::Paused;
        // Work is left to do even while paused: a measurement.
        let mut patient = paused && self.measurement.is_none();
        let mut once = false;
        loop {
            let command = if patient {
                self.publisher.commands.recv_timeout(Self::REST).map_err(|error| match error {
                    RecvTimeoutError::Timeout => TryRecvError::Empty,
                    RecvTimeoutError::Disconnected => TryRecvError::Disconnected,
                })
            } else {
                self.publisher.commands.try_recv()
            };
            patient = false;
            match command {
                Ok(Command::Stop) => return Ok(Next::Stop),
                Ok(Command::StepOnce) if self.now.phase == Phase::Paused => {
                    once = true;
                    break;
                }
                Ok(command) => self.obey_one(command)?,
                // A viewer that has gone cannot resume: what it left paused goes on.
                Err(TryRecvError::Disconnected) if self.now.phase == Phase::Paused => self.resume()?,
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        if once {
            self.rested();
            return self.step_once().map(|()| Next::Rest);
        }
        Ok(if self.now.phase == Phase::Paused { Next::Rest } else { Next::Step })
    }

    fn obey_one(&mut self, command: Command) -> Result<(), EngineError> {
        match command {
            Command::Edit(edit) => self.edit(edit),
            Command::Pause if self.now.phase != Phase::Paused => self.pause(),
            Command::Resume if self.now.phase == Phase::Paused => self.resume(),
            Command::Checkpoint => self.checkpoint(),
            Command::Views(request) => self.show_views(request),
            Command::Pause | Command::Resume | Command::StepOnce | Command::Stop => Ok(()),
        }
    }

    fn pause(&mut self) -> Result<(), EngineError> {
        self.run.journal().append(self.now.step, journal::Entry::Pause)?;
        let flushed = self.run.metrics().flush();
        self.warn_of(flushed);
        self.publish(Phase::Paused);
        Ok(())
    }

    fn resume(&mut self) -> Result<(), EngineError> {
        self.run.journal().append(self.now.step, journal::Entry::Resume)?;
        self.rested();
        self.publish(Phase::Training);
        Ok(())
    }

    /// A checkpoint that was asked for: a disk that refuses is told, and training goes on.
    fn checkpoint(&mut self) -> Result<(), EngineError> {
        if let Err(error) = self.save() {
            self.publisher.event(Event::Warning(format!("no checkpoint was written: {error}")));
        }
        self.rested();
        Ok(())
    }

    fn show_views(&mut self, request: ViewRequest) -> Result<(), EngineError> {
        let (config, at) = (self.config(), (self.now.config.train.seed, self.now.step));
        let images = self.data.held_out.clone();
        let sheet = inspect::sheet(&mut self.learner, &images, &config.augment, request, at, &self.device)?;
        self.now.views = Some(Arc::new(sheet));
        self.publish(self.now.phase.clone());
        Ok(())
    }
}
