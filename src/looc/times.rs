//! Where the time of a training step goes.

use std::time::{Duration, Instant};

/// The parts of a step, in the order in which they happen.
pub const PARTS: [&str; 6] = ["forward", "keys", "loss", "backward", "optimiser", "queues"];

/// The time of each of [`PARTS`] in the last step: the query's forward pass; the momentum encoder's average
/// and forward passes; heads and losses, forward; heads, losses and backbone, backward; the update of all
/// weights; the queues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepTimes(pub [Duration; PARTS.len()]);

/// Measures one part after the other.
pub(super) struct Stopwatch {
    times: StepTimes,
    part: usize,
    since: Instant,
}

impl Stopwatch {
    pub fn start() -> Self {
        Self { times: StepTimes::default(), part: 0, since: Instant::now() }
    }

    /// A part is over; the next one begins.
    pub fn lap(&mut self) {
        let now = Instant::now();
        if let Some(time) = self.times.0.get_mut(self.part) {
            *time = now - self.since;
        }
        self.part += 1;
        self.since = now;
    }

    pub fn stop(mut self) -> StepTimes {
        self.lap();
        self.times
    }
}
