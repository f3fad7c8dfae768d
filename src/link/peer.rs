//! One end of a connection: whole messages, within their time.

use super::{
    LinkError, PATIENCE,
    frames::{Frames, frame},
    message::Hello,
    system::{Peer, own_peer},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    io::{self, ErrorKind, Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

/// Bytes that are read at once.
const BLOCK: usize = 64 << 10;

/// What is said to the other end.
pub struct Mouth {
    stream: UnixStream,
    bound: usize,
}

/// What is heard from it.
pub struct Ear {
    stream: UnixStream,
    frames: Frames,
}

/// Both ends greet. Nothing is read before it is known to be the same user, where the system says whose it is.
///
/// # Errors
/// [`LinkError::Foreign`], [`LinkError::Version`], and everything that comes of somebody else's end.
pub fn greet(stream: UnixStream, say: usize, hear: usize) -> Result<(Mouth, Ear, Peer), LinkError> {
    let peer = own_peer(&stream).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => LinkError::Foreign,
        _ => LinkError::Io(error),
    })?;
    // A listener's `O_NONBLOCK` is not handed on everywhere.
    stream.set_nonblocking(false)?;
    let mut mouth = Mouth { stream: stream.try_clone()?, bound: say };
    let mut ear = Ear { stream, frames: Frames::new(hear) };
    mouth.say(&Hello::own())?;
    let theirs: Hello = ear.hear_within(PATIENCE)?;
    if theirs == Hello::own() {
        Ok((mouth, ear, peer))
    } else {
        Err(LinkError::Version { theirs: theirs.version })
    }
}

impl Mouth {
    /// Says a message. The other end has to take it in its time.
    ///
    /// # Errors
    /// [`LinkError::TooLong`] with nothing said; [`LinkError::Slow`], [`LinkError::Gone`], the system's.
    pub fn say<T: Serialize>(&mut self, message: &T) -> Result<(), LinkError> {
        let bytes = frame(message, self.bound)?;
        let until = Instant::now() + PATIENCE;
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            self.stream.set_write_timeout(Some(left(until)?))?;
            match self.stream.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) => passing(error)?,
            }
        }
        Ok(())
    }

    /// Ends the connection, for whoever reads from it too.
    pub fn close(&self) {
        // It may have ended.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

impl Ear {
    /// The next message, however long it lets itself be waited for; once it has begun, not for long.
    ///
    /// # Errors
    /// Everything that can be wrong with it.
    pub fn hear<T: DeserializeOwned>(&mut self) -> Result<T, LinkError> {
        self.listen(None)
    }

    /// The next message, which is whole within this time.
    ///
    /// # Errors
    /// Everything that can be wrong with it.
    pub fn hear_within<T: DeserializeOwned>(&mut self, time: Duration) -> Result<T, LinkError> {
        self.listen(Some(Instant::now() + time))
    }

    fn listen<T: DeserializeOwned>(&mut self, mut until: Option<Instant>) -> Result<T, LinkError> {
        let mut block = vec![0; BLOCK];
        loop {
            if let Some(message) = self.frames.next()? {
                return Ok(message);
            }
            if self.frames.has_begun() && until.is_none() {
                until = Some(Instant::now() + PATIENCE);
            }
            self.stream.set_read_timeout(until.map(left).transpose()?)?;
            match self.stream.read(&mut block) {
                Ok(0) => return Err(LinkError::Gone),
                Ok(count) => self.frames.feed(&block[..count]),
                Err(error) => passing(error)?,
            }
        }
    }

    /// Ends the connection.
    pub fn close(&self) {
        // It may have ended.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

fn left(until: Instant) -> Result<Duration, LinkError> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(LinkError::Slow) } else { Ok(left) }
}

/// What a next attempt may get over; whether there is time for one, [`left`] says.
fn passing(error: io::Error) -> Result<(), LinkError> {
    match error.kind() {
        ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut => Ok(()),
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => Err(LinkError::Gone),
        _ => Err(LinkError::Io(error)),
    }
}
