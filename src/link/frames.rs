//! Messages in a stream of bytes: four bytes that say how long it is, the lowest first, and so many bytes of JSON.
//!
//! Nothing is set aside for a length that was only announced.

use super::LinkError;
use serde::{Serialize, de::DeserializeOwned};

/// Bytes of the length.
const HEAD: usize = 4;
/// A message to a viewer is no longer than this: pictures are in it.
pub const TO_VIEWER: usize = 16 << 20;
/// A message from a viewer.
pub const FROM_VIEWER: usize = 64 << 10;

/// A message as a frame.
///
/// # Errors
/// [`LinkError::TooLong`].
pub fn frame<T: Serialize>(message: &T, bound: usize) -> Result<Vec<u8>, LinkError> {
    let mut bytes = vec![0; HEAD];
    serde_json::to_writer(&mut bytes, message).map_err(std::io::Error::from)?;
    let length = bytes.len() - HEAD;
    match u32::try_from(length) {
        Ok(head) if length <= bound => bytes[..HEAD].copy_from_slice(&head.to_le_bytes()),
        _ => return Err(LinkError::TooLong { bytes: length, bound }),
    }
    Ok(bytes)
}

/// Bytes that have come, and are taken out as messages.
#[derive(Debug)]
pub struct Frames {
    bytes: Vec<u8>,
    /// So many of them have been taken.
    taken: usize,
    bound: usize,
}

impl Frames {
    /// Messages of at most `bound` bytes.
    pub fn new(bound: usize) -> Self {
        Self { bytes: Vec::new(), taken: 0, bound }
    }

    /// Adds what has come.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether part of a message is there.
    pub fn has_begun(&self) -> bool {
        self.taken < self.bytes.len()
    }

    /// The next message, if it is whole.
    ///
    /// # Errors
    /// It is announced as longer than it may be, or is no such message: nothing that follows can be trusted.
    pub fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, LinkError> {
        let Some((head, rest)) = self.bytes[self.taken..].split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*head) as usize;
        if length > self.bound {
            return Err(LinkError::TooLong { bytes: length, bound: self.bound });
        }
        let Some(message) = rest.get(..length) else { return Ok(None) };
        let message =
            serde_json::from_slice(message).map_err(|error| LinkError::Garbage(error.to_string()))?;
        self.taken += HEAD + length;
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However the stream is cut, the messages come out whole and in order.
        #[test]
        fn messages_survive_any_cut(
            messages in prop::collection::vec(".{0,40}", 0..20),
            cuts in prop::collection::vec(1_usize..50, 1..20),
        ) {
            let stream: Vec<u8> = messages.iter().flat_map(|it| frame(it, 1000).unwrap()).collect();
            let (mut frames, mut read, mut at) = (Frames::new(1000), Vec::<String>::new(), 0);
            for cut in cuts.iter().cycle() {
                let end = (at + cut).min(stream.len());
                frames.feed(&stream[at..end]);
                at = end;
                while let Some(message) = frames.next().unwrap() {
                    read.push(message);
                }
                if at == stream.len() {
                    break;
                }
            }
            prop_assert_eq!(read, messages);
            prop_assert!(!frames.has_begun());
        }

        /// Whatever comes, it is a message, an error, or not yet whole: no panic, and nothing beyond the bound.
        #[test]
        fn anything_may_come(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut frames = Frames::new(64);
            frames.feed(&bytes);
            while let Ok(Some(value)) = frames.next::<serde_json::Value>() {
                prop_assert!(value.to_string().len() <= 128);
            }
        }
    }

    #[test]
    fn a_message_may_be_as_long_as_the_bound_and_no_longer() {
        // With its quotes.
        let longest = "x".repeat(98);
        let mut frames = Frames::new(100);
        frames.feed(&frame(&longest, 100).unwrap());
        assert_eq!(frames.next::<String>().unwrap(), Some(longest.clone()));
        assert!(matches!(frame(&(longest + "x"), 100), Err(LinkError::TooLong { bytes: 101, bound: 100 })));
        frames.feed(&101_u32.to_le_bytes());
        assert!(matches!(frames.next::<String>(), Err(LinkError::TooLong { bytes: 101, .. })));
        let mut frames = Frames::new(TO_VIEWER);
        frames.feed(&u32::MAX.to_le_bytes());
        assert!(matches!(frames.next::<String>(), Err(LinkError::TooLong { .. })));
        let mut frames = Frames::new(TO_VIEWER);
        frames.feed(b"\x05\0\0\0[[[[[");
        assert!(matches!(frames.next::<String>(), Err(LinkError::Garbage(_))));
    }
}
