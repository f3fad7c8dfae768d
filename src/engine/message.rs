//! What goes between the training thread and whoever watches it. No tensors here: a viewer sees
//! plain numbers and bytes.
//!
//! Viewer → engine: [`Command`]s, in order, none lost. Engine → viewer: a latest-value [`Snapshot`]
//! (see [`super::Handle`]) and two bounded mailboxes, [`StepRecord`]s and [`Event`]s, that coalesce
//! or drop their oldest when nobody reads them.

use super::recording::rgb;
pub use crate::eval::invariance::InvarianceReport;
use crate::{config::Config, figure, looc::PARTS, run::Turn};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, sync::Arc};

/// What a viewer asks of the engine. Each takes effect at a step boundary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Change one value of the configuration.
    Edit(Edit),
    /// The same by one of several editors, who made it when `base` edits were in force: it is refused if another
    /// one's edit has come between. [`OWN_SCREEN`] is the screen in the training process.
    EditAt { edit: Edit, base: u64, editor: u64 },
    /// Rest before the next step.
    Pause,
    /// Go on.
    Resume,
    /// While paused: one step.
    StepOnce,
    /// Write a checkpoint now.
    Checkpoint,
    /// Make the views of a held-out image and their cosines from the model as it is now.
    Views(ViewRequest),
    /// Look for the training images nearest to a held-out one.
    Neighbours(NeighbourRequest),
    /// Write a checkpoint and end.
    Stop,
}

/// The editor who sits at the screen in the training process; viewers that attach have other numbers.
pub const OWN_SCREEN: u64 = 0;

/// One change of the configuration, as in `--set path=value`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// Such as `augment.color.enabled` or `optimizer.lr`.
    pub path: String,
    /// The new value.
    pub value: serde_json::Value,
}

/// Which image's views, and which draw of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewRequest {
    /// Which held-out image; taken modulo their number.
    pub index: usize,
    /// Another number, another draw of the parameters.
    pub draw: u64,
}

/// What the engine is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Phase {
    /// Before the first step: loading data, building the model.
    #[default]
    Starting,
    /// Loading: what, and how far (done, of).
    Loading { what: String, done: usize, of: usize },
    /// Steps are being made.
    Training,
    /// Resting, ready to go on.
    Paused,
    /// All steps are done; the final checkpoint is written.
    Finished,
    /// Stopped on request; the checkpoint is written.
    Stopped,
    /// It could not go on. The text says what, where, and what to do.
    Failed(String),
    /// The run is watched from another process, and cannot be seen any more. The text says why.
    Lost(String),
    /// Nothing is trained: this is what a run's files say. The text is the state that they tell of.
    Recorded(String),
}

/// The state of a run, whole, as of now.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Snapshot {
    pub phase: Phase,
    /// The run directory; none before it exists.
    pub run: Option<PathBuf>,
    /// The configuration in force.
    #[serde(skip)]
    pub config: Arc<Config>,
    /// How many edits have been applied.
    pub revision: u64,
    /// Steps done.
    pub step: u64,
    /// Steps to do in all.
    pub steps: u64,
    /// Passes over the training images done, with the fraction of the present one.
    pub epoch: f32,
    /// Mean loss over the spaces of the last step.
    pub loss: Option<f32>,
    /// Each space's loss of the last step, `all` first; none for a head that rests.
    pub losses: Vec<(Arc<str>, Option<f32>)>,
    /// The learning rate of the last step.
    #[serde(deserialize_with = "figure::one")]
    pub lr: f32,
    /// Training images a second, smoothed.
    pub images_per_s: f32,
    /// Share of the last steps' time spent waiting for views, 0–1.
    pub loader_wait: f32,
    /// The share of each of [`PARTS`] in the last steps' time, 0–1.
    pub parts: [f32; PARTS.len()],
    /// What the network computes on: `cpu (avx512)`, `cuda:0`.
    pub compute: String,
    /// The last invariance measurement, and the one at initialisation.
    pub invariance: Option<Arc<InvarianceReport>>,
    pub invariance_at_start: Option<Arc<InvarianceReport>>,
    /// Online weighted kNN accuracy on the backbone's features: label's name, accuracy 0–1.
    #[serde(deserialize_with = "figure::named")]
    pub knn: Vec<(Arc<str>, f32)>,
    /// The last views made for a [`Command::Views`], whoever asked: see [`super::Wanted`].
    #[serde(skip)]
    pub views: Option<Arc<ViewSheet>>,
    /// The last neighbours found for a [`Command::Neighbours`], whoever asked.
    #[serde(skip)]
    pub neighbours: Option<Arc<NeighbourSheet>>,
    /// Number of training and held-out images.
    pub images: (usize, usize),
}

