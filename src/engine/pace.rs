//! How much of the time measurements may take.
//!
//! A network that trains uses every core, so that a measurement costs as much in a thread of its own as
//! between steps. What keeps it cheap is that its slices wait for their turn.

use std::time::{Duration, Instant};

/// The share of the time that measurements may take while it trains.
const SHARE: f64 = 0.025;
/// No more time than this is saved up: after a long rest, measurements do not come all at once.
const SAVED: Duration = Duration::from_millis(100);

/// An account in seconds: training pays in, measuring draws out.
#[derive(Debug)]
pub struct Pace {
    share: f64,
    /// May be overdrawn: by a slice that is longer than what there was, or by measuring for a checkpoint.
    balance: f64,
    since: Instant,
}

impl Pace {
    /// That of measurements, empty.
    pub fn new(now: Instant) -> Self {
        Self::of(SHARE, now)
    }

    /// For this share of the time, empty.
    pub fn of(share: f64, now: Instant) -> Self {
        Self { share, balance: 0.0, since: now }
    }

    /// Whether there is time for a slice.
    pub fn allows(&mut self, now: Instant) -> bool {
        let trained = now.saturating_duration_since(self.since).as_secs_f64();
        self.since = now;
        self.balance = (self.balance + self.share * trained).min(SAVED.as_secs_f64());
        self.balance > 0.0
    }

    /// A slice took this long.
    pub fn took(&mut self, time: Duration) {
        self.balance -= time.as_secs_f64();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A minute of steps of 20 ms with slices of 10 ms, and more to measure at any time.
    #[test]
    fn measuring_takes_its_share_and_no_more() {
        let start = Instant::now();
        let (mut pace, mut now, mut measured) = (Pace::new(start), start, Duration::ZERO);
        while now - start < Duration::from_secs(60) {
            now += Duration::from_millis(20);
            if pace.allows(now) {
                let slice = Duration::from_millis(10);
                (now, measured) = (now + slice, measured + slice);
                pace.took(slice);
            }
        }
        let share = measured.as_secs_f64() / (now - start).as_secs_f64();
        assert!((0.02..0.026).contains(&share), "{share}");
    }

    #[test]
    fn a_rest_saves_up_little_and_a_debt_is_paid_off() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let hour = start + Duration::from_secs(3600);
        assert!(pace.allows(hour));
        pace.took(Duration::from_millis(600));
        assert!(!pace.allows(hour + Duration::from_secs(19)), "half a second takes 20 s");
        assert!(pace.allows(hour + Duration::from_secs(21)));
    }
}
