//! The method (Xiao et al., 2021), readable beside the paper: spaces, losses, one step of each objective.
//!
//! A `Learner` is a query `Encoder` (a backbone with embedding spaces) and an objective that trains it:
//! `moco` has a momentum encoder and queues, `simclr` neither, `supervised` a classifier.

mod encoder;
mod learner;
mod loss;
mod moco;
mod momentum;
mod objective;
mod queue;
mod settings;
mod shuffle;
mod simclr;
mod space;
mod space_loss;
mod state;
mod supervised;
mod times;

pub use encoder::Encoder;
pub use learner::{Hyper, Learner, StepError, StepLosses, Views};
pub use loss::{general, info_nce, leave_one_out, nt_xent};
pub use momentum::follow;
pub use objective::{Kind, OBJECTIVES, ObjectiveKind};
pub use queue::Queue;
pub use settings::*;
pub use space::{GENERAL, Space, room};
pub use state::LearnerState;
pub use times::{PARTS, StepTimes};
