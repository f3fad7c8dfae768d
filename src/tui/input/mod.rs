//! What is typed, from a thread of its own.
//!
//! crossterm's reader is not used: its stream wakes late for keys that come together, it spins when the
//! terminal is gone (crossterm-rs/crossterm#793), and a paste that is never closed swallows every key
//! after it. Here the thread waits on the terminal, sees a hang-up, and ends at once when it is dropped.

mod decode;
mod keys;
mod paste;
#[cfg(test)]
mod tests;

use crossterm::event::{KeyEvent, MouseEvent};
use decode::{Decoder, Unfinished};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use std::{
    io::{self, PipeReader, PipeWriter},
    os::fd::AsFd,
    thread::JoinHandle,
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// An escape after which nothing comes for so long is the key; a terminal sends a sequence at once.
const ESCAPE: Timespec = Timespec { tv_sec: 0, tv_nsec: 25_000_000 };
/// A paste or a sequence goes on after a pause this long, as of a slow connection, or never.
const REST: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// So many events wait; the terminal keeps the others.
const WAITING: usize = 1024;

/// What came from the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Key(KeyEvent),
    Mouse(MouseEvent),
    /// Text from elsewhere, as a whole.
    Paste(String),
}

/// What these bytes are, if nothing follows.
pub fn decode(bytes: &[u8]) -> Vec<Event> {
    let mut decoder = Decoder::default();
    let mut events = decoder.take(bytes);
    events.extend(decoder.end());
    events
}

/// What is typed, from now on.
pub struct Input {
    /// Closed once the terminal is gone.
    events: Receiver<io::Result<Event>>,
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
        let (send, events) = channel(WAITING);
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
        // The thread may wait for room.
        self.events.close();
        if let Some(thread) = self.thread.take() {
            // A panic of it has been told by the hook.
            let _ = thread.join();
        }
    }
}

/// What the terminal did.
enum Did {
    Send(usize),
    Pause,
    Leave,
}

/// Sends on what comes, until the terminal is gone or nobody listens any more.
fn listen(send: &Sender<io::Result<Event>>, closed: &PipeReader) {
    let mut decoder = Decoder::default();
    let mut block = [0; 4096];
    loop {
        let patience = decoder.unfinished().map(|what| match what {
            Unfinished::Escape => ESCAPE,
            Unfinished::Other => REST,
        });
        let events = match read(closed, &mut block, patience.as_ref()) {
            Ok(Did::Send(count)) => decoder.take(&block[..count]),
            Ok(Did::Pause) => decoder.end(),
            Ok(Did::Leave) => return,
            Err(error) => {
                let _ = send.blocking_send(Err(error));
                return;
            }
        };
        for event in events {
            if send.blocking_send(Ok(event)).is_err() {
                return;
            }
        }
    }
}

/// Waits for bytes, for `patience` at most if there is one.
fn read(closed: &PipeReader, block: &mut [u8], patience: Option<&Timespec>) -> io::Result<Did> {
    let input = io::stdin();
    loop {
        let mut ready =
            [PollFd::from_borrowed_fd(input.as_fd(), PollFlags::IN), PollFd::new(closed, PollFlags::IN)];
        match poll(&mut ready, patience) {
            Ok(0) => return Ok(Did::Pause),
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        if !ready[1].revents().is_empty() || ready[0].revents().intersects(gone) {
            return Ok(Did::Leave);
        }
        match rustix::io::read(input.as_fd(), &mut *block) {
            // EIO: it went away between the two calls.
            Ok(0) | Err(Errno::IO) => return Ok(Did::Leave),
            Ok(count) => return Ok(Did::Send(count)),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
