//! Gaussian noise.

use super::{Augmentation, Image, Invalid, Knob, short};
use crate::rng::{Domain, Stream};
use serde::{Deserialize, Serialize};

/// Adds independent Gaussian noise to every value with probability `p`; its standard deviation is uniform
/// in `sigma` (torchvision's `v2.GaussianNoise` with `clip=True`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Noise {
    /// Probability.
    pub p: f64,
    /// Least and greatest standard deviation, of values in `[0, 1]`.
    pub sigma: [f64; 2],
}

impl Default for Noise {
    fn default() -> Self {
        Self { p: 0.5, sigma: [0.0, 0.1] }
    }
}

/// The noise of one view.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grain {
    /// Standard deviation, of values in `[0, 1]`.
    pub sigma: f32,
    /// Where its numbers come from: the same seed is the same noise, which views can share.
    pub seed: u32,
}

impl Augmentation for Noise {
    const KIND: &'static str = "noise";
    const HELP: &'static str = "adds Gaussian noise";
    const KNOBS: &'static [Knob] = &[
        Knob { path: "p", min: 0.0, max: 1.0, step: 0.05, help: "probability of noise" },
        Knob { path: "sigma.0", min: 0.0, max: 1.0, step: 0.01, help: "least standard deviation" },
        Knob { path: "sigma.1", min: 0.0, max: 1.0, step: 0.01, help: "greatest standard deviation" },
    ];
    /// The noise; `None`: without.
    type Params = Option<Grain>;

    fn sample(&self, stream: &mut Stream, _width: usize, _height: usize) -> Option<Grain> {
        let noisy = stream.coin(self.p as f32);
        let sigma = stream.between(self.sigma[0] as f32, self.sigma[1] as f32);
        let seed = stream.below(u32::MAX);
        noisy.then_some(Grain { sigma, seed })
    }

    fn apply(grain: &Option<Grain>, image: &mut Image) {
        let Some(Grain { sigma, seed }) = *grain else { return };
        // A stream by a name that is no augmentation's: it coincides with no stream of parameters.
        let mut stream = Stream::named(u64::from(seed), Domain::Views, "noise of the pixels");
        for values in image.pixels.chunks_mut(2) {
            for (value, noise) in values.iter_mut().zip(two_normals(&mut stream)) {
                *value = (*value + sigma * noise).clamp(0.0, 1.0);
            }
        }
    }

    fn summary(&self) -> String {
        format!("p {} σ{}–{}", short(self.p), short(self.sigma[0]), short(self.sigma[1]))
    }

    fn describe(grain: &Option<Grain>) -> String {
        grain.map_or_else(|| "no noise".into(), |grain| format!("σ {:.3}", grain.sigma))
    }

    fn check(&self) -> Result<(), Invalid> {
        super::ordered("sigma", self.sigma)
    }
}

/// Two standard normal numbers (Box–Muller, in f32: none is beyond 5.8). [`Stream::normal`] has the
/// whole tail, but costs four times as much, which thousands of pixels a view would feel.
fn two_normals(stream: &mut Stream) -> [f32; 2] {
    let radius = (-2.0 * (1.0 - stream.unit()).ln()).sqrt();
    let (sine, cosine) = (std::f32::consts::TAU * stream.unit()).sin_cos();
    [radius * cosine, radius * sine]
}
