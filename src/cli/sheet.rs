//! A contact sheet: pictures side by side, with their lines of text below.

use font8x8::{BASIC_FONTS, GREEK_FONTS, LATIN_FONTS, UnicodeFonts};
use image::{Rgb, RgbImage};

/// Pixels of a letter, and of a line.
const LETTER: u32 = 8;
const LINE: u32 = 12;
/// Pixels between things.
const GAP: u32 = 12;
/// A picture is enlarged to about so many pixels.
const PICTURE: u32 = 224;

const PAPER: Rgb<u8> = Rgb([255, 255, 255]);
const INK: Rgb<u8> = Rgb([40, 40, 40]);
/// What is shared with the query.
const SHARED: Rgb<u8> = Rgb([200, 60, 0]);

/// One picture of the sheet.
pub struct Tile {
    pub title: String,
    /// `[side, side, 3]` bytes.
    pub picture: Vec<u8>,
    /// Text, and whether it is marked.
    pub lines: Vec<(String, bool)>,
}

/// Draws the sheet, with so many tiles a row; the pictures' pixels stay squares.
pub fn draw(side: usize, tiles: &[Tile], columns: usize) -> RgbImage {
    let scale = (PICTURE / side as u32).max(1);
    let width = side as u32 * scale;
    let letters = (width / LETTER).max(1) as usize;
    let texts: Vec<Vec<(String, bool)>> = tiles.iter().map(|tile| wrapped(tile, letters)).collect();
    let lines = texts.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let columns = columns.clamp(1, tiles.len().max(1)) as u32;
    let (across, down) = (width + GAP, LINE + width + GAP + lines * LINE + GAP);
    let rows = (tiles.len() as u32).div_ceil(columns);
    let mut sheet = RgbImage::from_pixel(GAP + across * columns, GAP + down * rows, PAPER);
    for (place, (tile, text)) in tiles.iter().zip(&texts).enumerate() {
        let (x, top) = (GAP + across * (place as u32 % columns), GAP + down * (place as u32 / columns));
        let title: String = tile.title.chars().take(letters).collect();
        write(&mut sheet, x, top, &title, INK);
        for (i, pixel) in tile.picture.chunks_exact(3).enumerate() {
            let (column, row) = (i as u32 % side as u32, i as u32 / side as u32);
            for dy in 0..scale {
                for dx in 0..scale {
                    let at = (x + column * scale + dx, top + LINE + row * scale + dy);
                    sheet.put_pixel(at.0, at.1, Rgb([pixel[0], pixel[1], pixel[2]]));
                }
            }
        }
        for (line, (text, shared)) in text.iter().enumerate() {
            let y = top + LINE + width + GAP + line as u32 * LINE;
            write(&mut sheet, x, y, text, if *shared { SHARED } else { INK });
        }
    }
    sheet
}

/// The lines of a tile, broken at spaces; a shared one begins with a mark: it is not told by colour alone.
fn wrapped(tile: &Tile, letters: usize) -> Vec<(String, bool)> {
    let mut lines: Vec<(String, bool)> = Vec::new();
    for (text, shared) in &tile.lines {
        let mut line = String::from(if *shared { "=" } else { "-" });
        for word in text.split(' ') {
            if line.chars().count() + 1 + word.chars().count() > letters && line.chars().count() > 1 {
                lines.push((std::mem::replace(&mut line, " ".into()), *shared));
            }
            line.push(' ');
            line.push_str(word);
        }
        lines.push((line, *shared));
    }
    lines
}

fn write(sheet: &mut RgbImage, x: u32, y: u32, text: &str, color: Rgb<u8>) {
    for (place, letter) in text.chars().enumerate() {
        let glyph = BASIC_FONTS.get(letter).or_else(|| LATIN_FONTS.get(letter));
        // The σ of blur and noise.
        let Some(glyph) = glyph.or_else(|| GREEK_FONTS.get(letter)) else { continue };
        for (row, bits) in glyph.iter().enumerate() {
            for column in (0..LETTER).filter(|column| bits >> column & 1 == 1) {
                let at = (x + place as u32 * LETTER + column, y + row as u32);
                if let Some(pixel) = sheet.get_pixel_mut_checked(at.0, at.1) {
                    *pixel = color;
                }
            }
        }
    }
}
