//! The run that everything here happens to: it is over in a moment, its course without any disturbance is known, and so
//! is whether another course is the same.

use crate::tally::Tally;
use looc::run::{self, metrics};
use std::{
    fs::{self, File},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};
use tempfile::TempDir;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_looc-tui");
/// Longer than anything here takes, on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(180);
/// Of a run that comes to its end.
pub const STEPS: u64 = 24;

/// The smallest network that has all parts, and a checkpoint every few steps.
pub const TINY: &[&str] = &[
    "data.train=64",
    "data.held_out=8",
    "data.size=8",
    "model.width=4",
    "model.dim=8",
    "model.bn_splits=2",
    "train.batch=8",
    "train.checkpoint_every=4",
    "contrast.queue=16",
    "eval.every=0",
    "eval.images=2",
];

/// How often each case is tried: `LOOC_ROUNDS`.
pub fn rounds() -> u64 {
    std::env::var("LOOC_ROUNDS").map_or(3, |text| text.parse().expect("LOOC_ROUNDS is a number"))
}

/// A number for a round, below `limit`: the same each time, and without a pattern.
pub fn drawn(case: &str, round: u64, limit: u64) -> u64 {
    let hash = blake3::hash(format!("{case} {round}").as_bytes());
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap()) % limit.max(1)
}

/// Waits until it is so.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !so() {
        assert!(since.elapsed() < PATIENCE, "no {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Every figure that a step has to have again, by its bits, and the state at the end.
#[derive(PartialEq)]
pub struct Outcome {
    figures: Vec<(u64, Vec<(String, u32)>)>,
    state: Vec<u8>,
}

impl Outcome {
    /// Of a run that has come to its end; otherwise why not.
    pub fn of(run: &Path, steps: u64) -> Result<Self, String> {
        let rows = metrics::read(&run.join("metrics.jsonl")).map_err(|error| error.to_string())?;
        let compared = |tag: &str| tag == "lr" || tag.starts_with("loss");
        let of = |row: &metrics::Row| {
            let values = row.values.iter().filter(|(tag, _)| compared(tag));
            (row.step, values.map(|(tag, value)| (tag.to_string(), value.to_bits())).collect())
        };
        let steps_alone = rows.iter().filter(|row| row.figure("loss").is_some());
        let state = run.join(format!("checkpoints/step-{steps:08}/state.safetensors"));
        let state = fs::read(&state).map_err(|error| format!("{}: {error}", state.display()))?;
        Ok(Self { figures: steps_alone.map(of).collect(), state })
    }

    /// Where the other one differs.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let two = self.figures.iter().zip(&other.figures);
        if let Some((one, _)) = two.clone().find(|(one, other)| one != other) {
            return Some(format!("the figures of step {}", one.0));
        }
        if self.figures.len() != other.figures.len() {
            return Some(format!("{} steps instead of {}", other.figures.len(), self.figures.len()));
        }
        (self.state != other.state).then(|| "the final state".into())
    }
}

/// The course that nothing disturbed.
pub fn undisturbed() -> &'static Outcome {
    static WHOLE: LazyLock<Outcome> = LazyLock::new(|| {
        let course = Course::new();
        let ended = course.train();
        assert!(ended.success(), "{}", course.said());
        let whole = Outcome::of(&course.run(), STEPS).unwrap();
        assert_eq!(whole.figures.len() as u64, STEPS);
        whole
    });
    &WHOLE
}

/// A run in a folder of its own.
pub struct Course {
    folder: TempDir,
    /// What the next process runs under, such as `strace` with its arguments.
    pub under: Vec<String>,
    steps: u64,
    settings: &'static [&'static str],
}

impl Course {
    pub fn new() -> Self {
        Self::of(STEPS, &[])
    }

