//! One run after the other on the screen, until its reader leaves: trained here, or by another process.

use super::{
    Code, Globals, background, lifeline,
    log::Log,
    screen::{OnHangup, RunPlace},
    trained,
};
use crate::{
    engine::{
        self, Job,
        message::{Command, Phase},
    },
    link, run,
    text::{printable, printable_name},
    tui,
};
use color_eyre::{Report, eyre::eyre};
use std::{
    io::{Write, stderr},
    path::{Path, PathBuf},
    sync::mpsc::Sender,
    thread::JoinHandle,
};

/// A run, and who trains it.
pub enum Watched {
    /// This process, from now on.
    Trained(Box<Job>),
    /// Another one.
    Attached(PathBuf),
}

/// How runs are watched.
pub struct Watch {
    pub options: tui::Options,
    pub log: Option<PathBuf>,
    /// What becomes of a run that is trained here when the terminal goes away.
    pub on_hangup: OnHangup,
}

impl Watch {
    /// Shows a run, and after it each that its reader chooses to go on with.
    pub fn until_left(&self, first: Watched) -> Result<Code, Report> {
        let mut watched = first;
        loop {
            let left = match watched {
                Watched::Trained(job) => self.train(*job)?,
                Watched::Attached(run) => self.attach(&run)?,
            };
            let Some(next) = left.next else {
                return Ok(if left.signalled || left.interrupted { Code::Interrupted } else { Code::Done });
            };
            watched = if run::holder(&next).is_some() {
                Watched::Attached(next)
            } else {
                let place = RunPlace { run: Some(next), steps: None, resume: true };
                let job = place.job(None, &Globals::default())?;
                Watched::Trained(Box::new(Job { attended: true, ..job }))
            };
        }
    }

    fn listener(&self) -> Result<Option<tui::Listener>, Report> {
        let log = self.log.as_deref().map(Log::open).transpose()?;
        Ok(log.map(|mut log| -> tui::Listener { Box::new(move |event| log.event(event)) }))
    }

    /// Trains a run on the screen until its reader leaves.
    fn train(&self, job: Job) -> Result<tui::Left, Report> {
        let heard = self.listener()?;
        let stage = tui::Stage::take()?;
        let (handle, thread) = engine::start(job)?;
        let newest = handle.snapshot.clone();
        let _server = link::serve(&handle)?;
        let _lifeline = lifeline::watch(&handle, self.on_hangup, self.log.clone())?;
        // Whatever happens to the screen, training ends in good order.
        let training = Training { commands: handle.commands.clone(), thread: Some(thread) };
        let left = tui::run(stage, handle, self.options.clone(), heard)?;
        let last = newest.borrow().clone();
        if let Some(why) = left.failure {
            return Err(eyre!("{why}"));
        }
        if !matches!(last.phase, Phase::Finished | Phase::Stopped) {
            // The reader would not wait for the checkpoint.
            training.abandon();
            return Err(eyre!("left before the last checkpoint was written"));
        }
        drop(training);
        let detach = left.detached || left.hung_up && self.on_hangup == OnHangup::Detach;
        if let (true, Phase::Stopped, Some(run)) = (detach, &last.phase, &last.run) {
            background::go_on(run, self.log.as_deref())?;
        } else if let Some(run) = &last.run {
            // A terminal that has gone cannot be told.
            let name = printable_name(run.as_os_str());
            let _ = writeln!(stderr(), "{name} · step {} of {}", last.step, last.steps);
        }
        Ok(left)
    }

    /// Shows a run that another process trains until the reader leaves.
    fn attach(&self, run: &Path) -> Result<tui::Left, Report> {
        let heard = self.listener()?;
        // Before the screen: why it cannot be is told where it can be read.
        let handle = trained::attach(run)?;
        let stage = tui::Stage::take()?;
        let _lifeline = lifeline::watch_screen()?;
        let newest = handle.snapshot.clone();
        let options = tui::Options { remote: true, ..self.options.clone() };
        let left = tui::run(stage, handle, options, heard)?;
        if let Some(why) = left.failure {
            return Err(eyre!("{why}"));
        }
        let last = newest.borrow().clone();
        let state = match &last.phase {
            Phase::Finished => "finished".into(),
            Phase::Stopped => "stopped".into(),
            Phase::Lost(why) => format!("the connection was lost: {}", printable(why)),
            _ => "training goes on".to_owned(),
        };
        let name = printable_name(run.as_os_str());
        // A terminal that has gone cannot be told.
        let _ = writeln!(stderr(), "{name} · step {} of {} · {state}", last.step, last.steps);
        Ok(left)
    }
}

/// The training thread, which is stopped and waited for when this is dropped.
struct Training {
    commands: Sender<Command>,
    thread: Option<JoinHandle<()>>,
}

impl Training {
    /// Leaves the thread to the end of the process.
    fn abandon(mut self) {
        self.thread = None;
    }
}

impl Drop for Training {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // One that has ended already listens no more, and a panic of it has been shown.
            let _ = self.commands.send(Command::Stop);
            let _ = thread.join();
        }
    }
}
