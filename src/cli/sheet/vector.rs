//! A sheet for a paper: letters that stay sharp at every size, and the pictures' pixels as they are.

use super::{Color, FRAME, INK, LETTER, LINE, PAPER, SHARED, Sheet, Tile, png};
use base64::{Engine, prelude::BASE64_STANDARD};
use image::RgbImage;
use std::{fmt::Write, io};

impl Sheet<'_> {
    /// The sheet as an SVG document.
    pub fn vector(&self) -> io::Result<String> {
        let [width, height] = self.size();
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"monospace\" font-size=\"{LINE}\">\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n",
            hex(PAPER)
        );
        for (at, (tile, lines)) in self.tiles.iter().zip(&self.texts).enumerate() {
            let [x, top] = self.place(at);
            words(&mut text, [x, top], &self.title(tile), INK);
            self.picture(&mut text, tile, [x, top + LINE])?;
            for (line, (line_text, shared)) in lines.iter().enumerate() {
                let at = [x, top + self.line(line)];
                words(&mut text, at, line_text, if *shared { SHARED } else { INK });
            }
        }
        text += "</svg>\n";
        Ok(text)
    }

    fn picture(&self, text: &mut String, tile: &Tile, [x, y]: [u32; 2]) -> io::Result<()> {
        let side = self.width();
        if tile.marked() {
            // The stroke lies half within the line that it follows.
            let (at, half) = (f64::from(FRAME) / 2.0, side + FRAME);
            put(
                text,
                format_args!(
                    "<rect x=\"{}\" y=\"{}\" width=\"{half}\" height=\"{half}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{FRAME}\"/>\n",
                    f64::from(x) - at,
                    f64::from(y) - at,
                    hex(SHARED)
                ),
            );
        }
        let picture = RgbImage::from_raw(self.side, self.side, tile.picture.clone());
        let picture =
            picture.ok_or_else(|| io::Error::other("a picture of another size than the sheet's"))?;
        let bytes = BASE64_STANDARD.encode(png(picture)?);
        put(
            text,
            format_args!(
                "<image x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" image-rendering=\"pixelated\" \
             href=\"data:image/png;base64,{bytes}\"/>\n"
            ),
        );
        Ok(())
    }
}

/// A line of text, in letters as wide as a sheet of pixels has them.
fn words(text: &mut String, [x, top]: [u32; 2], words: &str, color: Color) {
    let (base, width) = (top + LETTER, words.chars().count() as u32 * LETTER * 9 / 10);
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    if width > 0 {
        put(
            text,
            format_args!(
                "<text x=\"{x}\" y=\"{base}\" textLength=\"{width}\" xml:space=\"preserve\" fill=\"{}\">{words}</text>\n",
                hex(color)
            ),
        );
    }
}

fn put(text: &mut String, arguments: std::fmt::Arguments) {
    // Writing into a String cannot fail.
    let _ = text.write_fmt(arguments);
}

fn hex([red, green, blue]: Color) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
