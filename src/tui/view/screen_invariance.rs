//! The invariance of every head to every augmentation, large: now and at the start, and how its figures came
//! about; below, what can be read from the features, and how every space is filled.

use super::{
    curves::{self, Drawing, Listed, read_at},
    invariance::shade,
};
use crate::{
    curves::Series,
    eval::invariance::InvarianceReport,
    tui::{
        figures::{share, short},
        state::{
            State,
            matrix::{Course, SELECTIVITY},
            plain::plain_line,
            pointer::Spot,
        },
        theme::Theme,
        widget::text::{cut, left, line, put, right, row},
    },
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::Span,
};

/// Columns of a head's name, and of a figure.
const HEAD: usize = 13;
const CELL: usize = 9;
/// From this size on all charts fit.
const WHOLE: (u16, u16) = (100, 24);

/// The matrix and its charts; in little room the matrix and the chosen chart.
pub fn draw(state: &State, theme: Theme, body: Rect, buffer: &mut Buffer) {
    let Some(report) = state.report() else {
        let inner = super::frame("Invariance", true, theme, body, buffer);
        let text = "not measured yet\n 1 = a head ignores the augmentation, 0 = it tells any two draws apart";
        super::empty(text, theme, inner, buffer);
        return;
    };
    let heads = report.heads.len() as u16;
    if body.width < WHOLE.0 || body.height < WHOLE.1 {
        let wanted = 2 * heads + 5;
        let height = if wanted + 8 <= body.height { wanted } else { (heads + 5).min(body.height / 2) };
        let top = Rect { height, ..body };
        let below = Rect { y: top.bottom(), height: body.height - height, ..body };
        matrix(state, theme, &report, top, buffer);
        course(state.matrix.course, state, theme, &report, below, buffer);
        return;
    }
    let height = (2 * heads + 5).clamp(body.height / 2, body.height * 2 / 3);
    let columns = state.matrix.columns(&report).len();
    let width = ((HEAD + columns * CELL + 3) as u16).clamp(body.width / 2, body.width * 3 / 5);
    let top = Rect { width, height, ..body };
    let beside = Rect { x: top.right(), width: body.width - width, ..top };
    matrix(state, theme, &report, top, buffer);
    course(Course::Cell, state, theme, &report, beside, buffer);
    let half = body.width / 2;
    let lower = Rect { y: top.bottom(), height: body.height - height, ..body };
    course(Course::Probes, state, theme, &report, Rect { width: half, ..lower }, buffer);
    let right = Rect { x: body.x + half, width: body.width - half, ..lower };
    course(Course::Spaces, state, theme, &report, right, buffer);
}

/// Every figure, and below it the one at random initialisation.
fn matrix(state: &State, theme: Theme, report: &InvarianceReport, area: Rect, buffer: &mut Buffer) {
    let scale = if state.matrix.raw { "mean cosine" } else { "0 strangers, 1 identical" };
    let title = format!("Invariance   {scale}   step {}", report.step);
    let area = super::frame(&title, false, theme, area, buffer);
    let columns = state.matrix.columns(report);
    let chosen = state.matrix.cell(report);
    let room = (usize::from(area.width).saturating_sub(HEAD) / CELL).max(1);
    // The columns around the chosen one.
    let first = chosen.1.saturating_sub(room / 2).min(columns.len().saturating_sub(room));
    let shown = first..columns.len().min(first + room);
    let mut header = vec![Span::raw(left("", HEAD))];
    for place in shown.clone() {
        let name = if columns[place] == SELECTIVITY { "select." } else { columns[place] };
        let style = if place == chosen.1 { theme.strong() } else { theme.dim() };
        header.push(Span::styled(right(&cut(name, CELL - 1), CELL - 1) + " ", style));
    }
    if shown.len() < columns.len() {
        header[0] = Span::styled(left(&format!(" {} of {}", shown.len(), columns.len()), HEAD), theme.dim());
    }
    line(row(area, 0), header, buffer);
    let start = state.snapshot.invariance_at_start.as_deref();
    let spread = usize::from(area.height) >= 2 * report.heads.len() + 3;
    let lines = if spread { 2 } else { 1 };
    for (h, head) in report.heads.iter().enumerate() {
        let y = 1 + h * lines;
        let number = state.heads.find(head).unwrap_or(0);
        let mut now = vec![
            Span::styled(left(&format!(" {} ", state.heads.label(head)), 4), theme.head(number)),
            Span::styled(left(head, HEAD - 4), theme.dim()),
        ];
        let mut before = vec![Span::styled(left("    at start", HEAD), theme.dim())];
        for (x, place) in shown.clone().enumerate() {
            let own = columns[place] == head;
            let at = Rect { x: area.x + (HEAD + x * CELL) as u16, width: CELL as u16, ..row(area, y) };
            state.spots.note(at.intersection(area), Spot::Cell(h, place));
            let figure = state.matrix.figure(report, h, place);
            now.push(cell(theme, figure, own, (h, place) == chosen));
            let old = start.and_then(|start| at_start(state, start, head, columns[place]));
            before.push(Span::styled(
                right(&old.map_or_else(String::new, share), CELL - 2) + "  ",
                theme.dim(),
            ));
        }
        line(row(area, y), now, buffer);
        if spread {
            line(row(area, y + 1), before, buffer);
        }
    }
    let last = usize::from(area.height).saturating_sub(1);
    if last <= report.heads.len() * lines {
        return;
    }
    let select = if state.matrix.raw { "" } else { "   select. = others − own" };
    put(row(area, last), 1, &format!("[ ] its own: low is wanted{select}"), theme.dim(), buffer);
}

