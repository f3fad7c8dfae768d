//! A run's directory: what it holds, who may write it, and how it survives everything.

mod clock;
mod durable;
mod error;
pub mod journal;
mod lock;
pub mod metrics;
mod metrics_row;
mod seal;

pub use error::RunError;
pub use lock::{Holder, Lock, holder};
