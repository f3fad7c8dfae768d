//! A screen that is not read any more, over a line that has gone still, waits in the middle of a frame and hears no
//! signal. Training is ended in good order all the same, from a thread of its own, and then the program.

use super::{Code, signals::Endings};
use crate::engine::{
    Handle,
    message::{Command, Phase, Snapshot},
};
use std::{
    io,
    sync::{Arc, mpsc::Sender},
    time::Duration,
};
use tokio::sync::watch;

/// A last checkpoint may take so long.
const FAREWELL: Duration = Duration::from_secs(60);
/// The screen leaves by itself, and gives the terminal back, if it can do so within this.
const GRACE: Duration = Duration::from_secs(3);
/// How often the end is looked for.
const TICK: Duration = Duration::from_millis(100);

/// Watches until the process ends.
///
/// # Errors
/// If the system refuses a thread, or to tell of signals.
pub fn watch(handle: &Handle) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut endings = runtime.block_on(async { Endings::listen() })?;
    let (commands, snapshot) = (handle.commands.clone(), handle.snapshot.clone());
    let watch = move || {
        runtime.block_on(endings.next());
        end(&commands, &snapshot);
    };
    std::thread::Builder::new().name("looc-signals".into()).spawn(watch)?;
    Ok(())
}

/// Ends training, leaves the screen its time, and then leaves without it.
fn end(commands: &Sender<Command>, snapshot: &watch::Receiver<Arc<Snapshot>>) {
    // An engine that has gone needs no telling.
    let _ = commands.send(Command::Stop);
    let ended = || matches!(snapshot.borrow().phase, Phase::Finished | Phase::Stopped | Phase::Failed(_));
    let ticks = FAREWELL.as_millis() / TICK.as_millis();
    for _ in 0..ticks {
        if ended() {
            break;
        }
        std::thread::sleep(TICK);
    }
    std::thread::sleep(GRACE);
    // Nobody reads what the terminal would be told; its line can be set right all the same. It may have gone.
    let _ = crossterm::terminal::disable_raw_mode();
    std::process::exit(Code::Interrupted as i32);
}
