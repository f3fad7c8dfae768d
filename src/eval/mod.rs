//! What a representation is worth: what each space ignores and keeps, and who its neighbours are.

mod error;
mod frozen;
pub mod invariance;
pub mod measurement;
pub mod neighbours;
pub mod probe;
mod settings;

pub use error::EvalError;
pub use frozen::Frozen;
pub use invariance::InvarianceReport;
pub use measurement::{Measured, Measurement, Subject};
pub use settings::*;
