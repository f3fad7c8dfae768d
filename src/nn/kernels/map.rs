//! What is done to a whole batch of feature maps, a unit of images at a time.

use super::{
    geometry::padded,
    lanes::{Isa, Kernel, Lanes},
    pointwise::{self, Shortcut},
    pool::{Pool, pooled},
    units::{Part, PerImage, PerUnit, Unit, each_part, parts, units},
};

/// Values of a unit.
const UNIT: usize = 32 * 1024;

/// A batch of `images` maps of `height × width` pixels.
pub struct Map {
    pub height: usize,
    pub width: usize,
    /// As they are stored: padded.
    pub channels: usize,
    pub images: usize,
    parts: Vec<Part>,
}

/// One function of `pointwise` or `pool` over one unit.
enum Work<'a> {
    Join { z: &'a [f32], scale: &'a [f32], shift: &'a [f32], shortcut: Shortcut<'a>, y: &'a mut [f32] },
    Mean { y: &'a [f32], means: &'a mut [f32] },
    Spread { means: &'a [f32], y: &'a [f32], g: &'a mut [f32] },
    Sums { g: &'a [f32], z: &'a [f32], mean: &'a [f32], sums: &'a mut [f64] },
    Pool { z: &'a [f32], scale: &'a [f32], shift: &'a [f32], out: &'a mut [f32] },
    Unpool { gradient: &'a [f32], z: &'a [f32], scale: &'a [f32], shift: &'a [f32], g: &'a mut [f32] },
}

struct OfMap<'a>(&'a Map, Work<'a>);

impl Kernel for OfMap<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let map = self.0;
        let pool = Pool { height: map.height, width: map.width, channels: map.channels };
        match self.1 {
            Work::Join { z, scale, shift, shortcut, y } => {
                pointwise::join::<L>(z, [scale, shift], shortcut, y);
            }
            Work::Mean { y, means } => pointwise::mean::<L>(y, map.image(), means),
            Work::Spread { means, y, g } => pointwise::spread::<L>(means, map.image(), y, g),
            Work::Sums { g, z, mean, sums } => {
                sums.fill(0.0);
                pointwise::gradient_sums::<L>(g, z, mean, sums);
            }
            Work::Pool { z, scale, shift, out } => pool.forward::<L>(z, [scale, shift], out),
            Work::Unpool { gradient, z, scale, shift, g } => {
                pool.backward::<L>(gradient, z, [scale, shift], g);
            }
        }
    }
}

impl Map {
    /// `channels` are padded; the images are `groups` groups with statistics of their own.
    pub fn new([height, width]: [usize; 2], channels: usize, images: usize, groups: usize) -> Self {
        let channels = padded(channels);
        let units = units(images, groups, (UNIT / (height * width * channels)).max(1));
        Self { height, width, channels, images, parts: parts(&units, units.len()) }
    }

