//! A contact sheet: pictures side by side, with their lines of text below.
//!
//! What stands where is worked out here, once; `raster` draws it into a PNG, `vector` into an SVG.

mod raster;
mod vector;

use image::{ImageFormat, RgbImage};
use std::{io, path::Path};

/// Pixels of a letter, and of a line.
const LETTER: u32 = 8;
const LINE: u32 = 12;
/// Pixels between things.
const GAP: u32 = 12;
/// Pixels of the frame around a picture that is marked.
const FRAME: u32 = 3;
/// A picture is enlarged to about so many pixels.
const PICTURE: u32 = 224;

type Color = [u8; 3];
const PAPER: Color = [255, 255, 255];
const INK: Color = [40, 40, 40];
/// What is shared with the query.
const SHARED: Color = [200, 60, 0];

/// One picture of the sheet.
pub struct Tile {
    pub title: String,
    /// `[side, side, 3]` bytes.
    pub picture: Vec<u8>,
    /// Text, and whether it is marked; a picture with a marked line has a frame.
    pub lines: Vec<(String, bool)>,
}

impl Tile {
    fn marked(&self) -> bool {
        self.lines.iter().any(|(_, marked)| *marked)
    }
}

/// Tiles in rows. The pictures' pixels stay squares.
pub struct Sheet<'a> {
    tiles: &'a [Tile],
    side: u32,
    /// Pixels of the sheet a pixel of a picture.
    scale: u32,
    columns: u32,
    /// The lines of each tile, broken.
    texts: Vec<Vec<(String, bool)>>,
    /// The top of each row, and at last the sheet's height.
    tops: Vec<u32>,
}

impl<'a> Sheet<'a> {
    /// Pictures of `side` × `side` pixels, so many a row.
    pub fn new(side: usize, tiles: &'a [Tile], columns: usize) -> Self {
        let scale = (PICTURE / side as u32).max(1);
        let width = side as u32 * scale;
        let letters = (width / LETTER).max(1) as usize;
        let texts: Vec<_> = tiles.iter().map(|tile| wrapped(tile, letters)).collect();
        let columns = columns.clamp(1, tiles.len().max(1));
        let mut tops = vec![GAP];
        for row in texts.chunks(columns) {
            let lines = row.iter().map(Vec::len).max().unwrap_or(0) as u32;
            tops.push(tops[tops.len() - 1] + LINE + width + GAP + lines * LINE + GAP);
        }
        Self { tiles, side: side as u32, scale, columns: columns as u32, texts, tops }
    }

    /// Writes it, as the file's name ends: SVG, or PNG and the like.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        if ending == "svg" {
            return std::fs::write(path, self.vector()?);
        }
        self.raster().save(path).map_err(io::Error::other)
    }

    /// Width and height of a picture on the sheet.
    fn width(&self) -> u32 {
        self.side * self.scale
    }

    /// Width and height of the sheet.
    fn size(&self) -> [u32; 2] {
        [GAP + self.columns * (self.width() + GAP), self.tops.last().copied().unwrap_or(GAP)]
    }

    /// Where a tile's title begins: left, top. The picture lies a line below, its text below that.
    fn place(&self, tile: usize) -> [u32; 2] {
        let columns = self.columns as usize;
        [GAP + (self.width() + GAP) * (tile % columns) as u32, self.tops[tile / columns]]
    }

    /// The top of a line of a tile's text, from the tile's top.
    fn line(&self, line: usize) -> u32 {
        LINE + self.width() + GAP + line as u32 * LINE
    }

    /// As much of a title as there is room for.
    fn title(&self, tile: &Tile) -> String {
        tile.title.chars().take((self.width() / LETTER).max(1) as usize).collect()
    }
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

/// A picture as the bytes of a PNG.
fn png(picture: RgbImage) -> io::Result<Vec<u8>> {
    let mut bytes = io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).map_err(io::Error::other)?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiles() -> Vec<Tile> {
        let tile = |title: &str, gray: u8, lines: &[(&str, bool)]| Tile {
            title: title.into(),
            picture: vec![gray; 4 * 4 * 3],
            lines: lines.iter().map(|(text, marked)| ((*text).to_owned(), *marked)).collect(),
        };
        vec![
            tile("image", 10, &[("class <a & b>", false)]),
            tile(
                "q",
                20,
                &[("crop 3×3 of a picture that needs more than one line", false), ("rotation 90°", false)],
            ),
            tile("k (shares rotation)", 30, &[("rotation 90°", true)]),
        ]
    }

    #[test]
    fn both_kinds_of_sheet_show_the_same_at_the_same_places() {
        let tiles = tiles();
        let sheet = Sheet::new(4, &tiles, 2);
        let [width, height] = sheet.size();
        let raster = sheet.raster();
        assert_eq!(raster.dimensions(), (width, height));
        for (at, tile) in tiles.iter().enumerate() {
            let [x, y] = sheet.place(at);
            let centre = raster.get_pixel(x + sheet.width() / 2, y + LINE + sheet.width() / 2);
            assert_eq!(centre.0, [tile.picture[0]; 3]);
            let edge = raster.get_pixel(x - 1, y + LINE + sheet.width() / 2).0;
            assert_eq!(edge == SHARED, tile.marked(), "only what shares has a frame");
        }
        let vector = sheet.vector().unwrap();
        assert!(vector.starts_with(&format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\"")));
        assert_eq!(vector.matches("<image ").count(), 3);
        assert_eq!(vector.matches("<rect ").count(), 2, "the paper and one frame");
        assert!(vector.contains("class &lt;a &amp; b&gt;") && !vector.contains("<a & b>"));
        assert!(vector.contains("= rotation 90°") && vector.ends_with("</svg>\n"));
    }

    #[test]
    fn rows_are_as_high_as_their_texts() {
        let tiles = tiles();
        let sheet = Sheet::new(4, &tiles, 2);
        let rows: Vec<u32> = sheet.tops.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(rows[0] - rows[1], 2 * LINE, "{rows:?}");
        assert!(Sheet::new(4, &[], 3).raster().width() >= GAP, "an empty sheet is one");
    }
}
