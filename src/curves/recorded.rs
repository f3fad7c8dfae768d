//! The curves of a run from its own files: of one that has ended, or trains in another process.

use super::{Mark, SeriesStore};
use crate::{
    engine::message::{Span, StepRecord},
    run::{Entry, RunError, journal, metrics},
};
use std::path::Path;

/// Everything that was written down of a run's course.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    pub series: SeriesStore,
    /// In the order of the journal.
    pub marks: Vec<Mark>,
}

impl Recorded {
    /// Reads a run's folder. Takes no lock and changes nothing.
    ///
    /// # Errors
    /// The system's; [`RunError::Damaged`] names the first line that cannot be read.
    pub fn read(run: &Path) -> Result<Self, RunError> {
        let mut series = SeriesStore::default();
        metrics::each(&run.join(metrics::METRICS), |row| {
            let values = row.values.into_iter().map(|(tag, value)| (tag, Span::of(value))).collect();
            series.push(&StepRecord { step: row.step, time: row.time, values });
        })?;
        let records = journal::read(&run.join(journal::JOURNAL))?;
        let marks = records.into_iter().filter_map(|record| match record.entry {
            Entry::Edit { path, from, to, .. } => {
                Some(Mark { step: record.step, time: series.time_at(record.step), path, from, to })
            }
            _ => None,
        });
        let marks = marks.collect();
        Ok(Self { series, marks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, curves::Along, run::RunDir};

    #[test]
    fn a_run_is_read_with_its_edits() {
        let folder = tempfile::tempdir().unwrap();
        let (path, config) = (folder.path().join("run"), Config::quickstart());
        let mut run = RunDir::create(&path, &config.to_yaml(), &config.hash(), 0).unwrap();
        for step in 1..=100_u64 {
            run.metrics().record(step, step as f64 * 0.5, [("loss/all", step as f32)]).unwrap();
        }
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
        assert!(Recorded::read(folder.path()).is_err());
    }
}