    /// Values of an image.
    pub fn image(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Values of the batch.
    pub fn size(&self) -> usize {
        self.images * self.image()
    }

    /// The units, for the sums that come out of a pass.
    pub fn units(&self) -> impl Iterator<Item = Unit> {
        self.parts.iter().map(|part| part.units[0])
    }

    /// Writes so many values an image, a unit at a time.
    fn each(&self, to: &mut [f32], size: usize, work: impl Fn(&Unit, &mut [f32]) + Sync) {
        each_part(&self.parts, PerImage(to, size), &|part, to| work(&part.units[0], to.0));
    }

    /// y = ReLU(z·scale + shift + shortcut).
    pub fn join(&self, isa: Isa, z: &[f32], [scale, shift]: [&[f32]; 2], shortcut: Shortcut, y: &mut [f32]) {
        let size = self.image();
        self.each(y, size, |unit, y| {
            let shortcut = match shortcut {
                Shortcut::None => Shortcut::None,
                Shortcut::Identity(x) => Shortcut::Identity(unit.of(x, size)),
                Shortcut::Projection { z, scale, shift } => Shortcut::Projection {
                    z: unit.of(z, size),
                    scale: unit.row(scale, self.channels),
                    shift: unit.row(shift, self.channels),
                },
            };
            let (scale, shift) = (unit.row(scale, self.channels), unit.row(shift, self.channels));
            isa.run(OfMap(self, Work::Join { z: unit.of(z, size), scale, shift, shortcut, y }));
        });
    }

    /// The mean over the pixels, `[images, channels]`.
    pub fn mean(&self, isa: Isa, y: &[f32], means: &mut [f32]) {
        self.each(means, self.channels, |unit, means| {
            isa.run(OfMap(self, Work::Mean { y: unit.of(y, self.image()), means }));
        });
    }

    /// The gradient of the mean, where y > 0.
    pub fn spread(&self, isa: Isa, means: &[f32], y: &[f32], g: &mut [f32]) {
        self.each(g, self.image(), |unit, g| {
            let (means, y) = (unit.of(means, self.channels), unit.of(y, self.image()));
            isa.run(OfMap(self, Work::Spread { means, y, g }));
        });
    }

    /// Σg and Σg·(z−mean), `[unit][2][channels]`.
    pub fn sums(&self, isa: Isa, g: &[f32], z: &[f32], mean: &[f32], sums: &mut [f64]) {
        let size = 2 * self.channels;
        let sums = &mut sums[..self.parts.len() * size];
        each_part(&self.parts, PerUnit(sums, size), &|part, sums| {
            let unit = &part.units[0];
            let (g, z) = (unit.of(g, self.image()), unit.of(z, self.image()));
            isa.run(OfMap(self, Work::Sums { g, z, mean: unit.row(mean, self.channels), sums: sums.0 }));
        });
    }

    /// Max-pools ReLU(z·scale + shift) of this map.
    pub fn pool(&self, isa: Isa, z: &[f32], [scale, shift]: [&[f32]; 2], out: &mut [f32]) {
        let size = pooled(self.height) * pooled(self.width) * self.channels;
        self.each(out, size, |unit, out| {
            let z = unit.of(z, self.image());
            let (scale, shift) = (unit.row(scale, self.channels), unit.row(shift, self.channels));
            isa.run(OfMap(self, Work::Pool { z, scale, shift, out }));
        });
    }

    /// From the gradient of what [`Self::pool`] gave to that of BatchNorm's output.
    pub fn unpool(&self, isa: Isa, gradient: &[f32], z: &[f32], [scale, shift]: [&[f32]; 2], g: &mut [f32]) {
        let size = pooled(self.height) * pooled(self.width) * self.channels;
        self.each(g, self.image(), |unit, g| {
            let (gradient, z) = (unit.of(gradient, size), unit.of(z, self.image()));
            let (scale, shift) = (unit.row(scale, self.channels), unit.row(shift, self.channels));
            isa.run(OfMap(self, Work::Unpool { gradient, z, scale, shift, g }));
        });
    }

    /// Takes in maps as other networks have them, `[images, c, height, width]` with c channels that are not
    /// padded.
    pub fn from_planes(&self, planes: &[f32], y: &mut [f32]) {
        self.gather(planes, y, |value, _| value);
    }

    /// [`Self::from_planes`], where y > 0; zeros elsewhere: the gradient before a ReLU.
    pub fn from_planes_where(&self, planes: &[f32], y: &[f32], g: &mut [f32]) {
        self.gather(planes, g, |value, at| if y[at] > 0.0 { value } else { 0.0 });
    }

    /// `value(the plane's, place in the batch)` for every value; zeros in the padding.
    fn gather(&self, planes: &[f32], to: &mut [f32], value: impl Fn(f32, usize) -> f32 + Sync) {
        let (size, pixels) = (planes.len() / self.images, self.height * self.width);
        self.each(to, self.image(), |unit, to| {
            let first = unit.first * self.image();
            let images = to.chunks_exact_mut(self.image()).zip(unit.of(planes, size).chunks_exact(size));
            for (image, (to, planes)) in images.enumerate() {
                for (pixel, to) in to.chunks_exact_mut(self.channels).enumerate() {
                    let at = first + image * self.image() + pixel * self.channels;
                    to.fill(0.0);
                    for (channel, plane) in planes.chunks_exact(pixels).enumerate() {
                        to[channel] = value(plane[pixel], at + channel);
                    }
                }
            }
        });
    }

    /// The inverse of [`Self::from_planes`].
    pub fn to_planes(&self, y: &[f32], planes: &mut [f32]) {
        let (size, pixels) = (planes.len() / self.images, self.height * self.width);
        self.each(planes, size, |unit, planes| {
            let images =
                planes.chunks_exact_mut(size).zip(unit.of(y, self.image()).chunks_exact(self.image()));
            for (planes, y) in images {
                for (channel, plane) in planes.chunks_exact_mut(pixels).enumerate() {
                    for (value, y) in plane.iter_mut().zip(y.chunks_exact(self.channels)) {
                        *value = y[channel];
                    }
                }
            }
        });
    }
}
