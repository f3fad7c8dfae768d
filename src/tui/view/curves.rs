//! Curves over the run with their legend: losses, invariance, probes, how spaces are filled.

use crate::{
    curves::{Along, Series},
    tui::{
        figures::{count, duration, short},
        state::State,
        theme::{Depth, Theme},
        widget::{
            chart::{Chart, Curve, Mark, plot},
            text::{left, line, put, right, row},
        },
    },
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Span, widgets::Widget};
use std::time::Duration;

/// Columns of the legend around a curve's label and name: its line, gaps, and its newest value.
const AROUND: usize = 11;
/// Columns of a chart that has its legend beside it, at least.
const LEAST: u16 = 35;
/// Without colours the curves differ by their dots; the legend shows the same.
const DASHES: [([bool; 4], &str); 4] = [
    ([true, true, true, true], "━━"),
    ([true, true, true, false], "╍╍"),
    ([true, false, true, false], "┅┅"),
    ([true, false, false, false], "··"),
];

/// A curve and its words in the legend.
pub struct Listed<'a> {
    pub series: &'a Series,
    /// Its colour, as of the embedding space of this number.
    pub number: usize,
    /// Stands before the name, also where there is no room for names.
    pub label: String,
    pub name: String,
    /// Its newest value.
    pub value: String,
    /// Whether it is the one that was chosen.
    pub chosen: bool,
}

/// How the curves are drawn.
pub struct Drawing<'a> {
    pub curves: Vec<Listed<'a>>,
    /// A strength of smoothing, and whether the axis is logarithmic.
    pub smoothing: usize,
    pub log: bool,
    /// Columns of a name in the legend.
    pub names: usize,
    /// What stands there before the first value.
    pub empty: &'a str,
}

/// The newest value, or the one at the crosshair, in the words of its kind; a curve that has none says why.
pub fn value(
    state: &State,
    series: &Series,
    smoothing: usize,
    has_head: bool,
    words: fn(f32) -> String,
) -> String {
    if let Some(at) = state.lens.cross {
        return series.value_at(state.runs_along(), at, smoothing).map_or_else(|| "—".into(), words);
    }
    match series.last(smoothing) {
        Some(value) => words(value),
        None if !has_head => "gone".into(),
        None if series.rests() => "rests".into(),
        None => "×NaN".into(),
    }
}

/// What the crosshair is at: `   at step 1200`.
pub fn read_at(state: &State) -> String {
    let unit = if state.along == Along::Time { "" } else { state.along.name() };
    state.lens.cross.map(|at| format!("   at {unit} {}", label(state, at))).unwrap_or_default()
}

/// Curves at the left, the newest values at the right; in little room, above.
pub fn draw(state: &State, theme: Theme, drawing: &Drawing, area: Rect, buffer: &mut Buffer) {
    let curves = &drawing.curves;
    let along = state.runs_along();
    let Some((whole, _)) = state.whole().filter(|_| !curves.is_empty()) else {
        super::empty(drawing.empty, theme, area, buffer);
        return;
    };
    let labels = curves.iter().map(|it| it.label.chars().count()).max().unwrap_or(0);
    let legend = (AROUND + labels + drawing.names) as u16;
    let legend = if area.width >= legend + LEAST { legend } else { 0 };
    // Where there is no room beside the curves, their names stand above them.
    let above = u16::from(legend == 0 && area.height > 6);
    let chart = Rect { y: area.y + above, width: area.width - legend, height: area.height - above, ..area };
    let range = state.lens.shown(whole);
    let marks = marks(state, along, range);
    let inner = plot(chart, !marks.is_empty());
    let columns = usize::from(inner.width) * 2;
    let of = |it: &Listed| Curve {
        columns: it.series.columns(along, range, columns, drawing.smoothing),
        style: theme.head(it.number),
        dash: dash(theme, it.number).0,
    };
    // The chosen one lies above the others.
    let (first, others): (Vec<&Listed>, Vec<&Listed>) = curves.iter().partition(|it| it.chosen);
    let lines: Vec<Curve> = first.into_iter().chain(others).map(of).collect();
    let labels_below = [range.0, (range.0 + range.1) / 2.0, range.1].map(|at| label(state, at));
    let (faint, alarm) = (theme.dim(), theme.bad());
    let cross = state.lens.cross.map(|at| (at - range.0) / (range.1 - range.0).max(f64::MIN_POSITIVE));
    Chart { curves: &lines, marks: &marks, cross, log: drawing.log, along: labels_below, faint, alarm }
        .render(chart, buffer);
    if above > 0 {
        let entries = curves.iter().flat_map(|it| {
            let name = if labels > 0 { 0 } else { it.name.chars().count().min(drawing.names) };
            entry(theme, it, (labels, name))
        });
        line(row(area, 0), entries.collect(), buffer);
        return;
    }
    let beside = Rect { x: chart.right(), width: legend, ..area };
    let room = usize::from(beside.height.saturating_sub(1));
    for (y, it) in curves.iter().take(room).enumerate() {
        line(row(beside, y + 1), entry(theme, it, (labels, drawing.names)), buffer);
    }
    if curves.len() > room && room > 0 {
        let more = format!(" +{}", curves.len() - room);
        put(row(beside, 0), 0, &more, theme.dim(), buffer);
    }
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
        Mark { place: place(at), text: mark.short() }
    });
    marks.filter(|mark| (0.0..=1.0).contains(&mark.place)).collect()
}

fn dash(theme: Theme, number: usize) -> ([bool; 4], &'static str) {
    if theme.depth == Depth::Mono { DASHES[number % DASHES.len()] } else { DASHES[0] }
}

/// ` ━━ z1 color  2.77`, with so many columns for the label and the name.
fn entry(theme: Theme, it: &Listed, (label, name): (usize, usize)) -> Vec<Span<'static>> {
    let value = if it.value == "×NaN" { theme.bad() } else { Style::new() };
    let (mark, words) = if it.chosen { ("▸", theme.strong()) } else { (" ", theme.dim()) };
    let gap = usize::from(label > 0);
    vec![
        Span::styled(format!("{mark}{} ", dash(theme, it.number).1), theme.head(it.number)),
        Span::raw(left(&it.label, label + gap)),
        Span::styled(left(&it.name, name), words),
        Span::styled(right(&it.value, 6), value),
    ]
}
