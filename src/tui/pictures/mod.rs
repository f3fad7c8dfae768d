//! Images in a terminal: as pixels where it can show them, in half blocks or as an ASCII ramp where
//! it cannot. A picture is encoded once for a place of a size, and sent once.

mod kitty;
mod marks;
mod way;

pub use kitty::{Aside, PLACEHOLDER};
pub use way::Images;

use super::{glyphs::Glyphs, theme::Theme};
use image::{DynamicImage, RgbImage, imageops::FilterType};
use kitty::Kitty;
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
    style::Color,
    widgets::Widget,
};
use ratatui_image::{
    FontSize,
    protocol::{Protocol, halfblocks::Halfblocks, iterm2::Iterm2, sixel::Sixel},
};
use std::sync::Arc;

/// Dark to bright.
const RAMP: &[u8] = b" .:-=+*#%@";
/// So many encoded pictures are kept, here or by the terminal.
const KEPT: usize = 96;

enum Drawn {
    Pixels(Box<Protocol>),
    Letters(Vec<String>),
}

/// Draws pictures, and keeps them.
pub struct Pictures {
    pub way: Images,
    /// Pixels of a cell, where the terminal told them.
    pub font: (u16, u16),
    pub theme: Theme,
    tmux: bool,
    kept: Vec<(Arc<[u8]>, Size, Drawn)>,
    kitty: Kitty,
}

impl Pictures {
    /// Before anything is known of the terminal.
    pub fn new(theme: Theme, wanted: Option<Images>, tmux: bool) -> Self {
        Self {
            way: Images::chosen(wanted, Images::Half, theme.depth, Glyphs::Unicode),
            font: (8, 16),
            theme,
            tmux,
            kept: Vec::new(),
            kitty: Kitty::new((std::process::id() & 0xffff) << 8, tmux),
        }
    }

    /// Forgets what was sent: the terminal may have forgotten it too.
    pub fn forget(&mut self) {
        self.kept.clear();
        self.kitty.forget();
    }

    /// Once every frame, when all is drawn: what the terminal is to be told beside the cells.
    pub fn take_aside(&mut self) -> Aside {
        self.kitty.take(KEPT)
    }

    /// Cells of a square image of `side` pixels in `room`: at its own size or a whole multiple of it
    /// in blocks, as large as the room otherwise; never distorted.
    pub fn size(&self, side: usize, room: Size) -> Size {
        let (w, h) = match self.way {
            Images::Half | Images::Ascii | Images::Off => (1, 2),
            _ => (self.font.0.max(1), self.font.1.max(1)),
        };
        let aspect = |columns: u16| u32::from(columns) * u32::from(w) / u32::from(h);
        let mut columns = room.width;
        if aspect(columns) > u32::from(room.height) {
            columns = (u32::from(room.height) * u32::from(h) / u32::from(w)).min(u32::from(columns)) as u16;
        }
        let side = side.max(1) as u16;
        if w == 1 && columns > side {
            columns -= columns % side;
        }
        Size::new(columns, aspect(columns).clamp(1, u32::from(room.height.max(1))) as u16)
    }

    /// Draws `[side, side, 3]` bytes into the area, whose size is [`Self::size`]'s.
    pub fn draw(&mut self, side: usize, rgb: &Arc<[u8]>, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        if area.width == 0 || area.height == 0 || self.way == Images::Off {
            return;
        }
        if self.way == Images::Kitty {
            self.kitty.draw(side, rgb, area, buffer);
            return;
        }
        let size = area.as_size();
        // The same views come again with every measurement: what has been sent is known by its bytes.
        let known = self.kept.iter().position(|(a, b, _)| a == rgb && *b == size);
        let at = match known {
            Some(at) => at,
            None => {
                let Some(drawn) = self.encode(side, rgb, size) else { return };
                if self.kept.len() >= KEPT {
                    self.kept.remove(0);
                }
                self.kept.push((rgb.clone(), size, drawn));
                self.kept.len() - 1
            }
        };
        match &self.kept[at].2 {
            Drawn::Pixels(protocol) => {
                ratatui_image::Image::new(protocol).render(area, buffer);
                if self.way == Images::Half {
                    self.reduce(area, buffer);
                }
            }
            Drawn::Letters(rows) => {
                for (y, row) in (area.y..).zip(rows) {
                    buffer.set_string(area.x, y, row, ratatui::style::Style::new());
                }
            }
        }
    }

