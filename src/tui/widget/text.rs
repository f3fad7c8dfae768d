//! Text into cells, cut where the room ends.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `text` in at most `width` columns; what is cut ends with `…`.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let kept: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used < width
        })
        .collect();
    if width == 0 { String::new() } else { kept + "…" }
}

/// `text` in exactly `width` columns, to the left.
pub fn left(text: &str, width: usize) -> String {
    let text = cut(text, width);
    let room = width.saturating_sub(text.width());
    text + &" ".repeat(room)
}

/// `text` in exactly `width` columns, to the right.
pub fn right(text: &str, width: usize) -> String {
    let text = cut(text, width);
    " ".repeat(width.saturating_sub(text.width())) + &text
}

/// The row `y` of an area, if it has one.
pub fn row(area: Rect, y: usize) -> Rect {
    let line = Rect { y: area.y.saturating_add(y.min(usize::from(u16::MAX)) as u16), height: 1, ..area };
    if y < usize::from(area.height) { line } else { Rect { height: 0, width: 0, ..area } }
}

/// A line of pieces.
pub fn line(area: Rect, pieces: Vec<Span<'_>>, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    if area.height > 0 && area.width > 0 {
        buffer.set_line(area.x, area.y, &Line::from(pieces), area.width);
    }
}

/// One piece, from column `x` of the area's first row.
pub fn put(area: Rect, x: usize, text: &str, style: Style, buffer: &mut Buffer) {
    let shift = x.min(usize::from(u16::MAX)) as u16;
    let room = area.width.saturating_sub(shift);
    if room > 0 && shift < area.width {
        line(Rect { x: area.x + shift, width: room, ..area }, vec![Span::styled(text, style)], buffer);
    }
}

/// The first of these groups of pieces that have room in `width` columns, each whole: a figure that is cut is a
/// false figure. What comes after one that has no room is left out as well.
pub fn fitting<'a>(width: usize, groups: impl IntoIterator<Item = Vec<Span<'a>>>) -> Vec<Span<'a>> {
    let mut room = width;
    let fits = |group: &Vec<Span>| match room.checked_sub(group.iter().map(Span::width).sum()) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    groups.into_iter().take_while(fits).flatten().collect()
}

/// `text` broken into lines of at most `width` columns, between words where that is possible.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut current = String::new();
        for word in paragraph.split_inclusive(' ') {
            if current.width() + word.trim_end().width() > width && !current.is_empty() {
                lines.push(std::mem::take(&mut current).trim_end().to_owned());
            }
            for c in word.chars() {
                if current.width() + c.width().unwrap_or(0) > width && c != ' ' {
                    lines.push(std::mem::take(&mut current));
                }
                current.push(c);
            }
        }
        lines.push(current.trim_end().to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_whole_or_left_out() {
        let group = |texts: &[&'static str]| texts.iter().map(|text| Span::raw(*text)).collect::<Vec<_>>();
        let groups = [group(&["a ", "12"]), group(&[" b"]), group(&[" c ", "345"]), group(&["d"])];
        let words = |width| fitting(width, groups.clone()).iter().map(|it| &*it.content).collect::<String>();
        assert_eq!([3, 4, 11, 13].map(words), ["", "a 12", "a 12 b", "a 12 b c 345d"]);
    }

    #[test]
    fn text_is_cut_and_broken_by_columns() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!((left("ab", 4), right("ab", 4)), ("ab  ".into(), "  ab".into()));
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    }
}
