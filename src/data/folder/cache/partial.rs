//! A file of the cache while it is written: one process at a time, and nothing of it is left by a kill.
//!
//! The file is locked by who writes it, and the system gives the lock up when the process ends, however it
//! ends. It is renamed to its name when all of it is on the disk. What a killed process has left lies there
//! unlocked: the next one that wants the same file writes it anew, any other start removes it.

use super::Trouble;
use crate::data::registry::{Progress, tell};
use crate::durable;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the names of such files end.
pub const ENDING: &str = ".partial";
/// What a waiting process says.
pub const WAITING: &str = "waiting for another looc-tui that builds the cache";
/// Between two looks whether it has ended.
const PAUSE: Duration = Duration::from_millis(100);

/// A file that this process alone may write. Dropped without [`Partial::place`] it is removed.
#[derive(Debug)]
pub struct Partial {
    pub file: File,
    path: PathBuf,
}

impl Partial {
    /// Opens or makes the file and waits for its lock.
    pub fn take(path: &Path, progress: &mut Progress) -> Result<Self, Trouble> {
        let unusable = |what| move |source| Trouble::Unusable { what, path: path.to_owned(), source };
        loop {
            let file = durable::open_shared(path).map_err(unusable("open"))?;
            while let Err(error) = file.try_lock() {
                match error {
                    TryLockError::WouldBlock => tell(progress, WAITING, 0, 0).map_err(Trouble::Data)?,
                    TryLockError::Error(source) => return Err(unusable("lock")(source)),
                }
                std::thread::sleep(PAUSE);
            }
            // The other one may have renamed it meanwhile, or removed it: then this is the lock of another file.
            if is_at(&file, path).map_err(unusable("look at"))? {
                return Ok(Self { file, path: path.to_owned() });
            }
        }
    }

    /// Gives it its name. Its contents are on the disk already.
    pub fn place(self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        durable::sync_dir(path.parent().unwrap_or(Path::new(".")))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // The lock is still held: nobody else writes it. If it cannot be removed, a later start tries again.
        if is_at(&self.file, &self.path).unwrap_or(false) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether an open file is what is at a path.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let (open, there) = (file.metadata()?, fs::symlink_metadata(path));
    match there {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        there => there.map(|there| (there.dev(), there.ino()) == (open.dev(), open.ino())),
    }
}

/// Removes such a file if no living process writes it. What fails here is left for a later start.
pub fn remove_if_left(path: &Path) {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let opened = OpenOptions::new().read(true).write(true).custom_flags(flags.bits() as i32).open(path);
    if let Ok(file) = opened
        && file.try_lock().is_ok()
    {
        drop(Partial { file, path: path.to_owned() });
    }
}
