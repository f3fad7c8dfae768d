//! Hues and surface textures.

use crate::rng::Stream;
use std::f32::consts::{PI, TAU};

/// Eight hues, evenly around the circle from red.
pub const HUES: &[&str] = &["red", "orange", "lime", "green", "cyan", "blue", "violet", "magenta"];

/// How dark the texture is at a point: 0 not at all, 1 fully. Coordinates in wavelengths.
type Pattern = fn(f32, f32) -> f32;

/// Name and pattern.
pub const TEXTURES: &[(&str, Pattern)] =
    &[("plain", plain), ("stripes", stripes), ("dots", dots), ("checks", checks), ("rings", rings)];

fn plain(_: f32, _: f32) -> f32 {
    0.0
}

fn stripes(u: f32, _: f32) -> f32 {
    step((u * TAU).sin())
}

fn dots(u: f32, v: f32) -> f32 {
    let (u, v) = (u - u.round(), v - v.round());
    f32::from(u * u + v * v < 0.09)
}

fn checks(u: f32, v: f32) -> f32 {
    step((u * PI).sin() * (v * PI).sin())
}

fn rings(u: f32, v: f32) -> f32 {
    step(((u * u + v * v).sqrt() * TAU).sin())
}

fn step(wave: f32) -> f32 {
    f32::from(wave > 0.0)
}

/// A texture as it lies on one silhouette.
pub struct Surface {
    pattern: Pattern,
    /// Wavelengths a unit of the silhouette, along the pattern's own axes.
    axes: [f32; 2],
    offset: [f32; 2],
    light: [f32; 3],
    dark: [f32; 3],
}

impl Surface {
    /// Draws what varies: phase, direction, wavelength, contrast, and shades of the hue.
    pub fn draw(stream: &mut Stream, hue: u16, texture: u16) -> Self {
        let turn = stream.between(0.0, TAU);
        let frequency = stream.between(1.6, 2.6);
        let shade = (f32::from(hue) + stream.between(-0.22, 0.22)) / HUES.len() as f32;
        let light = hsv(shade, stream.between(0.55, 0.95), stream.between(0.65, 1.0));
        let depth = stream.between(0.3, 0.65);
        Self {
            pattern: TEXTURES[usize::from(texture)].1,
            axes: [turn.cos() * frequency, turn.sin() * frequency],
            offset: [stream.unit(), stream.unit()],
            light,
            dark: light.map(|channel| channel * depth),
        }
    }

    /// The colour at a point of the silhouette's own coordinates.
    pub fn color(&self, x: f32, y: f32) -> [f32; 3] {
        let u = x * self.axes[0] + y * self.axes[1] + self.offset[0];
        let v = y * self.axes[0] - x * self.axes[1] + self.offset[1];
        let dark = (self.pattern)(u, v);
        std::array::from_fn(|c| self.light[c] + dark * (self.dark[c] - self.light[c]))
    }
}

/// Hue, saturation and value in 0–1 (the hue wraps) to red, green and blue in 0–1.
pub fn hsv(hue: f32, saturation: f32, value: f32) -> [f32; 3] {
    [5.0f32, 3.0, 1.0].map(|n| {
        let k = (n + hue.rem_euclid(1.0) * 6.0) % 6.0;
        value * (1.0 - saturation * k.min(4.0 - k).clamp(0.0, 1.0))
    })
}
