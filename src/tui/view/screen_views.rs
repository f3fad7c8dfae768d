//! The views, large, each with the parameters that were drawn for it.

use super::views::{cosines, missing, name, rows, shown, tiles, title};
use crate::tui::{
    pictures::Pictures,
    state::{State, plain::plain_line},
    theme::Theme,
    widget::text::{cut, put, row, wrap},
};
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
    style::Style,
};

/// Rows of an augmentation's parameters.
const LINES: usize = 2;

/// One column a view: its name, its image, its parameters, its cosines.
pub fn draw(state: &State, theme: Theme, pictures: &mut Pictures, body: Rect, buffer: &mut Buffer) {
    let Some(sheet) = state.snapshot.views.clone() else {
        let inner = super::frame(&title(state), true, theme, body, buffer);
        super::empty(missing(state), theme, inner, buffer);
        return;
    };
    let words = format!("{}   draw {}", title(state), sheet.request.draw);
    let area = super::frame(&words, true, theme, body, buffer);
    let views = shown(state, &sheet);
    let (count, width) = tiles(&views, area.width);
    let parameters = sheet.views.iter().map(|tile| tile.params.len()).max().unwrap_or(0);
    let table = rows(&sheet) + 1;
    // Two lines a parameter if the image keeps half of the room.
    let fixed = 3 + table;
    let lines = if fixed + parameters * LINES <= usize::from(area.height) / 2 + 2 { LINES } else { 1 };
    let room = usize::from(area.height).saturating_sub(fixed + parameters * lines).max(4);
    let size = pictures.size(sheet.side, Size::new(width.saturating_sub(2), room as u16));
    let texts = usize::from(size.height) + 2;
    for (i, tile) in views.iter().take(count).enumerate() {
        let column = Rect { x: area.x + 4 + i as u16 * width, width, ..area };
        let words = usize::from(width).saturating_sub(1);
        put(row(column, 0), 0, &cut(&name(&sheet, tile), words), theme.strong(), buffer);
        let picture = Rect { y: area.y + 1, ..size_at(column, size) };
        if !state.covered() {
            pictures.draw(sheet.side, &tile.rgb, picture.intersection(area), buffer);
        }
        for (j, param) in tile.params.iter().enumerate() {
            let mark = if param.shared { "= q " } else { "" };
            let text = format!("{mark}{} {}", param.augmentation, plain_line(&param.text));
            let style = if param.shared { theme.accent().patch(theme.strong()) } else { Style::new() };
            let mut broken = wrap(&text, words);
            if broken.len() > lines {
                broken.truncate(lines);
                if let Some(last) = broken.last_mut() {
                    *last = cut(&format!("{last}…"), words);
                }
            }
            for (k, part) in broken.iter().enumerate() {
                put(row(column, texts + j * lines + k), 0, part, style, buffer);
            }
        }
    }
    let top = texts + parameters * lines;
    if top < usize::from(area.height) {
        let below = Rect { y: area.y + top as u16, height: area.height - top as u16, ..area };
        cosines(state, theme, (&sheet, &views[..count]), width, below, buffer);
    }
    if count < views.len() {
        let more = format!("+{}", views.len() - count);
        put(row(area, 0), 0, &more, theme.dim(), buffer);
    }
}

fn size_at(column: Rect, size: Size) -> Rect {
    Rect { width: size.width, height: size.height, ..column }
}
