//! Colour: jitter and grayscale, as one augmentation.

use super::{Augmentation, Image, Knob, short, vectorised};
use crate::rng::Stream;
use pixels::{Block, in_blocks};
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

/// [`Jitter::order`]'s number of the operation that has to know the whole image.
const CONTRAST: u8 = 1;

impl Tint {
    /// Goes over the image once for each run of operations between two that need its mean.
    #[inline(always)]
    fn apply(&self, pixels: &mut [f32]) {
        let Some(jitter) = &self.jitter else {
            if self.gray {
                in_blocks(pixels, true, Block::gray);
            }
            return;
        };
        let mut mean = None;
        let mut runs = jitter.order.split(|operation| *operation == CONTRAST).peekable();
        while let Some(run) = runs.next() {
            let gray = self.gray && runs.peek().is_none();
            let store = mean.is_some() || !run.is_empty() || gray;
            mean = Some(in_blocks(
                pixels,
                store,
                #[inline(always)]
                |block| {
                    if let Some(mean) = mean {
                        block.contrast(jitter.contrast, mean);
                    }
                    jitter.run(run, block);
                    if gray {
                        block.gray();
                    }
                },
            ));
        }
    }
}

impl Jitter {
    /// Some of the operations that look at one pixel at a time.
    #[inline(always)]
    fn run(&self, operations: &[u8], block: &mut Block) {
        for operation in operations {
            match operation {
                0 => block.brightness(self.brightness),
                2 => block.saturation(self.saturation),
                _ => block.hue(self.hue),
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
        vectorised(
            #[inline(always)]
            || tint.apply(&mut image.pixels),
        );
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
