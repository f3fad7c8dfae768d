//! Figures over the length of a run: of the one that trains, and of others from their files.
//!
//! [`Series`] holds one figure's course in bounded memory; [`SeriesStore`] those of a run; [`Mark`] says what was
//! changed on the way; [`Recorded`] is all of it from a run's folder.

mod axis;
pub mod color;
mod heads;
mod mark;
mod quantity;
mod recorded;
pub mod series;

pub use axis::{Axis, round_end};
pub use heads::Heads;
pub use mark::Mark;
pub use recorded::Recorded;
pub use series::{Along, Column, Envelope, SMOOTHING, Series, SeriesStore};
