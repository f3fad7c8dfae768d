//! Text from elsewhere (file names, class names, errors), made safe for a terminal.

/// At most so many characters of one text are kept.
const LONGEST: usize = 4_000;

/// `text` without anything that could steer the terminal or reorder the line: control characters
/// but the line break, escape sequences' first bytes (C0 and C1), bidirectional overrides,
/// invisible characters; and with at most one combining mark after another.
pub fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len().min(LONGEST));
    let mut marks = 0;
    for c in text.chars().take(LONGEST) {
        marks = if is_mark(c) { marks + 1 } else { 0 };
        match c {
            '\n' => safe.push('\n'),
            '\t' => safe.push(' '),
            c if c.is_control() || is_invisible(c) => safe.push('\u{fffd}'),
            _ if marks > 2 => {}
            c => safe.push(c),
        }
    }
    safe
}

/// The first line of [`plain`] text.
pub fn plain_line(text: &str) -> String {
    plain(text).replace('\n', " ")
}

fn is_mark(c: char) -> bool {
    unicode_width::UnicodeWidthChar::width(c) == Some(0) && !c.is_control()
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{61c}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn nothing_that_steers_a_terminal_remains() {
        let nasty = "a\x1b]52;c;x\x07b\u{9b}31m\u{202e}c\r";
        let safe = plain(nasty);
        assert!(!safe.chars().any(|c| c.is_control() || c == '\u{202e}'), "{safe:?}");
        assert!(safe.starts_with('a') && safe.contains('b'));
        let stacked = format!("e{}", "\u{301}".repeat(1000));
        assert!(plain(&stacked).chars().count() <= 3);
    }
}
