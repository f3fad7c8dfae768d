//! Keys, from a thread of their own.
//!
//! crossterm's own stream is not used: it wakes late for keys that come together, and its thread
//! spins when the terminal is gone (crossterm-rs/crossterm#793). Here the thread waits on the
//! terminal, sees a hang-up before crossterm is called, and ends at once when it is dropped.

use crossterm::event::{self, Event};
use rustix::event::{PollFd, PollFlags, poll};
use std::{
    io::{self, PipeReader, PipeWriter},
    os::fd::AsFd,
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What is typed, from now on.
pub struct Input {
    /// Closed once the terminal is gone.
    events: UnboundedReceiver<io::Result<Event>>,
    /// Closing it ends the thread.
    open: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Input {
    /// Begins to read.
    ///
    /// # Errors
    /// If the system refuses a thread or a pipe.
    pub fn start() -> io::Result<Self> {
        let (send, events) = unbounded_channel();
        let (closed, open) = io::pipe()?;
        let thread =
            std::thread::Builder::new().name("looc-input".into()).spawn(move || listen(&send, &closed))?;
        Ok(Self { events, open: Some(open), thread: Some(thread) })
    }

    /// The next event; none once the terminal is gone.
    pub async fn next(&mut self) -> Option<io::Result<Event>> {
        self.events.recv().await
    }

    /// An event that waits already.
    pub fn waiting(&mut self) -> Option<io::Result<Event>> {
        self.events.try_recv().ok()
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.open = None;
        if let Some(thread) = self.thread.take() {
            // A panic of it has been told by the hook.
            let _ = thread.join();
        }
    }
}

fn listen(send: &UnboundedSender<io::Result<Event>>, closed: &PipeReader) {
    let input = io::stdin();
    loop {
        let mut ready =
            [PollFd::from_borrowed_fd(input.as_fd(), PollFlags::IN), PollFd::new(closed, PollFlags::IN)];
        match poll(&mut ready, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return,
        }
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        if !ready[1].revents().is_empty() || ready[0].revents().intersects(gone) {
            return;
        }
        if ready[0].revents().contains(PollFlags::IN) && !take(send) {
            return;
        }
    }
}

/// Sends on what has come. False when nobody listens any more.
fn take(send: &UnboundedSender<io::Result<Event>>) -> bool {
    loop {
        let event = match event::poll(Duration::ZERO) {
            Ok(true) => event::read(),
            Ok(false) => return true,
            Err(error) => Err(error),
        };
        let failed = event.is_err();
        if send.send(event).is_err() || failed {
            return false;
        }
    }
}
