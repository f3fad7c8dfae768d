//! `looc-tui stop`.

use super::{Code, Globals, Run, trained};
use crate::{engine::message::Phase, link, run, text::printable_name};
use clap::Args;
use color_eyre::{Report, eyre::eyre};
use std::{
    io::{Write, stdout},
    path::PathBuf,
    time::{Duration, Instant},
};

/// From the last word to the end of the process.
const END: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(20);

const HELP: &str = "\
Examples:
  looc-tui stop
  looc-tui stop runs/r0003";

/// Asks the process that trains a run to write a checkpoint and to end, and waits until it has.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Stop {
    /// The run's folder; without it, the one below `runs` that is being trained
    run: Option<PathBuf>,
}

impl Run for Stop {
    fn run(self, _: &Globals) -> Result<Code, Report> {
        let run = trained::chosen(self.run, "stop")?;
        let name = printable_name(run.as_os_str());
        let ended = link::stop(&run)?;
        if let Phase::Failed(why) = ended {
            return Err(eyre!("{name} has ended, but not well: {why}"));
        }
        let since = Instant::now();
        while let Some(holder) = run::holder(&run) {
            if since.elapsed() > END {
                return Err(eyre!("{name} has stopped, but {holder} still holds its folder"));
            }
            std::thread::sleep(TICK);
        }
        let word = if ended == Phase::Finished { "had finished" } else { "stopped" };
        writeln!(stdout(), "{name} · {word}; it goes on with `looc-tui --run {name} --resume`")?;
        Ok(Code::Done)
    }
}
