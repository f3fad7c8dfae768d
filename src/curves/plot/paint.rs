//! Strokes and words, and how they reach one of plotters' backends.

use super::PlotError;
use plotters::{
    backend::DrawingBackend,
    style::{
        Color as _, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle, register_font,
        text_anchor::{HPos, Pos, VPos},
    },
};
use std::sync::OnceLock;

/// Red, green, blue.
pub type Color = (u8, u8, u8);

pub const INK: Color = (34, 34, 34);
/// Of words that stand back.
pub const QUIET: Color = (90, 90, 90);
/// DejaVu Sans, made smaller by `subset.py` beside it. Its licence lies there too.
static FONT: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSans-subset.ttf");
/// What an SVG asks for: the same font, or one as wide.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
/// DejaVu's height from the lowest to the highest letter, in em. plotters measures a font in the picture by
/// this, and one in an SVG by 1.24.
const HEIGHT: f64 = 1.164;
const SVG_HEIGHT: f64 = 1.24;
/// Em that letters in a picture lie too high: plotters centres a box that they do not fill.
const DOWN: f64 = 0.16;

/// Which side of a place words lie on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn side(self) -> HPos {
        match self {
            Self::Start => HPos::Left,
            Self::Middle => HPos::Center,
            Self::End => HPos::Right,
        }
    }
}

/// Something to draw. Places and sizes are in pixels.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Line {
        points: Vec<(f64, f64)>,
        color: Color,
        width: f64,
    },
    Dot {
        at: (f64, f64),
        radius: f64,
        color: Color,
    },
    /// `at` is in the middle of the letters' height; `size` is one em.
    Words {
        at: (f64, f64),
        text: String,
        size: f64,
        color: Color,
        anchor: Anchor,
    },
}

impl Item {
    pub fn line(points: impl Into<Vec<(f64, f64)>>, color: Color, width: f64) -> Self {
        Self::Line { points: points.into(), color, width }
    }

    pub fn words(at: (f64, f64), text: String, size: f64, color: Color, anchor: Anchor) -> Self {
        Self::Words { at, text, size, color, anchor }
    }
}

/// How items are brought to a backend.
#[derive(Clone, Copy, Debug)]
pub struct Brush {
    /// The backend's pixels, which are whole numbers, a pixel of the chart.
    pub scale: f64,
    /// Whether the backend paints pixels itself, and does not leave that to whoever shows the file.
    pub pixels: bool,
}

impl Brush {
    /// Paints the items, the later over the earlier.
    ///
    /// # Errors
    /// [`PlotError::Drawing`].
    pub fn paint<B: DrawingBackend>(self, items: &[Item], backend: &mut B) -> Result<(), PlotError> {
        for item in items {
            match item {
                Item::Line { points, color, width } => self.line(points, *color, *width, backend)?,
                Item::Dot { at, radius, color } => {
                    let radius = (radius * self.scale).round() as u32;
                    backend.draw_circle(self.at(*at), radius, &filled(*color), true).map_err(failed)?;
                }
                Item::Words { at, text, size, color, anchor } => {
                    let (height, down) = if self.pixels { (HEIGHT, DOWN) } else { (SVG_HEIGHT, 0.0) };
                    let pos = Pos::new(anchor.side(), VPos::Center);
                    let ink = rgb(*color);
                    let style = font(size * height * self.scale)?.color(&ink).pos(pos);
                    let at = self.at((at.0, at.1 + size * down));
                    backend.draw_text(text, &style, at).map_err(failed)?;
                }
            }
        }
        backend.present().map_err(failed)
    }

    fn line<B: DrawingBackend>(
        self,
        points: &[(f64, f64)],
        color: Color,
        width: f64,
        backend: &mut B,
    ) -> Result<(), PlotError> {
        let wide = ((width * self.scale).round() as u32).max(1);
        let style = ShapeStyle { stroke_width: wide, ..filled(color) };
        let points = points.iter().map(|point| self.at(*point));
        if !self.pixels {
            return backend.draw_path(points, &style).map_err(failed);
        }
        // As one polygon, a line that turns back would have holes: piece by piece, with round corners.
        let points: Vec<_> = points.collect();
        for (i, two) in points.windows(2).enumerate() {
            backend.draw_line(two[0], two[1], &style).map_err(failed)?;
            if i > 0 && wide > 2 {
                backend.draw_circle(two[0], wide / 2, &style, true).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn at(self, (x, y): (f64, f64)) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }
}

fn failed(error: impl std::error::Error) -> PlotError {
    PlotError::Drawing(error.to_string())
}

fn rgb((r, g, b): Color) -> RGBColor {
    RGBColor(r, g, b)
}

fn filled(color: Color) -> ShapeStyle {
    rgb(color).filled()
}

/// The chart's font, of plotters' size.
fn font(size: f64) -> Result<TextStyle<'static>, PlotError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    if *REGISTERED.get_or_init(|| register_font(FAMILY, FontStyle::Normal, FONT).is_ok()) {
        return Ok(TextStyle::from(FontDesc::new(FontFamily::Name(FAMILY), size, FontStyle::Normal)));
    }
    Err(PlotError::Drawing("its font cannot be read".into()))
}

/// The pixels of a text.
///
/// # Errors
/// [`PlotError::Drawing`], should the program's own font be damaged.
pub fn width(text: &str, size: f64) -> Result<f64, PlotError> {
    // Ten times as large, for plotters counts whole pixels.
    let (width, _) = font(size * HEIGHT * 10.0)?.font.box_size(text).map_err(failed)?;
    Ok(f64::from(width) / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_the_letters_of_a_chart() {
        for letter in "aZ09 –—·→×…".chars() {
            assert!(width(&letter.to_string(), 14.0).unwrap() > 1.0, "{letter}");
        }
        // An em of DejaVu's M is 0.863.
        assert!((width("M", 100.0).unwrap() - 86.3).abs() < 0.5);
    }
}
