//! The loss of every embedding space.

use super::curves::{self, Drawing, Listed, read_at};
use crate::{
    curves::{SMOOTHING, Series},
    tui::{figures::short, state::State, theme::Theme},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The title says how the curves are drawn.
pub fn title(state: &State) -> String {
    let smooth = match SMOOTHING.get(state.smoothing) {
        Some(0.0) | None => "none".into(),
        Some(strength) => short(f64::from(*strength)).trim_end_matches('0').to_owned(),
    };
    let axis = if state.log { "log" } else { "linear" };
    format!("Loss per head   smooth {smooth}   y {axis}   x {}{}", state.along.name(), read_at(state))
}

/// A curve for each space, in the order of their numbers.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let mut series: Vec<(&str, &Series)> = state.series.under("loss/").collect();
    series.sort_by_key(|(name, _)| state.heads.find(name));
    let curves = series.into_iter().map(|(name, series)| {
        let number = state.heads.find(name).unwrap_or(0);
        let has_head = number == 0 || state.has_head(name);
        let value = curves::value(state, series, state.smoothing, has_head, |value| short(f64::from(value)));
        Listed { series, number, label: state.heads.label(name), name: name.into(), value, chosen: false }
    });
    let (smoothing, log, empty) = (state.smoothing, state.log, "the curves begin with the first step");
    let drawing = Drawing { curves: curves.collect(), smoothing, log, names: 6, empty };
    curves::draw(state, theme, &drawing, area, buffer);
}
