//! `looc-tui attach`.

use super::{
    Code, Globals, Run,
    look::Look,
    screen::OnHangup,
    trained,
    watch::{Watch, Watched},
};
use clap::Args;
use color_eyre::Report;
use std::path::PathBuf;

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
        let watch = Watch { options, log: globals.log.clone(), on_hangup: OnHangup::default() };
        watch.until_left(Watched::Attached(run))
    }
}
