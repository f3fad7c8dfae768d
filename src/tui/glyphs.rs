//! Which characters the terminal can show. Where it has only ASCII, a last pass over every frame puts letters in
//! the place of lines, dots and blocks; no pane knows of it.

use super::pictures::PLACEHOLDER;
use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

/// The characters of a screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    #[default]
    Unicode,
    Ascii,
}

/// What stands for a character that has no likeness.
const UNKNOWN: char = '?';

impl Glyphs {
    /// From the environment. A locale that is not set says nothing: over SSH and in containers it is often not
    /// set while the terminal has Unicode.
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Self {
        let term = variable("TERM").unwrap_or_default();
        let old = ["vt52", "vt100", "vt102", "vt220", "vt320", "vt420", "ansi"];
        if old.contains(&term.split('-').next().unwrap_or_default()) {
            return Self::Ascii;
        }
        let charset = locale(variable).and_then(|(_, value)| {
            let (_, charset) = value.split_once('.')?;
            charset.split('@').next().map(str::to_lowercase)
        });
        match charset.as_deref() {
            None | Some("utf-8" | "utf8") => Self::Unicode,
            Some(_) => Self::Ascii,
        }
    }

    /// Brings a drawn frame to these characters.
    pub fn reduce(self, buffer: &mut Buffer) {
        if self == Self::Unicode {
            return;
        }
        let area = buffer.area;
        for position in area.positions() {
            let symbol = buffer[position].symbol();
            // Pictures are no text: Kitty's are placeholders, those of others control sequences.
            if symbol.is_ascii() || symbol.starts_with(PLACEHOLDER) || symbol.contains('\x1b') {
                continue;
            }
            let width = symbol.width().clamp(1, usize::from(area.right() - position.x)) as u16;
            // What follows the first character are marks on it.
            let first = symbol.chars().next().unwrap_or(' ');
            let letter = if first.is_ascii() { first } else { likeness(first).unwrap_or(UNKNOWN) };
            for x in position.x..position.x + width {
                buffer[(x, position.y)].set_char(letter);
            }
        }
    }
}

/// The variable that says the locale, and what it says.
pub fn locale(variable: impl Fn(&str) -> Option<String>) -> Option<(&'static str, String)> {
    let mut values = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().map(|name| (name, variable(name)));
    values.find_map(|(name, value)| value.filter(|value| !value.is_empty()).map(|value| (name, value)))
}

/// The ASCII character that comes nearest to what a character says on these screens.
fn likeness(c: char) -> Option<char> {
    Some(match c {
        // Frames and axes; what has the focus is thick.
        '─' => '-',
        '│' | '╎' | '▏' | '▕' => '|',
        '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' => '+',
        '━' => '=',
        '┃' | '┏' | '┓' | '┗' | '┛' => '#',
        // The curves' lines in their legend, beside ━ and ·.
        '╍' => '-',
        '┅' => ':',
        // Levels.
        '▁' | '▂' | '░' => '.',
        '▃' | '▄' | '▒' => '-',
        '▅' | '▆' | '▓' => '=',
        '▇' | '█' => '#',
        '▀' => '"',
        // What points somewhere.
        '→' | '▸' => '>',
        '←' | '◂' => '<',
        '↑' | '▲' => '^',
        '↓' | '▾' => 'v',
        // How a run is.
        '●' => '*',
        '○' | '◇' => 'o',
        '‖' => '|',
        '✓' => '+',
        '✗' => 'x',
        '■' => '#',
        // Signs between words and figures.
        '…' => '~',
        '·' => '.',
        '×' => 'x',
        '÷' => '/',
        '°' => 'd',
        '±' => '~',
        '²' => '2',
        '√' => 'V',
        '–' | '—' | '−' => '-',
        '“' | '”' => '"',
        '‘' | '’' | '′' => '\'',
        'µ' => 'u',
        'α' => 'a',
        'σ' => 's',
        'τ' => 't',
        'χ' => 'x',
        '\u{2800}'..='\u{28ff}' => dots((u32::from(c) & 0xff) as u8),
        _ => return None,
    })
}

