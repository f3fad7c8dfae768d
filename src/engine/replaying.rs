//! A recorded run once more, from its configuration and its journal alone, beside what was recorded of it.

use super::{
    EngineError, Handle, Job, Place, edits,
    environment::{self, Changed},
    line,
    message::{Command, Edit, Phase, Snapshot},
    pool,
    trainer::Trainer,
};
use crate::{
    config::Config,
    run::{self, Checkpoint, Edited, Fork, History, Manifest, journal, metrics},
};
use std::{
    collections::BTreeMap,
    iter::Peekable,
    path::{Path, PathBuf},
    slice,
    sync::Arc,
    thread::JoinHandle,
};

/// What to repeat.
pub struct Replaying {
    /// The recorded run. It may be training and is not touched.
    pub run: PathBuf,
    /// The last step; none: as far as its records go.
    pub until: Option<u64>,
    /// Where the repeated run's own records go.
    pub into: PathBuf,
    /// Whether to end it with a checkpoint, as a run that can be looked at.
    pub keep: bool,
    /// Threads that compute; none: as recorded.
    pub threads: Option<usize>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// The step that it began after: of a forked run, the fork's.
    pub from: u64,
    /// The last step that was made.
    pub step: u64,
    /// Steps whose figures were compared, hashes of states that were, and edits that were made.
    pub steps: u64,
    pub states: u64,
    pub edits: u64,
    /// The first figure that is not the recorded one.
    pub difference: Option<Difference>,
    /// What is not here as it was there.
    pub changed: Vec<Changed>,
    /// Whether it was told to stop before the end.
    pub broken_off: bool,
}

/// A figure that is not the recorded one.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub step: u64,
    /// `loss/color`, `lr`, `state`, `configuration`.
    pub figure: String,
    pub recorded: String,
    pub replayed: String,
}

/// Figures of a step, by their tags.
type Figures = Vec<(Arc<str>, f32)>;

/// All that is known of the recorded run.
struct Recorded {
    config: Config,
    origin: Option<Checkpoint>,
    figures: BTreeMap<u64, Figures>,
    history: History,
    rewritten: Option<Changed>,
    /// Whether this program writes configurations as that one did: their hashes can be compared then.
    hashes: bool,
}

/// Starts the replay in a thread of its own. The viewer's end of the line, and the thread.
///
/// # Errors
/// What is wrong with the recorded run; if the system refuses a thread.
pub fn replay(task: Replaying) -> Result<(Handle, JoinHandle<Result<Verdict, EngineError>>), EngineError> {
    let recorded = Recorded::read(&task.run)?;
    let end = recorded.end(task.until).ok_or_else(|| EngineError::NothingRecorded(task.run.clone()))?;
    let config = recorded.config.clone();
    let (handle, publisher) =
        line(Snapshot { config: Arc::new(config.clone()), steps: end, ..Snapshot::default() });
    let pool = pool(task.threads.unwrap_or(config.train.threads))?;
    let work = move || {
        let place = match &recorded.origin {
            Some(origin) => recorded.fork(&task, origin)?,
            None => Place::New(task.into.clone()),
        };
        let job = Job { config, place, steps: Some(end), attended: false };
        let Some(mut trainer) = Trainer::prepare(job, &publisher)? else {
            return Ok(Verdict { broken_off: true, ..Verdict::default() });
        };
        let mut replay = Replay::new(&trainer, &recorded, end);
        replay.run(&mut trainer)?;
        if task.keep {
            let done = trainer.now.step >= trainer.now.steps;
            trainer.close(Ok(if done { Phase::Finished } else { Phase::Stopped }))?;
        }
        Ok(replay.verdict)
    };
    let thread = std::thread::Builder::new()
        .name("looc-replay".into())
        .spawn(move || pool.install(work))
        .map_err(|error| EngineError::Threads(error.to_string()))?;
    Ok((handle, thread))
}

