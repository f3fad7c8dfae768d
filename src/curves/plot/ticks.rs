//! Round places along an axis, and their words.

use crate::curves::{Along, Axis, chart::plain};

/// The names of spans of time: up to so many seconds, a unit of so many, and its sign.
const TIMES: [(f64, f64, &str); 4] = [
    (300.0, 1.0, "s"),
    (3.0 * 3600.0, 60.0, "min"),
    (5.0 * 86_400.0, 3600.0, "h"),
    (f64::INFINITY, 86_400.0, "days"),
];

/// Ticks of the horizontal axis, each a place between 0 and 1 and its words, and the axis' name.
pub fn along(along: Along, (from, to): (f64, f64), epoch_steps: f64) -> (Vec<(f64, String)>, String) {
    let (unit, name) = match along {
        Along::Step => (1.0, "step".into()),
        Along::Epoch => (epoch_steps, format!("epoch (of {} steps)", count(epoch_steps))),
        Along::Time => {
            let end = from.abs().max(to.abs());
            let (_, unit, sign) = TIMES.into_iter().find(|it| end <= it.0).unwrap_or(TIMES[0]);
            (unit, format!("time since the start ({sign})"))
        }
    };
    let ticks = Axis::around(from / unit, to / unit, 9, false).ticks;
    let ticks = ticks.into_iter().filter(|tick| along != Along::Step || tick.fract() == 0.0);
    let width = (to - from).max(f64::MIN_POSITIVE);
    let placed = ticks.map(|tick| ((tick * unit - from) / width, count(tick)));
    (placed.filter(|(place, _)| (-1e-9..=1.0 + 1e-9).contains(place)).collect(), name)
}

/// A number with its thousands apart: `10,000`.
pub fn count(value: f64) -> String {
    let text = plain(value);
    let (whole, rest) = text.find(['.', 'e']).map_or((&*text, ""), |at| text.split_at(at));
    let digits = whole.trim_start_matches('-');
    if digits.len() < 5 {
        return text;
    }
    let mut out = String::from(&whole[..whole.len() - digits.len()]);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_lie_in_the_range() {
        let (ticks, name) = along(Along::Step, (1.0, 300.0), 1.0);
        let words: Vec<&str> = ticks.iter().map(|(_, words)| &**words).collect();
        assert_eq!((words, &*name), (vec!["50", "100", "150", "200", "250", "300"], "step"));
        let (ticks, name) = along(Along::Time, (0.0, 7200.0), 1.0);
        assert_eq!((&*ticks[1].1, ticks[1].0, &*name), ("20", 20.0 / 120.0, "time since the start (min)"));
        let (ticks, _) = along(Along::Epoch, (39.0, 78.0), 39.0);
        assert_eq!((&*ticks[0].1, ticks[0].0), ("1", 0.0));
        assert!(along(Along::Step, (3.0, 5.0), 1.0).0.iter().all(|(_, words)| !words.contains('.')));
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([1234.5, 12_345.5, -1e6, 2e12].map(count), ["1234.5", "12,345.5", "-1,000,000", "2e12"]);
    }
}
