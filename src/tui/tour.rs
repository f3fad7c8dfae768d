//! Whether this reader has seen the tour: the line in every pane that explains it at the first start.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where it is noted that the tour was seen; none where there is no home.
fn note() -> Option<PathBuf> {
    Some(crate::home::folder("XDG_STATE_HOME", ".local/state")?.join("tour-seen"))
}

/// Whether the tour is to be shown. Without a home nobody would remember that it was seen: then it is not.
pub fn is_new() -> bool {
    note().is_some_and(|note| !note.exists())
}

/// Notes that it was seen, or that it is to be shown again.
///
/// # Errors
/// The system's.
pub fn seen(seen: bool) -> io::Result<()> {
    note().map_or(Ok(()), |note| set(&note, seen))
}

fn set(note: &Path, seen: bool) -> io::Result<()> {
    if !seen {
        return match fs::remove_file(note) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    if let Some(folder) = note.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(note, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_remembered_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let note = folder.path().join("a/b/tour-seen");
        set(&note, false).unwrap();
        set(&note, true).unwrap();
        assert!(note.exists());
        set(&note, false).unwrap();
        assert!(!note.exists());
    }
}
