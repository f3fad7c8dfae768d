//! Elastic deformation.

use super::blur::smooth;
use super::perspective::bilinear;
use super::{Augmentation, Image, Knob, short, with_scratch};
use crate::rng::{Domain, Stream};
use serde::{Deserialize, Serialize};

/// Moves every pixel by a smooth random field with probability `p` (Simard et al., 2003; torchvision's
/// `ElasticTransform`, bilinear).
///
/// Each pixel's way across and down is uniform noise in `[−1, 1)`, smoothed by a Gaussian and multiplied by
/// alpha; what is then seen beside the image is black. Two things differ from torchvision: the noise's
/// border is reflected for every width of the Gaussian, where it refuses one wider than the image, and a
/// pixel that lies half beside the image is darkened once, where its `fill` darkens it twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Elastic {
    /// Probability.
    pub p: f64,
    /// How far: a way is half of this many pixels times the smoothed noise, whose deviation is about
    /// 0.16 / `sigma`.
    pub alpha: f64,
    /// How smooth: the Gaussian's standard deviation in pixels.
    pub sigma: f64,
}

impl Default for Elastic {
    fn default() -> Self {
        Self { p: 0.5, alpha: 50.0, sigma: 5.0 }
    }
}

/// The deformation of one view.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warp {
    /// As in the settings.
    pub alpha: f32,
    /// As in the settings, in pixels.
    pub sigma: f32,
    /// Where the noise comes from: the same seed is the same field.
    pub seed: u32,
}

impl Augmentation for Elastic {
    const KIND: &'static str = "elastic";
    const HELP: &'static str = "bends the image as if it were of rubber";
    const KNOBS: &'static [Knob] = &[
        Knob { path: "p", min: 0.0, max: 1.0, step: 0.05, help: "probability of a deformation" },
        Knob { path: "alpha", min: 0.0, max: 1000.0, step: 5.0, help: "how far pixels move" },
        Knob { path: "sigma", min: 0.5, max: 50.0, step: 0.5, help: "how smooth the field is, pixels" },
    ];
    /// The deformation; `None`: as it is.
    type Params = Option<Warp>;

    fn sample(&self, stream: &mut Stream, _width: usize, _height: usize) -> Option<Warp> {
        let bent = stream.coin(self.p as f32);
        let seed = stream.below(u32::MAX);
        bent.then_some(Warp { alpha: self.alpha as f32, sigma: self.sigma as f32, seed })
    }

    fn apply(warp: &Option<Warp>, image: &mut Image) {
        let Some(warp) = warp else { return };
        with_scratch(2 * image.width * image.height, |field| {
            // A stream by a name that is no augmentation's: it coincides with no stream of parameters.
            let mut stream = Stream::named(u64::from(warp.seed), Domain::Views, "noise of a field");
            field.iter_mut().for_each(|way| *way = stream.between(-1.0, 1.0));
            warp.bend(field, image);
        });
    }

    fn summary(&self) -> String {
        format!("p {} α{:.0} σ{:.1}", short(self.p), self.alpha, self.sigma)
    }

    fn describe(warp: &Option<Warp>) -> String {
        let words =
            |warp: &Warp| format!("bent by α {:.0}, σ {:.1} px, no. {}", warp.alpha, warp.sigma, warp.seed);
        warp.as_ref().map_or_else(|| "not bent".into(), words)
    }
}

impl Warp {
    /// Bends the image by noise in `[−1, 1)`, `[height, width, 2]`: across, down.
    pub(super) fn bend(&self, noise: &mut [f32], image: &mut Image) {
        let (width, height) = (image.width, image.height);
        // Torchvision's `int(8σ + 1)` taps, made odd: σ 5 has 41.
        let radius = (8.0 * self.sigma + 1.0) as usize / 2;
        smooth::<2>(noise, [width, height], radius, self.sigma);
        // Torchvision counts in half images, of which a pixel's way is alpha / side.
        let half = self.alpha / 2.0;
        with_scratch(image.pixels.len(), |made| {
            let lines = made.chunks_exact_mut(3 * width).zip(noise.chunks_exact(2 * width));
            for (y, (line, ways)) in lines.enumerate() {
                let pixels = line.as_chunks_mut::<3>().0.iter_mut().zip(ways.as_chunks::<2>().0);
                for (x, (rgb, [across, down])) in pixels.enumerate() {
                    *rgb = bilinear(image, x as f32 + half * across, y as f32 + half * down);
                }
            }
            image.pixels.copy_from_slice(made);
        });
    }
}
