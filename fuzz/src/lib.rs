//! What the targets share: a set in a folder of its own, written anew for each input and read by the same
//! function as a user's.

use looc::data::{DataSettings, Splits, quiet, read};
use std::path::Path;
use tempfile::TempDir;

/// A folder whose files are replaced by each input.
pub struct Set {
    folder: TempDir,
    settings: DataSettings,
}

impl Set {
    /// Of a kind; `path` is what of the folder is opened, all of it if empty.
    pub fn new(kind: &str, path: &str) -> Self {
        let folder = memory();
        let path = Some(if path.is_empty() { folder.path().into() } else { folder.path().join(path) });
        let settings = DataSettings { kind: kind.into(), path, size: 8, ..DataSettings::default() };
        Self { folder, settings }
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).expect("a file of the input");
    }

    /// Reads the set. An error is well; images that do not fit their labels are not.
    pub fn read(&self) {
        let Ok(splits) = read(&self.settings, &mut quiet) else { return };
        check(&splits);
    }
}

impl Set {
    /// Reads files of records of so many bytes: labels from the input, planes that repeat it, and a cut; first one
    /// of the two files is made so, then the other.
    pub fn read_records(
        &self,
        [train, test]: [&str; 2],
        record: usize,
        (bytes, records, cut): (Vec<u8>, u8, u16),
    ) {
        let length = usize::from(records % 4) * record + usize::from(cut) % 3 * usize::from(cut) % record;
        let length = if bytes.is_empty() { 0 } else { length };
        let whole: Vec<u8> = bytes.iter().copied().cycle().take(length).collect();
        for (train_bytes, test_bytes) in [(&whole, &bytes), (&bytes, &whole)] {
            self.write(train, train_bytes);
            self.write(test, test_bytes);
            self.read();
        }
    }
}

/// A folder in memory where there is such a place: a target writes some thousand files a second.
pub fn memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    folder.expect("a folder for the inputs")
}

/// What every set must have.
fn check(splits: &Splits) {
    let parts = [Some(&splits.train), splits.labelled.as_ref(), Some(&splits.held_out)];
    for images in parts.into_iter().flatten() {
        assert_eq!(images.side, 8);
        let count = images.len();
        for labels in &images.labels {
            assert_eq!(labels.of.len(), count, "labels of {}", labels.name);
            assert!(labels.of.iter().all(|class| usize::from(*class) < labels.classes.len()));
        }
        let mut scratch = Vec::new();
        for index in 0..count {
            assert_eq!(images.bytes(index, &mut scratch).expect("an image in memory").len(), 8 * 8 * 3);
        }
    }
    for damaged in &splits.damaged {
        assert!(!damaged.file.is_empty() && !damaged.why.is_empty());
        assert!(!damaged.to_string().chars().any(char::is_control));
    }
}