impl Recorded {
    fn read(run: &Path) -> Result<Self, EngineError> {
        let manifest = Manifest::read(run)?;
        let mut figures = BTreeMap::new();
        // Before the journal: what was edited before these steps is in there by then.
        metrics::each(&run.join(metrics::METRICS), |row| {
            let mut values = row.values;
            values.retain(|(tag, _)| is_compared(tag));
            // A row without them is a measurement.
            if !values.is_empty() {
                figures.insert(row.step, values);
            }
        })?;
        let history = History::of(&journal::read(&run.join(journal::JOURNAL))?);
        let origin = run::origin(run)?;
        if let Some(origin) = &origin {
            // Its parent's are copies, and are not made here.
            figures.retain(|step, _| *step > origin.step);
        }
        let config = Config::parse(&run::config_yaml(run)?, "the run's config.yaml", &[])?;
        let hashes = config.hash() == manifest.config;
        let rewritten = environment::rewritten(run)?;
        Ok(Self { config, origin, figures, history, rewritten, hashes })
    }

    /// A run of its own from the checkpoint that this one began with.
    fn fork(&self, task: &Replaying, origin: &Checkpoint) -> Result<Place, EngineError> {
        let (config_hash, seed) = (&*self.config.hash(), self.config.train.seed);
        let fork = Fork { parent: &task.run, checkpoint: origin, config_hash, seed, entries: Vec::new() };
        fork.make(&task.into)?;
        Ok(Place::Resume(task.into.clone()))
    }

    /// The last step to make.
    fn end(&self, until: Option<u64>) -> Option<u64> {
        let step = self.figures.keys().next_back().copied();
        let state = self.history.states.keys().next_back().map(|(step, _)| *step);
        let end = step.max(state)?;
        Some(until.map_or(end, |until| until.min(end)))
    }

    /// Everything that is not here as it was there.
    fn changed(&self, trainer: &Trainer) -> Vec<Changed> {
        let mut all: Vec<Changed> = Vec::new();
        let began = self.history.began.iter();
        for it in began.flat_map(|began| environment::changed(began, &trainer.began)) {
            if !all.contains(&it) {
                all.push(it);
            }
        }
        all.extend(self.rewritten.clone());
        all
    }
}

/// What a step's row says that a replay can say too.
fn is_compared(tag: &str) -> bool {
    tag == "loss" || tag == "lr" || tag.starts_with("loss/")
}

/// A replay under way.
struct Replay<'a> {
    recorded: &'a Recorded,
    /// What is still to be made.
    edits: Peekable<slice::Iter<'a, Edited>>,
    end: u64,
    verdict: Verdict,
}

impl<'a> Replay<'a> {
    fn new(trainer: &Trainer, recorded: &'a Recorded, end: u64) -> Self {
        let (from, changed) = (trainer.now.step, recorded.changed(trainer));
        let verdict = Verdict { from, step: from, changed, ..Verdict::default() };
        Self { recorded, edits: recorded.history.edits.iter().peekable(), end, verdict }
    }

    /// Until the end, or until something differs.
    fn run(&mut self, trainer: &mut Trainer) -> Result<(), EngineError> {
        trainer.now.steps = 0;
        loop {
            self.plan(trainer)?;
            self.compare_state(trainer)?;
            self.edit(trainer)?;
            let stop = |command: Command| command == Command::Stop;
            self.verdict.broken_off = trainer.publisher.commands.try_iter().any(stop);
            if self.differs() || self.verdict.broken_off || trainer.now.step >= self.end {
                return Ok(());
            }
            self.step(trainer)?;
            if self.differs() {
                return Ok(());
            }
            // What is left to do is what a viewer wants to see.
            trainer.publisher.publish(Snapshot {
                phase: Phase::Training,
                steps: self.end,
                ..trainer.now.clone()
            });
        }
    }

    fn differs(&self) -> bool {
        self.verdict.difference.is_some()
    }

    /// The steps that were to be made in all at this one.
    fn plan(&self, trainer: &mut Trainer) -> Result<(), EngineError> {
        let steps = self.recorded.history.steps_at(trainer.now.step).unwrap_or(self.end);
        if steps != trainer.now.steps {
            trainer.now.steps = steps;
            trainer.note_start()?;
        }
        Ok(())
    }

