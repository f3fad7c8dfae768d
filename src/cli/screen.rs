//! `looc-tui` without a subcommand: the screen.

use super::{Code, Globals, Run, log::Log};
use crate::{
    engine::{self, Job, Place},
    tui::{self, pictures::Images},
};
use clap::Args;
use color_eyre::{Report, eyre::eyre};
use std::path::PathBuf;

#[derive(Args)]
pub struct Screen {
    /// A configuration (YAML); without one, the built-in data set
    config: Option<PathBuf>,
    #[command(flatten)]
    pub place: RunPlace,
    /// How images are shown: kitty, iterm2, sixel, half, ascii, off; without it, as the terminal can
    #[arg(long, value_name = "HOW")]
    images: Option<Images>,
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
            (Some(run), true) if config.is_some() || !globals.set.is_empty() => {
                let run = run.display();
                return Err(eyre!(
                    "{run} goes on with its own configuration: leave CONFIG and --set out with --resume"
                ));
            }
            (Some(run), true) => {
                let started = crate::run::config_yaml(run)?;
                let config = crate::config::Config::parse(&started, "the run's config.yaml", &[])?;
                (config, Place::Resume(run.clone()))
            }
            (Some(run), false) => (globals.config(config)?, Place::New(run.clone())),
            (None, _) => (globals.config(config)?, Place::Next("runs".into())),
        };
        Ok(Job { config, place, steps: self.steps })
    }
}

impl Run for Screen {
    fn run(self, globals: &Globals) -> Result<Code, Report> {
        let job = self.place.job(self.config.as_deref(), globals)?;
        let log = globals.log.as_deref().map(Log::open).transpose()?;
        let stage = tui::Stage::take()?;
        let (handle, thread) = engine::start(job)?;
        let newest = handle.snapshot.clone();
        let options = tui::Options { images: self.images, depth: globals.depth() };
        let heard = log.map(|mut log| -> tui::Listener { Box::new(move |event| log.event(event)) });
        let left = tui::run(stage, handle, options, heard)?;
        let last = newest.borrow().clone();
        if let Some(why) = left.failure {
            return Err(eyre!("{why}"));
        }
        if thread.is_finished() && thread.join().is_err() {
            return Err(eyre!("the training thread ended in a panic"));
        }
        if let Some(run) = &last.run {
            eprintln!("{} · step {} of {}", run.display(), last.step, last.steps);
        }
        Ok(if left.signalled { Code::Interrupted } else { Code::Done })
    }
}
