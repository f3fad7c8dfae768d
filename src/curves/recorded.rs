//! A run's course from its own files: of one that has ended, or trains in another process.

use super::{Heads, Mark, SeriesStore};
use crate::{
    config::Config,
    engine::{
        measured,
        message::{InvarianceReport, Phase, Snapshot, Span, StepRecord},
    },
    run::{self, Entry, History, Manifest, Record, RunError, Summary, Turn, config_yaml, journal, metrics},
};
use std::{path::Path, sync::Arc};

/// Everything that was written down of a run's course.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    pub series: SeriesStore,
    /// Turns of its course: a forked run's begins with its parent's.
    pub marks: Vec<Mark>,
    /// The first measurement, and the last.
    pub measured: Option<(Arc<InvarianceReport>, Arc<InvarianceReport>)>,
    /// The embedding spaces that it had, with the numbers that the screen gave them.
    pub heads: Heads,
    /// Steps an epoch, if it trained for the epochs of its configuration: `--steps` is not told from those.
    pub epoch_steps: Option<f64>,
}

impl Recorded {
    /// Reads a run's folder. Takes no lock and changes nothing.
    ///
    /// # Errors
    /// The system's; [`RunError::Damaged`] names the first line that cannot be read.
    pub fn read(run: &Path) -> Result<Self, RunError> {
        Self::read_into(SeriesStore::default(), run)
    }

    /// As [`Self::read`], with every step of it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_exact(run: &Path) -> Result<Self, RunError> {
        Self::read_into(SeriesStore::exact(), run)
    }

    fn read_into(mut series: SeriesStore, run: &Path) -> Result<Self, RunError> {
        let mut ends: Option<(Arc<InvarianceReport>, Arc<InvarianceReport>)> = None;
        metrics::each(&run.join(metrics::METRICS), |row| {
            if let Some(report) = measured(&row).map(Arc::new) {
                let first = ends.take().map_or_else(|| report.clone(), |(first, _)| first);
                ends = Some((first, report));
            }
            let values = row.values.into_iter().map(|(tag, value)| (tag, Span::of(value))).collect();
            series.push(&StepRecord { step: row.step, time: row.time, values });
        })?;
        let records = journal::read(&run.join(journal::JOURNAL))?;
        // A run of an older configuration has curves all the same.
        let config = config_yaml(run).ok().and_then(|text| Config::parse(&text, "the run's", &[]).ok());
        let (heads, epoch_steps) =
            (heads(config.as_ref(), &records, &series), epoch_steps(config.as_ref(), &records));
        let turns = run::turns(&Manifest::read(run)?, &records, u64::MAX).into_iter();
        let marks = turns.map(|(step, turn)| Mark { step, time: series.time_at(step), turn }).collect();
        Ok(Self { series, marks, measured: ends, heads, epoch_steps })
    }

    /// The state of the run as its files tell it: its configuration with every edit, its last figures.
    ///
    /// # Errors
    /// The run's, or its configuration's, in words.
    pub fn snapshot(&self, run: &Path) -> Result<Snapshot, String> {
        let summary = Summary::read(run).map_err(|error| error.to_string())?;
        let text = run::config_yaml(run).map_err(|error| error.to_string())?;
        let config = Config::parse(&text, "the run's config.yaml", &[]).map_err(|error| error.to_string())?;
        let records = journal::read(&run.join(journal::JOURNAL)).map_err(|error| error.to_string())?;
        let edits = History::of(&records).edits;
        let config = edits.iter().try_fold(config, |config, edit| {
            config.edited(&edit.path, &journal::value(&edit.to)).map_err(|error| error.to_string())
        })?;
        let find = |tag: &str| summary.figure(tag);
        let figures = |start: &str| -> Vec<(Arc<str>, f32)> {
            let all = summary.figures.iter();
            all.filter_map(|(tag, value)| Some((tag.strip_prefix(start)?.into(), *value))).collect()
        };
        let losses = figures("loss/").into_iter().map(|(head, loss)| (head, Some(loss))).collect();
        Ok(Snapshot {
            phase: Phase::Recorded(match summary.state {
                held if held.is_held() => format!("{held}, in another process"),
                ended => ended.to_string(),
            }),
            run: Some(run.to_owned()),
            config: Arc::new(config),
            revision: edits.len() as u64,
            step: summary.step,
            steps: summary.steps,
            loss: find("loss"),
            losses,
            lr: find("lr").unwrap_or_default(),
            epoch: self.epoch_steps.map_or(0.0, |steps| (summary.step as f64 / steps) as f32),
            knn: figures("knn/"),
            invariance_at_start: self.measured.as_ref().map(|(first, _)| first.clone()),
            invariance: self.measured.as_ref().map(|(_, last)| last.clone()),
            ..Snapshot::default()
        })
    }
}

