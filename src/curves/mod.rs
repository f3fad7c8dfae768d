//! Figures over the length of a run: of the one that trains, and of others from their files.
//!
//! [`Series`] holds one figure's course in bounded memory; [`SeriesStore`] those of a run; [`Mark`] says what was
//! changed on the way; [`Recorded`] is all of it from a run's folder.

mod mark;
mod recorded;
pub mod series;

pub use mark::Mark;
pub use recorded::Recorded;
pub use series::{Along, Column, Envelope, SMOOTHING, Series, SeriesStore};
