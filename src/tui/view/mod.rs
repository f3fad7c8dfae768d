//! The screens: where each pane is. A file a pane.

mod augmentations;
mod curves;
mod device;
mod help;
mod invariance;
mod losses;
mod palette;
mod screen_invariance;
mod screen_log;
mod screen_neighbours;
mod screen_runs;
mod screen_views;
mod spark;
mod status;
mod tour;
mod views;

use super::{
    pictures::Pictures,
    state::{Over, Pane, Screen, State, pointer::Spot},
    theme::Theme,
    widget::text::{line, put, row},
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::Span,
    widgets::{Block, BorderType, Widget},
};

/// Below this size there are only the status lines.
const SMALLEST: (u16, u16) = (60, 16);
/// From this size on all panes fit.
const WHOLE: (u16, u16) = (100, 30);

/// Draws everything into an empty buffer.
pub fn draw(state: &State, theme: Theme, pictures: &mut Pictures, buffer: &mut Buffer) {
    let area = buffer.area;
    if area.width == 0 || area.height == 0 {
        return;
    }
    state.spots.clear();
    status::status(state, theme, row(area, 0), buffer);
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        if let Some(why) = &state.failure {
            put(row(area, 1), 0, why, theme.bad(), buffer);
            return;
        }
        let wish = format!("enlarge the terminal to {}×{} to see the panes", SMALLEST.0, SMALLEST.1);
        put(row(area, 1), 0, &wish, theme.dim(), buffer);
        status::message(state, theme, row(area, 2), buffer);
        return;
    }
    status::tabs(state, theme, row(area, 1), buffer);
    let body = Rect { y: area.y + 2, height: area.height - 4, ..area };
    match state.screen {
        Screen::Views => screen_views::draw(state, theme, pictures, body, buffer),
        Screen::Invariance => screen_invariance::draw(state, theme, body, buffer),
        Screen::Runs => screen_runs::draw(state, theme, body, buffer),
        Screen::Log => screen_log::draw(state, theme, body, buffer),
        Screen::Neighbours => screen_neighbours::draw(state, theme, pictures, body, buffer),
        Screen::Train if area.width >= WHOLE.0 && area.height >= WHOLE.1 => {
            whole(state, theme, pictures, body, buffer);
        }
        Screen::Train => some(state, theme, pictures, body, buffer),
    }
    tour::screen(state, theme, body, buffer);
    status::message(state, theme, row(area, usize::from(area.height) - 2), buffer);
    status::hints(state, theme, row(area, usize::from(area.height) - 1), buffer);
    match &state.over {
        Over::Help(scroll) => help::draw(state, theme, *scroll, body, buffer),
        Over::Failure(scroll) => help::failure(state, theme, *scroll, body, buffer),
        Over::Palette(palette) => palette::draw(state, theme, palette, body, buffer),
        Over::Page(page, scroll) => help::page(state, page, *scroll, theme, body, buffer),
        Over::Nothing | Over::Question | Over::Resume(..) => {}
    }
}

/// All five panes.
fn whole(state: &State, theme: Theme, pictures: &mut Pictures, body: Rect, buffer: &mut Buffer) {
    let left = Rect { width: (body.width / 3).clamp(36, 48), ..body };
    let right = Rect { x: body.x + left.width, width: body.width - left.width, ..body };
    let device_height = device::height(state).min(body.height / 3);
    let matrix_height = invariance::height(state).min(body.height / 3);
    let list = Rect { height: body.height - device_height - matrix_height, ..left };
    let matrix = Rect { y: list.bottom(), height: matrix_height, ..left };
    let machine = Rect { y: matrix.bottom(), height: device_height, ..left };
    let views_height = views::height(state, pictures, right.width).min(body.height * 11 / 20);
    let curves = Rect { height: body.height - views_height, ..right };
    let tiles = Rect { y: curves.bottom(), height: views_height, ..right };
    pane(Pane::Augmentations, state, theme, pictures, list, buffer);
    pane(Pane::Invariance, state, theme, pictures, matrix, buffer);
    pane(Pane::Device, state, theme, pictures, machine, buffer);
    pane(Pane::Losses, state, theme, pictures, curves, buffer);
    pane(Pane::Views, state, theme, pictures, tiles, buffer);
}

