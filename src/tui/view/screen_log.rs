//! What has happened: edits, checkpoints, warnings, the newest below.

use crate::tui::{
    state::{State, notices::Tone},
    theme::Theme,
    widget::text::{line, right, row, wrap},
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Span};

/// Columns of the step, with the mark behind it.
const BEFORE: usize = 11;

/// As many lines as there is room for, long ones broken.
pub fn draw(state: &State, theme: Theme, body: Rect, buffer: &mut Buffer) {
    let log = &state.log_lines;
    let what = if log.warnings { "warnings only" } else { "everything" };
    let back = if log.below > 0 { format!("   {} newer below", log.below) } else { String::new() };
    let area = super::frame(&format!("Log   {what}{back}"), true, theme, body, buffer);
    let width = usize::from(area.width).saturating_sub(BEFORE + 1);
    let mut bottom = usize::from(area.height);
    for it in log.newest_first().skip(log.below) {
        let words = wrap(&it.text, width);
        let Some(top) = bottom.checked_sub(words.len()) else { break };
        let (mark, style) = match it.tone {
            Tone::Note => ("·", theme.dim()),
            Tone::Done => ("✓", theme.good()),
            Tone::Warning => ("!", theme.warn()),
        };
        for (y, text) in words.into_iter().enumerate() {
            let before =
                if y == 0 { right(&it.step.to_string(), BEFORE - 3) } else { " ".repeat(BEFORE - 3) };
            let mark = if y == 0 { mark } else { " " };
            let pieces = vec![
                Span::styled(before, theme.dim()),
                Span::styled(format!(" {mark} "), style),
                Span::styled(text, if it.tone == Tone::Warning { style } else { Style::new() }),
            ];
            line(row(area, top + y), pieces, buffer);
        }
        bottom = top;
    }
    if log.newest_first().next().is_none() {
        let text = if log.warnings { "no warning so far" } else { "nothing has happened yet" };
        super::empty(text, theme, area, buffer);
    }
}
