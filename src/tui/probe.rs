//! What the terminal can show, asked of itself once, before keys are read.
//!
//! `TERM_PROGRAM` is not forwarded over SSH, so the terminal is asked: for Kitty's graphics, its name
//! (XTVERSION), the size of a cell, the colour of its ground, and — last, because every terminal answers it — its
//! attributes.

use super::{
    input::{self, Event},
    pictures::Images,
    theme::{Depth, Ground},
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    io::{self, Write},
    os::fd::AsFd,
    time::{Duration, Instant},
};

/// A terminal that does not answer within this shows half blocks.
const PATIENCE: Duration = Duration::from_millis(150);
/// One that has answered once will answer again, if not as soon.
const MORE_PATIENCE: Duration = Duration::from_secs(1);
/// Cell size; primary attributes. Every terminal that knows neither shows nothing of them.
const FIRST: &[u8] = b"\x1b[16t\x1b[c";
/// Kitty graphics: may a 1×1 image be sent? XTVERSION. The colour of the ground (OSC 11). Primary attributes once
/// more. A terminal that does not know these might show them: only who has answered the first is asked.
const SECOND: &[u8] = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>0q\x1b]11;?\x1b\\\x1b[c";
/// More is no answer to these questions.
const LONGEST: usize = 4096;

/// What was found out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// Kitty's graphics protocol is spoken.
    pub kitty: bool,
    /// Sixel graphics are.
    pub sixel: bool,
    /// Name and version, as the terminal calls itself.
    pub name: Option<String>,
    /// Pixels of a cell: width, height.
    pub cell: Option<(u16, u16)>,
    /// What it draws on.
    pub ground: Option<Ground>,
    /// What was typed meanwhile.
    pub typed: Vec<Event>,
}

impl Answers {
    /// The best way to show images; tmux lets none of the graphics through by itself.
    pub fn images(&self, tmux: bool) -> Images {
        let named = |names: &[&str]| {
            self.name.as_ref().is_some_and(|name| names.iter().any(|known| name.starts_with(known)))
        };
        match self {
            _ if tmux || self.cell.is_none() => Images::Half,
            // They speak Kitty's protocol, but not its placeholders.
            _ if named(&["WezTerm", "iTerm2"]) => Images::Iterm2,
            Self { kitty: true, .. } if !named(&["Konsole"]) => Images::Kitty,
            Self { sixel: true, .. } if !named(&["Konsole"]) => Images::Sixel,
            _ => Images::Half,
        }
    }

    /// The depth of colour, refined by the name.
    pub fn depth(&self, depth: Depth) -> Depth {
        self.name.as_ref().map_or(depth, |name| depth.of_version(name))
    }
}

/// Asks. The terminal must be in raw mode, and nobody else may read from it.
///
/// # Errors
/// If the terminal cannot be written to or read from.
pub fn ask() -> io::Result<Answers> {
    let first = exchange(FIRST, PATIENCE)?;
    if attributes(&first).is_none() {
        return Ok(parse(&first));
    }
    let second = exchange(SECOND, MORE_PATIENCE)?;
    Ok(parse(&(first + &second)))
}

