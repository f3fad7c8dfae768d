//! A screen that is not read any more, over a line that has gone still, waits in the middle of a frame and hears no
//! signal. Training is ended in good order all the same, from a thread of its own, and then the program.

use super::{
    Code, background,
    screen::OnHangup,
    signals::{Ending, Endings},
};
use crate::engine::{
    Handle,
    message::{Command, Phase, Snapshot},
};
use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::Sender,
    },
    time::Duration,
};
use tokio::sync::watch;

/// A last checkpoint may take so long.
const FAREWELL: Duration = Duration::from_secs(60);
/// The screen leaves by itself, and gives the terminal back, if it can do so within this.
const GRACE: Duration = Duration::from_secs(3);
/// How often the end is looked for.
const TICK: Duration = Duration::from_millis(100);

/// Watches until the process ends. A run that is to go on after a hang-up does so, with this log.
///
/// # Errors
/// If the system refuses a thread, or to tell of signals.
pub fn watch(handle: &Handle, on_hangup: OnHangup, log: Option<PathBuf>) -> io::Result<Lifeline> {
    let holds = Lifeline(Arc::new(AtomicBool::new(true)));
    let held = holds.0.clone();
    let (commands, snapshot) = (handle.commands.clone(), handle.snapshot.clone());
    at_the_end(held, move |ending| {
        end(&commands, &snapshot);
        std::thread::sleep(GRACE);
        let last = snapshot.borrow().clone();
        let detach = ending == Ending::HangUp && on_hangup == OnHangup::Detach;
        if let (true, Phase::Stopped, Some(run)) = (detach, &last.phase, &last.run) {
            // There is nobody to tell what hinders it.
            let _ = background::go_on(run, log.as_deref());
        }
    })?;
    Ok(holds)
}

/// As long as it is there, a signal ends the run that it was made for, or its screen, and the process with it.
#[must_use]
pub struct Lifeline(Arc<AtomicBool>);

impl Drop for Lifeline {
    fn drop(&mut self) {
        // The screen goes on to another run, or the program ends by itself.
        self.0.store(false, Ordering::SeqCst);
    }
}

/// The same for a screen alone: what it shows is trained elsewhere.
///
/// # Errors
/// As [`watch`].
pub fn watch_screen() -> io::Result<Lifeline> {
    let holds = Lifeline(Arc::new(AtomicBool::new(true)));
    at_the_end(holds.0.clone(), |_| std::thread::sleep(GRACE))?;
    Ok(holds)
}

/// Does something when a signal has come, and then ends the process, if it still is there.
fn at_the_end(held: Arc<AtomicBool>, last: impl FnOnce(Ending) + Send + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut endings = runtime.block_on(async { Endings::listen() })?;
    let watch = move || {
        let ending = runtime.block_on(endings.next());
        if !held.load(Ordering::SeqCst) {
            return;
        }
        last(ending);
        // Nobody reads what the terminal would be told; its line can be set right all the same. It may have gone.
        let _ = crossterm::terminal::disable_raw_mode();
        std::process::exit(Code::Interrupted as i32);
    };
    std::thread::Builder::new().name("looc-signals".into()).spawn(watch)?;
    Ok(())
}

/// Ends training. The screen has its time after that.
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
}
