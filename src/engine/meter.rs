//! How fast it goes: images a second, and the share of the time spent waiting for views.

use std::time::{Duration, Instant};

/// The newest step's share in the moving averages.
const SHARE: f64 = 0.1;

/// Moving averages over the last steps.
#[derive(Debug, Default)]
pub struct Meter {
    step: Option<f64>,
    wait: Option<f64>,
    since: Option<Instant>,
}

impl Meter {
    /// A step is done that took this long since the last one, of which `wait` was waiting.
    pub fn step(&mut self, wait: Duration) {
        let now = Instant::now();
        if let Some(since) = self.since.replace(now) {
            let step = (now - since).as_secs_f64();
            let average = |old: Option<f64>, new: f64| Some(old.map_or(new, |old| old + SHARE * (new - old)));
            self.step = average(self.step, step);
            self.wait = average(self.wait, wait.as_secs_f64().min(step));
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

    /// 0–1.
    pub fn wait_share(&self) -> f32 {
        match (self.wait, self.step) {
            (Some(wait), Some(step)) => (wait / step.max(1e-9)) as f32,
            _ => 0.0,
        }
    }
}
