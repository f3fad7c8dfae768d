//! Which space ignores what: the invariance of every head to every augmentation.

use crate::{
    eval::invariance::InvarianceReport,
    tui::{
        figures::share,
        state::State,
        theme::{Depth, Theme},
        widget::text::{left, line, put, right, row},
    },
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::Span,
};

/// Columns of a figure.
const CELL: usize = 6;
/// Columns of a head's name.
const HEAD: usize = 11;

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
    report(state).map_or(6, |report| report.heads.len() as u16 + 5)
}

/// Figures always; their shade beside.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let Some(report) = report(state) else {
        let text = "not measured yet\n 1 = a head ignores the augmentation, 0 = it tells any two draws apart";
        super::empty(text, theme, area, buffer);
        return;
    };
    let room = usize::from(area.width).saturating_sub(HEAD + 1);
    let selectivity = report.augmentations.len() * CELL + 5 <= room;
    let shown = report.augmentations.len().min((room.saturating_sub(usize::from(selectivity) * 5)) / CELL);
    let mut header = vec![Span::raw(" ".repeat(HEAD + 1))];
    for name in &report.augmentations[..shown] {
        header.push(Span::styled(right(&short_name(name), CELL - 1) + " ", theme.dim()));
    }
    if selectivity {
        header.push(Span::styled(right("sel", 5), theme.dim()));
    }
    line(row(area, 0), header, buffer);
    let last = usize::from(area.height).saturating_sub(1);
    for (h, head) in report.heads.iter().enumerate().take(last.saturating_sub(1)) {
        line(row(area, h + 1), figures(state, theme, report, (h, head), shown, selectivity), buffer);
    }
    put(row(area, last), 1, &footer(state, report), theme.dim(), buffer);
}

fn figures<'a>(
    state: &State,
    theme: Theme,
    report: &'a InvarianceReport,
    (h, head): (usize, &'a str),
    shown: usize,
    selectivity: bool,
) -> Vec<Span<'a>> {
    let number = state.heads.find(head).unwrap_or(0);
    let mut pieces = vec![
        Span::styled(left(&format!(" {} ", state.heads.label(head)), 4), theme.head(number)),
        Span::styled(left(head, HEAD - 3), theme.dim()),
    ];
    for (a, augmentation) in report.augmentations.iter().enumerate().take(shown) {
        let value = report.rescaled.get(h).and_then(|row| row.get(a)).copied();
        let text = value.map_or_else(|| "—".into(), share);
        // The space's own augmentation stands in brackets: there a low figure is what is wanted.
        let own = augmentation == head;
        let text = if own { format!("[{}]", right(&text, 3)) } else { format!("{text} ") };
        let style = value.map_or(theme.dim(), |value| shade(theme, value));
        let style = if own { style.add_modifier(Modifier::BOLD) } else { style };
        pieces.push(Span::raw(" ".repeat(CELL.saturating_sub(text.chars().count()))));
        pieces.push(Span::styled(text, style));
    }
    if selectivity {
        let value = report.selectivity.get(h).copied().flatten();
        pieces.push(Span::raw(right(&value.map_or_else(|| "—".into(), share), 5)));
    }
    pieces
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
fn shade(theme: Theme, value: f32) -> Style {
    match theme.depth {
        Depth::Mono => Style::new(),
        _ if value < 0.35 => Style::new().fg(theme.rgb((213, 94, 0))),
        _ if value < 0.65 => Style::new().fg(theme.rgb((180, 140, 40))),
        _ => Style::new().fg(theme.rgb((0, 135, 175))),
    }
}

/// The first letters, so that columns stay narrow.
fn short_name(name: &str) -> String {
    name.chars().take(CELL - 1).collect()
}
