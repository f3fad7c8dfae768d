//! How fast it goes: images a second, and where the time of a step goes.

use crate::looc::{PARTS, StepTimes};
use std::time::{Duration, Instant};

/// The newest step's share in the moving averages.
const SHARE: f64 = 0.1;
/// That of parts, which are looked at seldom: a calmer figure.
const PART: f64 = 0.02;

/// Moving averages over the last steps.
#[derive(Debug, Default)]
pub struct Meter {
    step: Option<f64>,
    wait: Option<f64>,
    /// Of each of [`PARTS`].
    parts: [Option<f64>; PARTS.len()],
    since: Option<Instant>,
}

impl Meter {
    /// A step is done; of the time since the last one `wait` was waiting, and the rest went into its parts.
    pub fn step(&mut self, wait: Duration, times: &StepTimes) {
        let now = Instant::now();
        if let Some(since) = self.since.replace(now) {
            let step = (now - since).as_secs_f64();
            let average = |old: Option<f64>, new: f64, share: f64| {
                Some(old.map_or(new, |old| old + share * (new - old)))
            };
            self.step = average(self.step, step, SHARE);
            self.wait = average(self.wait, wait.as_secs_f64().min(step), SHARE);
            for (part, time) in self.parts.iter_mut().zip(&times.0) {
                *part = average(*part, time.as_secs_f64(), PART);
            }
        }
    }

    /// Nothing is being trained for a while: that time does not count.
    pub fn rest(&mut self) {
        self.since = None;
    }

    /// Images a second, for steps of `batch` images; 0 before it is known.
    pub fn images_per_s(&self, batch: usize) -> f32 {
        self.step.map_or(0.0, |step| (batch as f64 / step.max(1e-9)) as f32)
    }

    /// Waiting for views, 0–1.
    pub fn wait_share(&self) -> f32 {
        self.share(self.wait)
    }

    /// The share of each of [`PARTS`], 0–1; what is missing to 1 went into waiting and measuring.
    pub fn parts(&self) -> [f32; PARTS.len()] {
        self.parts.map(|part| self.share(part))
    }

    fn share(&self, of: Option<f64>) -> f32 {
        match (of, self.step) {
            (Some(of), Some(step)) => (of / step.max(1e-9)) as f32,
            _ => 0.0,
        }
    }
}
