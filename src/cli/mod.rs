//! The command line. A file a subcommand, and a line of `commands!`.

mod args;
mod attach;
mod background;
mod bar;
mod bench;
mod config;
mod data;
mod doctor;
mod eval;
mod export;
mod fork;
mod lifeline;
mod log;
mod look;
mod offer;
mod replay;
mod runs;
mod screen;
mod sheet;
mod signals;
mod stop;
mod study;
mod train;
mod trained;
mod views;
mod watch;

use crate::{
    engine::EngineError,
    tui::{TuiError, settings::SettingsError},
};
use args::Globals;
use clap::{Parser, Subcommand};
use std::{io::Write, process::ExitCode};

/// How a command ended, for the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Done = 0,
    Failure = 1,
    Usage = 2,
    Configuration = 78,
    Interrupted = 130,
}

/// Arguments that do not go together.
#[derive(Debug, thiserror::Error)]
#[error("{0}; see --help")]
struct Usage(String);

impl Usage {
    fn error(why: impl Into<String>) -> color_eyre::Report {
        Self(why.into()).into()
    }
}

/// What a subcommand provides beside its arguments.
trait Run {
    fn run(self, globals: &Globals) -> Result<Code, color_eyre::Report>;
}

/// The list of subcommands: module, name, and one line for the help.
macro_rules! commands {
    ($($(#[doc = $help:literal])+ $module:ident::$name:ident),+ $(,)?) => {
        #[derive(Subcommand)]
        enum Command { $($(#[doc = $help])+ $name($module::$name)),+ }

        impl Run for Command {
            fn run(self, globals: &Globals) -> Result<Code, color_eyre::Report> {
                match self { $(Self::$name(it) => it.run(globals)),+ }
            }
        }
    };
}

commands! {
    /// Train without a screen, with a progress bar (or plain lines in a pipe)
    train::Train,
    /// Show and steer a run that another process trains; leaving it leaves it training
    attach::Attach,
    /// Write a checkpoint of a run that another process trains, and end it
    stop::Stop,
    /// Draw the views q, k0, k1… of one image, with their parameters, into a PNG
    views::Views,
    /// Look into a data set without training: classes, sizes, damaged files, a contact sheet
    data::Data,
    /// Print the full effective configuration, with every default
    config::Config,
    /// Say what was found here (terminal, images, CPU, GPU, data) and what will be used
    doctor::Doctor,
    /// List the runs in a folder: state, step, configuration, last figures
    runs::Runs,
    /// Repeat a recorded run and compare every loss and every state with the record, bit for bit
    replay::Replay,
    /// Make a run that goes on from another run's checkpoint
    fork::Fork,
    /// Evaluate a checkpoint: kNN, linear, rotation and few-shot probes, invariance, collapse, uniformity
    eval::Eval,
    /// Draw a run's curves into an SVG or a PNG, or write their figures into a CSV
    export::Export,
    /// Train and evaluate variants of a configuration with several seeds, and compare them in a table
    study::Study,
    /// Time training steps on random images
    bench::Bench,
}

const HELP: &str = "\
Examples:
  looc-tui
  looc-tui folder.yaml --set data.path=my-photos

Exit codes: 0 done, 1 failure, 2 usage, 78 configuration, 130 interrupted.
LOOC_DATA is the folder that relative data paths start from; LOOC_CPU names the kernels that compute
on the CPU (see doctor); NO_COLOR is obeyed.";

/// Trains LooC (leave-one-out contrastive learning) on images, in a terminal: switch augmentations on
/// and off while it trains, and watch what each embedding space learns to ignore and to keep.
///
/// Without anything it trains on a built-in data set.
#[derive(Parser)]
#[command(name = "looc-tui", version, verbatim_doc_comment)]
#[command(after_help = HELP)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    screen: screen::Screen,
    #[command(flatten)]
    globals: Globals,
}

/// Tells the user. Where stderr has gone, as over a broken connection, there is nobody to tell.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|it| it.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Parses the arguments and runs what they ask for.
pub fn main() -> ExitCode {
    let line = CommandLine::parse();
    let colors = line.globals.colors();
    let hooks = color_eyre::config::HookBuilder::default()
        .theme(if colors { color_eyre::config::Theme::dark() } else { color_eyre::config::Theme::new() })
        .display_env_section(false)
        .install();
    if let Err(error) = hooks {
        eprintln!("looc-tui: {error}");
    }
    if let Err(error) = signals::outlive_file_limit() {
        say(&format!("looc-tui: a limit on the size of files may end the program: {error}"));
    }
    // crossterm has a mind of its own about NO_COLOR, which --color overrules.
    crossterm::style::force_color_output(colors);
    let outcome = match line.command {
        Some(_) if line.screen.is_given() => Err(Usage::error(
            "CONFIG, --run, --steps and --resume stand behind the subcommand; --images, --glyphs and --ground are the screen's own",
        )),
        Some(command) => command.run(&line.globals),
        None => line.screen.run(&line.globals),
    };
    let code = outcome.unwrap_or_else(|error| {
        if error.chain().any(is_broken_pipe) {
            // Whoever reads has read enough, as `head` has.
            return Code::Done;
        }
        if let Some(wrong) = error.downcast_ref::<crate::config::ConfigError>() {
            // It shows the place by itself.
            say(&wrong.to_string());
            return Code::Configuration;
        }
        say(&format!("looc-tui: {error}"));
        for cause in error.chain().skip(1) {
            say(&format!("  because: {cause}"));
        }
        if matches!(error.downcast_ref(), Some(EngineError::Kernels(_))) || error.is::<SettingsError>() {
            return Code::Configuration;
        }
        let unfit = matches!(error.downcast_ref(), Some(TuiError::NoTerminal | TuiError::Dumb));
        if unfit || error.is::<Usage>() { Code::Usage } else { Code::Failure }
    });
    ExitCode::from(code as u8)
}