    fn encode(&self, side: usize, rgb: &[u8], size: Size) -> Option<Drawn> {
        let image = RgbImage::from_raw(side as u32, side as u32, rgb.to_vec())?;
        let image = DynamicImage::ImageRgb8(image);
        let FontSize { width, height } = FontSize::from(self.font);
        let pixels = || {
            let (w, h) =
                (u32::from(size.width) * u32::from(width), u32::from(size.height) * u32::from(height));
            resized(&image, w, h)
        };
        let protocol = match self.way {
            // Kitty's are never drawn here.
            Images::Off | Images::Kitty => return None,
            Images::Ascii => return Some(Drawn::Letters(letters(&image, size))),
            Images::Half => {
                let image = resized(&image, u32::from(size.width), u32::from(size.height) * 2);
                Halfblocks::new(image, size).map(Protocol::Halfblocks)
            }
            Images::Iterm2 => Iterm2::new(pixels(), size, self.tmux).map(Protocol::ITerm2),
            Images::Sixel => Sixel::new(pixels(), size, self.tmux).map(Protocol::Sixel),
        };
        protocol.ok().map(|protocol| Drawn::Pixels(Box::new(protocol)))
    }

    /// Brings the colours of half blocks to the terminal's depth.
    fn reduce(&self, area: Rect, buffer: &mut Buffer) {
        let reduced = |color: Color| match color {
            Color::Rgb(r, g, b) => self.theme.rgb((r, g, b)),
            other => other,
        };
        for position in area.positions() {
            let cell = &mut buffer[position];
            (cell.fg, cell.bg) = (reduced(cell.fg), reduced(cell.bg));
        }
    }
}

/// Larger: every pixel a square. Smaller: the mean of what falls together.
fn resized(image: &DynamicImage, width: u32, height: u32) -> DynamicImage {
    let filter = if width >= image.width() { FilterType::Nearest } else { FilterType::Triangle };
    image.resize_exact(width.max(1), height.max(1), filter)
}

fn letters(image: &DynamicImage, size: Size) -> Vec<String> {
    let small = resized(image, u32::from(size.width), u32::from(size.height)).to_luma8();
    let letter = |value: u8| char::from(RAMP[usize::from(value) * (RAMP.len() - 1) / 255]);
    small.rows().map(|row| row.map(|pixel| letter(pixel.0[0])).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Depth, Ground};

    const RED_OVER_BLUE: [u8; 12] = [255, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 255];

    fn drawn(rgb: [u8; 12], depth: Depth, way: Images) -> Buffer {
        let mut pictures = Pictures::new(Theme::new(depth, Ground::Dark), Some(way), false);
        let area = Rect::new(0, 0, 2, 1);
        let mut buffer = Buffer::empty(area);
        pictures.draw(2, &Arc::from(rgb), area, &mut buffer);
        buffer
    }

    #[test]
    fn half_blocks_show_the_colours_at_the_terminals_depth() {
        for (depth, red, blue) in [
            (Depth::True, Color::Rgb(255, 0, 0), Color::Rgb(0, 0, 255)),
            (Depth::Indexed, Color::Indexed(196), Color::Indexed(21)),
            (Depth::Sixteen, Color::LightRed, Color::LightBlue),
        ] {
            let cell = drawn(RED_OVER_BLUE, depth, Images::Half)[(0, 0)].clone();
            let (top, bottom) = if cell.symbol() == "▀" { (cell.fg, cell.bg) } else { (cell.bg, cell.fg) };
            assert_eq!((top, bottom), (red, blue), "{depth:?}");
        }
    }

    #[test]
    fn without_colours_brightness_is_a_letter() {
        for (gray, letter) in [(0, " "), (120, "="), (255, "@")] {
            let cell = drawn([gray; 12], Depth::Mono, Images::Ascii)[(0, 0)].clone();
            assert!(cell.fg == Color::Reset && cell.bg == Color::Reset, "{cell:?}");
            assert_eq!(cell.symbol(), letter);
        }
    }

    #[test]
    fn a_small_image_keeps_its_size_or_a_multiple() {
        let pictures = Pictures::new(Theme::new(Depth::True, Ground::Dark), None, false);
        assert_eq!(pictures.size(32, Size::new(60, 40)), Size::new(32, 16));
        assert_eq!(pictures.size(32, Size::new(70, 40)), Size::new(64, 32));
        assert_eq!(pictures.size(32, Size::new(20, 40)), Size::new(20, 10));
        assert_eq!(pictures.size(32, Size::new(80, 10)), Size::new(20, 10));
    }
}
