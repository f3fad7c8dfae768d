//! What is typed, byte by byte.

use super::{
    Event,
    decode::{Decoder, Unfinished},
    paste::LONGEST,
};
use crossterm::event::{KeyCode, KeyModifiers as Mods, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;

/// All of it, and then silence.
fn heard(bytes: &[u8]) -> Vec<Event> {
    let mut decoder = Decoder::default();
    let mut events = decoder.take(bytes);
    events.extend(decoder.end());
    events
}

fn keys(bytes: impl AsRef<[u8]>) -> Vec<(KeyCode, Mods)> {
    let key = |event| match event {
        Event::Key(key) => (key.code, key.modifiers),
        other => panic!("{other:?}"),
    };
    heard(bytes.as_ref()).into_iter().map(key).collect()
}

fn one(bytes: impl AsRef<[u8]>) -> (KeyCode, Mods) {
    let keys = keys(&bytes);
    assert_eq!(keys.len(), 1, "{:?}: {keys:?}", bytes.as_ref().escape_ascii().to_string());
    keys[0]
}

#[test]
fn characters_and_control_characters() {
    let chars: Vec<KeyCode> = keys("aA é獅🦁").into_iter().map(|it| it.0).collect();
    assert_eq!(chars, "aA é獅🦁".chars().map(KeyCode::Char).collect::<Vec<_>>());
    for (bytes, code) in [("\r", KeyCode::Enter), ("\n", KeyCode::Enter), ("\t", KeyCode::Tab)] {
        assert_eq!(one(bytes), (code, Mods::NONE));
    }
    assert_eq!([one("\x7f"), one("\x08")], [(KeyCode::Backspace, Mods::NONE); 2]);
    for (bytes, c) in [("\x03", 'c'), ("\x1a", 'z'), ("\0", ' '), ("\x1c", '4'), ("\x1f", '7')] {
        assert_eq!(one(bytes), (KeyCode::Char(c), Mods::CONTROL));
    }
    assert_eq!(keys(b"\xffa\xe7\x8d\xe7\x8d\x85b\x9b2"), keys("a獅b2"), "what is no UTF-8 is no key");
}

#[test]
fn an_escape_is_a_key_or_alt_or_a_beginning() {
    assert_eq!(one("\x1b"), (KeyCode::Esc, Mods::NONE));
    let mut decoder = Decoder::default();
    assert!(decoder.take(b"\x1b").is_empty() && decoder.unfinished() == Some(Unfinished::Escape));
    assert_eq!(decoder.take(b"[").len() + decoder.take(b"A").len(), 1);
    assert_eq!(decoder.unfinished(), None);
    for (bytes, code) in [
        ("\x1bx", KeyCode::Char('x')),
        ("\x1b ", KeyCode::Char(' ')),
        ("\x1bé", KeyCode::Char('é')),
        ("\x1b\r", KeyCode::Enter),
        ("\x1b\x7f", KeyCode::Backspace),
    ] {
        assert_eq!(keys(format!("{bytes}q")), [(code, Mods::ALT), (KeyCode::Char('q'), Mods::NONE)]);
    }
    assert_eq!(one("\x1b\x03"), (KeyCode::Char('c'), Mods::ALT | Mods::CONTROL));
    assert_eq!(
        keys("\x1b\x1b[A\x1b"),
        [KeyCode::Esc, KeyCode::Up, KeyCode::Esc].map(|code| (code, Mods::NONE))
    );
}

#[test]
fn keys_that_are_sequences() {
    let named = [
        ("A", KeyCode::Up),
        ("B", KeyCode::Down),
        ("C", KeyCode::Right),
        ("D", KeyCode::Left),
        ("H", KeyCode::Home),
        ("F", KeyCode::End),
        ("P", KeyCode::F(1)),
        ("S", KeyCode::F(4)),
    ];
    for (letter, code) in named {
        assert_eq!(one(format!("\x1b[{letter}")), (code, Mods::NONE));
        assert_eq!(one(format!("\x1bO{letter}")), (code, Mods::NONE));
        assert_eq!(one(format!("\x1b[1;5{letter}")), (code, Mods::CONTROL));
        assert_eq!(one(format!("\x1b[1;4{letter}")), (code, Mods::SHIFT | Mods::ALT));
    }
    let numbered = [(1, KeyCode::Home), (2, KeyCode::Insert), (3, KeyCode::Delete), (4, KeyCode::End)];
    let numbered = numbered.into_iter().chain([(5, KeyCode::PageUp), (6, KeyCode::PageDown)]);
    let functions = [11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24].into_iter().zip(1..);
    for (number, code) in numbered.chain(functions.map(|(number, f)| (number, KeyCode::F(f)))) {
        assert_eq!(one(format!("\x1b[{number}~")), (code, Mods::NONE));
        assert_eq!(one(format!("\x1b[{number};2~")), (code, Mods::SHIFT));
    }
    assert_eq!(one("\x1b[Z").0, KeyCode::BackTab);
    assert_eq!(one("\x1bOM").0, KeyCode::Enter);
    assert_eq!(one("\x1b[[B").0, KeyCode::F(2));
    assert_eq!(keys("\x1b[\x03A"), [(KeyCode::Char('c'), Mods::CONTROL), (KeyCode::Up, Mods::NONE)]);
}

#[test]
fn keys_of_kittys_protocol_and_of_xterms() {
    assert_eq!(one("\x1b[99;5u"), (KeyCode::Char('c'), Mods::CONTROL));
    assert_eq!(one("\x1b[27;5;99~"), (KeyCode::Char('c'), Mods::CONTROL));
    assert_eq!(one("\x1b[97;2u"), (KeyCode::Char('A'), Mods::SHIFT));
    assert_eq!(one("\x1b[9;2u"), (KeyCode::BackTab, Mods::SHIFT));
    assert_eq!(one("\x1b[27u"), (KeyCode::Esc, Mods::NONE));
    assert_eq!(keys("\x1b[97;1:3u\x1b[1;1:3A\x1b[57441u"), [], "releases, and Shift alone");
}

#[test]
fn answers_and_the_focus_are_no_keys() {
    let late = "\x1b[I\x1b[O\x1b[?62;4c\x1b[6;20;10t\x1b[24;80R\x1b[?1;2$y\x1b[201~\x1b[1;2;3;4;5;6z\
                \x1bP>|foot(1.2)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b]11;rgb:0/0/0\x07\x1b]4;q\x1b\\";
    assert_eq!(keys(late), []);
    assert_eq!(one(format!("{late}q")), (KeyCode::Char('q'), Mods::NONE));
    assert_eq!(keys("\x1b]11;rgb\x1b[A"), [(KeyCode::Up, Mods::NONE)], "a key ends one that was cut off");
    let many = format!("\x1b[{}A", "1;".repeat(100));
    assert_eq!(keys(many), []);
}

#[test]
fn the_mouse() {
    let mouse = |bytes: &str| match &heard(bytes.as_bytes())[..] {
        [Event::Mouse(event)] => *event,
        other => panic!("{other:?}"),
    };
    let at = |kind, modifiers| MouseEvent { kind, column: 9, row: 4, modifiers };
    use MouseButton::*;
    for (report, last, kind) in [
        (0, 'M', MouseEventKind::Down(Left)),
        (1, 'M', MouseEventKind::Down(Middle)),
        (2, 'm', MouseEventKind::Up(Right)),
        (32, 'M', MouseEventKind::Drag(Left)),
        (35, 'M', MouseEventKind::Moved),
        (64, 'M', MouseEventKind::ScrollUp),
        (65, 'M', MouseEventKind::ScrollDown),
        (66, 'M', MouseEventKind::ScrollLeft),
        (67, 'M', MouseEventKind::ScrollRight),
    ] {
        assert_eq!(mouse(&format!("\x1b[<{report};10;5{last}")), at(kind, Mods::NONE));
    }
    let all = Mods::SHIFT | Mods::ALT | Mods::CONTROL;
    assert_eq!(mouse("\x1b[<28;10;5M"), at(MouseEventKind::Down(Left), all));
    let corner = mouse("\x1b[<0;0;1M");
    assert_eq!((corner.column, corner.row), (0, 0));
    assert_eq!(heard(b"\x1b[<128;1;1M\x1b[<3;1;1M"), [], "buttons that nobody knows");
}

#[test]
fn a_paste_is_text_up_to_its_end() {
    let paste = |text: &str| Event::Paste(text.to_owned());
    assert_eq!(heard(b"\x1b[200~0.5\r\x1b[A\x1b[20\x1b\x1b[201~"), [paste("0.5\r\x1b[A\x1b[20\x1b")]);
    let q = || Event::Key(KeyCode::Char('q').into());
    assert_eq!(heard(b"\x1b[200~\x1b[201~q"), [paste(""), q()]);
    let mut decoder = Decoder::default();
    assert_eq!(decoder.take(b"\x1b[200~never closed\x1b[20"), []);
    assert_eq!(decoder.unfinished(), Some(Unfinished::Other));
    assert_eq!(decoder.end(), [paste("never closed")]);
    assert_eq!(decoder.take(b"q"), [q()]);
}

#[test]
fn of_a_long_paste_the_beginning_is_kept() {
    let mut decoder = Decoder::default();
    decoder.take(b"\x1b[200~a");
    let block = "é".repeat(1 << 19);
    for _ in 0..10 {
        assert_eq!(decoder.take(block.as_bytes()), []);
        assert!((LONGEST..=2 * LONGEST).contains(&decoder.size()), "{} bytes", decoder.size());
    }
    let events = decoder.take(b"\x1b[201~q");
    let [Event::Paste(text), Event::Key(_)] = &events[..] else { panic!("{} events", events.len()) };
    assert_eq!(*text, format!("a{}", "é".repeat((LONGEST - 1) / 2)), "and no half character");
}

/// Bytes as a terminal might send them, whole, broken, or in no sense.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces = vec![
        "\x1b",
        "\x1b[",
        "\x1b[200~",
        "\x1b[201~",
        "\x1b]",
        "\x1bP",
        "\x1b\\",
        "\x07",
        "\x1bO",
        "\x1b[<",
        "0;5;",
        "M",
        "m",
        "~",
        "u",
        "A",
        "é",
        "🦁",
        "q",
        "\x18",
        "\x03",
        "1:3",
        "[",
        "99999999999",
        ";;;;",
    ];
    let piece = prop_oneof![
        4 => prop::sample::select(pieces).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..6),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_mean_the_same_however_they_are_split(
        bytes in bytes(),
        lengths in prop::collection::vec(1usize..9, 1..20),
    ) {
        let whole = heard(&bytes);
        prop_assert!(whole.len() <= bytes.len());
        let (mut decoder, mut events, mut rest) = (Decoder::default(), Vec::new(), &bytes[..]);
        for length in lengths.iter().cycle() {
            let (read, after) = rest.split_at(rest.len().min(*length));
            events.extend(decoder.take(read));
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        events.extend(decoder.end());
        prop_assert_eq!(&events, &whole);
    }

    #[test]
    fn after_silence_a_key_is_a_key_again(bytes in bytes()) {
        let mut decoder = Decoder::default();
        decoder.take(&bytes);
        decoder.end();
        prop_assert_eq!(decoder.unfinished(), None);
        prop_assert_eq!(decoder.take(b"q"), [Event::Key(KeyCode::Char('q').into())]);
    }
}
