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

    /// What came of the errand in `place`, which is empty then; none while it is under way.
    pub fn take(place: &mut Option<Self>) -> Option<Result<T, Lost>> {
        match place.as_ref()?.0.try_recv() {
            Err(TryRecvError::Empty) => None,
            answer => {
                *place = None;
                Some(answer.map_err(|_| Lost))
            }
        }
    }
}

/// The thread panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("work with files ended without an answer; this is a fault of the program: please report it")]
pub struct Lost;

#[cfg(test)]
mod tests {
    use super::*;

    fn answer<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Lost> {
        let mut place = Some(Errand::start(work).unwrap());
        loop {
            if let Some(answer) = Errand::take(&mut place) {
                assert!(place.is_none());
                return answer;
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn every_errand_is_answered_a_panic_too() {
        assert_eq!(answer(|| 7), Ok(7));
        assert_eq!(answer::<i32>(|| panic!("on purpose")), Err(Lost));
        assert_eq!(Errand::<i32>::take(&mut None), None);
    }
}
