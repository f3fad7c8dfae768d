//! The list of augmentations and of the numbers that can be changed while training.
//!
//! The engine validates, journals and applies; here an edit is worded, kept inside its range, and
//! shown as pending until the engine's configuration says the same.

use crate::{
    augment::Entry, config::Config, engine::message::Edit, knob::Knob, looc::ContrastSettings,
    nn::OptimizerSettings,
};
use serde_json::Value;
use std::collections::VecDeque;

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
    /// Whether it does anything: objectives do not read every number.
    fn counts(&self, config: &Config) -> bool {
        let of_contrast = self.path.strip_prefix("contrast.");
        of_contrast.is_none_or(|number| config.contrast.kind.numbers.contains(&number))
    }

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
    /// Whether an augmentation's other keys never have the query's parameters by chance.
    Distinct(usize),
    /// A number outside the augmentations.
    Dial(&'static Dial),
}

/// An edit that was sent. The engine answers in the order in which it was asked.
#[derive(Clone, Debug)]
struct Sent {
    path: String,
    value: Value,
    /// Its place in the history.
    number: u64,
    way: Way,
}

/// How an edit came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// By its reader, or made again.
    Done,
    /// Taken back.
    Undone,
}

/// An edit that can be taken back.
#[derive(Clone, Debug, PartialEq)]
struct Done {
    number: u64,
    path: String,
    from: Value,
    to: Value,
}

/// The state of the list.
#[derive(Clone, Debug, Default)]
pub struct Editor {
    pub selected: usize,
    unfolded: Vec<&'static str>,
    /// Edits without an answer yet, oldest first.
    sent: VecDeque<Sent>,
    done: Vec<Done>,
    undone: Vec<Done>,
    count: u64,
}

/// So many edits can be taken back.
const MEMORY: usize = 1_000;
/// A step below this part of its range becomes finer towards 0.
const TINY: f64 = 1e-3;
/// The finest step, as a part of the usual one.
const FINEST: f64 = 1e-4;

impl Editor {
    /// The rows as they stand.
    pub fn rows(&self, config: &Config) -> Vec<Row> {
        let mut rows = Vec::new();
        for (i, entry) in config.augment.iter().enumerate() {
            rows.push(Row::Entry(i));
            if self.unfolded.contains(&entry.name()) {
                rows.extend(entry.settings.kind().knobs.iter().map(|knob| Row::Knob(i, knob)));
                rows.extend(entry.settings.kind().discrete.then_some(Row::Distinct(i)));
            }
        }
        rows.extend(DIALS.iter().filter(|dial| dial.counts(config)).map(Row::Dial));
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
        let kind = entry.settings.kind();
        if show && (kind.discrete || !kind.knobs.is_empty()) {
            self.unfolded.push(entry.name());
        }
        let rows = self.rows(config);
        let place = rows.iter().position(|row| matches!(row, Row::Entry(i) if *i == at));
        self.selected = place.unwrap_or(0);
    }

    /// The value to show at a path, and whether the engine still has to confirm it.
    pub fn value(&self, config: &Config, path: &str) -> (Option<Value>, bool) {
        match self.sent.iter().rev().find(|sent| sent.path == path) {
            Some(sent) => (Some(sent.value.clone()), true),
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
        self.count += 1;
        self.done.push(Done { number: self.count, path: path.into(), from, to: to.clone() });
        Some(self.send(self.count, Way::Done, path, to))
    }

    /// The last edit taken back.
    pub fn undo(&mut self) -> Option<Edit> {
        let last = self.done.pop()?;
        let edit = self.send(last.number, Way::Undone, &last.path, last.from.clone());
        self.undone.push(last);
        Some(edit)
    }

    /// The last undone edit made again.
    pub fn redo(&mut self) -> Option<Edit> {
        let last = self.undone.pop()?;
        let edit = self.send(last.number, Way::Done, &last.path, last.to.clone());
        self.done.push(last);
        Some(edit)
    }

    /// Whether there is something to take back, and something to make again.
    pub fn can_go(&self) -> (bool, bool) {
        (!self.done.is_empty(), !self.undone.is_empty())
    }

    fn send(&mut self, number: u64, way: Way, path: &str, value: Value) -> Edit {
        self.sent.push_back(Sent { path: path.into(), value: value.clone(), number, way });
        Edit { path: path.into(), value }
    }

    /// The engine has answered the oldest edit of this path. A refused one leaves the history as if it had
    /// not been tried.
    pub fn answered(&mut self, path: &str, applied: bool) {
        let Some(at) = self.sent.iter().position(|sent| sent.path == path) else { return };
        let Some(sent) = self.sent.remove(at).filter(|_| !applied) else { return };
        let (here, there) = match sent.way {
            Way::Done => (&mut self.done, &mut self.undone),
            Way::Undone => (&mut self.undone, &mut self.done),
        };
        let Some(at) = here.iter().position(|done| done.number == sent.number) else { return };
        let refused = here.remove(at);
        // What could not be taken back is still done.
        if sent.way == Way::Undone {
            let place = there.partition_point(|done| done.number < refused.number);
            there.insert(place, refused);
        }
    }
}

/// The path and the range of a row that holds a number.
pub fn number(config: &Config, row: Row) -> Option<(String, &'static Knob)> {
    match row {
        Row::Entry(_) | Row::Distinct(_) => None,
        Row::Knob(at, knob) => {
            Some((format!("augment.{}.{}", config.augment.get(at)?.name(), knob.path), knob))
        }
        Row::Dial(dial) => Some((dial.path.into(), dial.knob()?)),
    }
}

/// A step up (+1) or down (−1) from `value`, inside the range. Where a step is tiny beside the range, as a
/// learning rate's is, it becomes finer towards 0, so that no order of magnitude is stepped over.
pub fn step(value: &Value, knob: &Knob, direction: f64) -> Option<Value> {
    let now = value.as_f64()?;
    let fine = knob.step < (knob.max - knob.min) * TINY && !value.is_u64();
    let mut step = knob.step;
    while fine && now > 0.0 && step > knob.step * FINEST && (step > now || direction < 0.0 && step >= now) {
        step /= 10.0;
    }
    let moved = now + direction * step;
    Some(shaped((moved * 1e12).round() / 1e12, value, knob))
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
        "distinct" => Some(Value::from(entry.distinct)),
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
