//! What a representation is worth: what each space ignores and keeps, and what can be read from it.
//!
//! Two ways in: a [`Measurement`] between training steps, cheap and in slices; and [`Offline`], everything
//! that the list of [`SCORES`] holds, on V, on every head and on concatenations. A score is one file and one
//! line of that list.

pub mod alignment;
pub mod collapse;
mod error;
mod few_shot;
mod frozen;
pub mod gallery;
pub mod invariance;
pub mod lbfgs;
mod linear;
pub mod mahalanobis;
mod measurement;
pub mod neighbours;
mod offline;
mod pairs;
pub mod probe;
mod representation;
mod rotation;
mod scores;
mod settings;
pub mod uniformity;
mod views;

pub use error::EvalError;
pub use frozen::Frozen;
pub use gallery::Gallery;
pub use invariance::InvarianceReport;
pub use measurement::{Filling, Measured, Measurement, Subject};
pub use offline::{Asked, Evaluation, Offline};
pub use scores::{Figure, Reach, SCORES, Score, Unit};
pub use settings::*;
pub use views::{clean, some};
