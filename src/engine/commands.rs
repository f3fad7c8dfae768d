//! What the viewer asks for, at a step boundary.

use super::{
    EngineError, inspect,
    message::{Command, Event, NeighbourRequest, Phase, ViewRequest},
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
        // Work is left to do even while paused: a measurement, images to search.
        let mut patient = paused && self.measurement.is_none() && !self.retrieval.busy();
        let (mut once, mut wanted, mut sought) = (false, None, None);
        loop {
            let command = if let Some(command) = self.early.pop_front() {
                Ok(command)
            } else if patient {
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
                // Of many requests for views only the last is worth the network's time.
                Ok(Command::Views(request)) => wanted = Some(request),
                Ok(Command::Neighbours(request)) => sought = Some(later(sought, request)),
                Ok(command) => self.obey_one(command)?,
                // A viewer that has gone cannot resume: what it left paused goes on.
                Err(TryRecvError::Disconnected) if self.now.phase == Phase::Paused => self.resume(),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        if let Some(request) = wanted {
            self.show_views(request);
        }
        if let Some(request) = sought {
            self.show_neighbours(request);
        }
        if once {
            self.rested();
            return self.step_once().map(|()| Next::Rest);
        }
        Ok(if self.now.phase == Phase::Paused { Next::Rest } else { Next::Step })
    }

    fn obey_one(&mut self, command: Command) -> Result<(), EngineError> {
        match command {
            Command::Edit(edit) => self.edit(edit)?,
            Command::EditAt { edit, base, editor } => self.edit_at(edit, base, editor)?,
            Command::Pause if self.now.phase != Phase::Paused => self.pause(),
            Command::Resume if self.now.phase == Phase::Paused => self.resume(),
            Command::Checkpoint => self.checkpoint(),
            Command::Views(request) => self.show_views(request),
            Command::Neighbours(request) => self.show_neighbours(request),
            Command::Pause | Command::Resume | Command::StepOnce | Command::Stop => {}
        }
        Ok(())
    }

    /// Whether the viewer wants to leave, after the last step: edits come too late, views do not.
    pub fn told_to_stop(&mut self) -> bool {
        let waiting: Vec<Command> = self.publisher.commands.try_iter().collect();
        waiting.into_iter().any(|command| self.told_to_stop_by(command))
    }

    /// After the end, shows the viewer what the model sees until it leaves.
    pub fn attend(&mut self) {
        loop {
            self.retrieve_in_turn();
            let command = if self.retrieval.busy() {
                self.publisher.commands.try_recv()
            } else {
                self.publisher.commands.recv().map_err(|_| TryRecvError::Disconnected)
            };
            let ends = match command {
                Ok(command) => self.told_to_stop_by(command),
                Err(error) => error == TryRecvError::Disconnected,
            };
            if ends {
                return;
            }
        }
    }

    /// Obeys one command of those that still mean something then. Whether it is to leave.
    fn told_to_stop_by(&mut self, command: Command) -> bool {
        match command {
            Command::Stop => return true,
            Command::Views(request) => self.show_views(request),
            Command::Neighbours(request) => self.show_neighbours(request),
            Command::Edit(edit) | Command::EditAt { edit, .. } => {
                let why = "training has ended".into();
                self.publisher.event(Event::Refused { path: edit.path, why });
            }
            _ => {}
        }
        false
    }

    fn pause(&mut self) {
        let noted = self.run.journal().append(self.now.step, journal::Entry::Pause);
        self.warn_of(noted);
        let flushed = self.run.metrics().flush();
        self.warn_of(flushed);
        self.publish(Phase::Paused);
    }

    fn resume(&mut self) {
        let noted = self.run.journal().append(self.now.step, journal::Entry::Resume);
        self.warn_of(noted);
        self.rested();
        self.publish(Phase::Training);
    }

    /// A checkpoint on the way: a disk that refuses is told, and training goes on.
    pub fn checkpoint(&mut self) {
        if let Err(error) = self.save() {
            self.publisher.event(Event::Warning(format!("no checkpoint was written: {error}")));
        }
        self.rested();
    }

    fn show_views(&mut self, request: ViewRequest) {
        let (config, at) = (self.config(), (self.now.config.train.seed, self.now.step));
        let data = self.data.clone();
        match inspect::sheet(&mut self.learner, &data, &config.augment, request, at, &self.device) {
            Ok(sheet) => {
                self.now.views = Some(Arc::new(sheet));
                self.publish(self.now.phase.clone());
            }
            Err(error) => self.publisher.event(Event::Warning(format!("no views: {error}"))),
        }
    }
}

/// The later of two requests; that the model is to be the newest holds on.
fn later(before: Option<NeighbourRequest>, request: NeighbourRequest) -> NeighbourRequest {
    NeighbourRequest { fresh: request.fresh || before.is_some_and(|it| it.fresh), ..request }
}
