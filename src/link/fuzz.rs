//! What the fuzz target reaches for: whole conversations from their bytes.

use super::{
    frames::{FROM_VIEWER, Frames, TO_VIEWER, frame},
    message::{Asked, Hello, Told},
};
use crate::engine::message::Snapshot;
use serde::{Serialize, de::DeserializeOwned};

/// What a run hears from a viewer that says these bytes, so many at once: each message as it is said again.
pub fn asked(bytes: &[u8], block: usize) -> Vec<Vec<u8>> {
    let mut heard = Vec::new();
    hear::<Hello>(bytes, block, FROM_VIEWER, |_| {});
    hear(bytes, block, FROM_VIEWER, |asked: Asked| heard.extend(again(&asked)));
    heard
}

/// What a viewer makes of a run that says these bytes.
pub fn told(bytes: &[u8], block: usize) {
    let mut now = Snapshot::default();
    hear(bytes, block, TO_VIEWER, |told: Told| {
        if let Told::State(state) = told
            && let Ok(next) = state.after(&now)
        {
            now = next;
        }
    });
}

/// Every message until one is none.
fn hear<T: DeserializeOwned>(bytes: &[u8], block: usize, bound: usize, mut take: impl FnMut(T)) {
    let mut frames = Frames::new(bound);
    for some in bytes.chunks(block) {
        frames.feed(some);
        loop {
            match frames.next() {
                Ok(Some(message)) => take(message),
                Ok(None) => break,
                Err(error) => {
                    assert!(!error.to_string().chars().any(char::is_control));
                    return;
                }
            }
        }
    }
}

/// A message said again; none if it is longer than it may be, as escaped text can be.
fn again<T: Serialize>(message: &T) -> Option<Vec<u8>> {
    frame(message, FROM_VIEWER).ok()
}
