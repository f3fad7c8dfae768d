//! Round numbers for axes. A range is rounded outwards, so that it rests while the data moves: that
//! is calm for the eye, and few bytes over SSH.

/// The ends of the range of an axis, and where its labels are.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<f64>,
    pub log: bool,
}

impl Axis {
    /// Around values from `low` to `high`, with about `ticks` labels. Logarithmic needs `low > 0`.
    pub fn around(low: f64, high: f64, ticks: usize, log: bool) -> Self {
        if log && low > 0.0 { Self::logarithmic(low, high, ticks) } else { Self::linear(low, high, ticks) }
    }

    fn linear(low: f64, high: f64, ticks: usize) -> Self {
        let (low, high) = if high > low { (low, high) } else { (low - 0.5, high + 0.5) };
        let step = round_step((high - low) / ticks.max(1) as f64);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        // Far from zero, the smallest step that an f64 can show bounds the number of ticks.
        let count = ((last - first) as usize).min(100);
        let ticks = (0..=count).map(|i| (first + i as f64) * step).collect();
        Self { low: first * step, high: last * step, ticks, log: false }
    }

    fn logarithmic(low: f64, high: f64, ticks: usize) -> Self {
        let high = high.max(low * 1.000_001);
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let fine: Vec<f64> = (first..=last)
            .flat_map(|decade| [1.0, 1.5, 2.0, 3.0, 5.0, 7.0].map(|digit| digit * 10f64.powi(decade)))
            .collect();
        let bottom = fine.iter().rev().find(|&&it| it <= low * 1.000_001).copied().unwrap_or(low);
        let top = fine.iter().find(|&&it| it >= high * 0.999_999).copied().unwrap_or(high);
        let inside: Vec<f64> = fine.into_iter().filter(|it| (bottom..=top).contains(it)).collect();
        let every = inside.len().div_ceil(ticks.max(1) + 1).max(1);
        let ticks = inside.into_iter().step_by(every).collect();
        Self { low: bottom, high: top, ticks, log: true }
    }

    /// Where a value is between the ends, 0 to 1.
    pub fn place(&self, value: f64) -> Option<f64> {
        let place = if self.log {
            if value <= 0.0 {
                return None;
            }
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        place.is_finite().then(|| place.clamp(0.0, 1.0))
    }
}

/// The next of 1, 2, 5 × a power of ten.
fn round_step(step: f64) -> f64 {
    let unit = 10f64.powf(step.max(1e-12).log10().floor());
    let digit = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * unit >= step * 0.999_999);
    digit.unwrap_or(10.0) * unit
}

/// The next round number at or above `value`: an end for what grows, a quarter beyond it at most.
pub fn round_end(value: f64) -> f64 {
    let value = value.max(1e-9);
    let unit = 10f64.powf(value.log10().floor());
    let digits = [1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    digits.into_iter().map(|digit| digit * unit).find(|end| *end >= value * 0.999_999).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_round_and_hold_the_values() {
        let axis = Axis::around(2.31, 5.87, 4, false);
        assert_eq!((axis.low, axis.high), (2.0, 6.0));
        assert_eq!(axis.ticks, [2.0, 3.0, 4.0, 5.0, 6.0]);
        let axis = Axis::around(0.12, 8.3, 4, true);
        assert!(axis.low <= 0.12 && axis.high >= 8.3 && axis.log);
        assert!(
            (axis.place(1.0).unwrap() - (1.0 / axis.low).ln() / (axis.high / axis.low).ln()).abs() < 1e-9
        );
        assert_eq!(axis.place(0.0), None);
        assert_eq!(round_end(1230.0), 1250.0);
    }

    #[test]
    fn strange_values_are_survived() {
        for (low, high) in [(0.0, 0.0), (1e30, 1e30), (-3.0, -3.0), (1e-30, 1e30), (f64::MIN, f64::MAX)] {
            for log in [false, true] {
                let axis = Axis::around(low, high, 4, log);
                assert!(axis.ticks.len() <= 101);
                assert!(axis.place(low).is_none_or(|it| (0.0..=1.0).contains(&it)));
            }
        }
    }
}
