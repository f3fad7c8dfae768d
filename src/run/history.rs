//! The course of a run as its journal tells it: the edits, the steps that it was to make, the states that
//! it went through, and what it was computed by.
//!
//! A process that is killed may leave records of steps that are made again by the next one. An edit was
//! acknowledged and stays; a state belongs to whoever came last to its step.

use super::{Entry, Record};
use std::collections::BTreeMap;

/// See above.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// In order of their revisions.
    pub edits: Vec<Edited>,
    /// Hashes of states, by step and edits in force.
    pub states: BTreeMap<(u64, u64), String>,
    /// What computed, each kind once, in order.
    pub began: Vec<Began>,
    /// From which step on how many steps were to be made in all; in order.
    totals: Vec<(u64, u64)>,
}

/// An edit that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Edited {
    pub step: u64,
    pub path: String,
    /// The old value and the new one as text, as in `--set`.
    pub from: String,
    pub to: String,
    pub revision: u64,
    /// Hash of the configuration that resulted.
    pub config: String,
}

/// What a process computed by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Began {
    pub version: String,
    pub build: Option<String>,
    pub compute: String,
    pub threads: Option<usize>,
    pub data: Option<String>,
}

impl Edited {
    /// Whether it gave or took a head: a checkpoint was written just before it.
    pub fn is_structural(&self) -> bool {
        self.path.ends_with(".head")
    }
}

impl History {
    /// Of a journal.
    pub fn of(records: &[Record]) -> Self {
        let mut history = Self::default();
        for record in records {
            history.take(record);
        }
        history
    }

    fn take(&mut self, Record { step, entry, .. }: &Record) {
        let step = *step;
        match entry {
            Entry::Start { version, build, steps, compute, threads, data } => {
                self.totals.retain(|(from, _)| *from < step);
                self.totals.push((step, *steps));
                // These steps are made again.
                self.states.retain(|(at, _), _| *at <= step);
                let (version, build, compute) = (version.clone(), build.clone(), compute.clone());
                let began = Began { version, build, compute, threads: *threads, data: data.clone() };
                if !self.began.contains(&began) {
                    self.began.push(began);
                }
            }
            Entry::Edit { path, from, to, revision, config } => self.edits.push(Edited {
                step,
                path: path.clone(),
                from: from.clone(),
                to: to.clone(),
                revision: *revision,
                config: config.clone(),
            }),
            Entry::State { hash, revision } => drop(self.states.insert((step, *revision), hash.clone())),
            Entry::Inherited { .. }
            | Entry::Pause
            | Entry::Resume
            | Entry::Checkpoint { .. }
            | Entry::Stop { .. } => {}
        }
    }

    /// How many steps were to be made in all when the one after `step` was made: the schedule of the
    /// learning rate is stretched over them.
    pub fn steps_at(&self, step: u64) -> Option<u64> {
        self.totals.iter().rev().find(|(from, _)| *from <= step).map(|(_, steps)| *steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(entries: Vec<(u64, Entry)>) -> Vec<Record> {
        let number = |(at, (step, entry))| Record { seq: at as u64 + 1, time: 0.0, step, entry };
        entries.into_iter().enumerate().map(number).collect()
    }

    fn start(steps: u64, threads: usize) -> Entry {
        let (version, compute) = ("1".into(), "cpu".into());
        Entry::Start { version, build: None, steps, compute, threads: Some(threads), data: None }
    }

    fn state(hash: &str, revision: u64) -> Entry {
        Entry::State { hash: hash.into(), revision }
    }

    #[test]
    fn what_a_killed_process_did_is_made_again() {
        let edit = Entry::Edit {
            path: "optimizer.lr".into(),
            from: "0.1".into(),
            to: "0.2".into(),
            revision: 1,
            config: "c".into(),
        };
        let history = History::of(&records(vec![
            (0, start(300, 2)),
            (100, state("a", 0)),
            (150, edit),
            (200, state("b", 1)),
            (100, start(300, 2)),
            (100, Entry::Pause),
            (200, state("c", 1)),
            (150, start(400, 1)),
        ]));
        assert_eq!(history.states, BTreeMap::from([((100, 0), "a".into())]));
        assert_eq!(history.edits.iter().map(|it| (it.step, it.revision)).collect::<Vec<_>>(), [(150, 1)]);
        assert_eq!(
            [0, 99, 149, 150, 999].map(|step| history.steps_at(step)),
            [300, 300, 300, 400, 400].map(Some)
        );
        assert_eq!(history.began.iter().map(|it| it.threads).collect::<Vec<_>>(), [Some(2), Some(1)]);
        // A fork's journal begins later.
        assert_eq!(History::of(&records(vec![(20, start(300, 2))])).steps_at(19), None);
    }
}
