//! Every screen at every size that matters, on every kind of terminal: what stands there, and in which styles.

use super::{
    glyphs::Glyphs,
    pictures::{Images, Pictures},
    played::Played,
    state::Screen,
    tests_runs::beside,
    theme::{Depth, Ground, Theme},
    view,
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use std::fmt::Write;

const SIZES: [(u16, u16); 3] = [(120, 36), (80, 24), (60, 16)];
const DEPTHS: [(&str, Depth); 3] =
    [("24 bits", Depth::True), ("16 colours", Depth::Sixteen), ("no colour", Depth::Mono)];

/// A frame on a terminal of this kind.
fn drawn(it: &mut Played, (width, height): (u16, u16), depth: Depth, glyphs: Glyphs) -> Buffer {
    let theme = Theme::new(depth, Ground::Dark);
    let mut pictures = Pictures::new(theme, Some(Images::Ascii), false);
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    view::draw(it.state.front(), theme, &mut pictures, &mut buffer);
    glyphs.reduce(&mut buffer);
    buffer
}

fn rows<'a>(buffer: &'a Buffer, of: impl Fn(u16, u16) -> String + 'a) -> impl Iterator<Item = String> + 'a {
    let area = buffer.area;
    let row = move |y: u16| (0..area.width).map(|x| of(x, y)).collect::<String>().trim_end().to_owned();
    (0..area.height).map(row)
}

/// What stands there.
fn text(buffer: &Buffer) -> String {
    rows(buffer, |x, y| buffer[(x, y)].symbol().to_owned()).map(|row| row + "\n").collect()
}

/// A letter a style, with what each letter means; blanks where the terminal's own is left.
fn styles(buffer: &Buffer) -> String {
    let mut known: Vec<Style> = Vec::new();
    let area = buffer.area;
    let mut grid = String::new();
    for y in 0..area.height {
        let mut row = String::new();
        for x in 0..area.width {
            let style = buffer[(x, y)].style();
            let plain = style == ratatui::buffer::Cell::EMPTY.style();
            row.push(if plain {
                ' '
            } else {
                let at = known.iter().position(|it| *it == style).unwrap_or_else(|| {
                    known.push(style);
                    known.len() - 1
                });
                char::from(b'a' + u8::try_from(at).unwrap_or(25).min(25))
            });
        }
        grid += row.trim_end();
        grid.push('\n');
    }
    for (i, style) in known.iter().enumerate() {
        let colour = |it: Option<ratatui::style::Color>| it.map_or_else(String::new, |it| it.to_string());
        let letter = char::from(b'a' + i as u8);
        writeln!(grid, "{letter} {} {} {:?}", colour(style.fg), colour(style.bg), style.add_modifier)
            .unwrap();
    }
    grid
}

/// One file a screen and a size.
fn shown(it: &mut Played, size: (u16, u16)) -> String {
    let mut all = text(&drawn(it, size, Depth::True, Glyphs::Unicode));
    let ascii = drawn(it, size, Depth::True, Glyphs::Ascii);
    let letters = text(&ascii);
    assert!(letters.is_ascii(), "{letters}");
    write!(all, "\n=== ASCII\n{letters}").unwrap();
    for (name, depth) in DEPTHS {
        let frame = drawn(it, size, depth, Glyphs::Unicode);
        if depth == Depth::Mono {
            let coloured = frame.content.iter().find(|cell| {
                cell.fg != ratatui::style::Color::Reset || cell.bg != ratatui::style::Color::Reset
            });
            assert!(coloured.is_none(), "{coloured:?}");
        }
        write!(all, "\n=== styles, {name}\n{}", styles(&frame)).unwrap();
    }
    all
}

#[test]
fn every_screen_at_every_size_on_every_terminal() {
    for (screen, key, name) in Screen::ALL {
        let (_folder, mut it) = if screen == Screen::Runs {
            beside()
        } else {
            (tempfile::tempdir().unwrap(), Played::training())
        };
        it.press(&key.to_string());
        for (width, height) in SIZES {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), shown(&mut it, (width, height)));
        }
    }
}
