//! How images are shown.

use crate::tui::{glyphs::Glyphs, theme::Depth};

/// How images are shown; the argument of `--images`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Images {
    Kitty,
    Iterm2,
    Sixel,
    /// Half blocks, as deep in colour as the terminal.
    Half,
    /// Letters, by brightness.
    Ascii,
    /// Not at all.
    Off,
}

impl Images {
    /// The names of `--images`.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("kitty", Self::Kitty),
        ("iterm2", Self::Iterm2),
        ("sixel", Self::Sixel),
        ("half", Self::Half),
        ("ascii", Self::Ascii),
        ("off", Self::Off),
    ];

    /// As is wanted; otherwise as the terminal is able to, but in letters where it has no colours or only ASCII.
    pub fn chosen(wanted: Option<Self>, able: Self, depth: Depth, glyphs: Glyphs) -> Self {
        let (colourless, ascii) = (depth == Depth::Mono, glyphs == Glyphs::Ascii);
        match wanted {
            None if colourless || ascii => Self::Ascii,
            // Half blocks without colours would be solid, and Kitty knows a picture by its colour.
            Some(Self::Half | Self::Kitty) if colourless => Self::Ascii,
            Some(Self::Half) if ascii => Self::Ascii,
            _ => wanted.unwrap_or(able),
        }
    }
}

impl std::str::FromStr for Images {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, way)| *way).ok_or_else(|| {
            let names: Vec<_> = Self::NAMES.iter().map(|(name, _)| *name).collect();
            format!("“{name}” is no way to show images; one of: {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_where_nothing_better_can_be_seen() {
        use Glyphs::{Ascii, Unicode};
        let kitty = Images::Kitty;
        for (wanted, depth, glyphs, way) in [
            (None, Depth::True, Unicode, kitty),
            (None, Depth::Mono, Unicode, Images::Ascii),
            (None, Depth::True, Ascii, Images::Ascii),
            (Some(Images::Sixel), Depth::Mono, Ascii, Images::Sixel),
            (Some(kitty), Depth::True, Ascii, kitty),
            (Some(kitty), Depth::Mono, Unicode, Images::Ascii),
            (Some(Images::Half), Depth::Mono, Unicode, Images::Ascii),
            (Some(Images::Half), Depth::True, Ascii, Images::Ascii),
            (Some(Images::Off), Depth::True, Unicode, Images::Off),
        ] {
            assert_eq!(Images::chosen(wanted, kitty, depth, glyphs), way, "{wanted:?} {depth:?} {glyphs:?}");
        }
    }
}
