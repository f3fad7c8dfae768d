//! Figures over the length of a run: of the one that trains, and of others from their files.
//!
//! [`Series`] holds one figure's course in bounded memory; [`SeriesStore`] those of a run; [`Mark`] says what was
//! changed on the way; [`Recorded`] is all of it from a run's folder. [`chart`] says what a chart shows, [`plot`]
//! draws it into a file's bytes, [`export`] does both for runs on the disk.

mod axis;
pub mod chart;
pub mod color;
mod export;
mod heads;
mod mark;
pub mod plot;
mod quantity;
mod recorded;
pub mod series;
mod shell;

pub use axis::{Axis, round_end};
pub use export::{ExportError, Exported, export};
pub use heads::Heads;
pub use mark::Mark;
pub use recorded::Recorded;
pub use series::{Along, Column, Envelope, SMOOTHING, Series, SeriesStore};
