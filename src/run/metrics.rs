//! `metrics.jsonl`: the figures of every step, one flat JSON object a line: `step`, `time` (seconds
//! since the start), and the tags: `loss`, `loss/all`, `loss/<augmentation>`, `lr`, `images_per_s`,
//! `invariance/<head>/<augmentation>`, `knn/<label>`. What is not a number is marked as `"NaN"`,
//! `"inf"` or `"-inf"`, never as `null`.

use super::{RunError, metrics_row};
use crate::{durable, text::printable};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    mem,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

pub use metrics_row::Row;

/// The log's name in a run's directory.
pub const METRICS: &str = "metrics.jsonl";
/// Figures reach the file after so long at most (if steps come as often).
const FLUSH: Duration = Duration::from_secs(1);
/// While the disk refuses, so many bytes wait in memory; what comes then is left out.
const BACKLOG: usize = 8 << 20;
/// So much of a log's end is read for the latest figures: some hundred lines.
const END: u64 = 64 << 10;

/// The log, open for appending.
#[derive(Debug)]
pub struct MetricsLog {
    path: PathBuf,
    file: File,
    waiting: Vec<u8>,
    flushed: Instant,
    /// The disk refused, and the caller knows.
    told: bool,
}

impl MetricsLog {
    /// Opens the log, and makes it if there is none. A torn last line is cut away.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let file = durable::open_append(path).map_err(RunError::io("open", path))?;
        let log = Self {
            path: path.to_path_buf(),
            file,
            waiting: Vec::new(),
            flushed: Instant::now(),
            told: false,
        };
        log.cut_torn().map_err(RunError::io("cut", path))?;
        Ok(log)
    }

    /// Adds the figures of `step`; `time` is in seconds since the run's start.
    ///
    /// # Errors
    /// When the disk begins to refuse, once; training may go on. What waits is written when it can be.
    pub fn record<'a>(
        &mut self,
        step: u64,
        time: f64,
        values: impl IntoIterator<Item = (&'a str, f32)>,
    ) -> Result<(), RunError> {
        if self.waiting.len() < BACKLOG {
            let encoded = encode(&mut self.waiting, step, time, values);
            encoded.map_err(RunError::io("encode figures for", &self.path))?;
        }
        if self.flushed.elapsed() >= FLUSH { self.flush() } else { Ok(()) }
    }

    /// Hands everything to the system: before a pause, for one. Errors as in [`MetricsLog::record`].
    pub fn flush(&mut self) -> Result<(), RunError> {
        self.flushed = Instant::now();
        let written = self.write_waiting();
        let first = !mem::replace(&mut self.told, written.is_err());
        match written {
            Err(error) if first => Err(RunError::io("append to", &self.path)(error)),
            _ => Ok(()),
        }
    }

    /// Brings everything to the disk: before a checkpoint, whose step the log must reach.
    ///
    /// # Errors
    /// The system's, each time.
    pub fn sync(&mut self) -> Result<(), RunError> {
        self.write_waiting().map_err(RunError::io("append to", &self.path))?;
        self.file.sync_data().map_err(RunError::io("sync", &self.path))
    }

    /// Cuts the log back to the figures of `step` and before, for a run resumed there. A measurement is
    /// logged some steps after the step that it is of: such rows stay.
    ///
    /// # Errors
    /// The system's; [`RunError::Damaged`] for a damaged line before the cut.
    pub fn truncate_after(&mut self, step: u64) -> Result<(), RunError> {
        self.write_waiting().map_err(RunError::io("append to", &self.path))?;
        let mut tail = Tail::open(&self.path)?;
        let (mut end, mut late, mut at) = (0, Vec::new(), 0);
        tail.each(|row, after| {
            let line = at..after;
            at = after;
            if row.step > step {
                return true;
            }
            if line.start == end {
                end = after;
            } else {
                late.push(line);
            }
            true
        })?;
        let late = late.into_iter().map(|line| self.read(line)).collect::<io::Result<Vec<_>>>();
        let late = late.map_err(RunError::io("read", &self.path))?;
        self.file.set_len(end).map_err(RunError::io("cut", &self.path))?;
        self.waiting.extend(late.concat());
        self.write_waiting().map_err(RunError::io("append to", &self.path))?;
        self.file.sync_all().map_err(RunError::io("sync", &self.path))
    }

    /// These bytes of the log.
    fn read(&self, bytes: Range<u64>) -> io::Result<Vec<u8>> {
        let mut text = vec![0; (bytes.end - bytes.start) as usize];
        (&self.file).seek(SeekFrom::Start(bytes.start))?;
        (&self.file).read_exact(&mut text)?;
        Ok(text)
    }

    /// Writes what waits; what the system took is not written again.
    fn write_waiting(&mut self) -> io::Result<()> {
        while !self.waiting.is_empty() {
            match (&self.file).write(&self.waiting) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => drop(self.waiting.drain(..taken)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn cut_torn(&self) -> io::Result<()> {
        let mut end = self.file.metadata()?.len();
        let mut block = [0; 4096];
        while end > 0 {
            let start = end.saturating_sub(block.len() as u64);
            let part = &mut block[..(end - start) as usize];
            (&self.file).seek(SeekFrom::Start(start))?;
            (&self.file).read_exact(part)?;
            match part.iter().rposition(|byte| *byte == b'\n') {
                Some(newline) => return self.file.set_len(start + newline as u64 + 1),
                None => end = start,
            }
        }
        self.file.set_len(0)
    }
}

/// For tests: a disk that is full for a while.
#[cfg(test)]
impl MetricsLog {
    pub(super) fn refuse(&mut self) -> io::Result<()> {
        self.file = File::options().write(true).open("/dev/full")?;
        Ok(())
    }

    pub(super) fn accept(&mut self) -> io::Result<()> {
        self.file = durable::open_append(&self.path)?;
        Ok(())
    }
}

impl Drop for MetricsLog {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.flush();
    }
}

/// Writes one line.
fn encode<'a>(
    out: &mut Vec<u8>,
    step: u64,
    time: f64,
    values: impl IntoIterator<Item = (&'a str, f32)>,
) -> io::Result<()> {
    let time = if time.is_finite() { time } else { 0.0 };
    write!(out, "{{\"step\":{step},\"time\":{time:.3}")?;
    for (tag, value) in values {
        out.push(b',');
        if tag.bytes().all(|byte| byte.is_ascii_graphic()) {
            serde_json::to_writer(&mut *out, tag)?;
        } else {
            // A label's name comes with the data.
            serde_json::to_writer(&mut *out, &printable(tag))?;
        }
        out.push(b':');
        match value {
            value if value.is_nan() => out.extend_from_slice(b"\"NaN\""),
            f32::INFINITY => out.extend_from_slice(b"\"inf\""),
            f32::NEG_INFINITY => out.extend_from_slice(b"\"-inf\""),
            value => serde_json::to_writer(&mut *out, &value)?,
        }
    }
    out.extend_from_slice(b"}\n");
    Ok(())
}

/// Reads a whole log. A torn last line is left out.
///
/// # Errors
/// The system's; [`RunError::Damaged`] names the first line that cannot be read.
pub fn read(path: &Path) -> Result<Vec<Row>, RunError> {
    Tail::open(path)?.more()
}

/// Calls with every row of a log, in order. A torn last line is left out.
///
/// # Errors
/// As [`read`]; the rows before have been given by then.
pub fn each(path: &Path, mut call: impl FnMut(Row)) -> Result<(), RunError> {
    Tail::open(path)?.each(|row, _| {
        call(row);
        true
    })
}

/// The step and time of the last row, and the latest figure of every tag among the last rows; none for a
/// log without a row. Reads the log's end only, however long it is; what cannot be read there is passed
/// over, for this is for lists of runs.
///
/// # Errors
/// The system's.
pub fn latest(path: &Path) -> Result<Option<Row>, RunError> {
    Ok(recent(path)?.into_iter().reduce(|earlier, mut row| {
        // A measurement is logged some steps after the step it is of.
        (row.step, row.time) = (row.step.max(earlier.step), row.time.max(earlier.time));
        for (tag, value) in earlier.values {
            if row.values.iter().all(|(newer, _)| *newer != tag) {
                row.values.push((tag, value));
            }
        }
        row
    }))
}

/// The last rows of a log, some hundred; what cannot be read there is passed over.
///
/// # Errors
/// The system's.
pub fn recent(path: &Path) -> Result<Vec<Row>, RunError> {
    let text = end_of(path).map_err(RunError::io("read", path))?;
    let mut tags = Vec::new();
    let complete = text.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
    Ok(complete.filter_map(|line| metrics_row::parse(line, &mut tags).ok()).collect())
}

/// The last bytes of a log, from the beginning of a line on.
fn end_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = durable::open_regular(path)?;
    let start = file.metadata()?.len().saturating_sub(END);
    // One byte more, so that a line which begins just there is seen to begin.
    file.seek(SeekFrom::Start(start.saturating_sub(1)))?;
    let mut text = Vec::new();
    file.take(END + 1).read_to_end(&mut text)?;
    if start > 0 {
        let first = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |newline| newline + 1);
        text.drain(..first);
    }
    Ok(text)
}

