//! `journal.jsonl`: what was done to a run, in order. With the configuration it *is* the run: replaying
//! it gives the same bits. One sealed JSON object a line; a line is on the disk before anybody is told
//! that what it says is done.

use super::{RunError, Turn, clock, seal};
use crate::durable;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The journal's name in a run's directory.
pub const JOURNAL: &str = "journal.jsonl";
/// A journal of hand-made edits does not get near this.
const LIMIT: u64 = 1 << 30;

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// 1, 2, 3… without a gap.
    pub seq: u64,
    /// Seconds since 1970, for people; a replay reads steps, never clocks.
    pub time: f64,
    /// Steps done when it takes effect: the next step is the first one under it.
    pub step: u64,
    #[serde(flatten)]
    pub entry: Entry,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Entry {
    /// A process began to train, from the record's step on.
    Start {
        /// Of the program.
        version: String,
        /// Which build of that version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        build: Option<String>,
        /// Steps to do in all.
        steps: u64,
        /// What computes: device, the CPU's kernels. Other bits may come out of another one.
        compute: String,
        /// Threads that compute. They change no bit; a replay tells of them all the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        threads: Option<usize>,
        /// Hash of the images.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<String>,
    },
    /// A value of the configuration was changed.
    Edit {
        path: String,
        /// As text, as in `--set`, so that a number keeps every digit.
        from: String,
        to: String,
        /// How many edits there were, with this one.
        revision: u64,
        /// Hash of the configuration that results.
        config: String,
    },
    /// A turn of the run that this one was forked from, before the fork: part of what this one began with,
    /// and told for the reader of its curves.
    Inherited { turn: Turn },
    /// Rested.
    Pause,
    /// Went on.
    Resume,
    /// A checkpoint is on the disk.
    Checkpoint {
        /// Below the run's directory.
        path: String,
    },
    /// Hash of the whole state: finds where two runs part.
    State {
        hash: String,
        /// Edits in force: at one step there may be states before and after an edit.
        #[serde(default)]
        revision: u64,
    },
    /// The process ended the run in good order.
    Stop {
        reason: StopReason,
        /// For people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopReason {
    /// All steps are done.
    Finished,
    /// On request; it can be resumed.
    Stopped,
    /// It could not go on.
    Failed,
}

/// A value of an edit, which stands there as text.
pub fn value(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// Reads a journal. A torn last line, which was never acknowledged, is left out.
///
/// # Errors
/// [`RunError::Damaged`] names the first line that cannot be trusted.
pub fn read(path: &Path) -> Result<Vec<Record>, RunError> {
    Ok(load(path)?.0)
}

/// The records, and the text they are from.
fn load(path: &Path) -> Result<(Vec<Record>, Vec<u8>), RunError> {
    let mut text = durable::read(path, LIMIT).map_err(RunError::io("read", path))?;
    text.truncate(text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
    let mut records: Vec<Record> = Vec::new();
    for (at, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let damaged = |why: String| RunError::Damaged { path: path.to_path_buf(), line: at + 1, why };
        let line = &line[..line.len() - 1];
        let object = seal::unseal(line).ok_or_else(|| damaged("its checksum is wrong".into()))?;
        let record: Record = serde_json::from_slice(&object).map_err(|error| damaged(error.to_string()))?;
        if record.seq != at as u64 + 1 {
            return Err(damaged(format!("it is number {}; {} was expected", record.seq, at + 1)));
        }
        records.push(record);
    }
    Ok((records, text))
}

/// A journal open for appending.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// All that is acknowledged: the file is written anew from here after a failure.
    text: Vec<u8>,
    count: u64,
    /// The file may hold more or less than `text`.
    doubtful: bool,
}

impl Journal {
    /// Makes a journal without a record.
    pub fn create(path: &Path) -> Result<Self, RunError> {
        durable::write(path, b"").map_err(RunError::io("create", path))?;
        Ok(Self::open(path)?.0)
    }

    /// Opens a journal, cuts a torn last line away, and gives what is in it.
    pub fn open(path: &Path) -> Result<(Self, Vec<Record>), RunError> {
        let (records, text) = load(path)?;
        let file = durable::open_append(path).map_err(RunError::io("open", path))?;
        // Cut, or a new line would be glued to the torn one.
        file.set_len(text.len() as u64).map_err(RunError::io("cut", path))?;
        file.sync_all().map_err(RunError::io("sync", path))?;
        let count = records.len() as u64;
        Ok((Self { path: path.to_path_buf(), file, text, count, doubtful: false }, records))
    }

    /// Appends what takes effect after `step` steps. Once this returns `Ok`, the record survives.
    ///
    /// # Errors
    /// The system's, after the whole file was tried anew; the journal is then as it was before, and a
    /// later append may succeed.
    pub fn append(&mut self, step: u64, entry: Entry) -> Result<Record, RunError> {
        let record = Record { seq: self.count + 1, time: clock::now(), step, entry };
        let object = serde_json::to_string(&record)
            .map_err(|error| RunError::io("encode", &self.path)(error.into()))?;
        let before = self.text.len();
        self.text.extend_from_slice(seal::seal(&object).as_bytes());
        self.text.push(b'\n');
        let doubtful = std::mem::replace(&mut self.doubtful, true);
        let plain = !doubtful
            && (&self.file).write_all(&self.text[before..]).and_then(|()| self.file.sync_data()).is_ok();
        if !plain && let Err(error) = self.rewrite() {
            self.text.truncate(before);
            return Err(RunError::io("append to", &self.path)(error));
        }
        self.doubtful = false;
        self.count += 1;
        Ok(record)
    }

    /// After a failed write or fsync nothing is known about the file: all of it is written anew.
    fn rewrite(&mut self) -> io::Result<()> {
        durable::write(&self.path, &self.text)?;
        self.file = durable::open_append(&self.path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn edit(revision: u64) -> Entry {
        Entry::Edit {
            path: "augment.color.p".into(),
            from: "0.8".into(),
            to: "0.30000000000000004".into(),
            revision,
            config: "c0ffee".into(),
        }
    }

    fn three(folder: &Path) -> (PathBuf, Vec<Record>) {
        let path = folder.join(JOURNAL);
        let mut journal = Journal::create(&path).unwrap();
        let start = Entry::Start {
            version: "0.1.0".into(),
            build: Some("c0ffee".into()),
            steps: 9,
            compute: "cpu".into(),
            threads: None,
            data: Some("c0ffee".into()),
        };
        let stop = Entry::Stop { reason: StopReason::Stopped, why: None };
        let records = vec![(0, start), (4, edit(1)), (5, stop)]
            .into_iter()
            .map(|(at, e)| journal.append(at, e).unwrap());
        let records = records.collect();
        (path, records)
    }

    #[test]
    fn what_is_appended_is_read_and_goes_on_after_opening() {
        let folder = tempfile::tempdir().unwrap();
        let (path, records) = three(folder.path());
        assert_eq!(read(&path).unwrap(), records);
        let (mut journal, again) = Journal::open(&path).unwrap();
        assert_eq!(again, records);
        assert_eq!(journal.append(9, Entry::Pause).unwrap().seq, 4);
        assert_eq!(read(&path).unwrap().len(), 4);
        let line = fs::read_to_string(&path).unwrap().lines().nth(1).unwrap().to_owned();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&value["kind"], &value["step"], &value["revision"]),
            (&"edit".into(), &4.into(), &1.into())
        );
    }

    #[test]
    fn cut_at_every_byte_of_the_last_line_the_rest_is_recovered() {
        let folder = tempfile::tempdir().unwrap();
        let (path, records) = three(folder.path());
        let whole = fs::read(&path).unwrap();
        let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        for cut in last..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(read(&path).unwrap(), records[..2], "cut at {cut}");
            let (mut journal, _) = Journal::open(&path).unwrap();
            assert_eq!(journal.append(6, edit(2)).unwrap().seq, 3);
            assert_eq!(read(&path).unwrap().len(), 3, "cut at {cut}");
        }
        // A file grown before its bytes arrived ends in zeros.
        fs::write(&path, [&whole[..last], &[0; 40]].concat()).unwrap();
        assert_eq!(Journal::open(&path).unwrap().1, records[..2]);
    }

    #[test]
    fn a_damaged_or_missing_middle_is_refused_by_line_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = three(folder.path());
        let whole = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        let flipped = [lines[0], &lines[1].replace("0.8", "0.9"), lines[2]].concat();
        for bad in [flipped, [lines[0], lines[2]].concat(), [lines[0], "\n", lines[1]].concat()] {
            fs::write(&path, &bad).unwrap();
            assert!(matches!(Journal::open(&path), Err(RunError::Damaged { line: 2, .. })));
            assert_eq!(fs::read_to_string(&path).unwrap(), bad);
        }
    }

    #[test]
    fn a_failed_write_is_made_good_by_writing_the_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = three(folder.path());
        let (mut journal, _) = Journal::open(&path).unwrap();
        // ENOSPC at this write, as on a disk that was full for a moment.
        journal.file = File::options().write(true).open("/dev/full").unwrap();
        journal.append(7, edit(2)).unwrap();
        journal.append(8, edit(3)).unwrap();
        assert_eq!(read(&path).unwrap().len(), 5);
    }

    #[test]
    fn a_lasting_failure_is_told_and_a_later_append_makes_it_good() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = three(folder.path());
        let (mut journal, _) = Journal::open(&path).unwrap();
        journal.file = File::options().write(true).open("/dev/full").unwrap();
        journal.path = folder.path().join("gone").join(JOURNAL);
        journal.append(7, edit(2)).unwrap_err();
        assert_eq!(read(&path).unwrap().len(), 3);
        journal.path = path.clone();
        assert_eq!(journal.append(8, edit(2)).unwrap().seq, 4);
        assert_eq!(read(&path).unwrap().len(), 4);
    }
}
