//! The list of augmentations and of the numbers that can be changed while training.
//!
//! The engine validates, journals and applies; here an edit is worded, kept inside its range, and
//! shown as pending until the engine's configuration says the same.

use crate::{
    augment::Entry, config::Config, engine::message::Edit, knob::Knob, looc::ContrastSettings,
    nn::OptimizerSettings,
};
use serde_json::Value;

/// A number outside the augmentations.
#[derive(Debug)]
pub struct Dial {
    pub label: &'static str,
    pub path: &'static str,
    knobs: &'static [Knob],
    value: fn(&Config) -> f64,
}

/// The numbers below the augmentations.
pub const DIALS: &[Dial] = &[
    Dial {
        label: "lr",
        path: "optimizer.lr",
        knobs: OptimizerSettings::KNOBS,
        value: |config| config.optimizer.lr,
    },
    Dial {
        label: "temperature",
        path: "contrast.temperature",
        knobs: ContrastSettings::KNOBS,
        value: |config| config.contrast.temperature,
    },
    Dial {
        label: "momentum",
        path: "contrast.momentum",
        knobs: ContrastSettings::KNOBS,
        value: |config| config.contrast.momentum,
    },
];

impl Dial {
    /// Its range.
    pub fn knob(&self) -> Option<&'static Knob> {
        let field = self.path.rsplit('.').next().unwrap_or_default();
        self.knobs.iter().find(|knob| knob.path == field)
    }
}

