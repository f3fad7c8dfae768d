//! Text from elsewhere (file names, class names, errors) for the screen: [`crate::text`], in lines.

use crate::text::printable;

/// At most so many characters of one text are kept.
const LONGEST: usize = 4_000;

/// `text` without anything that could steer the terminal; line breaks stay.
pub fn plain(text: &str) -> String {
    let text: String = text.chars().take(LONGEST).map(|c| if c == '\t' { ' ' } else { c }).collect();
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// The same in one line.
pub fn plain_line(text: &str) -> String {
    plain(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_and_nothing_that_steers_a_terminal() {
        let safe = plain("a\tb\x1b]52;c;x\x07\n\u{202e}c\r");
        assert!(!safe.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}'), "{safe:?}");
        assert!(safe.starts_with("a b") && safe.lines().count() == 2, "{safe:?}");
        assert!(!plain_line("a\nb").contains('\n'));
        assert_eq!(plain(&"x".repeat(LONGEST + 1)).len(), LONGEST);
    }
}
