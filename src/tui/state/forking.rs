//! A run of its own from a checkpoint of the run on the screen, or of another; to fork just before an edit is to
//! go back to before it.

use super::{
    Over, Screen, State,
    configuration::Answer,
    notices::Tone,
    palette::{Offers, Palette},
    plain::plain_line,
};
use crate::{
    curves::Mark,
    engine::{self, At, ForkPoint, Forked},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

/// Where a run can be forked.
#[derive(Clone, Debug, PartialEq)]
pub struct ForkPoints {
    pub run: PathBuf,
    /// Newest first.
    pub points: Vec<ForkPoint>,
}

/// What a fork point is called, and what it means.
pub fn words(point: &ForkPoint) -> (String, String) {
    let name = format!("step {}", point.step);
    match &point.before {
        Some(turn) => {
            let edit = Mark { step: point.step, time: 0.0, turn: turn.clone() }.short();
            (name, format!("rewind: before “{}”", plain_line(&edit)))
        }
        None => (name, "go on from this checkpoint, in a run of its own".into()),
    }
}

/// The name of a run's folder, for the reader.
fn name(run: &Path) -> String {
    plain_line(&run.file_name().unwrap_or(run.as_os_str()).to_string_lossy())
}

impl State {
    /// The run that a fork would be made of: the chosen one of the list, or the one on the screen.
    pub(super) fn to_fork(&self) -> Option<PathBuf> {
        let own = self.snapshot.run.clone();
        let chosen = || self.catalogue.chosen().map(|run| run.path.clone());
        let run = if self.screen == Screen::Runs { chosen() } else { own };
        run.filter(|_| !self.demo)
    }

    /// Looks for the checkpoints that it can be made from.
    pub(super) fn ask_fork_points(&mut self, now: Instant) {
        let Some(run) = self.to_fork() else { return };
        self.ask_files(now, move || {
            let points = engine::fork_points(&run).map_err(|error| error.to_string())?;
            if points.is_empty() {
                return Err(format!(
                    "{} has no checkpoint yet: c writes one of the run on the screen",
                    name(&run)
                ));
            }
            Ok(Answer::ForkPoints(ForkPoints { run, points }))
        });
    }

    /// Offers them.
    pub(super) fn offer_fork_points(&mut self, points: ForkPoints) {
        self.over =
            Over::Palette(Palette { offers: Offers::ForkPoints(Arc::new(points)), ..Palette::default() });
    }

    /// Makes a fork.
    pub(super) fn fork(&mut self, run: &Path, at: At, now: Instant) {
        let run = run.to_owned();
        self.ask_files(now, move || {
            let forked = engine::fork(&run, at, None, &[]).map_err(|error| error.to_string())?;
            Ok(Answer::Forked(run, forked))
        });
    }

    /// It is made: shall it be gone on with?
    pub(super) fn forked(&mut self, parent: &Path, forked: Forked, now: Instant) {
        let Forked { path, step, warnings, .. } = forked;
        for warning in warnings {
            self.notices.say(Tone::Warning, &warning, now);
        }
        if let Err(error) = self.catalogue.read(&path) {
            self.notices.say(Tone::Warning, &format!("the runs cannot be read: {error}"), now);
        }
        let made = format!("{} is made, from step {step} of {}", name(&path), name(parent));
        self.notices.say(Tone::Done, &format!("{made}; 5 lists it, R goes on with it"), now);
        self.over = Over::Resume(path, format!("{made}. "));
    }
}
