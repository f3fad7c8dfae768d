//! The one place for durable writes: what is reported as written survives kill -9 and power loss.
//!
//! Temp file in the same directory → write → fsync → rename → fsync the directory. After a failed
//! fsync the kernel may have dropped the dirty pages and call the next fsync a success, so an fsync
//! is never retried: the whole file is written once more (Rebello et al., "Can applications recover
//! from fsync failures?", USENIX ATC 2020).

use rustix::{fs::OFlags, io::Errno};
use std::{
    ffi::OsStr,
    fs::{self, DirBuilder, File, OpenOptions},
    hash::{BuildHasher, Hasher, RandomState},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Runs and caches are their user's own.
const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;
/// A name of 64 random bits that is taken was planted; so many in a row are no accident.
const NAMES: usize = 8;

/// Puts `bytes` at `path`, whole or not at all.
///
/// # Errors
/// The system's; the old file, if there was one, is then still there, and no temp file is left.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, bytes, File::sync_all)
}

/// [`write`] with the fsync of the file handed in, so that a test can make it fail.
fn write_with(path: &Path, bytes: &[u8], mut sync: impl FnMut(&File) -> io::Result<()>) -> io::Result<()> {
    twice(|| {
        let (temp, mut file) = fresh(path, create)?;
        let placed = file.write_all(bytes).and_then(|()| sync(&file)).and_then(|()| fs::rename(&temp, path));
        if placed.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_file(&temp);
        }
        placed?;
        sync_dir(parent(path))
    })
}

/// Puts a directory of `files` (names and contents) at `path`, whole or not at all. Nothing may be there.
///
/// # Errors
/// The system's; no part of it is left then.
pub fn write_dir(path: &Path, files: &[(&str, &[u8])]) -> io::Result<()> {
    twice(|| {
        let temp = temp_dir(path)?;
        let filled = files.iter().try_for_each(|(name, bytes)| {
            let mut file = create(&temp.join(name))?;
            file.write_all(bytes).and_then(|()| file.sync_all())
        });
        let placed = filled.and_then(|()| sync_dir(&temp)).and_then(|()| fs::rename(&temp, path));
        if placed.is_err() {
            // The first error is the one to tell; a later sweep takes what is left.
            let _ = fs::remove_dir_all(&temp);
        }
        placed
    })?;
    sync_dir(parent(path))
}

/// Puts a directory that is filled, of [`temp_dir`], at `path`, where nothing is or an empty directory.
pub fn place_dir(temp: &Path, path: &Path) -> io::Result<()> {
    sync_dir(temp)?;
    fs::rename(temp, path)?;
    sync_dir(parent(path))
}

/// Removes a directory so that no part of it is ever seen under its name: a kill on the way leaves a
/// temp directory for [`sweep`].
pub fn remove_dir(path: &Path) -> io::Result<()> {
    let temp = temp_dir(path)?;
    // Onto an empty directory a directory may be renamed.
    fs::rename(path, &temp)?;
    fs::remove_dir_all(&temp)
}

/// Writes all of it a second time if the disk failed or was full at the first; a missing right or a
/// missing folder is not mended so.
fn twice<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    attempt().or_else(|first| match Errno::from_io_error(&first) {
        Some(Errno::IO | Errno::NOSPC | Errno::DQUOT) => attempt(),
        _ => Err(first),
    })
}

/// Makes a new directory of the user's own with an unpredictable name beside `path`.
pub fn temp_dir(path: &Path) -> io::Result<PathBuf> {
    fresh(path, |temp| DirBuilder::new().mode(DIR_MODE).create(temp)).map(|(temp, ())| temp)
}

/// Makes one directory of the user's own; it must not be there.
pub fn make_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(DIR_MODE).create(path)
}

/// Makes a directory of the user's own, and those above it that are not there; each name is durable. One
/// that is there stays as it is.
pub fn make_dirs(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = parent(path);
    if above != path {
        make_dirs(above)?;
    }
    make_child(path)
}

/// The same where the directory above it must be there: what was moved away is not made anew.
pub fn make_child(path: &Path) -> io::Result<()> {
    match make_dir(path) {
        // Also if another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made.and_then(|()| sync_dir(parent(path))),
    }
}

/// Makes the names in a directory durable.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Whether [`write`] or [`write_dir`] could have left a file or directory of this name.
pub fn is_temp(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b".") && name.ends_with(b".tmp")
}

