//! The runs that lie beside this one, read from their own files by a thread of its own: a slow disk holds up
//! neither the screen nor training.

use super::plain::plain_line;
use crate::{
    config::{Config, Difference},
    run::{self, Summary},
};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, TryRecvError, channel},
    },
};

/// A run, as it was when it was read.
#[derive(Clone, Debug)]
pub struct Listed {
    pub path: PathBuf,
    pub name: String,
    pub state: String,
    pub step: u64,
    pub steps: u64,
    /// Seconds since its start.
    pub time: f64,
    pub edits: usize,
    /// Its data and heads: `shapes, heads color rotation`.
    pub config: String,
    /// The newest figure of every tag.
    pub figures: Vec<(Arc<str>, f32)>,
    /// What its configuration says otherwise than this run's does now; or why it cannot be read.
    pub differences: Result<Vec<Difference>, String>,
}

impl Listed {
    fn new(summary: Summary, here: &Config) -> Self {
        let text = run::config_yaml(&summary.path).map_err(|error| error.to_string());
        let config = text.and_then(|text| {
            Config::parse(&text, "the run's config.yaml", &[]).map_err(|error| error.to_string())
        });
        let name = summary.path.file_name().unwrap_or(summary.path.as_os_str()).to_string_lossy();
        Self {
            name: plain_line(&name),
            state: summary.state.to_string(),
            step: summary.step,
            steps: summary.steps,
            time: summary.time,
            edits: summary.edits,
            config: plain_line(&summary.config),
            differences: config.map(|there| here.differences(&there)).map_err(|why| plain_line(&why)),
            figures: summary.figures,
            path: summary.path,
        }
    }

    /// The newest figure of a tag.
    pub fn figure(&self, tag: &str) -> Option<f32> {
        self.figures.iter().find(|(known, _)| **known == *tag).map(|(_, value)| *value)
    }
}

/// What a reading found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub runs: Vec<Listed>,
    /// Folders that look like runs and cannot be read, each with its reason.
    pub unreadable: Vec<String>,
}

/// The runs, and which of them is chosen.
#[derive(Debug, Default)]
pub struct Catalogue {
    pub found: Option<Found>,
    pub chosen: usize,
    reading: Option<Receiver<Found>>,
}

impl Catalogue {
    /// Begins to read the runs beside `run`, unless that is under way.
    pub fn read(&mut self, run: &Path, here: Arc<Config>) -> std::io::Result<()> {
        if self.reading.is_some() {
            return Ok(());
        }
        let folder =
            run.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        let (send, receive) = channel();
        std::thread::Builder::new().name("looc-runs".into()).spawn(move || {
            let mut found = Found::default();
            for summary in run::list(&folder) {
                match summary {
                    Ok(summary) => found.runs.push(Listed::new(summary, &here)),
                    Err(error) => found.unreadable.push(plain_line(&error.to_string())),
                }
            }
            // A screen that has gone wants it no more.
            let _ = send.send(found);
        })?;
        self.reading = Some(receive);
        Ok(())
    }

    /// Whether runs are being read.
    pub fn is_reading(&self) -> bool {
        self.reading.is_some()
    }

    /// Takes in what was read. True if there is something new.
    pub fn take(&mut self) -> bool {
        let Some(reading) = &self.reading else { return false };
        match reading.try_recv() {
            Ok(found) => {
                // The same run stays chosen.
                let before = self.chosen().map(|run| run.path.clone());
                let place = found.runs.iter().position(|run| Some(&run.path) == before.as_ref());
                self.chosen = place.unwrap_or(found.runs.len().saturating_sub(1));
                (self.found, self.reading) = (Some(found), None);
                true
            }
            Err(TryRecvError::Disconnected) => {
                self.reading = None;
                true
            }
            Err(TryRecvError::Empty) => false,
        }
    }

    /// The chosen run.
    pub fn chosen(&self) -> Option<&Listed> {
        self.found.as_ref()?.runs.get(self.chosen)
    }

    /// Chooses another, so many further down.
    pub fn go(&mut self, by: isize) {
        let last = self.found.as_ref().map_or(0, |found| found.runs.len().saturating_sub(1));
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
    }
}
