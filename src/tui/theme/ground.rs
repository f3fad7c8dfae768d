//! What colours stand on.

/// The background of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ground {
    /// Also where it is not known.
    #[default]
    Dark,
    Light,
}

impl Ground {
    /// From the answer to OSC 11: `rgb:RRRR/GGGG/BBBB`, one to four hexadecimal digits each, or `rgba:` with a fourth.
    pub fn of_answer(text: &str) -> Option<Self> {
        let parts = text.strip_prefix("rgb:").or_else(|| text.strip_prefix("rgba:"))?;
        let channel = |digits: &str| {
            let fits = (1..=4).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_hexdigit());
            let value = u32::from_str_radix(digits, 16).ok().filter(|_| fits)?;
            Some(f64::from(value) / f64::from((1u32 << (4 * digits.len())) - 1))
        };
        let channels: Vec<f64> = parts.split('/').map(channel).collect::<Option<_>>()?;
        let &[red, green, blue] = channels.get(..3).filter(|_| channels.len() <= 4)? else { return None };
        Some(Self::of_luminance(luminance([red, green, blue])))
    }

    /// From `COLORFGBG`, such as `15;0` or `0;default;15`: the last is the number of a colour of the 16. The first
    /// seven and the dark grey are dark.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let value = variable("COLORFGBG")?;
        match value.rsplit(';').next()?.parse().ok()? {
            0..=6u8 | 8 => Some(Self::Dark),
            7 | 9..=15 => Some(Self::Light),
            _ => None,
        }
    }

    /// Light is what black is easier to read on than white: where (1 + 0.05) / (Y + 0.05) = (Y + 0.05) / 0.05.
    fn of_luminance(y: f64) -> Self {
        if y + 0.05 > (1.05f64 * 0.05).sqrt() { Self::Light } else { Self::Dark }
    }
}

/// Relative luminance of sRGB, 0 to 1 a channel. <https://www.w3.org/TR/WCAG21/#dfn-relative-luminance>
pub fn luminance(rgb: [f64; 3]) -> f64 {
    let [red, green, blue] = rgb.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// A channel of sRGB in proportion to its light.
pub fn linear(value: f64) -> f64 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_says_what_it_stands_on() {
        for (text, ground) in [
            ("rgb:ffff/ffff/ffff", Some(Ground::Light)),
            ("rgb:fd/f6/e3", Some(Ground::Light)),
            ("rgb:f/f/f", Some(Ground::Light)),
            ("rgb:000/000/000", Some(Ground::Dark)),
            ("rgb:2828/2a2a/3636", Some(Ground::Dark)),
            ("rgba:ffff/ffff/dddd/cccc", Some(Ground::Light)),
            // Grey: 0x75 has Y = 0.178, 0x76 has 0.181.
            ("rgb:75/75/75", Some(Ground::Dark)),
            ("rgb:76/76/76", Some(Ground::Light)),
            ("rgb:ffff/ffff", None),
            ("rgb:fffff/0/0", None),
            ("rgb:+1/0/0", None),
            ("rgb:0/0/0/0/0", None),
            ("rgb:", None),
            ("#ffffff", None),
        ] {
            assert_eq!(Ground::of_answer(text), ground, "{text}");
        }
    }

    #[test]
    fn the_environment_may_say_it() {
        let ground = |value: &str| Ground::of_environment(|_| Some(value.into()));
        assert_eq!(
            ["15;0", "0;15", "0;default;7", "7;8"].map(|it| ground(it).unwrap()),
            [Ground::Dark, Ground::Light, Ground::Light, Ground::Dark]
        );
        assert_eq!(["", "0;default", "1;16", "x"].map(ground), [None; 4]);
        assert_eq!(Ground::of_environment(|_| None), None);
    }
}
