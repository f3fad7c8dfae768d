//! `looc-tui` without a subcommand: the screen.

use super::{
    Code, Globals, Run, Usage,
    look::Look,
    offer::{self, Choice},
    watch::{Watch, Watched},
};
use crate::{
    engine::{Job, Place, message::Command, recording::Recording},
    tui,
};
use clap::{Args, ValueEnum};
use color_eyre::{Report, eyre::eyre};
use std::path::PathBuf;

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
    /// When the terminal goes away: train on without a screen, for `looc-tui attach`, or stop with a checkpoint
    #[arg(long, value_name = "WHAT", default_value = "detach")]
    on_hangup: OnHangup,
}

/// What becomes of a run whose terminal has gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OnHangup {
    #[default]
    Detach,
    Stop,
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
            || self.on_hangup != OnHangup::default()
    }

    /// Whether nothing was said of which run it is to be.
    fn is_bare(&self, globals: &Globals) -> bool {
        let RunPlace { run, steps, .. } = &self.place;
        self.config.is_none() && run.is_none() && steps.is_none() && !globals.changes_the_configuration()
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
        let watch = Watch { options, log: globals.log.clone(), on_hangup: self.on_hangup };
        if self.is_bare(globals) {
            match offer::choose()? {
                Choice::Attach(run) => return watch.until_left(Watched::Attached(run)),
                Choice::Leave => return Ok(Code::Done),
                Choice::Begin => {}
            }
        }
        let job = self.place.job(self.config.as_deref(), globals)?;
        watch.until_left(Watched::Trained(Box::new(Job { attended: true, ..job })))
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