/// Follows a log that may be growing.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    file: File,
    /// Bytes and lines read.
    at: u64,
    line: usize,
    /// Every tag once.
    tags: Vec<Arc<str>>,
}

impl Tail {
    /// From the beginning.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let file = durable::open_regular(path).map_err(RunError::io("read", path))?;
        Ok(Self { path: path.to_path_buf(), file, at: 0, line: 0, tags: Vec::new() })
    }

    /// The rows that were completed since the last call. A log that was cut back is read anew from its
    /// beginning: the first row's step tells.
    pub fn more(&mut self) -> Result<Vec<Row>, RunError> {
        let size = self.file.metadata().map_err(RunError::io("read", &self.path))?.len();
        if size < self.at {
            (self.at, self.line) = (0, 0);
        }
        let mut rows = Vec::new();
        self.each(|row, _| {
            rows.push(row);
            true
        })?;
        Ok(rows)
    }

    /// Calls with each complete row and the offset of its end, until told `false`.
    fn each(&mut self, mut call: impl FnMut(Row, u64) -> bool) -> Result<(), RunError> {
        let mut text = Vec::new();
        let read = self.file.seek(SeekFrom::Start(self.at)).and_then(|_| self.file.read_to_end(&mut text));
        read.map_err(RunError::io("read", &self.path))?;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let Some(object) = line.strip_suffix(b"\n") else { break };
            self.line += 1;
            let row = metrics_row::parse(object, &mut self.tags).map_err(|error| RunError::Damaged {
                path: self.path.clone(),
                line: self.line,
                why: printable(&error.to_string()),
            })?;
            self.at += line.len() as u64;
            if !call(row, self.at) {
                break;
            }
        }
        Ok(())
    }
}
