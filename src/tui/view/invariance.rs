//! Which space ignores what: the invariance of every head to every augmentation.

use crate::{
    eval::invariance::InvarianceReport,
    tui::{
        figures::share,
        state::{State, plain::plain_line},
        theme::{Depth, Theme},
        widget::text::{fitting, left, line, put, right, row},
    },
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::Span,
};

/// How wide things are, in columns.
#[derive(Clone, Copy)]
struct Widths {
    /// A head's label, and its name behind it; or the label alone.
    head: usize,
    /// A figure.
    cell: usize,
    /// Augmentations that are shown.
    shown: usize,
    /// There is room for the selectivity.
    selectivity: bool,
}

/// Columns of the selectivity.
const SELECTIVITY: usize = 5;

impl Widths {
    /// The widest that show everything; of the narrowest, as many columns as there is room for.
    fn fitting(room: usize, columns: usize) -> Self {
        let all = |head: usize, cell: usize| Self { head, cell, shown: columns, selectivity: true };
        let needed = |it: &Self| it.head + it.shown * it.cell + if it.selectivity { SELECTIVITY } else { 0 };
        let narrow = Self { selectivity: false, ..all(4, 6) };
        let mut widest_first = [all(12, 7), all(12, 6), all(4, 7), all(4, 6), narrow].into_iter();
        let fitting = widest_first.find(|it| needed(it) <= room);
        // The last column says how many are missing.
        fitting.unwrap_or(Self { shown: room.saturating_sub(narrow.head + 4) / narrow.cell, ..narrow })
    }
}

/// The matrix that is shown.
fn report(state: &State) -> Option<&InvarianceReport> {
    let start = state.snapshot.invariance_at_start.as_deref();
    if state.baseline { start } else { state.snapshot.invariance.as_deref().or(start) }
}

/// The title says whether it is the baseline.
pub fn title(state: &State) -> String {
    if state.baseline { "Invariance   random initialisation" } else { "Invariance   head × augmentation" }
        .into()
}

/// Rows that the pane wants, its frame included.
pub fn height(state: &State) -> u16 {
    report(state).map_or(6, |report| report.heads.len() as u16 + 6)
}

/// Figures always; their shade beside.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let Some(report) = report(state) else {
        let text = "not measured yet\n 1 = a head ignores the augmentation, 0 = it tells any two draws apart";
        super::empty(text, theme, area, buffer);
        return;
    };
    let widths = Widths::fitting(usize::from(area.width), report.augmentations.len());
    let mut header = vec![Span::raw(" ".repeat(widths.head))];
    for name in &report.augmentations[..widths.shown] {
        let name: String = name.chars().take(widths.cell - 1).collect();
        header.push(Span::styled(right(&name, widths.cell - 1) + " ", theme.dim()));
    }
    if widths.selectivity {
        header.push(Span::styled(right("sel", SELECTIVITY), theme.dim()));
    }
    if widths.shown < report.augmentations.len() {
        let more = format!(" +{}", report.augmentations.len() - widths.shown);
        header.push(Span::styled(more, theme.dim()));
    }
    line(row(area, 0), header, buffer);
    let last = usize::from(area.height).saturating_sub(1);
    for (h, head) in report.heads.iter().enumerate().take(last.saturating_sub(1)) {
        line(row(area, h + 1), figures(state, theme, report, (h, head), widths), buffer);
    }
    put(row(area, last), 1, &footer(state, report), theme.dim(), buffer);
    if last > report.heads.len() + 1 {
        let words = fitting(usize::from(area.width), neighbours(state, theme));
        line(row(area, last - 1), words, buffer);
    }
}

fn figures<'a>(
    state: &State,
    theme: Theme,
    report: &'a InvarianceReport,
    (h, head): (usize, &'a str),
    widths: Widths,
) -> Vec<Span<'a>> {
    let number = state.heads.find(head).unwrap_or(0);
    let mut pieces = vec![
        Span::styled(left(&format!(" {} ", state.heads.label(head)), 4), theme.head(number)),
        Span::styled(left(head, widths.head - 4), theme.dim()),
    ];
    for (a, augmentation) in report.augmentations.iter().enumerate().take(widths.shown) {
        let value = report.rescaled.get(h).and_then(|row| row.get(a)).copied();
        let text = value.map_or_else(|| "—".into(), share);
        // The space's own augmentation stands in brackets: there a low figure is what is wanted.
        let own = augmentation == head;
        let text = if own { format!("[{text:>3}]") } else { format!("{text} ") };
        let style = value.map_or(theme.dim(), |value| shade(theme, value));
        let style = if own { style.add_modifier(Modifier::BOLD) } else { style };
        pieces.push(Span::raw(" ".repeat(widths.cell.saturating_sub(text.chars().count()))));
        pieces.push(Span::styled(text, style));
    }
    if widths.selectivity {
        let value = report.selectivity.get(h).copied().flatten();
        pieces.push(Span::raw(right(&value.map_or_else(|| "—".into(), share), SELECTIVITY)));
    }
    pieces
}

/// What the features are good for: `kNN`, ` shape 31%`, ` colour 80%`, ` · turn 61%`.
fn neighbours(state: &State, theme: Theme) -> Vec<Vec<Span<'static>>> {
    if state.snapshot.knn.is_empty() || state.baseline {
        return Vec::new();
    }
    let rotation = state.series.get("probe/rotation").and_then(|series| series.last(0));
    let knn = state.snapshot.knn.iter().map(|(label, accuracy)| (plain_line(label), *accuracy));
    let figures = knn.chain(rotation.map(|accuracy| ("· turn".into(), accuracy)));
    let figures = figures.map(|(name, accuracy)| format!(" {name} {:.0}%", accuracy * 100.0));
    let words = std::iter::once(" kNN".to_owned()).chain(figures);
    words.map(|text| vec![Span::styled(text, theme.dim())]).collect()
}

fn footer(state: &State, report: &InvarianceReport) -> String {
    let measured = format!("step {}", report.step);
    let shown_start = state.baseline || state.snapshot.invariance.is_none();
    match (&state.snapshot.invariance_at_start, shown_start) {
        (Some(_), false) => format!("{measured}   [ ] its own   b baseline"),
        (Some(_), true) if state.baseline => format!("{measured}   [ ] its own   b newest"),
        _ => format!("{measured}   [ ] its own"),
    }
}

/// From what is kept (orange) to what is ignored (blue); the figure says the same.
pub(super) fn shade(theme: Theme, value: f32) -> Style {
    match theme.depth {
        Depth::Mono => Style::new(),
        _ if value < 0.35 => Style::new().fg(theme.rgb((213, 94, 0))),
        _ if value < 0.65 => Style::new().fg(theme.rgb((180, 140, 40))),
        _ => Style::new().fg(theme.rgb((0, 135, 175))),
    }
}
