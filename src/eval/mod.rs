//! What a representation is worth: invariance, neighbours, probes.

pub mod invariance;
mod settings;
pub use settings::*;
