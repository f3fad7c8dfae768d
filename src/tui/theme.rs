//! Colours that are safe on light and dark grounds and for colour-blind eyes, at the depth that the
//! terminal has. Text keeps the terminal's own colours; nothing is said by colour alone.

use crate::curves::color::HEADS;
use ratatui::style::{Color, Modifier, Style};

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: `NO_COLOR`, or `--color never`.
    Mono,
    /// The 16 of ANSI.
    Sixteen,
    /// xterm's 256.
    Indexed,
    /// 24 bits.
    True,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// As the terminal and `NO_COLOR` say.
    #[default]
    Auto,
    Always,
    Never,
}

impl Depth {
    /// From the environment. `COLORTERM` is rarely forwarded over SSH, so `TERM` counts as well;
    /// [`Self::of_version`] refines it once the terminal has named itself.
    pub fn detect(choice: ColorChoice, variable: impl Fn(&str) -> Option<String>) -> Self {
        let term = variable("TERM").unwrap_or_default();
        let refused = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        if choice == ColorChoice::Never || (choice == ColorChoice::Auto && (refused || term == "dumb")) {
            return Self::Mono;
        }
        let direct = ["-direct", "kitty", "ghostty", "alacritty", "foot", "wezterm"];
        let truecolor = matches!(variable("COLORTERM").as_deref(), Some("truecolor" | "24bit"));
        if truecolor || direct.iter().any(|word| term.contains(word)) {
            Self::True
        } else if term.contains("256") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }

    /// Terminals that show 24 bits whatever `TERM` says, by their answer to XTVERSION.
    pub fn of_version(self, version: &str) -> Self {
        let known = ["kitty", "ghostty", "WezTerm", "iTerm2", "foot", "Konsole", "contour", "Alacritty"];
        let direct = known.iter().any(|name| version.to_lowercase().starts_with(&name.to_lowercase()));
        if self != Self::Mono && direct { Self::True } else { self }
    }
}

/// The likes of [`HEADS`] among the 16.
const HEADS_16: [Color; 7] =
    [Color::Blue, Color::Yellow, Color::Green, Color::Magenta, Color::Red, Color::Cyan, Color::LightYellow];

/// How things look.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub depth: Depth,
}

impl Theme {
    /// A colour at the terminal's depth.
    pub fn rgb(self, (r, g, b): (u8, u8, u8)) -> Color {
        match self.depth {
            Depth::Mono => Color::Reset,
            Depth::Sixteen => nearest_16(r, g, b),
            Depth::Indexed => Color::Indexed(nearest_256(r, g, b)),
            Depth::True => Color::Rgb(r, g, b),
        }
    }

    fn paint(self, rgb: (u8, u8, u8), sixteen: Color) -> Style {
        match self.depth {
            Depth::Mono => Style::new(),
            Depth::Sixteen => Style::new().fg(sixteen),
            _ => Style::new().fg(self.rgb(rgb)),
        }
    }

    /// Of the i-th embedding space.
    pub fn head(self, i: usize) -> Style {
        self.paint(HEADS[i % HEADS.len()], HEADS_16[i % HEADS.len()])
    }

    /// Of a frame that has the focus, and of what can be acted on.
    pub fn accent(self) -> Style {
        self.paint((0, 135, 175), Color::Cyan)
    }

    /// Of what goes well.
    pub fn good(self) -> Style {
        self.paint((0, 158, 115), Color::Green)
    }

    /// Of what needs attention.
    pub fn warn(self) -> Style {
        self.paint((213, 94, 0), Color::Yellow).add_modifier(Modifier::BOLD)
    }

    /// Of what went wrong.
    pub fn bad(self) -> Style {
        self.paint((204, 51, 51), Color::Red).add_modifier(Modifier::BOLD)
    }

    /// Of what stands back.
    pub fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Of what stands out.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }
}

/// The nearest of the 240 fixed colours of the 256: the cube or the ramp of greys.
pub fn nearest_256(r: u8, g: u8, b: u8) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let level = |v: u8| (0..6).min_by_key(|&i| LEVELS[i].abs_diff(v)).unwrap_or(0);
    let (i, j, k) = (level(r), level(g), level(b));
    let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    let grey = (mean.saturating_sub(3) / 10).min(23) as u8;
    let far = |x: u8, y: u8, z: u8| {
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(x, r) + square(y, g) + square(z, b)
    };
    let shade = 8 + 10 * grey;
    if far(shade, shade, shade) < far(LEVELS[i], LEVELS[j], LEVELS[k]) {
        232 + grey
    } else {
        16 + 36 * i as u8 + 6 * j as u8 + k as u8
    }
}

/// The nearest of the 16, by which channels are bright.
fn nearest_16(r: u8, g: u8, b: u8) -> Color {
    let top = r.max(g).max(b);
    if top < 48 {
        return Color::Black;
    }
    let on = |v: u8| v > top / 2 + top / 8;
    let spread = top - r.min(g).min(b);
    if spread < 40 {
        return if top > 200 {
            Color::White
        } else if top > 110 {
            Color::Gray
        } else {
            Color::DarkGray
        };
    }
    match (on(r), on(g), on(b), top > 180) {
        (true, false, false, bright) => [Color::Red, Color::LightRed][usize::from(bright)],
        (false, true, false, bright) => [Color::Green, Color::LightGreen][usize::from(bright)],
        (false, false, true, bright) => [Color::Blue, Color::LightBlue][usize::from(bright)],
        (true, true, false, bright) => [Color::Yellow, Color::LightYellow][usize::from(bright)],
        (true, false, true, bright) => [Color::Magenta, Color::LightMagenta][usize::from(bright)],
        (false, true, true, bright) => [Color::Cyan, Color::LightCyan][usize::from(bright)],
        _ => Color::Gray,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(choice: ColorChoice, variables: &[(&str, &str)]) -> Depth {
        Depth::detect(choice, |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into())
        })
    }

    #[test]
    fn the_environment_says_how_many_colours() {
        let auto = ColorChoice::Auto;
        assert_eq!(depth(auto, &[("TERM", "xterm-256color")]), Depth::Indexed);
        assert_eq!(depth(auto, &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(depth(auto, &[("TERM", "xterm-kitty")]), Depth::True);
        assert_eq!(depth(auto, &[("TERM", "linux")]), Depth::Sixteen);
        assert_eq!(depth(auto, &[("TERM", "xterm-256color"), ("NO_COLOR", "1")]), Depth::Mono);
        assert_eq!(depth(ColorChoice::Always, &[("TERM", "xterm"), ("NO_COLOR", "1")]), Depth::Sixteen);
        assert_eq!(depth(ColorChoice::Never, &[("COLORTERM", "truecolor")]), Depth::Mono);
        assert_eq!(Depth::Indexed.of_version("kitty(0.36.1)"), Depth::True);
    }

    #[test]
    fn the_nearest_of_256() {
        assert_eq!(nearest_256(255, 0, 0), 196);
        assert_eq!(nearest_256(0, 0, 0), 16);
        assert_eq!(nearest_256(128, 128, 128), 244);
        assert_eq!(nearest_256(255, 255, 255), 231);
    }
}
