//! Kitty's graphics protocol: a picture is sent once, at its own size, and the terminal scales it to the
//! cells that are its place. <https://sw.kovidgoyal.net/kitty/graphics-protocol/>
//!
//! The cells hold placeholders, which the terminal shows as parts of the picture; the picture itself goes
//! beside the cells, and before them ([`Kitty::take`]).

use super::marks::marks;
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::ZlibEncoder};
use ratatui::{
    buffer::{Buffer, CellDiffOption},
    layout::{Rect, Size},
    style::Color,
};
use std::{io::Write, num::NonZeroU16, sync::Arc};

/// Shown as a part of a picture.
pub const PLACEHOLDER: char = '\u{10eeee}';
/// A placeholder is as wide as any letter, whatever its marks make of it.
const ONE_CELL: CellDiffOption = CellDiffOption::ForcedWidth(NonZeroU16::MIN);
/// Letters of base64 in one command.
const CHUNK: usize = 4096;
/// An id is a colour of 24 bits, and not 0.
const IDS: u32 = 0xff_ffff;

/// What one frame has for the terminal beside its cells.
#[derive(Debug, Default, PartialEq)]
pub struct Aside {
    /// To be written before the cells.
    pub before: Vec<u8>,
    /// If it has changed: what the terminal is to be told when it is given back.
    pub at_leaving: Option<Vec<u8>>,
}

/// A picture that the terminal holds.
struct Sent {
    rgb: Arc<[u8]>,
    id: u32,
    /// The sizes it has been placed at; the i-th is placement i + 1.
    sizes: Vec<Size>,
    /// The frame that showed it last.
    shown: u64,
}

/// The pictures that the terminal holds, and what it is to be told next.
pub struct Kitty {
    tmux: bool,
    sent: Vec<Sent>,
    last_id: u32,
    frame: u64,
    aside: Aside,
    /// Whether pictures have come or gone.
    changed: bool,
}

impl Kitty {
    /// The terminal holds none. Ids begin after `first`, as others may draw there too.
    pub fn new(first: u32, tmux: bool) -> Self {
        Self { tmux, sent: Vec::new(), last_id: first, frame: 0, aside: Aside::default(), changed: false }
    }

    /// Fills the area with the placeholders of `[side, side, 3]` bytes.
    pub fn draw(&mut self, side: usize, rgb: &Arc<[u8]>, area: Rect, buffer: &mut Buffer) {
        if rgb.len() != side * side * 3 {
            return;
        }
        let at = self.sent.iter().position(|sent| sent.rgb == *rgb);
        let at = at.unwrap_or_else(|| self.announce(rgb));
        let sent = &mut self.sent[at];
        let (id, size) = (sent.id, area.as_size());
        sent.shown = self.frame;
        let known = sent.sizes.iter().position(|it| *it == size);
        let place = known.unwrap_or(sent.sizes.len());
        let fresh = sent.sizes.is_empty();
        if known.is_none() {
            sent.sizes.push(size);
            let placed = format!("U=1,i={id},p={},c={},r={},q=2", place + 1, size.width, size.height);
            if fresh {
                self.transmit(&format!("a=T,{placed},f=24,s={side},v={side},o=z"), rgb);
            } else {
                self.tell(&format!("a=p,{placed}"), "");
            }
        }
        let [_, red, green, blue] = id.to_be_bytes();
        let [high, low] = (place as u16 + 1).to_be_bytes();
        fill(Color::Rgb(red, green, blue), Color::Rgb(0, high, low), area, buffer);
    }

    /// A place among those that are held, for a picture yet to be sent.
    fn announce(&mut self, rgb: &Arc<[u8]>) -> usize {
        self.last_id = self.last_id % IDS + 1;
        self.changed = true;
        self.sent.push(Sent { rgb: rgb.clone(), id: self.last_id, sizes: Vec::new(), shown: self.frame });
        self.sent.len() - 1
    }

    /// The end of a frame: what is to be written before its cells. Of the pictures that it does not show, those
    /// shown last are kept, `kept` in all.
    pub fn take(&mut self, kept: usize) -> Aside {
        while self.sent.len() > kept
            && let Some((at, oldest)) = self.sent.iter().enumerate().min_by_key(|(_, sent)| sent.shown)
            && oldest.shown < self.frame
        {
            self.tell(&delete(oldest.id), "");
            self.sent.remove(at);
            self.changed = true;
        }
        self.frame += 1;
        let mut aside = std::mem::take(&mut self.aside);
        if std::mem::take(&mut self.changed) {
            // All at once (d=A) would spare those that are shown by placeholders.
            let deletes = self.sent.iter().map(|sent| command(&delete(sent.id), "", self.tmux));
            aside.at_leaving = Some(deletes.collect::<String>().into_bytes());
        }
        aside
    }

    /// Deletes all, here and there.
    pub fn forget(&mut self) {
        self.changed |= !self.sent.is_empty();
        for sent in std::mem::take(&mut self.sent) {
            self.tell(&delete(sent.id), "");
        }
    }

    fn transmit(&mut self, keys: &str, rgb: &[u8]) {
        let packed = STANDARD.encode(packed(rgb));
        // Base64 is ASCII: any byte may be the first of a chunk.
        let mut rest = packed.as_str();
        let mut keys = format!("{keys},");
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(CHUNK.min(rest.len()));
            self.tell(&format!("{keys}m={}", u8::from(!after.is_empty())), chunk);
            (rest, keys) = (after, "q=2,".into());
        }
    }

    fn tell(&mut self, keys: &str, payload: &str) {
        self.aside.before.extend(command(keys, payload, self.tmux).bytes());
    }
}

/// The picture and its placements are forgotten.
fn delete(id: u32) -> String {
    format!("a=d,d=I,i={id},q=2")
}

/// A command; inside tmux it is handed through to the terminal around it.
fn command(keys: &str, payload: &str, tmux: bool) -> String {
    let semicolon = if payload.is_empty() { "" } else { ";" };
    let plain = format!("\x1b_G{keys}{semicolon}{payload}\x1b\\");
    if tmux { format!("\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")) } else { plain }
}

fn packed(rgb: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing to a vector cannot fail.
    let _ = encoder.write_all(rgb);
    encoder.finish().unwrap_or_default()
}

/// Placeholders: the picture is the colour of the letter, the placement that of the underline. The first of a
/// row says which row and column it is; those that follow go on from there.
fn fill(id: Color, place: Color, area: Rect, buffer: &mut Buffer) {
    let marks: Vec<char> = marks().collect();
    for (row, mark) in area.rows().zip(&marks) {
        for (position, column) in row.positions().zip(0..marks.len()) {
            let mut symbol = String::from(PLACEHOLDER);
            if column == 0 {
                symbol.extend([mark, &marks[0]]);
            }
            let cell = &mut buffer[position];
            cell.set_symbol(&symbol).set_fg(id).set_diff_option(ONE_CELL);
            cell.underline_color = place;
        }
    }
}

#[cfg(test)]
mod tests;
