//! The lines of a run's journal, sealed here so that more than the seal is read, and of its figures.
#![no_main]

use libfuzzer_sys::fuzz_target;
use looc::run::{fuzz::seal, journal, metrics};
use std::path::PathBuf;
use std::sync::LazyLock;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(looc_fuzz::memory);

fuzz_target!(|bytes: &[u8]| {
    let write = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = FOLDER.path().join(name);
        std::fs::write(&path, bytes).expect("a file of the input");
        path
    };
    let figures = write("metrics.jsonl", bytes);
    let _ = metrics::read(&figures);
    let _ = metrics::latest(&figures);
    let text = String::from_utf8_lossy(bytes);
    let sealed: String = text
        .lines()
        .map(|line| {
            if line.len() > 2 && line.starts_with('{') && line.ends_with('}') {
                seal(line)
            } else {
                line.into()
            }
        })
        .flat_map(|line| [line, "\n".into()])
        .collect();
    if let Ok(records) = journal::read(&write("journal.jsonl", sealed.as_bytes())) {
        for (at, record) in records.iter().enumerate() {
            assert_eq!(record.seq, at as u64 + 1);
        }
    }
});
