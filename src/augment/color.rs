//! Colour: jitter and grayscale, as one augmentation.

use super::{Augmentation, Image, Knob, short};
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

pub(super) mod pixels;

/// MoCo v2's colour augmentation (Chen et al., 2020, arXiv:2003.04297): with probability `p` a
/// `ColorJitter`, then with probability `grayscale` a `RandomGrayscale`, as torchvision has them.
///
/// It is one augmentation because LooC's colour space shares *all* of it between q and its key: the
/// factors, the order of the four operations, and both coins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Color {
    /// Probability of the jitter.
    pub p: f64,
    /// Strength b: the factor is uniform in `[max(0, 1 − b), 1 + b]`.
    pub brightness: f64,
    /// Strength, as for brightness.
    pub contrast: f64,
    /// Strength, as for brightness.
    pub saturation: f64,
    /// Strength h: the shift is uniform in `[−h, h]` of the colour circle, at most 0.5.
    pub hue: f64,
    /// Probability of turning gray, after the jitter.
    pub grayscale: f64,
}

impl Default for Color {
    fn default() -> Self {
        Self { p: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, grayscale: 0.2 }
    }
}

/// What is done to the colours of one view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tint {
    /// The jitter, if its coin fell.
    pub jitter: Option<Jitter>,
    /// Whether the view is gray in the end.
    pub gray: bool,
}

/// One draw of the jitter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Jitter {
    /// The operations in order of application: 0 brightness, 1 contrast, 2 saturation, 3 hue
    /// (torchvision's `fn_idx`).
    pub order: [u8; 4],
    /// Factor; 1 changes nothing.
    pub brightness: f32,
    /// Factor; 1 changes nothing.
    pub contrast: f32,
    /// Factor; 1 changes nothing.
    pub saturation: f32,
    /// Shift in turns of the colour circle, `[−0.5, 0.5]`; 0 changes nothing.
    pub hue: f32,
}

impl Jitter {
    fn apply(&self, pixels: &mut [f32]) {
        for operation in self.order {
            match operation {
                0 => pixels::brightness(pixels, self.brightness),
                1 => pixels::contrast(pixels, self.contrast),
                2 => pixels::saturation(pixels, self.saturation),
                _ => pixels::hue(pixels, self.hue),
            }
        }
    }

    /// In words, in order of application.
    fn words(&self) -> Vec<String> {
        let word = |operation| match operation {
            0 => format!("bright ×{:.2}", self.brightness),
            1 => format!("contrast ×{:.2}", self.contrast),
            2 => format!("sat ×{:.2}", self.saturation),
            _ => format!("hue {:+.2}", self.hue),
        };
        self.order.into_iter().map(word).collect()
    }
}

impl Augmentation for Color {
    const KIND: &'static str = "color";
    const HELP: &'static str = "changes brightness, contrast, saturation and hue, or turns gray";
    const KNOBS: &'static [Knob] = &[
        Knob { path: "p", min: 0.0, max: 1.0, step: 0.05, help: "probability of the jitter" },
        Knob { path: "brightness", min: 0.0, max: 2.0, step: 0.05, help: "factor within 1 ± this" },
        Knob { path: "contrast", min: 0.0, max: 2.0, step: 0.05, help: "factor within 1 ± this" },
        Knob { path: "saturation", min: 0.0, max: 2.0, step: 0.05, help: "factor within 1 ± this" },
        Knob { path: "hue", min: 0.0, max: 0.5, step: 0.02, help: "shift within ± this, turns" },
        Knob { path: "grayscale", min: 0.0, max: 1.0, step: 0.05, help: "probability of gray" },
    ];
    type Params = Tint;

    fn sample(&self, stream: &mut Stream, _width: usize, _height: usize) -> Tint {
        // Every number is always drawn, so that a change of one setting leaves the other draws as
        // they were.
        let jittered = stream.coin(self.p as f32);
        let gray = stream.coin(self.grayscale as f32);
        let mut order = [0, 1, 2, 3];
        stream.shuffle(&mut order);
        let mut factor =
            |strength: f64| stream.between((1.0 - strength).max(0.0) as f32, 1.0 + strength as f32);
        let (brightness, contrast) = (factor(self.brightness), factor(self.contrast));
        let saturation = factor(self.saturation);
        let hue = stream.between(-self.hue as f32, self.hue as f32);
        let jitter = Jitter { order, brightness, contrast, saturation, hue };
        Tint { jitter: jittered.then_some(jitter), gray }
    }

    fn apply(tint: &Tint, image: &mut Image) {
        if let Some(jitter) = &tint.jitter {
            jitter.apply(&mut image.pixels);
        }
        if tint.gray {
            pixels::gray(&mut image.pixels);
        }
    }

    fn summary(&self) -> String {
        format!("p {} gray {}", short(self.p), short(self.grayscale))
    }

    fn describe(tint: &Tint) -> String {
        let mut words = tint.jitter.as_ref().map(Jitter::words).unwrap_or_default();
        if tint.gray {
            words.push("gray".into());
        }
        if words.is_empty() { "not coloured".into() } else { words.join(" ") }
    }
}
