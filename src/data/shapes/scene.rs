//! One image: what is drawn for it, and how it is painted.

use super::silhouette::{Point, SILHOUETTES};
use super::surface::{TEXTURES, mix, noise, smooth};
use crate::rng::{Address, Domain, Stream};

/// Names of the hues, by class number; class c is c ÷ 8 turns of the colour circle from red.
pub const HUES: [&str; 8] = ["red", "orange", "lime", "green", "cyan", "blue", "violet", "pink"];

type Rgb = [f32; 3];

/// Everything that makes an image, but for its size in pixels. Lengths are in halves of the image's side.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Class numbers.
    pub shape: u16,
    pub hue: u16,
    pub texture: u16,
    centre: Point,
    scale: f32,
    /// Radians.
    tilt: f32,
    flesh: Rgb,
    surface: Surface,
    background: Background,
}

/// The marks on the silhouette.
#[derive(Clone, Debug, PartialEq)]
struct Surface {
    /// Radians; a surface has no side that is up.
    angle: f32,
    /// Periods to a half of the silhouette's side.
    frequency: f32,
    phase: Point,
    depth: f32,
    salt: u32,
}

/// What is behind it.
#[derive(Clone, Debug, PartialEq)]
struct Background {
    /// The colours that the noise mixes.
    colours: [Rgb; 2],
    /// Cells of the noise across half of the side.
    frequency: f32,
    salt: u32,
    /// Light from above, on the share of the images that have a side that is up by their light.
    daylight: Option<Daylight>,
}

/// Sky over ground.
#[derive(Clone, Debug, PartialEq)]
struct Daylight {
    horizon: f32,
    softness: f32,
    /// How much brighter the sky is than the ground.
    strength: f32,
}

/// The share of the images that have daylight. Chosen by `examples/built_in_set.rs`: with less, a head
/// learns too slowly which way is up; with all, an untrained network can be read for it.
const DAYLIGHT: f32 = 0.55;
/// The weakest daylight.
const DUSK: f32 = 0.4;
/// How much brighter than the mean the sky is in full daylight, and how much darker the ground.
const SKY: f32 = 0.35;
/// How much brighter the top of a silhouette is in full daylight than its middle.
const LIT: f32 = 0.5;

impl Scene {
    /// The scene of an index.
    pub fn at(seed: u64, index: u64) -> Self {
        let stream = &mut Stream::at(seed, Domain::Shapes, Address { sample: index, ..Address::default() });
        let shape = stream.below(SILHOUETTES.len() as u32) as u16;
        let hue = stream.below(HUES.len() as u32) as u16;
        let texture = stream.below(TEXTURES.len() as u32) as u16;
        let scale = stream.between(0.55, 0.85);
        let room = 1.1 - scale;
        let centre = [stream.between(-room, room), stream.between(-room, room)];
        let tilt = stream.between(-0.15, 0.15);
        let turn = (f32::from(hue) + stream.between(-0.3, 0.3)) / HUES.len() as f32;
        let flesh = hsv(turn, stream.between(0.55, 0.95), stream.between(0.65, 1.0));
        let surface = Surface::draw(stream);
        let background = Background::draw(stream);
        Self { shape, hue, texture, centre, scale, tilt, flesh, surface, background }
    }

    /// Paints it into `[side, side, 3]` bytes.
    pub fn paint(&self, side: usize, pixels: &mut [u8]) {
        let outline = SILHOUETTES[usize::from(self.shape)].1;
        let step = 2.0 / side as f32;
        let (sin, cos) = self.tilt.sin_cos();
        for (place, rgb) in pixels.chunks_exact_mut(3).enumerate() {
            let at = [(place % side) as f32, (place / side) as f32].map(|n| (n + 0.5) * step - 1.0);
            let (x, y) = ((at[0] - self.centre[0]) / self.scale, (at[1] - self.centre[1]) / self.scale);
            let within = [x * cos + y * sin, y * cos - x * sin];
            // One pixel's worth of ramp across the outline is the anti-aliasing.
            let coverage = (0.5 - outline(within) * self.scale / step).clamp(0.0, 1.0);
            let behind = self.background.colour(at);
            let before = if coverage > 0.0 { self.front(within) } else { behind };
            for channel in 0..3 {
                let value = mix(behind[channel], before[channel], coverage);
                rgb[channel] = (value.clamp(0.0, 1.0) * 255.0).round() as u8;
            }
        }
    }

    /// The silhouette's colour at a point of its frame.
    fn front(&self, at: Point) -> Rgb {
        let mark = self.surface.mark(TEXTURES[usize::from(self.texture)].1, at);
        let light = self.background.daylight.as_ref().map_or(0.0, |day| day.strength * LIT);
        let shade = (1.0 - self.surface.depth * mark) * (1.0 - light * at[1]);
        self.flesh.map(|value| value * shade)
    }
}

impl Surface {
    fn draw(stream: &mut Stream) -> Self {
        Self {
            angle: stream.between(0.0, std::f32::consts::TAU),
            frequency: stream.between(1.6, 2.4),
            phase: [stream.unit(), stream.unit()],
            depth: stream.between(0.45, 0.7),
            salt: stream.below(u32::MAX),
        }
    }

    fn mark(&self, pattern: fn(Point, u32) -> f32, [x, y]: Point) -> f32 {
        let (sin, cos) = self.angle.sin_cos();
        let (u, v) = (x * cos + y * sin, y * cos - x * sin);
        pattern([u * self.frequency + self.phase[0], v * self.frequency + self.phase[1]], self.salt)
    }
}

impl Background {
    fn draw(stream: &mut Stream) -> Self {
        let mut colour = || hsv(stream.unit(), stream.between(0.1, 0.5), stream.between(0.15, 0.85));
        let colours = [colour(), colour()];
        let frequency = stream.between(1.0, 5.0);
        let salt = stream.below(u32::MAX);
        let daylight = Daylight {
            horizon: stream.between(-0.5, 0.5),
            softness: stream.between(0.3, 1.5),
            strength: stream.between(DUSK, 1.0),
        };
        let daylight = stream.coin(DAYLIGHT).then_some(daylight);
        Self { colours, frequency, salt, daylight }
    }

    fn colour(&self, [x, y]: Point) -> Rgb {
        let t = noise([x * self.frequency, y * self.frequency], self.salt);
        let [a, b] = self.colours;
        let sky = self.daylight.as_ref().map_or(0.0, |day| {
            let below = smooth(0.5 + (y - day.horizon) / (2.0 * day.softness));
            day.strength * SKY * (1.0 - 2.0 * below)
        });
        std::array::from_fn(|channel| mix(a[channel], b[channel], t) + sky)
    }
}

/// HSV to RGB; hue in turns, any real number.
fn hsv(hue: f32, saturation: f32, value: f32) -> Rgb {
    [5.0, 3.0, 1.0].map(|n: f32| {
        let k = (n + hue.rem_euclid(1.0) * 6.0) % 6.0;
        value * (1.0 - saturation * k.min(4.0 - k).clamp(0.0, 1.0))
    })
}