/// ` ▸[.21]` the chosen one, of the space's own augmentation; `  .93 ` any other.
fn cell(theme: Theme, figure: Option<f32>, own: bool, chosen: bool) -> Span<'static> {
    let text = figure.map_or_else(|| "—".into(), share);
    let text = if own { format!("[{text}]") } else { format!("{text} ") };
    let text = if chosen { format!("▸{text}") } else { text };
    let style = figure.map_or(Style::new(), |value| shade(theme, value));
    let style = if own { style.add_modifier(Modifier::BOLD) } else { style };
    let style = if chosen { style.add_modifier(Modifier::REVERSED) } else { style };
    Span::styled(right(&text, CELL - 1) + " ", style)
}

/// The same figure of a measurement whose heads and augmentations may be others.
fn at_start(state: &State, start: &InvarianceReport, head: &str, column: &str) -> Option<f32> {
    let head = start.heads.iter().position(|it| it == head)?;
    let column = state.matrix.columns(start).iter().position(|it| *it == column)?;
    state.matrix.figure(start, head, column)
}

fn course(
    which: Course,
    state: &State,
    theme: Theme,
    report: &InvarianceReport,
    area: Rect,
    buffer: &mut Buffer,
) {
    let (title, curves, names, words) = match which {
        Course::Cell => cell_course(state, report),
        Course::Probes => probes(state),
        Course::Spaces => spaces(state),
    };
    let inner = super::frame(&(title + &read_at(state)), state.matrix.course == which, theme, area, buffer);
    let empty = "the curves begin with the first measurement";
    // Measurements are few: an exponential mean of them would lag far behind.
    let drawing = Drawing { curves, smoothing: 0, log: false, names, empty, words };
    curves::draw(state, theme, drawing, inner, buffer);
}

/// Title, curves, columns of a name, and the words of a value.
type Curves<'a> = (String, Vec<Listed<'a>>, usize, fn(f32) -> String);

/// The chosen column, for every head.
fn cell_course<'a>(state: &'a State, report: &InvarianceReport) -> Curves<'a> {
    let (chosen, column) = state.matrix.cell(report);
    let columns = state.matrix.columns(report);
    let column = columns.get(column).copied().unwrap_or_default();
    let curve = |(h, head): (usize, &String)| {
        let series = state.series.get(&state.matrix.tag(head, column))?;
        Some(of_head(state, head, series, share, h == chosen))
    };
    let curves: Vec<Listed> = report.heads.iter().enumerate().filter_map(curve).collect();
    let title = match column {
        SELECTIVITY => "Selectivity of every head".into(),
        name => format!("Invariance to {name}, every head"),
    };
    (title, curves, 8, share)
}

fn of_head<'a>(
    state: &State,
    head: &str,
    series: &'a Series,
    words: fn(f32) -> String,
    chosen: bool,
) -> Listed<'a> {
    let number = state.heads.find(head).unwrap_or(0);
    let value = curves::value(state, series, 0, number == 0 || state.has_head(head), words);
    Listed { series, number, label: state.heads.label(head), name: head.into(), value, chosen, under: None }
}

/// The online kNN of every set of labels, and the rotation probe.
fn probes(state: &State) -> Curves<'_> {
    let read = state.series.under("knn/").chain(state.series.under("probe/"));
    let curves = read.enumerate().map(|(number, (name, series))| {
        let value = curves::value(state, series, 0, true, percent);
        let name = plain_line(name);
        Listed { series, number, label: String::new(), name, value, chosen: false, under: None }
    });
    ("Read from V, online: labels by kNN, rotation by probe".into(), curves.collect(), 9, percent)
}

/// How the spaces are filled.
fn spaces(state: &State) -> Curves<'_> {
    let filling = state.matrix.filling();
    let mut series: Vec<(&str, &Series)> = state
        .series
        .under(filling.tag)
        .filter_map(|(name, series)| Some((name.strip_prefix('/')?, series)))
        .collect();
    series.sort_by_key(|(name, _)| state.heads.find(name));
    let curves = series.into_iter().map(|(name, series)| of_head(state, name, series, figure, false));
    let config = &state.snapshot.config;
    // Without heads the one space is V, as wide as the backbone makes it.
    let dim = config.contrast.kind.heads.then_some(config.model.dim);
    let more = match (filling.tag, dim) {
        ("std", Some(dim)) => format!("   {} = even, 0 = collapsed", share(1.0 / (dim as f32).sqrt())),
        ("rankme", Some(dim)) => format!(" of {dim}"),
        _ => String::new(),
    };
    let title = filling.title.to_owned() + &more;
    (title, curves.collect(), 8, figure)
}

fn percent(value: f32) -> String {
    format!("{:.0}%", value * 100.0)
}

fn figure(value: f32) -> String {
    short(f64::from(value))
}
