//! What part of the run the curves show, and the step that is read off them.

use super::State;
use crate::curves::{Along, round_end};

/// A key moves the crosshair by this share of what is shown.
const STEP: f64 = 0.02;
/// The smallest part of the run that is shown.
const NEAREST: f64 = 1e-4;

/// Along the curves, in steps or seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lens {
    /// What is shown; none: everything.
    pub window: Option<(f64, f64)>,
    /// What is read off.
    pub cross: Option<f64>,
}

impl Lens {
    /// What is shown of everything.
    pub fn shown(&self, whole: (f64, f64)) -> (f64, f64) {
        self.window.unwrap_or(whole)
    }

    /// Moves the crosshair; at first it is at the newest value. The window follows it.
    pub fn point(&mut self, whole: (f64, f64), newest: f64, right: bool) {
        let (from, to) = self.shown(whole);
        let by = (to - from) * STEP * if right { 1.0 } else { -1.0 };
        let at = self.cross.map_or(newest, |cross| cross + by).clamp(whole.0, whole.1);
        self.cross = Some(at);
        if let Some((from, to)) = &mut self.window {
            let beyond = (at - *to).max(0.0) + (at - *from).min(0.0);
            (*from, *to) = (*from + beyond, *to + beyond);
        }
    }

    /// Shows so many times of what is shown, what is at `at` staying where it is.
    pub fn around(&mut self, whole: (f64, f64), at: f64, times: f64) {
        let (from, to) = self.shown(whole);
        let width = (to - from) * times;
        if width >= whole.1 - whole.0 {
            self.window = None;
        } else if width >= (whole.1 - whole.0) * NEAREST {
            let start = (at - (at - from) * times).clamp(whole.0, (whole.1 - width).max(whole.0));
            self.window = Some((start, start + width));
        }
    }

    /// Moves what is shown by a share of it, inside the run.
    pub fn pan(&mut self, whole: (f64, f64), share: f64) {
        let Some((from, to)) = self.window else { return };
        let width = to - from;
        let start = (from + width * share).clamp(whole.0, (whole.1 - width).max(whole.0));
        self.window = Some((start, start + width));
    }

    /// Shows half of what is shown: around the crosshair, or around the newest value.
    pub fn nearer(&mut self, whole: (f64, f64), newest: f64) {
        let (from, to) = self.shown(whole);
        let half = (to - from) / 2.0;
        if half < (whole.1 - whole.0) * NEAREST {
            return;
        }
        let start = (self.cross.unwrap_or(newest) - half / 2.0).clamp(whole.0, (whole.1 - half).max(whole.0));
        self.window = Some((start, start + half));
    }
}

impl State {
    /// Epochs run along steps: only their labels differ.
    pub fn runs_along(&self) -> Along {
        if self.along == Along::Time { Along::Time } else { Along::Step }
    }

    /// From the first to the newest figure, and the range that is shown of it: one that rests for a while as
    /// the run grows, and never more than the run will have. None before the first figure.
    pub fn whole(&self) -> Option<((f64, f64), f64)> {
        let along = self.runs_along();
        let (from, to) = self.series.reach(along)?;
        let newest = to;
        // Curves of marked runs are shown whole, too.
        let others = self.catalogue.laid_under().filter_map(|(_, _, run)| run.series.reach(along));
        let (from, to) = others.fold((from, to), |(from, to), other| (from.min(other.0), to.max(other.1)));
        let start = if from > to / 2.0 { from - 1.0 } else { 0.0 };
        let mut end = start + round_end((to - start).max(10.0));
        if along == Along::Step && self.snapshot.steps > 0 {
            end = end.min((self.snapshot.steps as f64).max(to));
        }
        Some(((start.max(0.0), end), newest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_halves_around_what_is_read_and_follows_it() {
        let (mut lens, whole) = (Lens::default(), (0.0, 1000.0));
        lens.nearer(whole, 900.0);
        assert_eq!(lens.window, Some((500.0, 1000.0)), "around the newest, inside the run");
        lens.point(whole, 900.0, false);
        assert_eq!(lens.cross, Some(900.0));
        for _ in 0..60 {
            lens.point(whole, 900.0, false);
        }
        assert_eq!((lens.cross, lens.window), (Some(300.0), Some((300.0, 800.0))));
        lens.pan(whole, 1.0);
        assert_eq!((lens.cross, lens.window), (Some(300.0), Some((500.0, 1000.0))), "not beyond the run");
        lens.pan(whole, -0.4);
        assert_eq!(lens.window, Some((300.0, 800.0)));
        (0..99).for_each(|_| lens.nearer(whole, 900.0));
        let (from, to) = lens.window.unwrap();
        assert!(from <= 300.0 && 300.0 <= to && to - from >= 0.1, "{from} {to}");
        (0..9999).for_each(|_| lens.point(whole, 900.0, true));
        assert!(lens.cross.unwrap() <= 1000.0 && lens.window.unwrap().1 <= 1000.1);
    }
}
