//! Curves over the run with their legend: losses, invariance, probes, how spaces are filled.

use crate::{
    curves::{Along, Series},
    tui::{
        figures::{count, duration, short},
        state::{State, pointer::Spot},
        theme::{Depth, Theme},
        widget::{
            chart::{Chart, Curve, Mark, plot},
            text::{fitting, left, line, put, right, row},
        },
    },
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Span, widgets::Widget};
use std::time::Duration;

/// Columns of the legend around a curve's label and name: its line, gaps, and its newest value.
const AROUND: usize = 11;
/// A mark is read if the crosshair is so near, as a share of what is shown.
const NEAR: f64 = 0.02;
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
    /// Of a marked run, by its place among those: it lies under this run's.
    pub under: Option<usize>,
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
    /// A value in words.
    pub words: fn(f32) -> String,
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

/// The same curves of the marked runs.
fn under<'a>(state: &'a State, drawing: &Drawing<'a>) -> Vec<Listed<'a>> {
    let mut found = Vec::new();
    for (place, run, recorded) in state.catalogue.laid_under() {
        for it in &drawing.curves {
            let Some(series) = recorded.series.get(&it.series.tag) else { continue };
            let value = value(state, series, drawing.smoothing, true, drawing.words);
            let label = format!("{}·{}", it.label, place + 1);
            let (number, name) = (it.number, run.to_owned());
            found.push(Listed { series, number, label, name, value, chosen: false, under: Some(place) });
        }
    }
    found
}

/// Curves at the left, the newest values at the right; in little room, above. Those of marked runs lie under
/// this run's.
pub fn draw<'a>(state: &'a State, theme: Theme, mut drawing: Drawing<'a>, area: Rect, buffer: &mut Buffer) {
    drawing.curves.extend(under(state, &drawing));
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
    state.spots.note(inner, Spot::Plot(range.0, range.1));
    let of = |it: &Listed| Curve {
        columns: it.series.columns(along, range, columns, drawing.smoothing),
        style: style(theme, it),
        dash: dash(theme, it).0,
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
        let short = |it: &Listed, names: bool| {
            let label = it.label.chars().count();
            let name = if names || label == 0 { it.name.chars().count().min(drawing.names) } else { 0 };
            let (after_label, after_name) = (usize::from(label > 0), usize::from(name > 0));
            entry(theme, it, (label + after_label, name + after_name), it.value.chars().count())
        };
        let width = |names| {
            let pieces = curves.iter().flat_map(|it| short(it, names));
            pieces.map(|piece| piece.width()).sum::<usize>()
        };
        let named = width(true) <= usize::from(area.width);
        let entries = curves.iter().map(|it| short(it, named));
        line(row(area, 0), fitting(usize::from(area.width), entries), buffer);
        return;
    }
    let beside = Rect { x: chart.right(), width: legend, ..area };
    let room = usize::from(beside.height.saturating_sub(1));
    for (y, it) in curves.iter().take(room).enumerate() {
        let gap = usize::from(labels > 0);
        line(row(beside, y + 1), entry(theme, it, (labels + gap, drawing.names), 6), buffer);
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
    let read = state.lens.cross.map(place);
    let marks = state.marks.iter().map(|mark| {
        let at = place(if along == Along::Time { mark.time } else { mark.step as f64 });
        let near = read.is_some_and(|read| (read - at).abs() < NEAR);
        (near, Mark { place: at, text: if near { mark.whole() } else { mark.short() } })
    });
    let mut marks: Vec<(bool, Mark)> = marks.filter(|(_, mark)| (0.0..=1.0).contains(&mark.place)).collect();
    // The last get room first: what the crosshair is at is told whole.
    marks.sort_by_key(|(near, _)| *near);
    marks.into_iter().map(|(_, mark)| mark).collect()
}

fn style(theme: Theme, it: &Listed) -> Style {
    let style = theme.head(it.number);
    if it.under.is_some() { style.patch(theme.dim()) } else { style }
}

/// Of this run's the spaces differ by colours, of other runs the runs by their dots.
fn dash(theme: Theme, it: &Listed) -> ([bool; 4], &'static str) {
    match it.under {
        Some(place) => DASHES[1 + place % (DASHES.len() - 1)],
        None if theme.depth == Depth::Mono => DASHES[it.number % DASHES.len()],
        None => DASHES[0],
    }
}

/// ` ━━ z1 color  2.77`, with so many columns for the label, the name and the figure.
fn entry(theme: Theme, it: &Listed, (label, name): (usize, usize), figure: usize) -> Vec<Span<'static>> {
    let value = if it.value == "×NaN" { theme.bad() } else { Style::new() };
    let (mark, words) = if it.chosen { ("▸", theme.strong()) } else { (" ", theme.dim()) };
    vec![
        Span::styled(format!("{mark}{} ", dash(theme, it).1), style(theme, it)),
        Span::raw(left(&it.label, label)),
        Span::styled(left(&it.name, name), words),
        Span::styled(right(&it.value, figure), value),
    ]
}
