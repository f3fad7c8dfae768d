//! A sheet as pixels.

use super::{Color, FRAME, INK, LETTER, LINE, PAPER, SHARED, Sheet};
use font8x8::{BASIC_FONTS, GREEK_FONTS, LATIN_FONTS, UnicodeFonts};
use image::{Rgb, RgbImage};

impl Sheet<'_> {
    /// The sheet in its own pixels.
    pub fn raster(&self) -> RgbImage {
        let [width, height] = self.size();
        let mut sheet = RgbImage::from_pixel(width, height, Rgb(PAPER));
        for (at, (tile, text)) in self.tiles.iter().zip(&self.texts).enumerate() {
            let [x, top] = self.place(at);
            write(&mut sheet, x, top, &self.title(tile), INK);
            if tile.marked() {
                let side = self.width() + 2 * FRAME;
                fill(&mut sheet, [x - FRAME, top + LINE - FRAME], side, SHARED);
            }
            for (i, &[red, green, blue]) in tile.picture.as_chunks().0.iter().enumerate() {
                let [column, row] = [i as u32 % self.side, i as u32 / self.side];
                let at = [x + column * self.scale, top + LINE + row * self.scale];
                fill(&mut sheet, at, self.scale, [red, green, blue]);
            }
            for (line, (text, shared)) in text.iter().enumerate() {
                write(&mut sheet, x, top + self.line(line), text, if *shared { SHARED } else { INK });
            }
        }
        sheet
    }
}

/// A square of one colour.
fn fill(sheet: &mut RgbImage, [x, y]: [u32; 2], side: u32, color: Color) {
    for row in y..y + side {
        for column in x..x + side {
            sheet.put_pixel(column, row, Rgb(color));
        }
    }
}

fn write(sheet: &mut RgbImage, x: u32, y: u32, text: &str, color: Color) {
    for (place, letter) in text.chars().enumerate() {
        let glyph = BASIC_FONTS.get(letter).or_else(|| LATIN_FONTS.get(letter));
        // The σ of blur and noise.
        let Some(glyph) = glyph.or_else(|| GREEK_FONTS.get(letter)) else { continue };
        for (row, bits) in glyph.iter().enumerate() {
            for column in (0..LETTER).filter(|column| bits >> column & 1 == 1) {
                let at = (x + place as u32 * LETTER + column, y + row as u32);
                if let Some(pixel) = sheet.get_pixel_mut_checked(at.0, at.1) {
                    *pixel = Rgb(color);
                }
            }
        }
    }
}
