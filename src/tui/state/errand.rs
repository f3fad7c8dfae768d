//! Work on files, by a thread of its own: a slow disk holds up neither the screen nor training.

use std::{
    io,
    sync::mpsc::{Receiver, TryRecvError, channel},
};

/// Something that is being done, and will be answered.
#[derive(Debug)]
pub struct Errand<T>(Receiver<T>);

impl<T: Send + 'static> Errand<T> {
    /// Begins.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(work: impl FnOnce() -> T + Send + 'static) -> io::Result<Self> {
        let (send, receive) = channel();
        std::thread::Builder::new().name("looc-files".into()).spawn(move || {
            // A screen that has gone wants it no more.
            let _ = send.send(work());
        })?;
        Ok(Self(receive))
    }

    /// What came of the errand in `place`, which is empty then; none while it is under way. One whose thread
    /// panicked comes to an end without an answer.
    pub fn take(place: &mut Option<Self>) -> Option<T> {
        match place.as_ref()?.0.try_recv() {
            Err(TryRecvError::Empty) => None,
            answer => {
                *place = None;
                answer.ok()
            }
        }
    }
}
