//! The list of scores. A new one is a file beside this one, and an entry at the end of this one.

use super::{
    alignment, collapse, few_shot, invariance, linear, mahalanobis, neighbours,
    representation::Representation, rotation, uniformity,
};
use candle_core::Result;
use serde_json::{Map, Value};

/// What the evaluation knows of a score.
pub struct Score {
    /// The name on the command line.
    pub name: &'static str,
    /// One line for a newcomer.
    pub help: &'static str,
    pub reach: Reach,
    /// Whether a quick evaluation has it.
    pub quick: bool,
    /// Its figures for one representation.
    pub measure: fn(&Exam, &Representation) -> Result<Vec<Figure>>,
}

/// On what a score is taken if nobody says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// On every representation, trained and at initialisation.
    Everywhere,
    /// On every trained representation, and on V at initialisation.
    Trained,
    /// On V, trained and at initialisation.
    Features,
}

/// What is asked of a representation: the labels of its rows.
pub struct Exam {
    pub labels: Vec<LabelSet>,
    pub seed: u64,
}

/// One set of labels that training and held-out images have.
pub struct LabelSet {
    pub name: String,
    /// How many classes there are.
    pub classes: usize,
    /// The class of each row of the bank, and of each held-out one.
    pub bank: Vec<u16>,
    pub held_out: Vec<u16>,
}

/// Of what a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A share of the held-out images, 0–1.
    Accuracy,
    Number,
}

/// One measured value, with everything that it takes to read it.
#[derive(Clone, Debug)]
pub struct Figure {
    pub score: &'static str,
    /// The representation: `V`, `z:color`, `z`, `V+z:color`.
    pub on: String,
    /// What was asked: a set of labels, an augmentation.
    pub label: String,
    pub value: f64,
    pub unit: Unit,
    /// Half of the 95% interval.
    pub interval: Option<f64>,
    /// Sizes of the splits, k, temperature, C and the like.
    pub facts: Map<String, Value>,
    /// The title of the table that it belongs to.
    pub table: String,
}

/// The table of what says how a space is filled.
pub(super) const SPACES: &str = "spaces: deviation, rank, uniformity, alignment";

impl Figure {
    pub(super) fn new(
        score: &'static str,
        on: &Representation,
        label: &str,
        table: impl Into<String>,
        value: f64,
        unit: Unit,
    ) -> Self {
        let (on, label, table) = (on.name.clone(), label.to_owned(), table.into());
        Self { score, on, label, value, unit, interval: None, facts: Map::new(), table }
    }

    /// With one more fact.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.into(), value.into());
        self
    }
}

/// Every score that the program has.
pub const SCORES: &[Score] = &[
    neighbours::SCORE,
    linear::SCORE,
    rotation::SCORE,
    few_shot::SCORE,
    invariance::SCORE,
    mahalanobis::SCORE,
    collapse::SCORE,
    uniformity::SCORE,
    alignment::SCORE,
];
