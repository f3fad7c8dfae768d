//! The model of a run: what was acknowledged, how far it is, and what a kill takes back.

use proptest::{
    prelude::*,
    strategy::{BoxedStrategy, Union},
};
use proptest_state_machine::ReferenceStateMachine;
use serde_json::{Value, json};

/// Values that a run can be changed in, with those to choose from. The first is what it begins with.
pub const LIVE: &[(&str, &[&str])] = &[
    ("optimizer.lr", &["0.02", "0.05", "0.01"]),
    ("optimizer.momentum", &["0.9", "0.5"]),
    ("contrast.temperature", &["0.2", "0.5"]),
    ("augment.color.enabled", &["true", "false"]),
    ("augment.color.head", &["true", "false"]),
    ("augment.rotation.head", &["true", "false"]),
    ("augment.crop.scale.0", &["0.2", "0.4"]),
    ("train.checkpoint_every", &["3", "5", "0"]),
];
/// What has to be refused.
pub const REFUSED: &[(&str, &str)] = &[
    ("augment.color.p", "3"),
    ("model.width", "8"),
    ("optimizer.lr", "\"fast\""),
    ("augment.smell.p", "1"),
    ("train.seed", "7"),
];

#[derive(Clone, Debug)]
pub enum Transition {
    Step,
    /// The value at a place of [`LIVE`], by its place there.
    Edit(usize, usize),
    /// At a place of [`REFUSED`].
    Refused(usize),
    Save,
    /// Told to stop, and resumed.
    Stop,
    Kill(Torn),
}

/// What a kill leaves beside what was acknowledged: shares, in thousandths, of a last line that was not written
/// to its end, and of figures that never came to the disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Torn {
    pub journal: u16,
    pub figures: u16,
    pub lost: u16,
    pub half_saved: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Edited {
    pub step: u64,
    pub path: &'static str,
    pub value: Value,
}

/// A run as it has to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// Steps made.
    pub step: u64,
    /// Every edit that was acknowledged, and how many of them are in force. The others are made again at their
    /// steps.
    pub edits: Vec<Edited>,
    pub revision: usize,
    /// Step and edits in force of those that are there, the newest last.
    pub checkpoints: Vec<(u64, usize)>,
    /// Steps at which a head was given or taken.
    turns: Vec<u64>,
    /// How the last edit ended.
    pub refused: bool,
}

impl Course {
    fn begin() -> Self {
        let (edits, checkpoints, turns) = (Vec::new(), Vec::new(), Vec::new());
        Self { step: 0, edits, revision: 0, checkpoints, turns, refused: false }
    }

    /// What a value is with the edits in force.
    pub fn value(&self, path: &str) -> Value {
        let first = || LIVE.iter().find(|(known, _)| *known == path).map(|(_, values)| value(values[0]));
        let edit = self.edits[..self.revision].iter().rfind(|edit| edit.path == path);
        edit.map(|edit| edit.value.clone()).or_else(first).unwrap()
    }

    fn step(&mut self) {
        self.step += 1;
        let every = self.value("train.checkpoint_every").as_u64().unwrap();
        if every > 0 && self.step.is_multiple_of(every) {
            self.save();
        }
        self.catch_up();
    }

    /// Makes the edits again that are of this step.
    fn catch_up(&mut self) {
        while self.edits.get(self.revision).is_some_and(|edit| edit.step <= self.step) {
            self.revision += 1;
        }
    }

    fn save(&mut self) {
        let here = (self.step, self.revision);
        if self.checkpoints.last() != Some(&here) {
            // Beside the new one, the two newest stay, and those of the last four turns.
            let (newest, turns) =
                (self.checkpoints.len().saturating_sub(2), self.turns.len().saturating_sub(4));
            let kept = self.turns[turns..].to_vec();
            let mut at = 0..;
            self.checkpoints.retain(|(step, _)| at.next() >= Some(newest) || kept.contains(step));
            self.checkpoints.push(here);
        }
    }

    fn edit(&mut self, path: &'static str, value: Value) {
        self.refused = self.revision < self.edits.len() || self.value(path) == value;
        if self.refused {
            return;
        }
        if path.ends_with(".head") {
            self.save();
        }
        if path.ends_with(".head") && self.turns.last() != Some(&self.step) {
            self.turns.push(self.step);
        }
        self.edits.push(Edited { step: self.step, path, value });
        self.revision += 1;
    }

    /// Back to the newest checkpoint, or to the beginning. What was acknowledged stays.
    fn resume(&mut self) {
        (self.step, self.revision) = self.checkpoints.last().copied().unwrap_or((0, 0));
        self.catch_up();
    }
}

pub fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

impl ReferenceStateMachine for Course {
    type State = Self;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::begin()).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Transition> {
        let edit = (0..LIVE.len())
            .prop_flat_map(|at| (0..LIVE[at].1.len()).prop_map(move |value| Transition::Edit(at, value)));
        let share = || prop_oneof![Just(0u16), 1..1000u16];
        let torn = (share(), share(), share(), any::<bool>());
        let kill = torn.prop_map(|(journal, figures, lost, half_saved)| {
            Transition::Kill(Torn { journal, figures, lost, half_saved })
        });
        Union::new_weighted(vec![
            (8, Just(Transition::Step).boxed()),
            (7, edit.boxed()),
            (1, (0..REFUSED.len()).prop_map(Transition::Refused).boxed()),
            (1, Just(Transition::Save).boxed()),
            (1, Just(Transition::Stop).boxed()),
            (4, kill.boxed()),
        ])
        .boxed()
    }

    fn apply(mut course: Self, transition: &Transition) -> Self {
        match transition {
            Transition::Step => course.step(),
            Transition::Edit(at, which) => {
                let (path, values) = LIVE[*at];
                course.edit(path, value(values[*which]));
            }
            Transition::Refused(_) => course.refused = true,
            Transition::Save => course.save(),
            Transition::Stop => {
                course.save();
                course.resume();
            }
            Transition::Kill(_) => course.resume(),
        }
        course
    }
}
