//! The method (Xiao et al., 2021), readable beside the paper: spaces, loss, queues, momentum, one step.

mod learner;
mod loss;
mod momentum;
mod queue;
mod settings;
mod shuffle;
mod space;
mod state;
mod times;

pub use learner::{Hyper, Learner, StepError, StepLosses, Views, room};
pub use loss::{general, info_nce, leave_one_out};
pub use momentum::follow;
pub use queue::Queue;
pub use settings::*;
pub use space::{GENERAL, Space, SpaceSizes};
pub use state::LearnerState;
pub use times::{PARTS, StepTimes};
