//! A run's course from its own files: of one that has ended, or trains in another process.

use super::{Mark, SeriesStore};
use crate::{
    config::Config,
    engine::{
        measured,
        message::{InvarianceReport, Phase, Snapshot, Span, StepRecord},
    },
    run::{self, Entry, RunError, State, Summary, journal, metrics},
};
use std::{path::Path, sync::Arc};

/// Everything that was written down of a run's course.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    pub series: SeriesStore,
    /// In the order of the journal.
    pub marks: Vec<Mark>,
    /// The first measurement, and the last.
    pub measured: Option<(Arc<InvarianceReport>, Arc<InvarianceReport>)>,
}

impl Recorded {
    /// Reads a run's folder. Takes no lock and changes nothing.
    ///
    /// # Errors
    /// The system's; [`RunError::Damaged`] names the first line that cannot be read.
    pub fn read(run: &Path) -> Result<Self, RunError> {
        let mut it = Self::default();
        metrics::each(&run.join(metrics::METRICS), |row| {
            if let Some(report) = measured(&row).map(Arc::new) {
                let first = it.measured.take().map_or_else(|| report.clone(), |(first, _)| first);
                it.measured = Some((first, report));
            }
            let values = row.values.into_iter().map(|(tag, value)| (tag, Span::of(value))).collect();
            it.series.push(&StepRecord { step: row.step, time: row.time, values });
        })?;
        for record in journal::read(&run.join(journal::JOURNAL))? {
            if let Entry::Edit { path, from, to, .. } = record.entry {
                let time = it.series.time_at(record.step);
                it.marks.push(Mark { step: record.step, time, path, from, to });
            }
        }
        Ok(it)
    }

    /// The state of the run as its files tell it: its configuration with every edit, its last figures.
    ///
    /// # Errors
    /// The run's, or its configuration's, in words.
    pub fn snapshot(&self, run: &Path) -> Result<Snapshot, String> {
        let summary = Summary::read(run).map_err(|error| error.to_string())?;
        let text = run::config_yaml(run).map_err(|error| error.to_string())?;
        let config = Config::parse(&text, "the run's config.yaml", &[]).map_err(|error| error.to_string())?;
        let config = self.marks.iter().try_fold(config, |config, mark| {
            let value = serde_json::from_str(&mark.to).unwrap_or_else(|_| mark.to.clone().into());
            config.edited(&mark.path, &value).map_err(|error| error.to_string())
        })?;
        let find = |tag: &str| summary.figure(tag);
        let tags = summary.figures.iter();
        let losses =
            tags.filter_map(|(tag, value)| Some((tag.strip_prefix("loss/")?.into(), Some(*value)))).collect();
        Ok(Snapshot {
            phase: Phase::Recorded(match summary.state {
                State::Training | State::Starting | State::Paused => {
                    format!("{}, in another process", summary.state)
                }
                ended => ended.to_string(),
            }),
            run: Some(run.to_owned()),
            config: Arc::new(config),
            revision: self.marks.len() as u64,
            step: summary.step,
            steps: summary.steps,
            loss: find("loss"),
            losses,
            lr: find("lr").unwrap_or_default(),
            invariance_at_start: self.measured.as_ref().map(|(first, _)| first.clone()),
            invariance: self.measured.as_ref().map(|(_, last)| last.clone()),
            ..Snapshot::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{curves::Along, run::RunDir};

    #[test]
    fn a_run_is_read_with_its_edits() {
        let folder = tempfile::tempdir().unwrap();
        let (path, config) = (folder.path().join("run"), Config::quickstart());
        let mut run = RunDir::create(&path, &config.to_yaml(), &config.hash(), 0).unwrap();
        for step in 1..=100_u64 {
            let figures = [("loss", step as f32), ("loss/all", step as f32)];
            run.metrics().record(step, step as f64 * 0.5, figures).unwrap();
        }
        let measured = [("invariance/all/crop", 0.5), ("invariance_raw/all/crop", 0.9)];
        run.metrics().record(90, 50.5, measured).unwrap();
        run.metrics().flush().unwrap();
        let edit = Entry::Edit {
            path: "optimizer.lr".into(),
            from: "0.06".into(),
            to: "0.1".into(),
            revision: 1,
            config: String::new(),
        };
        run.journal().append(40, edit).unwrap();
        let it = Recorded::read(&path).unwrap();
        let loss = it.series.get("loss/all").unwrap();
        assert_eq!(loss.value_at(Along::Step, 40.0, 0), Some(40.0));
        assert_eq!((it.marks[0].step, it.marks[0].time, &*it.marks[0].short()), (40, 20.0, "lr 0.06→0.1"));
        let snapshot = it.snapshot(&path).unwrap();
        assert_eq!((snapshot.step, snapshot.config.optimizer.lr, snapshot.loss), (100, 0.1, Some(100.0)));
        assert_eq!(snapshot.phase, Phase::Recorded("starting, in another process".into()));
        assert_eq!(snapshot.invariance.unwrap().step, 90);
        drop(run);
        assert_eq!(it.snapshot(&path).unwrap().phase, Phase::Recorded("killed".into()));
        assert!(Recorded::read(folder.path()).is_err());
    }
}
