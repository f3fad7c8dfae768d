//! The loss of every embedding space, all in one chart, or a chart a space.

use super::curves::{self, Drawing, Listed, read_at};
use crate::{
    curves::{SMOOTHING, Series},
    tui::{figures::short, state::State, theme::Theme},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The smallest chart of a grid.
const SMALLEST: (u16, u16) = (26, 5);

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
    let curves = listed(state);
    let cells = if state.grid { grid(area, curves.len()) } else { Vec::new() };
    if cells.len() < curves.len() || curves.is_empty() {
        return curves::draw(state, theme, drawing(state, curves), area, buffer);
    }
    for (curve, cell) in curves.into_iter().zip(cells) {
        curves::draw(state, theme, drawing(state, vec![curve]), cell, buffer);
    }
}

fn listed(state: &State) -> Vec<Listed<'_>> {
    let mut series: Vec<(&str, &Series)> = state.series.under("loss/").collect();
    series.sort_by_key(|(name, _)| state.heads.find(name));
    let curves = series.into_iter().map(|(name, series)| {
        let number = state.heads.find(name).unwrap_or(0);
        let has_head = number == 0 || state.has_head(name);
        let value = curves::value(state, series, state.smoothing, has_head, figure);
        let (label, name) = (state.heads.label(name), name.into());
        Listed { series, number, label, name, value, chosen: false, under: None }
    });
    curves.collect()
}

fn drawing<'a>(state: &'a State, curves: Vec<Listed<'a>>) -> Drawing<'a> {
    let (smoothing, log, empty) = (state.smoothing, state.log, "the curves begin with the first step");
    Drawing { curves, smoothing, log, names: 8, empty, words: figure }
}

fn figure(value: f32) -> String {
    short(f64::from(value))
}

/// So many cells, as square as the room allows; none if they would be too small.
fn grid(area: Rect, count: usize) -> Vec<Rect> {
    let most = usize::from(area.width / SMALLEST.0);
    let across = (1..=most.min(count)).find(|across| count.div_ceil(*across) <= 2.max(*across)).unwrap_or(0);
    if across == 0 {
        return Vec::new();
    }
    let down = count.div_ceil(across) as u16;
    let (width, height) = (area.width / across as u16, area.height / down);
    if height < SMALLEST.1 {
        return Vec::new();
    }
    let cell = |i: usize| {
        let (x, y) = ((i % across) as u16, (i / across) as u16);
        Rect { x: area.x + x * width, y: area.y + y * height, width, height }
    };
    (0..count).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_holds_every_chart_or_is_none() {
        let area = Rect::new(3, 2, 80, 16);
        for count in 1..=6 {
            let cells = grid(area, count);
            assert_eq!(cells.len(), count);
            for (i, cell) in cells.iter().enumerate() {
                assert_eq!(cell.intersection(area), *cell);
                assert!(cells[..i].iter().all(|other| other.intersection(*cell).is_empty()));
            }
        }
        assert!(grid(Rect::new(0, 0, 20, 16), 2).is_empty() && grid(Rect::new(0, 0, 80, 7), 4).is_empty());
    }
}