/// A braille character by where its dots are: a curve stays a curve.
fn dots(bits: u8) -> char {
    let rows = |column: [u8; 4]| -> Vec<f32> {
        column
            .iter()
            .zip([0.0, 1.0, 2.0, 3.0])
            .filter(|(dot, _)| bits & **dot != 0)
            .map(|(_, row)| row)
            .collect()
    };
    let (left, right) = (rows([0x01, 0x02, 0x04, 0x40]), rows([0x08, 0x10, 0x20, 0x80]));
    let mean = |rows: &[f32]| rows.iter().sum::<f32>() / rows.len().max(1) as f32;
    // Two lines, one above the other: within a column, or from one to the other.
    let apart = |rows: &[f32]| rows.windows(2).any(|pair| pair[1] - pair[0] > 1.0);
    let gap = |above: &[f32], below: &[f32]| match (above.last(), below.first()) {
        (Some(above), Some(below)) => below - above > 1.0,
        _ => false,
    };
    let fall = mean(&right) - mean(&left);
    let height = mean(&[&left[..], &right].concat());
    match (left.len(), right.len()) {
        (0, 0) => ' ',
        (l, r) if l + r >= 6 => '#',
        (3.., 0) | (0, 3..) => '|',
        _ if apart(&left) || apart(&right) || gap(&left, &right) || gap(&right, &left) => ':',
        (1.., 1..) if fall >= 1.0 => '\\',
        (1.., 1..) if fall <= -1.0 => '/',
        _ if height < 0.75 => '\'',
        _ if height < 2.5 => '-',
        (0, _) | (_, 0) => '.',
        _ => '_',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::{layout::Rect, style::Style};
    use std::{collections::BTreeSet, fs, path::Path};

    fn detected(variables: &[(&str, &str)]) -> Glyphs {
        Glyphs::detect(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into())
        })
    }

    fn reduced(text: &str, width: u16) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
        buffer.set_string(0, 0, text, Style::new());
        Glyphs::Ascii.reduce(&mut buffer);
        (0..width).map(|x| buffer[(x, 0)].symbol()).collect()
    }

    #[test]
    fn only_what_is_known_to_lack_unicode_gets_ascii() {
        for unicode in [
            &[][..],
            &[("LANG", "C")],
            &[("LC_ALL", "POSIX"), ("TERM", "xterm")],
            &[("LANG", "de_DE")],
            &[("LANG", "C.UTF-8"), ("TERM", "linux")],
            &[("LC_ALL", ""), ("LC_CTYPE", "en_GB.utf8@x"), ("LANG", "de_DE.ISO-8859-1")],
        ] {
            assert_eq!(detected(unicode), Glyphs::Unicode, "{unicode:?}");
        }
        for ascii in [
            &[("LANG", "de_DE.ISO-8859-1")][..],
            &[("LC_ALL", "de_DE.ISO-8859-15@euro"), ("LANG", "C.UTF-8")],
            &[("LC_CTYPE", "en_US.ANSI_X3.4-1968")],
            &[("TERM", "vt100")],
            &[("TERM", "vt220-w"), ("LANG", "C.UTF-8")],
            &[("TERM", "ansi")],
        ] {
            assert_eq!(detected(ascii), Glyphs::Ascii, "{ascii:?}");
        }
    }

    /// What the program says, it says in ASCII as well: the characters of its own source.
    #[test]
    fn every_character_of_the_program_has_a_likeness() {
        fn walk(folder: &Path, found: &mut BTreeSet<char>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_stem().unwrap().to_string_lossy().into_owned();
                if path.is_dir() && name != "tests" {
                    walk(&path, found);
                } else if path.extension().is_some_and(|it| it == "rs") && !name.ends_with("tests") {
                    let text = fs::read_to_string(&path).unwrap();
                    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
                    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
                    found.extend(lines.flat_map(str::chars).filter(|c| !c.is_ascii()));
                }
            }
        }
        let mut found = BTreeSet::new();
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.len() > 50 && found.contains(&'▸'), "the test has lost its eyes: {found:?}");
        for c in found {
            assert!(likeness(c).is_some_and(|letter| letter.is_ascii_graphic()), "{c} is {:?}", likeness(c));
        }
    }

    #[test]
    fn frames_differ_and_names_keep_their_width() {
        assert_eq!(reduced("┌─┐│┤└┘", 7), "+-+|++ +".replace(' ', ""));
        assert_eq!(reduced("┏━┓┃┗┛", 6), "#=####");
        assert_eq!(reduced("▕▇▄ ▏ ▸z1 90°×2 …", 17), "|#- | >z1 90dx2 ~");
        assert_eq!(reduced("日本x", 6), "????x ");
        assert_eq!(reduced("Tie\u{302}\u{301}ng Lö", 8), "Tieng L?");
        // The last column has no room for the other half.
        let mut buffer = Buffer::empty(Rect::new(0, 0, 1, 1));
        buffer[(0, 0)].set_symbol("日");
        Glyphs::Ascii.reduce(&mut buffer);
        assert_eq!(buffer[(0, 0)].symbol(), "?");
    }

    #[test]
    fn curves_stay_where_they_are() {
        assert_eq!(reduced("⠉⠒⠤⣀", 4), "'--_");
        assert_eq!(reduced("⠁⠂⠄⡀⢀", 5), "'--..");
        assert_eq!(reduced("⢦⢧⠳⠑⣠⡠⠔⠊", 8), "\\\\\\\\_///");
        assert_eq!(reduced("⡇⢸⣿⡁⡘⠉", 6), "||#::'");
        assert_eq!(reduced("\u{2800}", 1), " ");
    }

    #[test]
    fn pictures_are_left_alone_and_so_is_unicode() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 2, 1));
        buffer[(0, 0)].set_symbol("\u{10eeee}\u{305}\u{305}");
        buffer[(1, 0)].set_symbol("\x1bPq…\x1b\\");
        let before = buffer.clone();
        Glyphs::Ascii.reduce(&mut buffer);
        assert_eq!(buffer, before);
        buffer[(0, 0)].set_symbol("…");
        let before = buffer.clone();
        Glyphs::Unicode.reduce(&mut buffer);
        assert_eq!(buffer, before);
    }
}
