//! An image and those nearest to it, in V and in every embedding space: a space that keeps colour finds
//! images of its colour, one that ignores colour finds others as well.

use crate::{
    engine::message::{Near, NeighbourSheet, Neighbourhood},
    tui::{
        figures::{count, share},
        pictures::Pictures,
        state::{State, plain::plain_line, pointer::Spot},
        theme::Theme,
        widget::text::{cut, fitting, left, line, put, row, wrap},
    },
};
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
    style::Style,
    text::Span,
};

/// Columns of the query.
const QUERY: u16 = 24;
/// The narrowest picture of a neighbour, and the lowest, with the gap to the next.
const NARROW: u16 = 12;
const LOW: u16 = 4;
/// Rows of a picture and its words, where there is room for more than one row of them.
const TALL: u16 = 13;
/// Rows of words in a space: its name, and what is below the pictures.
const WORDS: u16 = 2;

/// The query at the left, a band for each space at the right.
pub fn draw(state: &State, theme: Theme, pictures: &mut Pictures, body: Rect, buffer: &mut Buffer) {
    let Some(sheet) = state.snapshot.neighbours.clone() else {
        let inner = super::frame("Neighbours", true, theme, body, buffer);
        let text = match (state.neighbours_awaited(), state.answers()) {
            _ if state.of_the_past() && !state.demo => {
                "neighbours are found by a model: on 5 Runs, R goes on with this run"
            }
            (true, _) => "the training images are being searched …",
            (false, true) => "a looks for the training images nearest to a held-out one",
            (false, false) => "neighbours can be looked for once training has begun",
        };
        super::empty(text, theme, inner, buffer);
        return;
    };
    let area = super::frame(&title(state, &sheet), true, theme, body, buffer);
    let at_left = Rect { width: QUERY.min(area.width / 3), ..area };
    query(state, theme, pictures, &sheet, at_left, buffer);
    let right = Rect { x: at_left.right() + 1, width: area.width - at_left.width - 1, ..area };
    let chosen = state.album.space.min(sheet.spaces.len().saturating_sub(1));
    let count = sheet.spaces.len().max(1) as u16;
    // Where not every space has room for pictures, the chosen one has.
    let alone = state.album.large || right.height / count < LOW + WORDS;
    let mut y = right.y;
    for (place, space) in sheet.spaces.iter().enumerate() {
        let shows = !alone || place == chosen;
        let height = match (alone, shows) {
            (false, _) => right.height / count,
            (true, true) => right.height.saturating_sub(count - 1),
            (true, false) => 1,
        };
        let band = Rect { y, height: height.min(right.bottom().saturating_sub(y)), ..right };
        state.spots.note(band, Spot::Space(place));
        heading(state, theme, &sheet, space, place == chosen, row(band, 0), buffer);
        if shows {
            let below = Rect { y: band.y + 1, height: band.height.saturating_sub(1), ..band };
            neighbours(state, theme, pictures, &sheet, space, below, buffer);
        }
        y = band.bottom();
    }
}

fn title(state: &State, sheet: &NeighbourSheet) -> String {
    let within = sheet.request.within.and_then(|(set, class)| {
        let (name, classes) = sheet.sets.get(set)?;
        Some(format!(" of {} {}", plain_line(name), plain_line(classes.get(class)?)))
    });
    let place = sheet.request.place % sheet.candidates.max(1) + 1;
    let wait = if state.neighbours_awaited() { " …" } else { "" };
    let (place, within) = if sheet.candidates == 0 { (0, within) } else { (place, within) };
    let within = within.unwrap_or_default();
    format!("Neighbours   image {place}/{}{within}   model of step {}{wait}", sheet.candidates, sheet.step)
}

/// The image itself, and what is known of it.
fn query(
    state: &State,
    theme: Theme,
    pictures: &mut Pictures,
    sheet: &NeighbourSheet,
    area: Rect,
    buffer: &mut Buffer,
) {
    let room = Size::new(area.width.saturating_sub(2), area.height.saturating_sub(6).min(area.width / 2));
    let size = pictures.size(sheet.side, room);
    let picture = Rect { x: area.x + 1, width: size.width, height: size.height, ..area };
    if !state.covered() {
        pictures.draw(sheet.side, &sheet.query.rgb, picture.intersection(area), buffer);
    }
    let labels = sheet.sets.iter().zip(&sheet.query.labels);
    let mut words: Vec<String> =
        labels.map(|((set, _), (class, _))| plain_line(&format!("{set} {class}"))).collect();
    words.push(String::new());
    let (done, of) = sheet.searched;
    let (done, of) = (count(done as f64), count(of as f64));
    let searched = if done == of {
        format!("{of} training images searched")
    } else {
        format!("{done} of {of} searched …")
    };
    words.extend(wrap(&searched, usize::from(area.width).saturating_sub(2)));
    for (y, text) in words.iter().enumerate() {
        let style = if y < sheet.query.labels.len() { theme.strong() } else { theme.dim() };
        let words = cut(text, usize::from(area.width).saturating_sub(1));
        put(row(area, usize::from(size.height) + 1 + y), 1, &words, style, buffer);
    }
}

