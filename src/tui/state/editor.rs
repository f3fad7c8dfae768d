//! The list of augmentations and of the numbers that can be changed while training.
//!
//! The engine validates, journals and applies; here an edit is worded, kept inside its range, and
//! shown as pending until the engine's configuration says the same.

use super::rows::{Row, SCHEDULE, rows};
use crate::{
    config::{Config, value_at},
    engine::message::Edit,
    knob::Knob,
};
use serde_json::Value;
use std::{cell::RefCell, collections::VecDeque, rc::Rc, sync::Arc};

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
    laid: RefCell<Option<Rc<Laid>>>,
}

/// What a configuration is on the screen: laid out once, and asked at every key and in every frame.
#[derive(Debug)]
pub struct Laid {
    config: Arc<Config>,
    unfolded: Vec<&'static str>,
    pub rows: Vec<Row>,
    document: Value,
}

/// So many edits can be taken back.
const MEMORY: usize = 1_000;
/// A step below this part of its range becomes finer towards 0.
const TINY: f64 = 1e-3;
/// The finest step, as a part of the usual one.
const FINEST: f64 = 1e-4;

impl Editor {
    /// The rows as they stand.
    pub fn rows(&self, config: &Arc<Config>) -> Rc<Laid> {
        let known = self.laid.borrow().clone();
        if let Some(laid) = known.filter(|it| Arc::ptr_eq(&it.config, config) && it.unfolded == self.unfolded)
        {
            return laid;
        }
        let laid = Rc::new(Laid {
            config: config.clone(),
            unfolded: self.unfolded.clone(),
            rows: rows(config, &self.unfolded),
            document: config.value(),
        });
        *self.laid.borrow_mut() = Some(laid.clone());
        laid
    }

    /// The selected row.
    pub fn row(&self, config: &Arc<Config>) -> Option<Row> {
        let laid = self.rows(config);
        let last = laid.rows.len().checked_sub(1)?;
        laid.rows.get(self.selected.min(last)).cloned()
    }

    /// Moves the selection to a row of the list.
    pub fn select(&mut self, config: &Arc<Config>, to: usize) {
        self.selected = to.min(self.rows(config).rows.len().saturating_sub(1));
    }

    /// Whether an augmentation's numbers are shown.
    pub fn is_unfolded(&self, name: &str) -> bool {
        self.unfolded.contains(&name)
    }

    /// Shows or hides the values of an augmentation or of the schedule, and selects it.
    pub fn unfold(&mut self, config: &Arc<Config>, row: &Row, show: bool) {
        let name = match row {
            Row::Entry(at) => config.augment.get(*at).map(|entry| entry.name()),
            Row::Schedule => Some(SCHEDULE),
            Row::Value(_) => None,
        };
        let Some(name) = name else { return };
        self.unfolded.retain(|known| *known != name);
        if show {
            self.unfolded.push(name);
        }
        self.selected = self.rows(config).rows.iter().position(|it| it == row).unwrap_or(0);
    }

    /// The value to show at a path, and whether the engine still has to confirm it.
    pub fn value(&self, config: &Arc<Config>, path: &str) -> (Option<Value>, bool) {
        match self.sent.iter().rev().find(|sent| sent.path == path) {
            Some(sent) => (Some(sent.value.clone()), true),
            None => (value_at(&self.rows(config).document, path).cloned(), false),
        }
    }

    /// Edits to send, remembered so that they can be taken back together. Those that change nothing are left
    /// out.
    pub fn edit(&mut self, config: &Arc<Config>, changes: &[(String, Value)]) -> Vec<Edit> {
        let mut edits = Vec::new();
        for (path, to) in changes {
            let Some(from) = self.value(config, path).0.filter(|from| !same(from, to)) else { continue };
            if edits.is_empty() {
                self.undone.clear();
                self.count += 1;
            }
            if self.done.len() >= MEMORY {
                self.done.remove(0);
            }
            self.done.push(Done { number: self.count, path: path.clone(), from, to: to.clone() });
            edits.push(self.send(self.count, Way::Done, path, to.clone()));
        }
        edits
    }

    /// What was edited last, taken back, the newest first.
    pub fn undo(&mut self) -> Vec<Edit> {
        let number = self.done.last().map(|last| last.number);
        let mut edits = Vec::new();
        while let Some(last) = self.done.pop_if(|it| Some(it.number) == number) {
            edits.push(self.send(last.number, Way::Undone, &last.path, last.from.clone()));
            self.undone.push(last);
        }
        edits
    }

    /// What was taken back last, made again.
    pub fn redo(&mut self) -> Vec<Edit> {
        let number = self.undone.last().map(|last| last.number);
        let mut edits = Vec::new();
        while let Some(last) = self.undone.pop_if(|it| Some(it.number) == number) {
            edits.push(self.send(last.number, Way::Done, &last.path, last.to.clone()));
            self.done.push(last);
        }
        edits
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
        let Some(at) = here.iter().position(|done| done.number == sent.number && done.path == sent.path)
        else {
            return;
        };
        let refused = here.remove(at);
        // What could not be taken back is still done.
        if sent.way == Way::Undone {
            let place = there.partition_point(|done| done.number < refused.number);
            there.insert(place, refused);
        }
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

/// A typed value, or what is wrong with it. What is no number is read as in a configuration file.
pub fn parse(text: &str, like: &Value, knob: Option<&Knob>) -> Result<Value, String> {
    let Some(knob) = knob else {
        return serde_yaml::from_str(text).map_err(|error| format!("“{text}” cannot be read: {error}"));
    };
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
