//! Texture: a random convolution of the brightness, another image's amplitudes, or a stylised twin.

mod filter;
mod fourier;
mod luma;

use super::{Alone, Augmentation, Image, Invalid, Knob, Others, short};
use crate::rng::Stream;
pub use filter::Filter;
pub use fourier::Mixing;
use luma::Moments;
use serde::{Deserialize, Serialize};

/// Changes the local texture with probability `p`, and not the shapes, by one of three methods.
///
/// LooC's third augmentation is made by style transfer (Geirhos et al., 2019), which needs a set of
/// paintings and a network that was trained on them. [`Method::Bank`] takes what such a network has made;
/// [`Method::Filter`] and [`Method::Fourier`] are *substitutes* for it: they know nothing of strokes and
/// brushes, and leave each channel's mean and deviation as they are, so that a head of colour is not
/// disturbed by a change of texture (a painting's colours come with its style).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Texture {
    /// Probability.
    pub p: f64,
    /// Where the other texture comes from.
    pub method: Method,
    /// `filter`: sides of the kernel in pixels, odd, each as likely as the others.
    pub sizes: Vec<usize>,
    /// `filter` and `fourier`: least and greatest share of the image itself, uniform between; 1 changes
    /// nothing.
    ///
    /// RandConv has `[0, 1]`, but then a kernel of 7 pixels takes the edges of a 32-pixel image away: the
    /// gradient's magnitude has a correlation of 0.2 with the image's, and from 0.4 on one of 0.8 on
    /// average. Phases keep edges better: with `fourier` it is 0.9 from 0 on (which is AmpMix's range).
    pub mix: [f64; 2],
}

impl Default for Texture {
    fn default() -> Self {
        Self { p: 0.5, method: Method::Filter, sizes: vec![3, 5, 7], mix: [0.4, 1.0] }
    }
}

/// Where another texture comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A random convolution of the luma: see [`Filter`].
    #[default]
    Filter,
    /// The amplitudes of another image's luma: see [`Mixing`].
    Fourier,
    /// The image's twin in `data.style_bank`, stylised beforehand. It takes the image's place with all its
    /// colours, before anything else is done to it, so that the view's geometry is the same with either.
    Bank,
}

/// What gives one view another texture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// A convolution.
    Filter(Filter),
    /// Another image's amplitudes.
    Fourier(Mixing),
    /// The stylised twin.
    Twin,
}

impl Augmentation for Texture {
    const KIND: &'static str = "texture";
    const HELP: &'static str =
        "another local texture by a filter, another image or a style bank: same shapes";
    const KNOBS: &'static [Knob] = &[
        Knob { path: "p", min: 0.0, max: 1.0, step: 0.05, help: "probability of another texture" },
        Knob { path: "mix.0", min: 0.0, max: 1.0, step: 0.05, help: "least share of the image itself" },
        Knob { path: "mix.1", min: 0.0, max: 1.0, step: 0.05, help: "greatest share of the image itself" },
    ];
    /// The change; `None`: as it is.
    type Params = Option<Change>;

    fn sample(&self, stream: &mut Stream, _width: usize, _height: usize) -> Option<Change> {
        // Everything is always drawn, whatever the method.
        let textured = stream.coin(self.p as f32);
        let mix = stream.between(self.mix[0] as f32, self.mix[1] as f32);
        let place = stream.below(self.sizes.len() as u32) as usize;
        let size = self.sizes.get(place).copied().unwrap_or(1);
        let seed = stream.below(u32::MAX);
        let change = match self.method {
            Method::Filter => Change::Filter(Filter { size, seed, mix }),
            Method::Fourier => Change::Fourier(Mixing { donor: seed, mix }),
            Method::Bank => Change::Twin,
        };
        textured.then_some(change)
    }

    /// Without others, only a filter changes anything.
    fn apply(change: &Option<Change>, image: &mut Image) {
        Self::apply_among(change, image, &Alone);
    }

    fn apply_among(change: &Option<Change>, image: &mut Image, others: &dyn Others) {
        let Some(change) = change else { return };
        if let Some(own) = unclamped(change, image, others) {
            luma::settle(&mut image.pixels, own);
        }
    }

    fn takes_twins(&self) -> bool {
        self.method == Method::Bank
    }

    fn summary(&self) -> String {
        let mix = format!("{}–{}", short(self.mix[0]), short(self.mix[1]));
        match self.method {
            Method::Filter => format!("p {} mix {mix}", short(self.p)),
            Method::Fourier => format!("p {} fourier {mix}", short(self.p)),
            Method::Bank => format!("p {} bank", short(self.p)),
        }
    }

    fn describe(change: &Option<Change>) -> String {
        match change {
            None => "own texture".into(),
            Some(Change::Filter(Filter { size, mix, .. })) => {
                format!("{size}×{size} filter, {mix:.2} of the image")
            }
            Some(Change::Fourier(Mixing { donor, mix })) => {
                let place = f64::from(*donor) / f64::from(u32::MAX) * 100.0;
                format!("amplitudes of the image at {place:.1}%, {mix:.2} of its own")
            }
            Some(Change::Twin) => "stylised twin".into(),
        }
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.sizes.is_empty() {
            return Err(Invalid::at("sizes", "no size to draw from: list some of 3, 5 and 7"));
        }
        for (place, &size) in self.sizes.iter().enumerate() {
            let path = format!("sizes.{place}");
            if size % 2 == 0 || size > filter::LARGEST {
                let why = format!("{size} is no odd number of pixels from 1 to {}", filter::LARGEST);
                return Err(Invalid::at(path, why));
            }
            if self.sizes[..place].contains(&size) {
                let why = format!("{size} stands here a second time: list each size once");
                return Err(Invalid::at(path, why));
            }
        }
        super::ordered("mix", self.mix)
    }
}

/// The whole change but the clamping. The channels' moments before it, if there is something to clamp.
pub(super) fn unclamped(change: &Change, image: &mut Image, others: &dyn Others) -> Option<[Moments; 3]> {
    match change {
        Change::Filter(filter) => filter.apply(image),
        Change::Fourier(mixing) => mixing.apply(image, others),
        Change::Twin => {
            // An image without a twin is its own.
            others.twin(&mut image.pixels);
            None
        }
    }
}
