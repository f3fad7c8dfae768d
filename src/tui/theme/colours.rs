//! Colours that a reader has chosen, in the place of a palette's own.

use super::palette::{Palette, Rgb};
use serde::{Deserialize, Deserializer, de};

/// A colour as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub Rgb);

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix('#').filter(|it| it.len() == 6 && it.is_ascii());
        let channel = |at: usize| u8::from_str_radix(digits?.get(at..at + 2)?, 16).ok();
        match (channel(0), channel(2), channel(4)) {
            (Some(r), Some(g), Some(b)) => Ok(Self((r, g, b))),
            _ => Err(de::Error::custom(format!("“{text}” is no colour; one is as in \"#0072b2\""))),
        }
    }
}

/// What was chosen; the rest is the palette's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Colours {
    /// Of the embedding spaces, in their order, 1 to 7.
    #[serde(deserialize_with = "heads")]
    pub heads: Vec<Colour>,
    pub accent: Option<Colour>,
    pub good: Option<Colour>,
    pub warn: Option<Colour>,
    pub bad: Option<Colour>,
}

fn heads<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Colour>, D::Error> {
    let heads = Vec::<Colour>::deserialize(deserializer)?;
    if (1..=Palette::DARK.heads.len()).contains(&heads.len()) {
        return Ok(heads);
    }
    Err(de::Error::custom("1 to 7 colours"))
}

impl Colours {
    /// Whether nothing was chosen.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// In the place of a palette's.
    pub fn over(&self, mut palette: Palette) -> Palette {
        for (own, chosen) in palette.heads.iter_mut().zip(&self.heads) {
            *own = chosen.0;
        }
        let parts = [
            (&mut palette.accent, self.accent),
            (&mut palette.good, self.good),
            (&mut palette.warn, self.warn),
            (&mut palette.bad, self.bad),
        ];
        for (own, chosen) in parts {
            *own = chosen.map_or(*own, |it| it.0);
        }
        palette
    }
}
