//! A residual network over candle, its heads, its optimisers.

mod settings;
pub use settings::*;
