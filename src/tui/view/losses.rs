//! The loss of every embedding space.

use crate::tui::{
    figures::{count, duration, short},
    state::{
        State,
        series::{Along, SMOOTHING, Series},
    },
    theme::{Depth, Theme},
    widget::{
        axis::round_end,
        chart::{Chart, Curve, Mark, plot},
        text::{left, line, right, row},
    },
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Span, widgets::Widget};
use std::time::Duration;

/// Columns of the legend.
const LEGEND: u16 = 19;
/// Without colours the curves differ by their dots; the legend shows the same.
const DASHES: [([bool; 4], &str); 4] = [
    ([true, true, true, true], "━━"),
    ([true, true, true, false], "╍╍"),
    ([true, false, true, false], "┅┅"),
    ([true, false, false, false], "··"),
];

/// The title says how the curves are drawn.
pub fn title(state: &State) -> String {
    let smooth = match SMOOTHING.get(state.smoothing) {
        Some(0.0) | None => "none".into(),
        Some(strength) => short(f64::from(*strength)).trim_end_matches('0').to_owned(),
    };
    let axis = if state.log { "log" } else { "linear" };
    format!("Loss per head   smooth {smooth}   y {axis}   x {}", state.along.name())
}

/// Curves at the left, the last values at the right.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let mut curves: Vec<(&str, &Series)> = state.series.under("loss/").collect();
    curves.sort_by_key(|(name, _)| state.heads.find(name));
    let along = along(state);
    let reach = curves.iter().filter_map(|(_, series)| series.reach(along));
    let reach = reach.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let Some((from, to)) = reach else {
        super::empty("the curves begin with the first step", theme, area, buffer);
        return;
    };
    let legend = if area.width > 3 * LEGEND { LEGEND } else { 0 };
    // Where there is no room beside the curves, their names stand above them.
    let above = u16::from(legend == 0 && area.height > 6);
    let chart = Rect { y: area.y + above, width: area.width - legend, height: area.height - above, ..area };
    let range = range(state, along, from, to);
    let marks = marks(state, along, range);
    let inner = plot(chart, !marks.is_empty());
    let lines: Vec<Curve> = curves
        .iter()
        .map(|(name, series)| {
            let columns = series.columns(along, range, usize::from(inner.width) * 2, state.smoothing);
            let head = state.heads.find(name).unwrap_or(0);
            Curve { columns, style: theme.head(head), dash: dash(theme, head).0 }
        })
        .collect();
    let labels = [range.0, (range.0 + range.1) / 2.0, range.1].map(|at| label(state, at));
    let (faint, alarm) = (theme.dim(), theme.bad());
    Chart { curves: &lines, marks: &marks, log: state.log, along: labels, faint, alarm }
        .render(chart, buffer);
    let beside = Rect { x: chart.right(), width: legend, ..area };
    for (y, (name, series)) in curves.iter().enumerate() {
        line(row(beside, y + 1), entry(state, theme, name, series, 6), buffer);
    }
    if above > 0 {
        let entries = curves.iter().flat_map(|(name, series)| entry(state, theme, name, series, 0));
        line(row(area, 0), entries.collect(), buffer);
    }
}

/// Epochs run along steps: only their labels differ.
fn along(state: &State) -> Along {
    if state.along == Along::Time { Along::Time } else { Along::Step }
}

/// A range that rests for a while as the run grows, and never shows more than the run will have.
fn range(state: &State, along: Along, from: f64, to: f64) -> (f64, f64) {
    let start = if from > to / 2.0 { from - 1.0 } else { 0.0 };
    let mut end = start + round_end((to - start).max(10.0));
    if along == Along::Step && state.snapshot.steps > 0 {
        end = end.min((state.snapshot.steps as f64).max(to));
    }
    (start.max(0.0), end)
}

fn label(state: &State, at: f64) -> String {
    match state.along {
        Along::Step => count(at.round()),
        Along::Epoch => state.epoch_steps().map_or_else(String::new, |steps| short(at / steps)),
        Along::Time => duration(Duration::from_secs_f64(at.clamp(0.0, 1e10))),
    }
}

fn marks(state: &State, along: Along, range: (f64, f64)) -> Vec<Mark> {
    let place = |at: f64| (at - range.0) / (range.1 - range.0).max(f64::MIN_POSITIVE);
    let marks = state.marks.iter().map(|mark| {
        let at = if along == Along::Time { mark.time } else { mark.step as f64 };
        Mark { place: place(at), text: mark.text.clone() }
    });
    marks.filter(|mark| (0.0..=1.0).contains(&mark.place)).collect()
}

fn dash(theme: Theme, head: usize) -> ([bool; 4], &'static str) {
    if theme.depth == Depth::Mono { DASHES[head % DASHES.len()] } else { DASHES[0] }
}

/// ` ━━ z1 color  2.77`, with so many columns for the name.
fn entry(state: &State, theme: Theme, name: &str, series: &Series, width: usize) -> Vec<Span<'static>> {
    let head = state.heads.find(name).unwrap_or(0);
    let has_head = head == 0 || state.snapshot.config.augment.iter().any(|it| it.head && it.name() == name);
    let value = match series.last(state.smoothing) {
        Some(value) => short(f64::from(value)),
        None if !has_head => "gone".into(),
        None if series.rests() => "rests".into(),
        None => "×NaN".into(),
    };
    let style = if value == "×NaN" { theme.bad() } else { Style::new() };
    vec![
        Span::styled(format!(" {} ", dash(theme, head).1), theme.head(head)),
        Span::raw(left(&state.heads.label(name), 3)),
        Span::styled(left(name, width), theme.dim()),
        Span::styled(right(&value, 6), style),
    ]
}