/// One row of the list.
#[derive(Clone, Copy, Debug)]
pub enum Row {
    /// An augmentation, by its place in the list.
    Entry(usize),
    /// A number of an augmentation.
    Knob(usize, &'static Knob),
    /// A number outside the augmentations.
    Dial(&'static Dial),
}

/// An edit that the engine has not confirmed.
#[derive(Clone, Debug)]
struct Pending {
    path: String,
    value: Value,
    /// Answers that are still to come.
    answers: usize,
}

/// An edit that can be taken back.
#[derive(Clone, Debug, PartialEq)]
struct Done {
    path: String,
    from: Value,
    to: Value,
}

/// A value that is being typed.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub text: String,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// The state of the list.
#[derive(Clone, Debug, Default)]
pub struct Editor {
    pub selected: usize,
    unfolded: Vec<&'static str>,
    pending: Vec<Pending>,
    done: Vec<Done>,
    undone: Vec<Done>,
    pub typed: Option<Typed>,
}

/// So many edits can be taken back.
const MEMORY: usize = 1_000;
/// Longest typed value.
const LONGEST: usize = 24;

impl Editor {
    /// The rows as they stand.
    pub fn rows(&self, config: &Config) -> Vec<Row> {
        let mut rows = Vec::new();
        for (i, entry) in config.augment.iter().enumerate() {
            rows.push(Row::Entry(i));
            if self.unfolded.contains(&entry.name()) {
                rows.extend(entry.settings.kind().knobs.iter().map(|knob| Row::Knob(i, knob)));
            }
        }
        rows.extend(DIALS.iter().map(Row::Dial));
        rows
    }

    /// The selected row.
    pub fn row(&self, config: &Config) -> Option<Row> {
        let rows = self.rows(config);
        rows.get(self.selected.min(rows.len().saturating_sub(1))).copied()
    }

    /// Moves the selection to a row of the list.
    pub fn select(&mut self, config: &Config, to: usize) {
        self.selected = to.min(self.rows(config).len().saturating_sub(1));
    }

    /// Whether an augmentation's numbers are shown.
    pub fn is_unfolded(&self, name: &str) -> bool {
        self.unfolded.contains(&name)
    }

    /// Shows or hides the numbers of an augmentation, and selects it.
    pub fn unfold(&mut self, config: &Config, at: usize, show: bool) {
        let Some(entry) = config.augment.get(at) else { return };
        self.unfolded.retain(|name| *name != entry.name());
        if show && !entry.settings.kind().knobs.is_empty() {
            self.unfolded.push(entry.name());
        }
        let rows = self.rows(config);
        let place = rows.iter().position(|row| matches!(row, Row::Entry(i) if *i == at));
        self.selected = place.unwrap_or(0);
    }

    /// The value to show at a path, and whether the engine still has to confirm it.
    pub fn value(&self, config: &Config, path: &str) -> (Option<Value>, bool) {
        match self.pending.iter().find(|pending| pending.path == path) {
            Some(pending) => (Some(pending.value.clone()), true),
            None => (in_force(config, path), false),
        }
    }

    /// An edit to send, remembered so that it can be taken back.
    pub fn edit(&mut self, config: &Config, path: &str, to: Value) -> Option<Edit> {
        let from = self.value(config, path).0?;
        if same(&from, &to) {
            return None;
        }
        self.undone.clear();
        if self.done.len() >= MEMORY {
            self.done.remove(0);
        }
        self.done.push(Done { path: path.into(), from, to: to.clone() });
        Some(self.send(path, to))
    }

    /// The last edit taken back.
    pub fn undo(&mut self) -> Option<Edit> {
        let last = self.done.pop()?;
        let edit = self.send(&last.path.clone(), last.from.clone());
        self.undone.push(last);
        Some(edit)
    }

    /// The last undone edit made again.
    pub fn redo(&mut self) -> Option<Edit> {
        let last = self.undone.pop()?;
        let edit = self.send(&last.path.clone(), last.to.clone());
        self.done.push(last);
        Some(edit)
    }

    /// Whether there is something to take back, and something to make again.
    pub fn can_go(&self) -> (bool, bool) {
        (!self.done.is_empty(), !self.undone.is_empty())
    }

    fn send(&mut self, path: &str, value: Value) -> Edit {
        match self.pending.iter_mut().find(|pending| pending.path == path) {
            Some(pending) => (pending.value, pending.answers) = (value.clone(), pending.answers + 1),
            None => self.pending.push(Pending { path: path.into(), value: value.clone(), answers: 1 }),
        }
        Edit { path: path.into(), value }
    }

    /// The engine has answered an edit of this path; a refused one cannot be taken back.
    pub fn answered(&mut self, path: &str, refused: bool) {
        if let Some(at) = self.pending.iter().position(|pending| pending.path == path) {
            self.pending[at].answers = self.pending[at].answers.saturating_sub(1);
            if self.pending[at].answers == 0 {
                self.pending.remove(at);
            }
        }
        if refused && let Some(at) = self.done.iter().rposition(|done| done.path == path) {
            self.done.remove(at);
        }
    }

    /// Forgets what is pending and already in force, should an answer have been lost on the way.
    pub fn settle(&mut self, config: &Config) {
        self.pending.retain(|it| in_force(config, &it.path).is_none_or(|value| !same(&value, &it.value)));
    }

    /// Adds to the typed text what can belong to a number.
    pub fn type_text(&mut self, text: &str) {
        if let Some(typed) = &mut self.typed {
            let room = LONGEST.saturating_sub(typed.text.len());
            let fitting = text.chars().filter(|c| c.is_ascii_alphanumeric() || "+-._".contains(*c));
            typed.text.extend(fitting.take(room));
            typed.error = None;
        }
    }
}

/// The path and the range of a row that holds a number.
pub fn number(config: &Config, row: Row) -> Option<(String, &'static Knob)> {
    match row {
        Row::Entry(_) => None,
        Row::Knob(at, knob) => {
            Some((format!("augment.{}.{}", config.augment.get(at)?.name(), knob.path), knob))
        }
        Row::Dial(dial) => Some((dial.path.into(), dial.knob()?)),
    }
}

/// A step up (+1) or down (−1) from `value`, inside the range.
pub fn step(value: &Value, knob: &Knob, direction: f64) -> Option<Value> {
    let moved = value.as_f64()? + direction * knob.step;
    Some(shaped((moved * 1e9).round() / 1e9, value, knob))
}

/// A typed number, or what is wrong with it.
pub fn parse(text: &str, like: &Value, knob: &Knob) -> Result<Value, String> {
    let range = range(knob);
    let number: f64 = text.trim().parse().map_err(|_| format!("“{text}” is no number; {range}"))?;
    if !number.is_finite() || number < knob.min || number > knob.max {
        return Err(format!("{text} is outside {range}"));
    }
    if like.is_u64() && number.fract() != 0.0 {
        return Err(format!("{text} is no whole number; {range}"));
    }
    Ok(shaped(number, like, knob))
}

/// `0 – 1`, for the reader.
pub fn range(knob: &Knob) -> String {
    use crate::tui::figures::setting;
    format!("{} – {}", setting(knob.min), setting(knob.max))
}

/// A number inside the range, whole where the old one is.
fn shaped(number: f64, like: &Value, knob: &Knob) -> Value {
    let number = number.clamp(knob.min, knob.max);
    if (like.is_u64() || like.is_i64()) && number.fract() == 0.0 {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

/// Equal as numbers, or equal.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => a == b,
    }
}

/// The value at a path in a configuration.
fn in_force(config: &Config, path: &str) -> Option<Value> {
    if let Some(dial) = DIALS.iter().find(|dial| dial.path == path) {
        return Some(Value::from((dial.value)(config)));
    }
    let (name, field) = path.strip_prefix("augment.")?.split_once('.')?;
    let entry: &Entry = config.augment.iter().find(|entry| entry.name() == name)?;
    match field {
        "enabled" => Some(Value::from(entry.enabled)),
        "head" => Some(Value::from(entry.head)),
        _ => {
            let document = entry.settings.document().ok()?;
            field
                .split('.')
                .try_fold(&document, |at, part| match at {
                    Value::Array(items) => items.get(part.parse::<usize>().ok()?),
                    _ => at.get(part),
                })
                .cloned()
        }
    }
}
