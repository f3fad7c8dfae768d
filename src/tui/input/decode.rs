//! From the bytes that a terminal sends to what was typed, without a clock and without a terminal.
//!
//! `vte` reads characters and control sequences. It is made for what programs send. What terminals send
//! differs behind an escape, which may be a key of its own or stand for Alt: that, strings and pastes are
//! told apart here. The bytes are taken one by one, so it makes no difference how they were split.

use super::{
    Event,
    keys::{self, Meaning},
    paste::Paste,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use vte::{Params, Parser, Perform};

const ESC: u8 = 0x1b;

/// Makes events of bytes.
#[derive(Default)]
pub struct Decoder {
    parser: Parser,
    begun: Begun,
    heard: Heard,
}

/// What the last bytes have begun.
#[derive(Default)]
enum Begun {
    #[default]
    Nothing,
    /// The key, Alt, or the first byte of anything else.
    Escape,
    /// CSI, up to a final byte.
    Sequence,
    /// SS3: one character.
    Single,
    /// A sequence after which the next character is a key of Linux's console.
    Console,
    /// DCS, OSC, APC, PM or SOS: late answers, up to their end.
    Answer,
    /// The same, and an escape, which ends it.
    AnswerEscape,
    Paste(Paste),
}

/// What is unfinished, and may remain so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// An escape, which is a key if nothing follows.
    Escape,
    /// Anything else.
    Other,
}

impl Decoder {
    /// What these bytes complete.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Event> {
        for byte in bytes {
            self.byte(*byte);
        }
        std::mem::take(&mut self.heard.events)
    }

    /// Whether the last bytes have begun something.
    pub fn unfinished(&self) -> Option<Unfinished> {
        match self.begun {
            Begun::Nothing => None,
            Begun::Escape => Some(Unfinished::Escape),
            _ => Some(Unfinished::Other),
        }
    }

    /// Nothing more comes: an escape was the key, a paste is what there is of it, all else is given up.
    pub fn end(&mut self) -> Vec<Event> {
        match std::mem::take(&mut self.begun) {
            Begun::Escape => self.heard.key(KeyCode::Esc.into()),
            Begun::Paste(paste) => self.heard.events.push(Event::Paste(paste.text())),
            _ => {}
        }
        self.parser = Parser::default();
        self.heard.alt = false;
        std::mem::take(&mut self.heard.events)
    }

    /// Bytes that it keeps of a paste.
    #[cfg(test)]
    pub fn size(&self) -> usize {
        if let Begun::Paste(paste) = &self.begun { paste.size() } else { 0 }
    }

    fn byte(&mut self, byte: u8) {
        self.begun = match std::mem::take(&mut self.begun) {
            Begun::Paste(mut paste) => {
                if paste.take(byte) {
                    self.heard.events.push(Event::Paste(paste.text()));
                    Begun::Nothing
                } else {
                    Begun::Paste(paste)
                }
            }
            Begun::Answer => match byte {
                ESC => Begun::AnswerEscape,
                // BEL, CAN, SUB.
                0x07 | 0x18 | 0x1a => Begun::Nothing,
                _ => Begun::Answer,
            },
            Begun::AnswerEscape if byte == b'\\' => Begun::Nothing,
            Begun::AnswerEscape if byte == ESC => Begun::Escape,
            Begun::Escape if byte == ESC => {
                self.heard.key(KeyCode::Esc.into());
                Begun::Escape
            }
            Begun::Escape | Begun::AnswerEscape => self.escaped(byte),
            _ if byte == ESC => {
                // Whatever was unfinished is given up.
                self.parser = Parser::default();
                self.heard.alt = false;
                Begun::Escape
            }
            Begun::Single => self.named(keys::single(byte.into())),
            Begun::Console => self.named(keys::console(byte.into())),
            Begun::Sequence => {
                self.parser.advance(&mut self.heard, &[byte]);
                match byte {
                    0x40..=0x7e => std::mem::take(&mut self.heard.begins),
                    0x18 | 0x1a => Begun::Nothing,
                    _ => Begun::Sequence,
                }
            }
            Begun::Nothing => {
                self.parser.advance(&mut self.heard, &[byte]);
                Begun::Nothing
            }
        };
    }

    /// The last character of a key of few.
    fn named(&mut self, code: Option<KeyCode>) -> Begun {
        if let Some(code) = code {
            self.heard.key(code.into());
        }
        Begun::Nothing
    }

    /// A byte behind an escape that is none.
    fn escaped(&mut self, byte: u8) -> Begun {
        match byte {
            b'[' => {
                self.parser.advance(&mut self.heard, &[ESC, byte]);
                Begun::Sequence
            }
            b'O' => Begun::Single,
            b'P' | b']' | b'_' | b'^' | b'X' => Begun::Answer,
            _ => {
                self.heard.alt = true;
                self.parser.advance(&mut self.heard, &[byte]);
                Begun::Nothing
            }
        }
    }
}

/// What `vte` has made of the bytes.
#[derive(Default)]
struct Heard {
    events: Vec<Event>,
    /// The next character is pressed with Alt.
    alt: bool,
    /// What the sequence that has ended begins.
    begins: Begun,
}

impl Heard {
    fn key(&mut self, key: KeyEvent) {
        self.events.push(Event::Key(key));
    }

    fn character(&mut self, c: char) {
        let mut key = keys::key(c);
        if std::mem::take(&mut self.alt) {
            key.modifiers |= KeyModifiers::ALT;
        }
        self.key(key);
    }
}

impl Perform for Heard {
    fn print(&mut self, c: char) {
        // Bytes that are no UTF-8 are no key.
        if c == char::REPLACEMENT_CHARACTER {
            self.alt = false;
        } else {
            self.character(c);
        }
    }

    fn execute(&mut self, byte: u8) {
        // C1 controls are not typed.
        if byte.is_ascii() {
            self.character(byte.into());
        } else {
            self.alt = false;
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], too_long: bool, last: char) {
        if too_long {
            return;
        }
        match keys::sequence(params, intermediates, last) {
            Meaning::Event(event) => self.events.push(event),
            Meaning::Paste => self.begins = Begun::Paste(Paste::default()),
            Meaning::Console => self.begins = Begun::Console,
            Meaning::Nothing => {}
        }
    }
}
