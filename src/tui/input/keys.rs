//! What characters and control sequences mean as keys and as the mouse.
//!
//! Sequences as in xterm's `ctlseqs`, with the modifiers of xterm and of Kitty's keyboard protocol.

use super::Event;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use vte::Params;

/// What a control sequence says.
pub enum Meaning {
    Event(Event),
    /// Bracketed paste begins.
    Paste,
    /// The next character names a key of Linux's console.
    Console,
    /// An answer, the focus, or what nobody knows.
    Nothing,
}

/// A character, also a control character, as a key.
pub fn key(c: char) -> KeyEvent {
    let ctrl = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
    match c {
        '\x1b' => KeyCode::Esc.into(),
        '\r' | '\n' => KeyCode::Enter.into(),
        '\t' => KeyCode::Tab.into(),
        '\x7f' | '\x08' => KeyCode::Backspace.into(),
        '\0' => ctrl(' '),
        '\x01'..='\x1a' => ctrl(char::from(c as u8 + b'a' - 1)),
        '\x1c'..='\x1f' => ctrl(char::from(c as u8 + b'4' - 0x1c)),
        c => KeyCode::Char(c).into(),
    }
}

/// The key that `SS3 letter` is: Enter of the numbers' block, or as in a sequence.
pub fn single(c: char) -> Option<KeyCode> {
    if c == 'M' { Some(KeyCode::Enter) } else { letter(c) }
}

/// The last letter of `CSI 1 ; modifiers letter`.
fn letter(c: char) -> Option<KeyCode> {
    Some(match c {
        'A' => KeyCode::Up,
        'B' => KeyCode::Down,
        'C' => KeyCode::Right,
        'D' => KeyCode::Left,
        'F' => KeyCode::End,
        'H' => KeyCode::Home,
        'P'..='S' => KeyCode::F(c as u8 - b'P' + 1),
        'Z' => KeyCode::BackTab,
        _ => return None,
    })
}

/// The key of Linux's console that `CSI [ letter` is.
pub fn console(c: char) -> Option<KeyCode> {
    ('A'..='E').contains(&c).then(|| KeyCode::F(c as u8 - b'A' + 1))
}

/// A whole control sequence.
pub fn sequence(params: &Params, intermediates: &[u8], last: char) -> Meaning {
    let number = |at| params.iter().nth(at).and_then(|it| it.first().copied()).unwrap_or(0);
    let key = match (intermediates, last) {
        ([], '~') if number(0) == 200 => return Meaning::Paste,
        ([], '[') => return Meaning::Console,
        ([b'<'], 'M' | 'm') => {
            let event = mouse(number(0), number(1), number(2), last == 'm');
            return event.map_or(Meaning::Nothing, |event| Meaning::Event(Event::Mouse(event)));
        }
        // The third kind of event is a release.
        ([], _) if params.iter().nth(1).is_some_and(|it| it.get(1) == Some(&3)) => None,
        ([], '~') if number(0) == 27 => character(number(2)),
        ([], '~') => numbered(number(0)).map(KeyEvent::from),
        ([], 'u') => character(number(0)),
        // Another first number is an answer, such as where the cursor is.
        ([], _) if number(0) <= 1 => letter(last).map(KeyEvent::from),
        _ => None,
    };
    let key = key.map(|key| with(key, modifiers(number(1))));
    key.map_or(Meaning::Nothing, |key| Meaning::Event(Event::Key(key)))
}

/// `CSI number ~`.
fn numbered(number: u16) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number as u8 - 10),
        17..=21 => KeyCode::F(number as u8 - 11),
        23 | 24 => KeyCode::F(number as u8 - 12),
        _ => return None,
    })
}

/// A key that is sent by its character's number. Kitty's numbers of keys without a character are left out,
/// and with them all that is for private use.
fn character(number: u16) -> Option<KeyEvent> {
    let c = char::from_u32(number.into())?;
    (!matches!(c, '\0' | '\u{e000}'..='\u{f8ff}' | '\u{ffff}')).then(|| key(c))
}

/// xterm's modifiers: one more than their bits.
fn modifiers(number: u16) -> KeyModifiers {
    let bits = number.saturating_sub(1);
    [KeyModifiers::SHIFT, KeyModifiers::ALT, KeyModifiers::CONTROL, KeyModifiers::SUPER]
        .into_iter()
        .enumerate()
        .filter_map(|(at, it)| (bits >> at & 1 == 1).then_some(it))
        .collect()
}

/// A key with modifiers; what Shift makes of it is another key.
fn with(key: KeyEvent, modifiers: KeyModifiers) -> KeyEvent {
    let code = match key.code {
        KeyCode::Tab if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        KeyCode::Char(c) if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::Char(c.to_ascii_uppercase()),
        code => code,
    };
    KeyEvent::new(code, key.modifiers | modifiers)
}

/// An SGR report. Columns and rows are counted from 1 there.
fn mouse(report: u16, column: u16, row: u16, released: bool) -> Option<MouseEvent> {
    let button = |number| match number {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        _ => None,
    };
    let moves = report & 32 != 0;
    let kind = match report & !0b11_1100 {
        64 => MouseEventKind::ScrollUp,
        65 => MouseEventKind::ScrollDown,
        66 => MouseEventKind::ScrollLeft,
        67 => MouseEventKind::ScrollRight,
        3 if moves => MouseEventKind::Moved,
        number if released => MouseEventKind::Up(button(number)?),
        number if moves => MouseEventKind::Drag(button(number)?),
        number => MouseEventKind::Down(button(number)?),
    };
    let modifiers = [(4, KeyModifiers::SHIFT), (8, KeyModifiers::ALT), (16, KeyModifiers::CONTROL)]
        .into_iter()
        .filter_map(|(bit, it)| (report & bit != 0).then_some(it))
        .collect();
    Some(MouseEvent { kind, column: column.saturating_sub(1), row: row.saturating_sub(1), modifiers })
}