    /// One of another length, and with other settings than [`TINY`] alone.
    pub fn of(steps: u64, settings: &'static [&'static str]) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), under: Vec::new(), steps, settings }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn run(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    /// What all its processes have said.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.path().join("said")).unwrap_or_default()).into_owned()
    }

    /// The program with these words, under what it is to run under.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut all: Vec<&str> = self.under.iter().map(String::as_str).collect();
        all.push(PROGRAM);
        all.extend(words);
        let mut command = Command::new(all[0]);
        let said = File::options().create(true).append(true).open(self.folder.path().join("said")).unwrap();
        command.args(&all[1..]).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        command
    }

    /// Training from the run's beginning or, if it has begun, from where it got to.
    pub fn training(&self) -> Command {
        let steps = self.steps.to_string();
        if self.run().join("manifest.json").exists() {
            return self.command(&["train", "--run", "run", "--resume", "--steps", &steps]);
        }
        let settings = TINY.iter().chain(self.settings).flat_map(|setting| ["--set", setting]);
        let words = ["train", "--run", "run", "--steps", &steps, "--threads", "1"];
        self.command(&words.into_iter().chain(settings).collect::<Vec<_>>())
    }

    /// Trains until the process ends.
    pub fn train(&self) -> ExitStatus {
        self.training().status().unwrap()
    }

    /// Trains until the test lets it go.
    pub fn begin(&self) -> Process {
        Process(self.training().spawn().unwrap())
    }

    /// Trains to the end without any further disturbance, and looks whether it is the undisturbed course.
    pub fn compare(&mut self, tally: &mut Tally, what: &str) {
        self.compare_with(undisturbed(), tally, what);
    }

    /// The same with a course of other settings.
    pub fn compare_with(&mut self, undisturbed: &Outcome, tally: &mut Tally, what: &str) {
        self.under.clear();
        let ended = self.train();
        let outcome = Outcome::of(&self.run(), self.steps);
        let wrong = match outcome {
            _ if !ended.success() => Some(format!("it ended with {ended}")),
            Err(error) => Some(error),
            Ok(outcome) => undisturbed.difference(&outcome),
        };
        let doubts = ["panicked", "is not the one that this run had"];
        let doubt = doubts.iter().find(|doubt| self.said().contains(*doubt)).map(|doubt| (*doubt).to_owned());
        if let Some(why) = wrong.or(doubt) {
            tally.differs(&format!("{what}: {why}\n{}", self.said()));
        }
    }

    /// Reads everything that a process left, as who comes next will.
    pub fn look(&self, tally: &mut Tally, what: &str) {
        let run = self.run();
        if !run.join("manifest.json").exists() {
            // It was not a run yet.
            return;
        }
        let journal = run::journal::read(&run.join("journal.jsonl")).map(|_| ());
        let figures = metrics::read(&run.join("metrics.jsonl")).map(|_| ());
        for read in [journal, figures] {
            if let Err(error) = read {
                tally.unreadable(&format!("{what}: {error}"));
            }
        }
        match run::newest(&run) {
            Ok(Some((_, passed_over))) if !passed_over.is_empty() => {
                tally.unreadable(&format!("{what}: {passed_over:?}"));
            }
            Err(error) => tally.unreadable(&format!("{what}: {error}")),
            Ok(_) => {}
        }
    }
}

/// A process that is ended with the test.
pub struct Process(pub Child);

impl Process {
    pub fn kill(&mut self) -> ExitStatus {
        self.0.kill().unwrap();
        self.0.wait().unwrap()
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.0.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether it was ended by SIGKILL, also if that is what a shell or strace tells of it.
pub fn was_killed(status: ExitStatus) -> bool {
    status.signal() == Some(9) || status.code() == Some(137)
}

/// The control: another course is found to be another one.
#[test]
fn a_course_of_another_seed_differs() {
    let course = Course::of(STEPS, &["train.seed=1"]);
    assert!(course.train().success(), "{}", course.said());
    let other = Outcome::of(&course.run(), STEPS).unwrap();
    assert_eq!(undisturbed().difference(&other).as_deref(), Some("the figures of step 1"));
}
