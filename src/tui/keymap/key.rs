//! A key, its name, and the key of a name.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key, as it is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub(super) code: KeyCode,
    pub(super) ctrl: bool,
}

pub(super) const fn ch(c: char) -> Key {
    Key { code: KeyCode::Char(c), ctrl: false }
}
pub(super) const fn ctrl(c: char) -> Key {
    Key { code: KeyCode::Char(c), ctrl: true }
}
pub(super) const fn key(code: KeyCode) -> Key {
    Key { code, ctrl: false }
}

impl Key {
    /// Whether this key was pressed. Shift is part of a character already.
    pub fn is(self, event: &KeyEvent) -> bool {
        self.code == event.code
            && self.ctrl == event.modifiers.contains(KeyModifiers::CONTROL)
            && !event.modifiers.contains(KeyModifiers::ALT)
    }

    /// The name that is shown.
    pub fn name(self) -> String {
        let bare = match self.code {
            KeyCode::Char(c) if self.ctrl => c.to_ascii_uppercase().to_string(),
            KeyCode::Char(c) if c != ' ' => c.to_string(),
            KeyCode::F(n) => format!("F{n}"),
            code => {
                let named = NAMED.iter().find(|(_, known)| *known == code);
                named.map_or_else(|| code.to_string(), |(name, _)| (*name).to_owned())
            }
        };
        if self.ctrl { format!("Ctrl-{bare}") } else { bare }
    }
}

impl std::str::FromStr for Key {
    type Err = String;

    /// A key by its name, as [`Key::name`] tells it: `p`, `Space`, `Ctrl-U`, `F5`, `S-Tab`, `Up`.
    fn from_str(name: &str) -> Result<Self, String> {
        if let Some(letter) = name.strip_prefix("Ctrl-") {
            let mut letters = letter.chars();
            return match (letters.next(), letters.next()) {
                (Some(c), None) => Ok(ctrl(c.to_ascii_lowercase())),
                _ => Err(format!("“{name}”: behind Ctrl- stands one letter")),
            };
        }
        let known = NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, code)| *code);
        let number = name.strip_prefix('F').and_then(|n| n.parse().ok()).filter(|n| (1..=12).contains(n));
        let mut letters = name.chars();
        match (known, number, letters.next(), letters.next()) {
            (Some(code), ..) => Ok(key(code)),
            (_, Some(n), ..) => Ok(key(KeyCode::F(n))),
            (_, _, Some(c), None) if !c.is_control() => Ok(ch(c)),
            _ => Err(format!(
                "“{name}” is no key; keys are letters, Ctrl-U, F5, Space, Enter, Esc, Up, PageUp …"
            )),
        }
    }
}

/// Keys that have names.
const NAMED: &[(&str, KeyCode)] = &[
    ("Space", KeyCode::Char(' ')),
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("S-Tab", KeyCode::BackTab),
    ("Backspace", KeyCode::Backspace),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Insert", KeyCode::Insert),
    ("Delete", KeyCode::Delete),
    ("↑", KeyCode::Up),
    ("↓", KeyCode::Down),
    ("←", KeyCode::Left),
    ("→", KeyCode::Right),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
];
