//! `looc-tui attach`.

use super::{Code, Globals, Run, lifeline, log::Log, look::Look, trained};
use crate::{
    engine::message::Phase,
    text::{printable, printable_name},
    tui,
};
use clap::Args;
use color_eyre::{Report, eyre::eyre};
use std::{
    io::{Write, stderr},
    path::PathBuf,
};

const HELP: &str = "\
Examples:
  looc-tui attach
  looc-tui attach runs/r0003

Leaving (q y) leaves the run training; q s stops it. docs/attach.md says who may attach.";

/// Shows a run that another process trains: its whole course, and then what is new. Keys steer it.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Attach {
    /// The run's folder; without it, the one below `runs` that is being trained
    run: Option<PathBuf>,
    #[command(flatten)]
    look: Look,
}

impl Run for Attach {
    fn run(self, globals: &Globals) -> Result<Code, Report> {
        let options = self.look.options(globals)?;
        let run = trained::chosen(self.run, "attach")?;
        let log = globals.log.as_deref().map(Log::open).transpose()?;
        // Before the screen: why it cannot be is told where it can be read.
        let handle = trained::attach(&run)?;
        let stage = tui::Stage::take()?;
        lifeline::watch_screen()?;
        let newest = handle.snapshot.clone();
        let heard = log.map(|mut log| -> tui::Listener { Box::new(move |event| log.event(event)) });
        let left = tui::run(stage, handle, tui::Options { remote: true, ..options }, heard)?;
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
        Ok(if left.signalled || left.interrupted { Code::Interrupted } else { Code::Done })
    }
}
