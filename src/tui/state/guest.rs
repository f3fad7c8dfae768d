//! Another run that is looked at while this one trains on, as its files tell it; and the change to another run.

use super::{Effect, Over, State, configuration::Answer, notices::Tone};
use crate::{
    curves::Recorded,
    device::DeviceReading,
    engine::{line, message::Snapshot},
    run,
};
use std::time::Instant;

impl State {
    /// A run as its files tell it: nothing can be asked of it.
    pub fn of_files(snapshot: Snapshot, recorded: Recorded, now: Instant) -> Self {
        let (handle, _) = line(snapshot);
        let mut state = Self::new(handle, None, now);
        (state.series, state.marks, state.heads) = (recorded.series, recorded.marks, recorded.heads);
        state
    }

    /// The run that is on the screen: the one that is looked at, or this one.
    pub fn front(&self) -> &Self {
        self.guest.as_deref().unwrap_or(self)
    }

    /// What a key asked the run that is looked at for, as far as it concerns this one.
    pub(super) fn of_guest(&mut self, effect: Option<Effect>, now: Instant) -> Option<Effect> {
        match effect {
            Some(Effect::Leave) => {
                let guest = self.guest.take()?;
                self.next_run = Some(guest.next_run?);
                self.leave(now)
            }
            Some(Effect::Mouse(on)) => {
                self.mouse = on;
                Some(Effect::Mouse(on))
            }
            Some(Effect::Tour(on)) => {
                self.tour = on;
                Some(Effect::Tour(on))
            }
            other => other,
        }
    }

    /// Takes what the machine does, for every run that is shown.
    pub fn read_device(&mut self, reading: DeviceReading) {
        if let Some(guest) = &mut self.guest {
            guest.device.take(reading.clone());
        }
        self.device.take(reading);
    }

    /// Begins to read the chosen run of the list, to look at it.
    pub(super) fn open_run(&mut self, now: Instant) {
        let Some(path) = self.catalogue.chosen().map(|run| run.path.clone()) else { return };
        if self.is_own(&path) {
            self.notices.say(Tone::Note, "this is the run on the screen", now);
            return;
        }
        self.ask_files(now, move || {
            let recorded = Recorded::read(&path).map_err(|error| error.to_string())?;
            let snapshot = recorded.snapshot(&path)?;
            Ok(Answer::Run(Box::new(snapshot), Box::new(recorded)))
        });
    }

    /// Shows a run that was read.
    pub(super) fn receive(&mut self, snapshot: Snapshot, recorded: Recorded, now: Instant) {
        let mut guest = Self::of_files(snapshot, recorded, now);
        (guest.keymap, guest.mouse, guest.tour) = (self.keymap.clone(), self.mouse, self.tour);
        guest.remote = self.remote;
        self.guest = Some(Box::new(guest));
    }

    /// Asks whether to leave this run and go on with the chosen one, or attach to the process that trains it.
    pub(super) fn ask_resume(&mut self, now: Instant) {
        let Some(chosen) = self.catalogue.chosen() else { return };
        let why = match chosen.state {
            _ if self.is_own(&chosen.path) => Some("this is the run on the screen".to_owned()),
            run::State::Finished => {
                Some(format!("{} is finished: there is nothing to go on with", chosen.name))
            }
            _ => None,
        };
        match why {
            Some(why) => self.notices.say(Tone::Note, &why, now),
            None => {
                let first = if chosen.state.is_held() {
                    format!("{} is trained by another process. ", chosen.name)
                } else {
                    String::new()
                };
                self.over = Over::Resume(chosen.path.clone(), first);
            }
        }
    }
}
