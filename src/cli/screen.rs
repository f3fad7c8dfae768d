//! `looc-tui` without a subcommand: the screen.

use super::{Code, Globals, Run, Usage, background, lifeline, log::Log, look::Look};
use crate::{
    engine::{
        self, Job, Place,
        message::{Command, Phase},
        recording::Recording,
    },
    link, tui,
};
use clap::{Args, ValueEnum};
use color_eyre::{Report, eyre::eyre};
use std::{
    io::{Write, stderr},
    path::PathBuf,
    sync::mpsc::Sender,
    thread::JoinHandle,
};

#[derive(Args)]
pub struct Screen {
    /// A configuration (YAML); without one, the built-in data set
    config: Option<PathBuf>,
    #[command(flatten)]
    pub place: RunPlace,
    #[command(flatten)]
    look: Look,
    /// Play a short recorded run: nothing is trained and nothing written, and every key works
    #[arg(long, conflicts_with_all = ["config", "run", "steps", "resume"])]
    demo: bool,
    /// When the terminal goes away: stop with a checkpoint, or train on without a screen, for `looc-tui attach`
    #[arg(long, value_name = "WHAT", default_value = "stop")]
    on_hangup: OnHangup,
}

/// What becomes of a run whose terminal has gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OnHangup {
    #[default]
    Stop,
    Detach,
}

impl Screen {
    /// Whether any of it was given.
    pub fn is_given(&self) -> bool {
        let RunPlace { run, steps, resume } = &self.place;
        self.demo
            || self.config.is_some()
            || self.look.is_given()
            || run.is_some()
            || steps.is_some()
            || *resume
            || self.on_hangup != OnHangup::Stop
    }
}

/// Where a run's records go, and how long it goes.
#[derive(Args, Clone, Debug, Default)]
pub struct RunPlace {
    /// Folder of the run's records; without it, the next free number below `runs`
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// Steps in all; without it, as many as train.epochs make
    #[arg(long, value_name = "N")]
    pub steps: Option<u64>,
    /// Go on with the run in --run from its newest checkpoint
    #[arg(long, requires = "run")]
    pub resume: bool,
}

impl RunPlace {
    /// The job that the arguments describe.
    pub fn job(&self, config: Option<&std::path::Path>, globals: &Globals) -> Result<Job, Report> {
        let (config, place) = match (&self.run, self.resume) {
            (Some(run), true) if config.is_some() || globals.changes_the_configuration() => {
                let run = run.display();
                return Err(Usage::error(format!(
                    "{run} goes on with its own configuration: leave CONFIG, --set, --seed and --threads out \
                     with --resume"
                )));
            }
            (Some(run), true) => {
                let started = crate::run::config_yaml(run)?;
                let config = crate::config::Config::parse(&started, "the run's config.yaml", &[])?;
                (config, Place::Resume(run.clone()))
            }
            (Some(run), false) => (globals.config(config)?, Place::New(run.clone())),
            (None, _) => (globals.config(config)?, Place::Next("runs".into())),
        };
        Ok(Job { config, place, steps: self.steps, attended: false })
    }
}

impl Run for Screen {
    fn run(self, globals: &Globals) -> Result<Code, Report> {
        let options = self.look.options(globals)?;
        if self.demo {
            return demo(options);
        }
        let mut job = Job { attended: true, ..self.place.job(self.config.as_deref(), globals)? };
        loop {
            let left = self.show(job, &options, globals)?;
            let Some(next) = left.next else {
                return Ok(if left.signalled || left.interrupted { Code::Interrupted } else { Code::Done });
            };
            // The reader has chosen another run to go on with.
            let place = RunPlace { run: Some(next), steps: None, resume: true };
            job = Job { attended: true, ..place.job(None, &Globals::default())? };
        }
    }
}

impl Screen {
    /// Trains a run on the screen until its reader leaves.
    fn show(&self, job: Job, options: &tui::Options, globals: &Globals) -> Result<tui::Left, Report> {
        let log = globals.log.as_deref().map(Log::open).transpose()?;
        let stage = tui::Stage::take()?;
        let (handle, thread) = engine::start(job)?;
        let newest = handle.snapshot.clone();
        let _server = link::serve(&handle)?;
        let _lifeline = lifeline::watch(&handle, self.on_hangup, globals.log.clone())?;
        // Whatever happens to the screen, training ends in good order.
        let training = Training { commands: handle.commands.clone(), thread: Some(thread) };
        let options = options.clone();
        let heard = log.map(|mut log| -> tui::Listener { Box::new(move |event| log.event(event)) });
        let left = tui::run(stage, handle, options, heard)?;
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
            background::go_on(run, globals.log.as_deref())?;
        } else if let Some(run) = &last.run {
            // A terminal that has gone cannot be told.
            let _ = writeln!(stderr(), "{} · step {} of {}", run.display(), last.step, last.steps);
        }
        Ok(left)
    }
}

/// What `--demo` plays; `examples/record_demo.rs` makes it.
const DEMO: &[u8] = include_bytes!("../../assets/demo.json.gz");

/// Plays the recorded run.
fn demo(options: tui::Options) -> Result<Code, Report> {
    let stage = tui::Stage::take()?;
    let (handle, player) = Recording::read(DEMO)?.play()?;
    let commands = handle.commands.clone();
    let left = tui::run(stage, handle, tui::Options { demo: true, tour: true, ..options }, None);
    // A player that has ended already listens no more.
    let _ = commands.send(Command::Stop);
    let ended = player.join();
    let left = left?;
    ended.map_err(|_| eyre!("the player of the recording panicked: please report it"))?;
    Ok(if left.signalled || left.interrupted { Code::Interrupted } else { Code::Done })
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
