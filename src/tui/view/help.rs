//! What lies on top: the keys, and why training ended.

use crate::{
    engine::message::Phase,
    tui::{
        keymap::Place,
        state::{Over, State, pointer::Spot},
        theme::Theme,
        widget::text::{left, line, row, wrap},
    },
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::Span,
    widgets::{Clear, Widget},
};

/// The keys that hold below the help, by place.
pub fn draw(state: &State, theme: Theme, scroll: usize, body: Rect, buffer: &mut Buffer) {
    let mut lines: Vec<Vec<Span<'static>>> = Vec::new();
    for place in below(state) {
        if !lines.is_empty() {
            lines.push(Vec::new());
        }
        lines.push(vec![Span::styled(format!(" {}", place.title()), theme.strong())]);
        for binding in state.keymap.bindings(&[place]) {
            lines.push(vec![
                Span::styled(format!("   {}", left(&binding.names(), 14)), theme.accent()),
                Span::raw(binding.help),
            ]);
        }
    }
    sheet(state, "Help   j/k scroll   Esc close", &lines, scroll, theme, body, buffer);
}

/// The places that hold once the help is closed.
fn below(state: &State) -> Vec<Place> {
    let mut places = state.places_below().to_vec();
    if !places.contains(&Place::Typing) {
        places.push(Place::Typing);
    }
    places
}

/// The failure, whole, and what to do.
pub fn failure(state: &State, theme: Theme, scroll: usize, body: Rect, buffer: &mut Buffer) {
    let Some(why) = &state.failure else { return };
    let width = usize::from(body.width.saturating_sub(8)).min(92);
    let mut lines: Vec<Vec<Span<'static>>> = vec![Vec::new()];
    lines.extend(wrap(why, width).into_iter().map(|text| vec![Span::raw(format!(" {text}"))]));
    lines.push(Vec::new());
    let advice = match &state.snapshot.run {
        Some(run) => format!(
            "The run is in {}. Curves and views stay: Esc closes this. Leave with q; `looc-tui train --run {} \
             --resume` goes on from its last checkpoint.",
            run.display(),
            run.display()
        ),
        None => "Nothing was written. Esc closes this; q leaves.".into(),
    };
    let advice = crate::tui::state::plain::plain(&advice);
    lines.extend(
        wrap(&advice, width).into_iter().map(|text| vec![Span::styled(format!(" {text}"), theme.dim())]),
    );
    let title = match (&state.snapshot.phase, &state.over) {
        (Phase::Failed(_), _) | (_, Over::Failure(_)) => "✗ Training ended   Esc close",
        _ => "✗",
    };
    sheet(state, title, &lines, scroll, theme, body, buffer);
}

/// Lines to read, broken where they have no room.
pub fn page(
    state: &State,
    (title, text): &(String, Vec<String>),
    scroll: usize,
    theme: Theme,
    body: Rect,
    buffer: &mut Buffer,
) {
    let width = usize::from(body.width.saturating_sub(8)).min(92);
    let lines = text.iter().flat_map(|text| wrap(&crate::tui::state::plain::plain_line(text), width));
    let lines: Vec<Vec<Span<'static>>> = lines.map(|text| vec![Span::raw(format!(" {text}"))]).collect();
    sheet(state, &format!("{title}   j/k scroll   Esc close"), &lines, scroll, theme, body, buffer);
}

/// Lines in a frame over the middle of the screen; the area of the lines.
pub(super) fn sheet(
    state: &State,
    title: &str,
    lines: &[Vec<Span<'static>>],
    scroll: usize,
    theme: Theme,
    body: Rect,
    buffer: &mut Buffer,
) -> Rect {
    let width = body.width.saturating_sub(4).min(96);
    let height = (lines.len() as u16 + 2).min(body.height);
    let area =
        Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 2, width, height };
    Clear.render(area, buffer);
    state.spots.note(area, Spot::Sheet);
    let inner = super::frame(title, true, theme, area, buffer);
    let room = usize::from(inner.height);
    let first = scroll.min(lines.len().saturating_sub(room));
    for (y, pieces) in lines.iter().skip(first).take(room).enumerate() {
        line(row(inner, y), pieces.clone(), buffer);
    }
    if first + room < lines.len() {
        line(
            row(Rect { y: area.bottom() - 1, height: 1, x: area.x + 2, width: width.saturating_sub(2) }, 0),
            vec![Span::styled(" more below ", theme.dim())],
            buffer,
        );
    }
    inner
}
