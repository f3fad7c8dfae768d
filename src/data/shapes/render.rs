//! One picture: what is drawn by lot, and how it comes to be pixels.

use super::{
    landscape::Landscape,
    silhouette::{Inside, SILHOUETTES},
    surface::{HUES, Surface, TEXTURES},
};
use crate::rng::{Address, Domain, Stream};

/// Samples a pixel, across and down: edges are smooth, so that size is not told by their steps.
const SAMPLES: usize = 3;

/// Everything that is drawn by lot for one picture.
pub struct Scene {
    classes: [u16; 3],
    inside: Inside,
    surface: Surface,
    landscape: Landscape,
    /// Centre of the silhouette, −1..1 in the picture; its half size; its tilt.
    centre: [f32; 2],
    size: f32,
    tilt: f32,
    /// Colour of the light.
    light: [f32; 3],
}

impl Scene {
    /// The scene of an index, in a world.
    pub fn draw(world: u64, index: u64) -> Self {
        let stream = |part: u32| {
            let address = Address { sample: index, augmentation: part, ..Address::default() };
            Stream::at(world, Domain::Shapes, address)
        };
        let mut choice = stream(0);
        let classes = [SILHOUETTES.len(), HUES.len(), TEXTURES.len()].map(|of| choice.below(of as u32) as u16);
        let mut place = stream(1);
        let size = place.between(0.42, 0.75);
        let room = 1.0 - size * 0.9;
        Self {
            inside: SILHOUETTES[usize::from(classes[0])].1,
            surface: Surface::draw(&mut stream(2), classes[1], classes[2]),
            landscape: Landscape::draw(&mut stream(3)),
            centre: [place.between(-room, room), place.between(-room, room)],
            size,
            tilt: place.between(-0.2, 0.2),
            light: std::array::from_fn(|_| place.between(0.75, 1.1)),
            classes,
        }
    }

    /// Shape, hue, texture.
    pub fn classes(&self) -> [u16; 3] {
        self.classes
    }

    /// `[side, side, 3]` bytes.
    pub fn render(&self, side: usize) -> Vec<u8> {
        let mut pixels = Vec::with_capacity(side * side * 3);
        let step = 2.0 / (side * SAMPLES) as f32;
        for row in 0..side {
            for column in 0..side {
                let mut sum = [0.0f32; 3];
                for sample in 0..SAMPLES * SAMPLES {
                    let x = (column * SAMPLES + sample % SAMPLES) as f32 * step + step / 2.0 - 1.0;
                    let y = 1.0 - (row * SAMPLES + sample / SAMPLES) as f32 * step - step / 2.0;
                    let color = self.color(x, y);
                    (0..3).for_each(|c| sum[c] += color[c]);
                }
                let average = 255.0 / (SAMPLES * SAMPLES) as f32;
                pixels.extend((0..3).map(|c| (sum[c] * self.light[c] * average).round().clamp(0.0, 255.0) as u8));
            }
        }
        pixels
    }

    /// The colour at a point of the picture, −1..1, before the light.
    fn color(&self, x: f32, y: f32) -> [f32; 3] {
        let (dx, dy) = ((x - self.centre[0]) / self.size, (y - self.centre[1]) / self.size);
        let (sin, cos) = self.tilt.sin_cos();
        let (u, v) = (dx * cos + dy * sin, dy * cos - dx * sin);
        if (self.inside)(u, v) { self.surface.color(u, v) } else { self.landscape.color(x, y) }
    }
}
