//! Foreign text made fit for a terminal and a log: file names, class names, other people's errors.
//!
//! What could move the cursor, change a colour, set the clipboard, reorder or hide what is on the
//! screen is written as an escape; everything else stays as it is.

use std::{ffi::OsStr, fmt::Write};
use unicode_width::UnicodeWidthChar;

/// So many marks may sit on one letter. Vietnamese and Hebrew need three; a thousand is an attack.
const MARKS: usize = 4;

/// `text` without anything that a terminal would obey: control characters (C0, DEL, C1), line and
/// paragraph separators, the bidirectional controls, invisible tags and surplus combining marks.
///
/// ```
/// assert_eq!(looc::text::printable("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
/// assert_eq!(looc::text::printable("Löwe 獅子 🦁"), "Löwe 獅子 🦁");
/// ```
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    for c in text.chars() {
        if obeyed(c) {
            out.extend(c.escape_default());
            marks = 0;
        } else if c.width() == Some(0) {
            marks += 1;
            if marks <= MARKS {
                out.push(c);
            }
        } else {
            out.push(c);
            marks = 0;
        }
    }
    out
}

/// A file's name for people; bytes that are not UTF-8 come out as `\xff`.
pub fn printable_name(name: &OsStr) -> String {
    let mut out = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        out.push_str(&printable(chunk.valid()));
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// Whether a terminal, or the reading order, would obey this character.
fn obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' // letter mark, zero-width space, LRM, RLM
            | '\u{2028}'..='\u{202e}' // separators, embeddings and overrides
            | '\u{2060}'..='\u{206f}' // invisible operators, isolates, deprecated formats
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' // byte order mark, interlinear annotation
            | '\u{e0000}'..='\u{e007f}') // tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        for c in (0..=0x10ffff).filter_map(char::from_u32).filter(|c| obeyed(*c)) {
            assert!(!printable(&format!("x{c}y")).contains(c), "{:x}", c as u32);
        }
        assert_eq!(printable("\u{9b}2J\u{202e}fdp.exe\u{7f}"), "\\u{9b}2J\\u{202e}fdp.exe\\u{7f}");
        assert_eq!(printable("\x1b]52;c;aGk=\x07"), "\\u{1b}]52;c;aGk=\\u{7}");
    }

    #[test]
    fn a_thousand_marks_become_a_few_and_honest_ones_stay() {
        let zalgo = format!("a{}b", "\u{301}".repeat(1000));
        assert_eq!(printable(&zalgo).chars().count(), 2 + MARKS);
        assert_eq!(printable("Tiê\u{301}ng"), "Tiê\u{301}ng");
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_utf8_are_shown_escaped() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(printable_name(OsStr::from_bytes(b"cat\xff.png\x1b")), "cat\\xff.png\\u{1b}");
    }
}