/// The spaces in the order in which the screen got to know them: those of the configuration, then those that
/// edits brought; what has a curve and was in neither comes last.
fn heads(config: Option<&Config>, records: &[Record], series: &SeriesStore) -> Heads {
    let mut heads = Heads::default();
    config.iter().for_each(|config| heads.update(config));
    for record in records {
        let (Entry::Edit { path, to, .. } | Entry::Inherited { turn: Turn::Edit { path, to, .. } }) =
            &record.entry
        else {
            continue;
        };
        let name = path.strip_prefix("augment.").and_then(|path| path.strip_suffix(".head"));
        if let Some(name) = name.filter(|_| to == "true") {
            heads.number(name);
        }
    }
    for (name, _) in series.under("loss/") {
        heads.number(name);
    }
    heads
}

fn epoch_steps(config: Option<&Config>, records: &[Record]) -> Option<f64> {
    let planned = records.iter().find_map(|record| match record.entry {
        Entry::Start { steps, .. } => Some(steps as f64),
        _ => None,
    });
    let steps = planned? / config?.train.epochs;
    (steps.is_finite() && steps >= 1.0).then_some(steps)
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
        let start = Entry::Start {
            version: String::new(),
            build: None,
            steps: 1560,
            compute: String::new(),
            threads: None,
            data: None,
        };
        run.journal().append(0, start).unwrap();
        run.journal().append(40, edit).unwrap();
        let edit = |path: &str, to: &str| Entry::Edit {
            path: path.into(),
            from: String::new(),
            to: to.into(),
            revision: 2,
            config: String::new(),
        };
        run.journal().append(50, edit("augment.blur.head", "true")).unwrap();
        run.journal().append(60, edit("augment.flip.head", "false")).unwrap();
        let it = Recorded::read(&path).unwrap();
        let loss = it.series.get("loss/all").unwrap();
        assert_eq!(loss.value_at(Along::Step, 40.0, 0), Some(40.0));
        assert_eq!((it.marks[0].step, it.marks[0].time, &*it.marks[0].short()), (40, 20.0, "lr 0.06→0.1"));
        let numbers = ["all", "color", "rotation", "blur", "flip"].map(|name| it.heads.find(name));
        assert_eq!(numbers, [Some(0), Some(1), Some(2), Some(3), None]);
        assert_eq!(it.epoch_steps, Some(1560.0 / config.train.epochs));
        assert_eq!(
            Recorded::read_exact(&path).unwrap().series.get("loss/all").unwrap().stretches().count(),
            100
        );
        let snapshot = it.snapshot(&path).unwrap();
        assert_eq!((snapshot.step, snapshot.config.optimizer.lr, snapshot.loss), (100, 0.1, Some(100.0)));
        assert_eq!(snapshot.phase, Phase::Recorded("training, in another process".into()));
        assert_eq!(snapshot.invariance.unwrap().step, 90);
        drop(run);
        assert_eq!(it.snapshot(&path).unwrap().phase, Phase::Recorded("killed".into()));
        assert!(Recorded::read(folder.path()).is_err());
    }
}
