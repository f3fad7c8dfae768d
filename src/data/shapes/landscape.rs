//! What is behind: two tones that meet at a horizon, with uneven ground.

use super::surface::hsv;
use crate::rng::Stream;

/// How often the upper tone is the lighter one.
const LIGHT_ABOVE: f32 = 0.62;
/// Cells of the coarsest unevenness, across the picture.
const CELLS: usize = 6;

/// A background.
pub struct Landscape {
    above: [f32; 3],
    below: [f32; 3],
    /// Where the tones meet, and how softly; y from −1 (below) to 1 (above).
    horizon: f32,
    softness: f32,
    /// Unevenness at the corners of cells, −1..1.
    grid: Vec<f32>,
    roughness: f32,
}

impl Landscape {
    pub fn draw(stream: &mut Stream) -> Self {
        let mut tone = |value: f32| {
            let (hue, saturation) = (stream.unit(), stream.between(0.05, 0.55));
            hsv(hue, saturation, value)
        };
        let (first, second) = (tone(1.0), tone(1.0));
        let light = stream.between(0.62, 0.95);
        let dark = light - stream.between(0.2, 0.5);
        let (above, below) = if stream.coin(LIGHT_ABOVE) { (light, dark) } else { (dark, light) };
        Self {
            above: first.map(|channel| channel * above),
            below: second.map(|channel| channel * below),
            horizon: stream.between(-0.5, 0.5),
            softness: stream.between(0.1, 0.9),
            grid: (0..(CELLS + 1) * (CELLS + 1)).map(|_| stream.between(-1.0, 1.0)).collect(),
            roughness: stream.between(0.05, 0.25),
        }
    }

    /// The colour at a point of the picture, −1..1.
    pub fn color(&self, x: f32, y: f32) -> [f32; 3] {
        let t = ((y - self.horizon) / self.softness * 0.5 + 0.5).clamp(0.0, 1.0);
        let uneven = 1.0 + self.roughness * self.unevenness(x, y);
        std::array::from_fn(|c| (self.below[c] + t * (self.above[c] - self.below[c])) * uneven)
    }

    /// The grid's values, interpolated.
    fn unevenness(&self, x: f32, y: f32) -> f32 {
        let cell = |at: f32| {
            let at = ((at + 1.0) / 2.0).clamp(0.0, 0.9999) * CELLS as f32;
            (at as usize, at.fract())
        };
        let ((i, u), (j, v)) = (cell(x), cell(y));
        let at = |i: usize, j: usize| self.grid[j * (CELLS + 1) + i];
        let (u, v) = (u * u * (3.0 - 2.0 * u), v * v * (3.0 - 2.0 * v));
        let low = at(i, j) + u * (at(i + 1, j) - at(i, j));
        let high = at(i, j + 1) + u * (at(i + 1, j + 1) - at(i, j + 1));
        low + v * (high - low)
    }
}