    /// Makes the edits of this step.
    fn edit(&mut self, trainer: &mut Trainer) -> Result<(), EngineError> {
        while !self.differs()
            && let Some(recorded) = self.edits.next_if(|edit| edit.step <= trainer.now.step)
        {
            let Edited { step, path, to, revision, config, .. } = recorded;
            let edit = Edit { path: path.clone(), value: journal::value(to) };
            let next = trainer.now.config.edited(path, &edit.value).map_err(|error| {
                let (revision, path, step) = (*revision, path.clone(), *step);
                EngineError::Unrepeatable { revision, path, step, why: error.to_string() }
            })?;
            let now = next.hash();
            if self.recorded.hashes && now != *config {
                self.differ(*step, "configuration", config.clone(), now);
                return Ok(());
            }
            let entry = edits::entry(&trainer.now.config, &next, path, trainer.now.revision + 1);
            trainer.run.journal().append(trainer.now.step, entry)?;
            trainer.apply(edit, next)?;
            self.verdict.edits += 1;
            self.compare_state(trainer)?;
        }
        Ok(())
    }

    fn compare_state(&mut self, trainer: &mut Trainer) -> Result<(), EngineError> {
        let key = (trainer.now.step, trainer.now.revision);
        let Some(recorded) = self.recorded.history.states.get(&key) else { return Ok(()) };
        let hash = trainer.fingerprint()?;
        trainer.note_state(hash.clone())?;
        if hash == *recorded {
            self.verdict.states += 1;
        } else {
            self.differ(key.0, "state", recorded.clone(), hash);
        }
        Ok(())
    }

    /// Makes a step and compares its figures.
    fn step(&mut self, trainer: &mut Trainer) -> Result<(), EngineError> {
        let step = trainer.now.step + 1;
        let recorded = self.recorded.figures.get(&step);
        let figures = match (trainer.advance(), recorded) {
            // Where the recorded run came through, this one did not.
            (Err(EngineError::Step(error)), Some(recorded)) => {
                let loss = shown(find(recorded, "loss"));
                self.differ(step, "loss", loss, error.to_string());
                return Ok(());
            }
            (figures, _) => figures?,
        };
        self.verdict.step = step;
        let Some(recorded) = recorded else { return Ok(()) };
        match first_difference(recorded, &figures) {
            Some((tag, then, now)) => self.differ(step, &tag, shown(then), shown(now)),
            None => self.verdict.steps += 1,
        }
        Ok(())
    }

    fn differ(&mut self, step: u64, figure: &str, recorded: String, replayed: String) {
        self.verdict.difference = Some(Difference { step, figure: figure.into(), recorded, replayed });
    }
}

fn find(figures: &Figures, tag: &str) -> Option<f32> {
    figures.iter().find(|(known, _)| **known == *tag).map(|(_, value)| *value)
}

/// The first figure, in their order, whose bits differ, or that only one of the two has.
fn first_difference(recorded: &Figures, replayed: &Figures) -> Option<(String, Option<f32>, Option<f32>)> {
    let all = recorded.iter().chain(replayed).map(|(tag, _)| tag).filter(|tag| is_compared(tag));
    let pairs = all.map(|tag| (tag.to_string(), find(recorded, tag), find(replayed, tag)));
    pairs.into_iter().find(|(_, then, now)| then.map(f32::to_bits) != now.map(f32::to_bits))
}

/// With every digit: two figures that differ look different.
fn shown(figure: Option<f32>) -> String {
    figure.map_or_else(|| "absent".into(), |figure| format!("{figure:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(values: &[(&str, f32)]) -> Figures {
        values.iter().map(|(tag, value)| ((*tag).into(), *value)).collect()
    }

    #[test]
    fn one_bit_and_one_tag_are_a_difference() {
        let recorded = figures(&[("loss", 2.5), ("loss/color", 0.0)]);
        let speed = figures(&[("loss", 2.5), ("loss/color", 0.0), ("images_per_s", 700.0)]);
        assert_eq!(first_difference(&recorded, &speed), None);
        let next = f32::from_bits(2.5f32.to_bits() + 1);
        let other = figures(&[("loss", next), ("loss/color", -0.0)]);
        let (tag, then, now) = first_difference(&recorded, &other).unwrap();
        assert_eq!((tag.as_str(), shown(then), shown(now)), ("loss", "2.5".into(), "2.5000002".into()));
        let signed = figures(&[("loss", 2.5), ("loss/color", -0.0)]);
        assert_eq!(shown(first_difference(&recorded, &signed).unwrap().2), "-0.0");
        let without = figures(&[("loss", 2.5)]);
        assert_eq!(first_difference(&recorded, &without).unwrap().0, "loss/color");
        assert_eq!(shown(first_difference(&without, &recorded).unwrap().1), "absent");
    }
}
