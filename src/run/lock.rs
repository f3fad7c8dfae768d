//! One process at a time writes a run's directory.

use super::{RunError, clock};
use crate::{durable, text::printable};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    fs::{self, File, TryLockError},
    io::Write,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// The file in a run's directory that is locked.
pub const LOCK: &str = "lock";
/// The socket at which the process that holds the lock lets viewers in.
pub const SOCKET: &str = "socket";
/// Who lists runs holds a lock for some microseconds to see whether it is free: look again so often.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// Who writes a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Of the process; 0 if it did not say.
    pub pid: u32,
    /// Its machine: the run may be on a shared disk.
    pub host: String,
    /// UTC.
    pub since: String,
}

impl Holder {
    fn me() -> Self {
        Self { pid: std::process::id(), host: host(), since: clock::utc(clock::now()) }
    }

    fn read(path: &Path) -> Self {
        let holder: Option<Self> =
            durable::read(path, 4096).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let Self { pid, host, since } = holder.unwrap_or_default();
        Self { pid, host: printable(&host), since: printable(&since) }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pid == 0 {
            write!(f, "another process")
        } else {
            write!(f, "process {} on {} since {}", self.pid, self.host, self.since)
        }
    }
}

/// This machine's name.
pub fn host() -> String {
    sysinfo::System::host_name().unwrap_or_else(|_| "this machine".into())
}

/// A run's lock. The system gives it up when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
    folder: PathBuf,
}

impl Lock {
    /// Takes the lock of a run's directory.
    ///
    /// # Errors
    /// [`RunError::Held`] names who has it.
    pub fn take(folder: &Path) -> Result<Self, RunError> {
        let path = folder.join(LOCK);
        let file = durable::open_append(&path).map_err(RunError::io("open", &path))?;
        let mut tries = 1;
        while let Err(error) = file.try_lock() {
            match error {
                TryLockError::WouldBlock if tries < TRIES => std::thread::sleep(PAUSE),
                TryLockError::WouldBlock => {
                    let holder = Holder::read(&path);
                    return Err(RunError::Held { path: folder.to_path_buf(), holder });
                }
                TryLockError::Error(source) => return Err(RunError::io("lock", &path)(source)),
            }
            tries += 1;
        }
        let lock = Self { file, folder: folder.to_path_buf() };
        lock.sign().map_err(RunError::io("write", &path))?;
        // Nobody listens at what a killed process left: it held the lock.
        lock.remove_socket().map_err(RunError::io("remove", &folder.join(SOCKET)))?;
        Ok(lock)
    }

    /// Says in the file who holds it. In place: a renamed file would be another lock.
    fn sign(&self) -> std::io::Result<()> {
        self.file.set_len(0)?;
        let mut text = serde_json::to_vec(&Holder::me())?;
        text.push(b'\n');
        (&self.file).write_all(&text)
    }

    /// What the holder made goes with it, so that nobody takes another's away.
    fn remove_socket(&self) -> std::io::Result<()> {
        match fs::remove_file(self.folder.join(SOCKET)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// Whether the run's directory is still where it was when the lock was taken.
    ///
    /// # Errors
    /// [`RunError::Moved`]: it was renamed, deleted, or replaced by another.
    pub fn in_place(&self) -> Result<(), RunError> {
        let same = fs::symlink_metadata(self.folder.join(LOCK)).and_then(|there| {
            let here = self.file.metadata()?;
            Ok((there.dev(), there.ino()) == (here.dev(), here.ino()))
        });
        if same.unwrap_or(false) { Ok(()) } else { Err(RunError::Moved(self.folder.clone())) }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Not in a directory that has taken the place of this one; whoever takes the lock next finds what is left.
        if self.in_place().is_ok() {
            let _ = self.remove_socket();
        }
    }
}

/// Who writes this run now; none if nobody does.
pub fn holder(folder: &Path) -> Option<Holder> {
    let path = folder.join(LOCK);
    let file = durable::open_regular(&path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(Holder::read(&path)),
        // Closing the file gives the lock back.
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}