/// `▸z1 color   same shape 4/16 · colour 16/16   cosine .98–.91`.
fn heading(
    state: &State,
    theme: Theme,
    sheet: &NeighbourSheet,
    space: &Neighbourhood,
    chosen: bool,
    area: Rect,
    buffer: &mut Buffer,
) {
    let mark = if chosen { Span::styled("▸", theme.accent()) } else { Span::raw(" ") };
    let number = state.heads.find(&space.name);
    let label = number.map_or_else(|| "V".to_owned(), |_| state.heads.label(&space.name));
    let style = number.map_or(theme.strong(), |number| theme.head(number));
    let name = if number.is_some() { &*space.name } else { "features" };
    let mut pieces =
        vec![mark, Span::styled(left(&label, 3), style), Span::styled(left(name, 10), theme.strong())];
    let of = space.near.len();
    let mut words: Vec<Vec<Span>> = Vec::new();
    for (place, (set, _)) in sheet.sets.iter().enumerate() {
        let agree = space.near.iter().filter(|near| near.labels.get(place).is_some_and(|(_, same)| *same));
        let before = if place == 0 { "same " } else { " · " };
        words.push(vec![Span::raw(format!("{before}{} {}/{of}", plain_line(set), agree.count()))]);
    }
    if let (Some(first), Some(last)) = (space.near.first(), space.near.last()) {
        let cosines = format!("   cosine {} – {}", share(first.cosine), share(last.cosine));
        words.push(vec![Span::styled(cosines, theme.dim())]);
    }
    let room = usize::from(area.width).saturating_sub(pieces.iter().map(Span::width).sum());
    pieces.extend(fitting(room, words));
    line(area, pieces, buffer);
}

/// Pictures row by row, the nearest first; below each its cosine and its labels.
fn neighbours(
    state: &State,
    theme: Theme,
    pictures: &mut Pictures,
    sheet: &NeighbourSheet,
    space: &Neighbourhood,
    area: Rect,
    buffer: &mut Buffer,
) {
    let rows = (area.height / TALL).max(1);
    let height = area.height / rows;
    let words = if height > 8 { sheet.sets.len().clamp(1, 3) + 1 } else { 1 };
    let high = height.saturating_sub(words as u16);
    let widest = pictures.size(sheet.side, Size::new(area.width, high)).width;
    let width = (widest + 1).max(NARROW);
    let across = (area.width / width).max(1);
    let size = pictures.size(sheet.side, Size::new(width - 1, high));
    for (i, near) in (0..rows * across).zip(&space.near) {
        let corner = (area.x + i % across * width, area.y + i / across * height);
        let tile = Rect { x: corner.0, y: corner.1, width, height }.intersection(area);
        let picture = Rect { width: size.width, height: size.height, ..tile };
        if !state.covered() {
            pictures.draw(sheet.side, &near.rgb, picture.intersection(tile), buffer);
        }
        let top = size.height.min(tile.height);
        caption(theme, near, words, Rect { y: tile.y + top, height: tile.height - top, ..tile }, buffer);
    }
}

/// The cosine and the labels; `=` before those that are the query's. In one row as many as there is room for.
fn caption(theme: Theme, near: &Near, rows: usize, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width).saturating_sub(1);
    let label = |(class, same): &(String, bool)| {
        let (mark, style) = if *same { ("=", theme.strong()) } else { ("", theme.dim()) };
        (format!("{mark}{}", plain_line(class)), style)
    };
    let labels = near.labels.iter().map(label);
    if rows > 1 {
        put(row(area, 0), 0, &share(near.cosine), Style::new(), buffer);
        for (y, (text, style)) in labels.enumerate().take(rows - 1) {
            put(row(area, y + 1), 0, &cut(&text, width), style, buffer);
        }
        return;
    }
    let mut pieces = vec![Span::raw(share(near.cosine))];
    let mut room = width.saturating_sub(4);
    for (text, style) in labels {
        let text = cut(&format!(" {text}"), room);
        room = room.saturating_sub(text.chars().count());
        pieces.push(Span::styled(text, style));
    }
    line(row(area, 0), pieces, buffer);
}
