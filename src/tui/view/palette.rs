//! The list of what can be done here, as far as it matches what is typed.

use super::help::sheet;
use crate::{
    text::printable_name,
    tui::{
        state::{
            State,
            palette::{Offers, Palette},
            pointer::Spot,
        },
        theme::Theme,
        widget::text::{left, row},
    },
};
use ratatui::{buffer::Buffer, layout::Rect, text::Span};

/// Columns of the keys, or of a name.
const KEYS: usize = 16;

/// The offers, with their keys, so that they are learned.
pub fn draw(state: &State, theme: Theme, palette: &Palette, body: Rect, buffer: &mut Buffer) {
    let offers = state.offers(palette);
    let chosen = palette.chosen.min(offers.len().saturating_sub(1));
    let mut lines: Vec<Vec<Span>> = vec![vec![Span::styled(format!(" :{}▏", palette.text), theme.strong())]];
    for (i, offer) in offers.iter().enumerate() {
        let (mark, words) =
            if i == chosen { ("▸", theme.strong()) } else { (" ", ratatui::style::Style::new()) };
        lines.push(vec![
            Span::styled(mark, theme.accent()),
            Span::styled(left(&offer.name, KEYS), theme.accent()),
            Span::styled(offer.words.clone(), words),
        ]);
    }
    if offers.is_empty() {
        lines.push(vec![Span::styled(" nothing here is called so", theme.dim())]);
    }
    // The chosen line and the text stay in sight.
    let room = usize::from(body.height).saturating_sub(3).max(1);
    let hidden = (chosen + 1).saturating_sub(room);
    lines.drain(1..=hidden);
    let title = match &palette.offers {
        Offers::Actions => "Actions   ↑ ↓ choose   Enter do   Esc close".into(),
        Offers::Presets(_) => {
            "Values of another configuration   ↑ ↓ choose   Enter take over   Esc close".into()
        }
        Offers::ForkPoints(points) => {
            let run = printable_name(points.run.file_name().unwrap_or(points.run.as_os_str()));
            format!("Fork {run}   ↑ ↓ choose   Enter make a run of its own   Esc close")
        }
    };
    let inner = sheet(state, &title, &lines, 0, theme, body, buffer);
    for y in 1..usize::from(inner.height).min(offers.len().saturating_sub(hidden) + 1) {
        state.spots.note(row(inner, y), Spot::Offer(hidden + y - 1));
    }
}
