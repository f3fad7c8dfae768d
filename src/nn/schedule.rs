//! The learning rate over a run.

use super::{OptimizerSettings, ScheduleKind};

/// The rate at `step` (from 0) of `steps`, with linear warm-up over the first `warmup` steps.
///
/// Cosine: η·(1 + cos(π·t))/2, with t from 0 after the warm-up to 1 at the end (Loshchilov & Hutter, 2017).
/// Step: a tenth at each milestone that the fraction step/steps has reached.
pub fn learning_rate(settings: &OptimizerSettings, step: u64, steps: u64, warmup: u64) -> f64 {
    if step < warmup {
        return settings.lr * (step + 1) as f64 / warmup as f64;
    }
    let factor = match settings.schedule {
        ScheduleKind::Constant => 1.0,
        ScheduleKind::Cosine => {
            let t = (step - warmup) as f64 / steps.saturating_sub(warmup).max(1) as f64;
            0.5 * (1.0 + (std::f64::consts::PI * t.min(1.0)).cos())
        }
        ScheduleKind::Step => {
            let done = step as f64 / steps.max(1) as f64;
            let passed = settings.milestones.iter().filter(|milestone| done >= **milestone).count();
            0.1f64.powi(passed as i32)
        }
    };
    settings.lr * factor
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(schedule: ScheduleKind) -> OptimizerSettings {
        OptimizerSettings { lr: 1.0, schedule, ..OptimizerSettings::default() }
    }

    #[test]
    fn cosine_falls_from_the_peak_to_zero_after_the_warm_up() {
        let cosine = settings(ScheduleKind::Cosine);
        let rate = |step| learning_rate(&cosine, step, 110, 10);
        assert_eq!((rate(0), rate(9)), (0.1, 1.0));
        assert_eq!(rate(10), 1.0);
        assert!((rate(60) - 0.5).abs() < 1e-12);
        assert!(rate(109) < 1e-3 && rate(110) < 1e-12 && rate(1000) < 1e-12);
    }

    #[test]
    fn steps_fall_tenfold_at_their_milestones() {
        let rate = |step| learning_rate(&settings(ScheduleKind::Step), step, 100, 0);
        assert_eq!(rate(59), 1.0);
        assert!((rate(60) - 0.1).abs() < 1e-12 && (rate(80) - 0.01).abs() < 1e-12);
    }
}
