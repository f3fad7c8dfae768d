//! A run that is left training: what its screen's process has stopped, with a checkpoint, another one without a
//! screen goes on with. By the promise of bit-exact resumption nothing can tell the run from one that was not left.

use crate::{durable, link, run, text::printable_name};
use color_eyre::{Report, eyre::WrapErr, eyre::eyre};
use std::{
    io::{Write, stderr},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// What it says goes into this file of the run's directory.
const LOG: &str = "background.log";
/// The screen's process gives the run's lock back within this.
const RELEASE: Duration = Duration::from_secs(10);
/// How long the shell waits for it to be heard of. Large data may take longer.
const START: Duration = Duration::from_secs(20);
const TICK: Duration = Duration::from_millis(20);

/// Goes on with a run that this process has stopped. Tells how to come back.
pub fn go_on(run: &Path, log: Option<&Path>) -> Result<(), Report> {
    static BEGUN: AtomicBool = AtomicBool::new(false);
    if BEGUN.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    let since = Instant::now();
    while run::holder(run).is_some() && since.elapsed() < RELEASE {
        std::thread::sleep(TICK);
    }
    let name = printable_name(run.as_os_str());
    let output =
        durable::open_append(&run.join(LOG)).wrap_err_with(|| format!("cannot write {name}/{LOG}"))?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("train").arg("--resume").arg("--run").arg(run);
    if let Some(log) = log {
        command.arg("--log").arg(log);
    }
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    // A group of its own: neither Ctrl-C nor the end of the shell reaches it.
    command.process_group(0);
    let mut child = command.spawn()?;
    let since = Instant::now();
    while !link::is_served(run) && since.elapsed() < START {
        if let Some(status) = child.try_wait()? {
            return Err(eyre!(
                "{name} did not go on ({status}): {name}/{LOG} says why; its checkpoint is written"
            ));
        }
        std::thread::sleep(TICK);
    }
    // A terminal that has gone cannot be told.
    let _ = writeln!(
        stderr(),
        "{name} trains on in the background (process {}): `looc-tui attach {name}` shows it, `looc-tui stop {name}` ends it",
        child.id()
    );
    Ok(())
}