/// The pane that has the focus, beside what belongs to it if there is room.
fn some(state: &State, theme: Theme, pictures: &mut Pictures, body: Rect, buffer: &mut Buffer) {
    let names = Rect { height: 1, ..body };
    let mut pieces = vec![Span::styled(" panes ", theme.dim())];
    let mut x = 7;
    for it in Pane::ALL {
        let (text, style) = if it == state.focus {
            (format!("[{}]", title(it)), theme.strong())
        } else {
            (format!(" {} ", title(it)), theme.dim())
        };
        let width = text.chars().count() as u16;
        state.spots.note(Rect { x: names.x + x, width, ..names }, Spot::Pane(it));
        x += width;
        pieces.push(Span::styled(text, style));
    }
    line(names, pieces, buffer);
    let body = Rect { y: body.y + 1, height: body.height - 1, ..body };
    let pair = match state.focus {
        Pane::Augmentations => Some((Pane::Augmentations, Pane::Losses)),
        Pane::Invariance | Pane::Device => Some((Pane::Invariance, Pane::Device)),
        Pane::Losses | Pane::Views => None,
    };
    match pair {
        Some((first, second)) if body.width >= 76 => {
            let left = Rect { width: 36, ..body };
            let right = Rect { x: body.x + 36, width: body.width - 36, ..body };
            pane(first, state, theme, pictures, left, buffer);
            pane(second, state, theme, pictures, right, buffer);
        }
        _ => pane(state.focus, state, theme, pictures, body, buffer),
    }
}

fn title(pane: Pane) -> &'static str {
    match pane {
        Pane::Augmentations => "Augmentations",
        Pane::Losses => "Losses",
        Pane::Invariance => "Invariance",
        Pane::Views => "Views",
        Pane::Device => "Device",
    }
}

fn pane(which: Pane, state: &State, theme: Theme, pictures: &mut Pictures, area: Rect, buffer: &mut Buffer) {
    let name = match which {
        Pane::Augmentations => augmentations::title(state),
        Pane::Losses => losses::title(state),
        Pane::Invariance => invariance::title(state),
        Pane::Views => views::title(state),
        Pane::Device => device::title(state),
    };
    state.spots.note(area, Spot::Pane(which));
    let inner = frame(&name, state.focus == which, theme, area, buffer);
    match which {
        Pane::Augmentations => augmentations::draw(state, theme, inner, buffer),
        Pane::Losses => losses::draw(state, theme, inner, buffer),
        Pane::Invariance => invariance::draw(state, theme, inner, buffer),
        Pane::Views => views::draw(state, theme, pictures, inner, buffer),
        Pane::Device => device::draw(state, theme, inner, buffer),
    }
    tour::pane(state, theme, which, area, buffer);
}

/// A frame; the one with the focus is thicker, not just another colour.
fn frame(name: &str, focus: bool, theme: Theme, area: Rect, buffer: &mut Buffer) -> Rect {
    let area = area.intersection(buffer.area);
    let (kind, style, words) = if focus {
        (BorderType::Thick, theme.accent(), theme.strong())
    } else {
        (BorderType::Plain, theme.dim(), ratatui::style::Style::new())
    };
    let block = Block::bordered().border_type(kind).border_style(style);
    let inner = block.inner(area);
    block.title(Span::styled(format!(" {name} "), words)).render(area, buffer);
    inner
}

/// What an empty pane says.
fn empty(text: &str, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let text = format!(" {text}");
    for (y, words) in super::widget::text::wrap(&text, usize::from(area.width)).iter().enumerate() {
        put(row(area, y), 0, words, theme.dim(), buffer);
    }
}
