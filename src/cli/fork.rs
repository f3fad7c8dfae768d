//! `looc-tui fork`.

use super::{Code, Globals, Run, say};
use crate::{
    engine::{self, At, Forked},
    text::printable_name,
};
use clap::Args;
use color_eyre::Report;
use std::{io::Write, path::PathBuf};

const HELP: &str = "\
Examples:
  looc-tui fork runs/r0001
  looc-tui fork runs/r0001 --at 2000 --run runs/warmer --set contrast.temperature=0.3
  looc-tui fork runs/r0001 --before-edit 2
  looc-tui train --resume --run runs/warmer

--set changes what can be changed while a run trains; each change becomes an edit at the fork's step.
It can be forked at the checkpoints that are there: the newest three, and those before the last four edits
that gave or took a head. On the screen, f (5, runs) and F do the same.";

/// Makes a run of its own that goes on from another run's checkpoint, with the configuration that was in
/// force there. Its curves begin with the other run's, which may be training and is not touched.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Fork {
    /// The run to fork
    parent: PathBuf,
    /// From its newest checkpoint at or before this step; without it, from the newest
    #[arg(long, value_name = "STEP")]
    at: Option<u64>,
    /// From the checkpoint that was written just before edit N gave or took a head; edits count from 1
    #[arg(long, value_name = "N", conflicts_with = "at")]
    before_edit: Option<u64>,
    /// Folder of the new run; without it, the next free number beside the other
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
}

impl Run for Fork {
    fn run(self, globals: &Globals) -> Result<Code, Report> {
        let at = match (self.at, self.before_edit) {
            (Some(step), _) => At::Step(step),
            (None, Some(number)) => At::Edit(number),
            (None, None) => At::Newest,
        };
        let Forked { path, step, steps, warnings } =
            engine::fork(&self.parent, at, self.run.as_deref(), &globals.overrides())?;
        for warning in warnings {
            say(&format!("warning: {warning}"));
        }
        let name = printable_name(path.as_os_str());
        writeln!(std::io::stdout(), "{name}")?;
        let parent = printable_name(self.parent.as_os_str());
        let of = steps.map_or_else(String::new, |steps| format!(" of {steps}"));
        say(&format!("forked {parent} at step {step}{of}; go on: looc-tui train --resume --run {name}"));
        if steps.is_some_and(|steps| step >= steps) {
            say("all of its steps are done: --steps N gives it more");
        }
        Ok(Code::Done)
    }
}
