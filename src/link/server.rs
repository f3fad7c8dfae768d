//! The training process's end: lets viewers in.

use super::{address, system, viewer};
use crate::engine::{
    Door, Handle,
    message::{Event, OWN_SCREEN, Phase},
};
use rustix::event::{PollFd, PollFlags, poll};
use std::{
    convert::Infallible,
    io,
    os::unix::net::{UnixListener, UnixStream},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

/// So many viewers at once, with those that have not greeted yet.
const VIEWERS: usize = 16;
/// When all has ended, viewers may take so long to hear of it.
const FAREWELL: Duration = Duration::from_secs(5);
/// After an error of the system's, such as that no more files may be open.
const PAUSE: Duration = Duration::from_millis(200);

/// The socket of a run, as long as it is kept.
pub struct Server {
    /// Whose end ends the thread that lets viewers in.
    open: Option<UnixStream>,
    /// Every thread has the other end.
    threads: Receiver<Infallible>,
}

/// Lets viewers in to the run of this line, once it has a directory. What hinders that is told as a warning, and
/// training goes on.
///
/// # Errors
/// If the system refuses a thread.
pub fn serve(handle: &Handle) -> io::Result<Server> {
    let (wake, woken) = UnixStream::pair()?;
    let (lives, threads) = channel();
    let door = handle.door();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    std::thread::Builder::new().name("looc-link".into()).spawn(move || {
        let mut news = door.snapshot.clone();
        let run = runtime.block_on(async {
            let found = news.wait_for(|now| now.run.is_some()).await;
            found.ok().and_then(|now| now.run.clone().filter(|_| !ended(&now.phase)))
        });
        let Some(run) = run else { return };
        match address::listen(&run) {
            Ok(listener) => {
                if !system::TELLS_USERS {
                    let text = "this system does not say whose process attaches: the modes of the run's directory \
                                and of its socket alone keep others out";
                    door.tell(&Event::Note(text.into()));
                }
                let_in(&listener, &woken, &door, &lives);
            }
            Err(error) => {
                let text = format!("nobody can attach to this run: {error}");
                door.tell(&Event::Warning(text));
            }
        }
    })?;
    Ok(Server { open: Some(wake), threads })
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.open.take());
        // What a viewer has not heard by then it does not hear.
        let _ = self.threads.recv_timeout(FAREWELL);
    }
}

fn ended(phase: &Phase) -> bool {
    matches!(phase, Phase::Stopped | Phase::Failed(_))
}

/// Lets viewers in until it is woken.
fn let_in(listener: &UnixListener, woken: &UnixStream, door: &Door, lives: &Sender<Infallible>) {
    let places = Arc::new(());
    for editor in OWN_SCREEN + 1.. {
        let stream = loop {
            let mut ready = [PollFd::new(woken, PollFlags::IN), PollFd::new(listener, PollFlags::IN)];
            let polled = poll(&mut ready, None);
            if polled.is_ok() && !ready[0].revents().is_empty() {
                return;
            }
            match listener.accept() {
                Ok((stream, _)) if Arc::strong_count(&places) <= VIEWERS => break stream,
                // Closed at once: there is no room.
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => std::thread::sleep(PAUSE),
            }
        };
        let held = (places.clone(), lives.clone());
        let own = door.clone();
        let serve = move || {
            viewer::serve(stream, &own, editor);
            drop(held);
        };
        if let Err(error) = std::thread::Builder::new().name("looc-viewer".into()).spawn(serve) {
            door.tell(&Event::Warning(format!("a viewer could not be let in: {error}")));
        }
    }
}