/// The views of one held-out image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewSheet {
    pub request: ViewRequest,
    /// How many held-out images there are.
    pub count: usize,
    /// The step of the model that the cosines are from.
    pub step: u64,
    /// Width and height in pixels.
    pub side: usize,
    /// The image itself, `[side, side, 3]` bytes.
    #[serde(with = "rgb")]
    pub original: Arc<[u8]>,
    /// The image's labels in words, such as `shape star`.
    pub labels: Vec<String>,
    /// q first, then k0, then ki.
    pub views: Vec<ViewTile>,
}

/// One view of a [`ViewSheet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewTile {
    /// `q`, `k0`, or the augmentation whose parameters it shares with q.
    pub name: Arc<str>,
    /// `[side, side, 3]` bytes.
    #[serde(with = "rgb")]
    pub rgb: Arc<[u8]>,
    /// Each augmentation's drawn parameters in words, in order of application.
    pub params: Vec<ViewParam>,
    /// Cosine of this view to q in every head, in the order of the heads, `all` first; 1 for q.
    #[serde(deserialize_with = "figure::named")]
    pub cosines: Vec<(Arc<str>, f32)>,
}

/// One augmentation's parameters in one view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewParam {
    pub augmentation: Arc<str>,
    pub text: String,
    /// Copied from q.
    pub shared: bool,
}

/// Whose neighbours are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeighbourRequest {
    /// Among the held-out images of one class only: a set of labels, and a class of it, by their places.
    pub within: Option<(usize, usize)>,
    /// The how-manieth of these images; taken modulo their number.
    pub place: usize,
    /// By the model as it is now, not by one that the images have been searched with before.
    pub fresh: bool,
}

impl NeighbourRequest {
    /// Whether it is for the same image, by whatever model.
    pub fn same_image(&self, other: &Self) -> bool {
        (self.within, self.place) == (other.within, other.place)
    }
}

/// The neighbours of one held-out image in V and in every embedding space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NeighbourSheet {
    pub request: NeighbourRequest,
    /// Which held-out image it is.
    pub index: usize,
    /// How many there are to choose from; with a class, of that class.
    pub candidates: usize,
    /// The step of the model.
    pub step: u64,
    /// Training images that were searched, and all that will be.
    pub searched: (usize, usize),
    /// A search by a newer model is under way.
    pub outdated: bool,
    /// Width and height in pixels.
    pub side: usize,
    pub query: Near,
    /// The sets of labels: name, and names of the classes.
    pub sets: Vec<(String, Vec<String>)>,
    /// `V` first, then `all`, then each head.
    pub spaces: Vec<Neighbourhood>,
}

/// The nearest images in one space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbourhood {
    pub name: Arc<str>,
    /// The nearest first.
    pub near: Vec<Near>,
}

/// One image near the query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Near {
    /// Its index among the training images.
    pub index: usize,
    /// Cosine to the query.
    #[serde(deserialize_with = "figure::one")]
    pub cosine: f32,
    /// `[side, side, 3]` bytes.
    #[serde(with = "rgb")]
    pub rgb: Arc<[u8]>,
    /// For each set of labels its class, and whether that is the query's.
    pub labels: Vec<(String, bool)>,
}

/// A value over one or several merged steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    #[serde(deserialize_with = "figure::one")]
    pub min: f32,
    #[serde(deserialize_with = "figure::one")]
    pub max: f32,
    #[serde(deserialize_with = "figure::one")]
    pub last: f32,
}

impl Span {
    /// Of a single value.
    pub fn of(value: f32) -> Self {
        Self { min: value, max: value, last: value }
    }

    /// Together with a later one. A NaN is kept, never hidden by a finite value.
    pub fn then(self, later: Self) -> Self {
        let keep = |a: f32, b: f32, pick: fn(f32, f32) -> f32| {
            if a.is_nan() || b.is_nan() { f32::NAN } else { pick(a, b) }
        };
        Self {
            min: keep(self.min, later.min, f32::min),
            max: keep(self.max, later.max, f32::max),
            last: later.last,
        }
    }
}

/// The curves' figures of one step, or of one measurement (of several, once merged): tag → value. Tags are
/// those of `metrics.jsonl`: `loss`, `loss/all`, `loss/color`, `lr`, `images_per_s`; of a measurement
/// `invariance/all/crop`, `selectivity/color`, `knn/class`, `std/all` and their like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The (last) step, counted from 1; of a measurement, that of the model that was measured.
    pub step: u64,
    /// Seconds since the run's start; of a measurement, when it was done.
    pub time: f64,
    pub values: Vec<(Arc<str>, Span)>,
}

/// Something that happened once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// An edit is in force from `step` on: it is in the journal.
    Edited { step: u64, path: String, from: String, to: String },
    /// What turned the run's course before this process, or this viewer, came to it.
    Recalled { step: u64, turn: Turn },
    /// An edit was refused; nothing changed.
    Refused { path: String, why: String },
    /// A checkpoint is on the disk.
    Saved { step: u64, path: PathBuf },
    /// For the log.
    Note(String),
    /// For the log, and to be noticed.
    Warning(String),
}
