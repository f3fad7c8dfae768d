//! The method (Xiao et al., 2021), readable beside the paper.

mod settings;
pub use settings::*;