/// Asks, and hears the answers until the primary attributes are among them.
fn exchange(questions: &[u8], patience: Duration) -> io::Result<String> {
    let mut out = io::stdout().lock();
    out.write_all(questions)?;
    out.flush()?;
    let (input, since) = (io::stdin(), Instant::now());
    let mut heard = Vec::new();
    while heard.len() < LONGEST && !complete(&heard) {
        let left = patience.saturating_sub(since.elapsed());
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        let mut ready = [PollFd::from_borrowed_fd(input.as_fd(), PollFlags::IN)];
        match poll(&mut ready, Some(&left)) {
            Ok(0) => break,
            Ok(_) if ready[0].revents().contains(PollFlags::IN) => {
                let mut block = [0; 256];
                let count = rustix::io::read(input.as_fd(), &mut block)?;
                heard.extend_from_slice(&block[..count]);
                if count == 0 {
                    break;
                }
            }
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(String::from_utf8_lossy(&heard).into_owned())
}

/// Whether the primary attributes have come: `CSI ? … c`.
fn complete(heard: &[u8]) -> bool {
    attributes(&String::from_utf8_lossy(heard)).is_some()
}

fn attributes(heard: &str) -> Option<&str> {
    let (_, rest) = heard.split_once("\x1b[?")?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    rest[end..].starts_with('c').then_some(&rest[..end])
}

fn parse(heard: &str) -> Answers {
    let between = |start: &str, end: &str| {
        let (_, rest) = heard.split_once(start)?;
        rest.split_once(end).map(|(text, _)| text.to_owned())
    };
    let size = between("\x1b[6;", "t").and_then(|text| {
        let (height, width) = text.split_once(';')?;
        Some((width.parse().ok()?, height.parse().ok()?))
    });
    let ground = heard.split_once("\x1b]11;").and_then(|(_, rest)| {
        let end = rest.find(['\x07', '\x1b'])?;
        Ground::of_answer(&rest[..end])
    });
    Answers {
        kitty: between("\x1b_Gi=31;", "\x1b\\").is_some_and(|text| text == "OK"),
        sixel: attributes(heard).is_some_and(|text| text.split(';').any(|part| part == "4")),
        name: between("\x1bP>|", "\x1b\\").map(|name| crate::text::printable(&name)),
        cell: size.filter(|(width, height)| *width > 0 && *height > 0),
        ground,
        // What is an answer is no key.
        typed: input::decode(heard.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    #[test]
    fn kitty_answers_everything() {
        let answers = parse("\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.42.1)\x1b\\\x1b[6;20;10t\x1b[?62;52;c");
        let name = Some("kitty(0.42.1)".into());
        assert_eq!(answers, Answers { kitty: true, name, cell: Some((10, 20)), ..Answers::default() });
        assert_eq!(answers.images(false), Images::Kitty);
        assert_eq!(answers.images(true), Images::Half);
        assert_eq!(answers.depth(Depth::Indexed), Depth::True);
    }

    #[test]
    fn the_ground_is_told_and_is_no_key() {
        let light = parse("\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;4c");
        assert_eq!((light.ground, light.typed), (Some(Ground::Light), vec![]));
        let dark = parse("k\x1b]11;rgb:1c/1c/1c\x07j\x1b[?62;4c");
        let keys = ['k', 'j'].map(|c| Event::Key(KeyCode::Char(c).into()));
        assert_eq!((dark.ground, dark.typed), (Some(Ground::Dark), keys.to_vec()));
        for broken in ["\x1b]11;rgb:ff", "\x1b]11;?\x07", "\x1b[?6c"] {
            assert_eq!((parse(broken).ground, parse(broken).typed), (None, vec![]));
        }
    }

    #[test]
    fn xterm_with_sixel_iterm_and_a_silent_terminal() {
        let xterm = parse("\x1bP>|XTerm(370)\x1b\\\x1b[6;16;8t\x1b[?63;1;2;4;6;22c");
        assert_eq!(xterm.images(false), Images::Sixel);
        let iterm = parse("\x1bP>|iTerm2 3.5.0\x1b\\\x1b[6;16;8t\x1b[?62;4c");
        assert_eq!(iterm.images(false), Images::Iterm2);
        assert_eq!(parse("").images(false), Images::Half);
        let typed = parse("j\x1b[6;16;8t\x1b[A\x03\x1bP>|foot o o\x1b\\\x1b[?62;4cq\x1b").typed;
        let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        let keys = [
            KeyCode::Char('j').into(),
            KeyCode::Up.into(),
            ctrl_c,
            KeyCode::Char('q').into(),
            KeyCode::Esc.into(),
        ];
        assert_eq!(typed, keys.map(Event::Key));
        assert!(!complete(b"\x1b[?62;4") && complete(b"x\x1b[?6c"));
    }
}