/// Removes what a killed process left half-written in `folder`. Only under the run's lock: without it
/// a living process may be writing them.
pub fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_temp(&entry.file_name()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file, a link (not what it points to) or a whole directory.
pub fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// Reads a regular file of at most `limit` bytes. Neither a link nor a pipe put in its place is followed.
///
/// # Errors
/// The system's; `InvalidData` for what is not a regular file or is longer than `limit`.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut file = open_regular(path)?;
    let size = file.metadata()?.len();
    if size > limit {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("it is {size} bytes long; at most {limit} were expected"),
        ));
    }
    let mut bytes = Vec::with_capacity(size as usize);
    Read::by_ref(&mut file).take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a regular file for reading, without waiting for a pipe's other end.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "it is not a regular file"))
    }
}

/// Opens a file to append to, and makes it if it is not there. A link is not followed.
pub fn open_append(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .read(true)
        .create(true)
        .mode(FILE_MODE)
        .custom_flags(OFlags::NOFOLLOW.bits() as i32)
        .open(path)
}

/// Opens a file to read and write as it is, and makes it if it is not there. A link is not followed, a
/// pipe not waited for.
pub fn open_shared(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .custom_flags(flags.bits() as i32)
        .open(path)
}

/// O_CREAT | O_EXCL: fails if anything is there, also a dangling link.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)
}

/// Makes something by an unpredictable name beside `path`.
fn fresh<T>(path: &Path, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<(PathBuf, T)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..NAMES {
        // RandomState is keyed from the system's randomness.
        let random = RandomState::new().build_hasher().finish();
        let temp = parent(path).join(format!(".{name}.{random:016x}.tmp"));
        match make(&temp) {
            Ok(made) => return Ok((temp, made)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
            Err(error) => return Err(error),
        }
    }
    Err(taken)
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_write_is_whole_private_and_leaves_no_temp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_failed_fsync_rewrites_the_whole_file_once_then_gives_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, b"old").unwrap();
        let eio = || Err(io::Error::from(Errno::IO));
        let mut calls = 0;
        write_with(&path, b"new", |file| {
            calls += 1;
            if calls == 1 { eio() } else { file.sync_all() }
        })
        .unwrap();
        assert_eq!((calls, fs::read(&path).unwrap()), (2, b"new".to_vec()));
        let mut calls = 0;
        write_with(&path, b"newer", |_| {
            calls += 1;
            eio()
        })
        .unwrap_err();
        assert_eq!((calls, fs::read(&path).unwrap()), (2, b"new".to_vec()));
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_planted_link_is_replaced_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, path) = (folder.path().join("victim"), folder.path().join("a"));
        fs::write(&victim, "mine").unwrap();
        symlink(&victim, &path).unwrap();
        assert!(open_append(&path).is_err() && read(&path, 100).is_err());
        assert!(create(&path).is_err(), "O_EXCL refuses a link");
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
        assert!(!fs::symlink_metadata(&path).unwrap().is_symlink());
    }

    #[test]
    fn a_planted_temp_name_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, path) = (folder.path().join("victim"), folder.path().join("a"));
        let planted = std::cell::Cell::new(false);
        let (temp, _) = fresh(&path, |temp| {
            if !planted.replace(true) {
                symlink(&victim, temp).unwrap();
            }
            create(temp)
        })
        .unwrap();
        assert!(!victim.exists() && fs::symlink_metadata(temp).unwrap().is_file());
    }

    #[test]
    fn a_sweep_takes_temps_only_and_does_not_follow_links() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "").unwrap();
        fs::write(folder.path().join(".a.0123.tmp"), "").unwrap();
        fs::write(folder.path().join(".hidden"), "").unwrap();
        symlink(outside.path(), folder.path().join(".b.0123.tmp")).unwrap();
        fs::create_dir_all(folder.path().join(".c.0123.tmp/deep")).unwrap();
        sweep(folder.path()).unwrap();
        assert_eq!(names(folder.path()), [".hidden"]);
        assert!(outside.path().join("kept").exists());
    }

    #[test]
    fn pipes_folders_and_giants_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if made.is_ok_and(|status| status.success()) {
            assert_eq!(read(&pipe, 10).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
        assert!(read(folder.path(), 10).is_err());
        fs::write(folder.path().join("long"), "12345678901").unwrap();
        assert!(read(&folder.path().join("long"), 10).is_err());
    }
}
