//! Images copied into frames of zeros, and what is computed while they are copied.
//!
//! A convolution reads its input through such a copy, which stays in the second-level cache: the border
//! costs it nothing, and neither BatchNorm with ReLU nor BatchNorm's gradient needs a pass of its own.

use super::{
    lanes::{LANES, Lanes},
    units::Unit,
};

/// An image of `height × width × channels` values inside `rows × columns` pixels, zeros around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    /// Zeros above and to the left.
    pub top: usize,
    pub left: usize,
    pub rows: usize,
    pub columns: usize,
}

impl Frame {
    /// Values of an image.
    pub fn image(&self) -> usize {
        self.height * self.width * self.channels
    }
    /// Values of a frame.
    pub fn size(&self) -> usize {
        self.rows * self.columns * self.channels
    }
    /// Where a pixel of the frame begins.
    pub fn at(&self, row: usize, column: usize) -> usize {
        (row * self.columns + column) * self.channels
    }
}

/// What the framed values are made of, for images that share their statistics.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// Images as they come, `[n, c, h, w]`; their channels are not padded.
    Planar(&'a [f32]),
    /// The values themselves, `[n, h, w, c]` as all that follow.
    Plain(&'a [f32]),
    /// ReLU(z·scale + shift): a convolution's output after its BatchNorm.
    Activated { z: &'a [f32], scale: &'a [f32], shift: &'a [f32] },
    /// a·g + b·z + c: the gradient of a BatchNorm's input from that of its output.
    Normed { g: &'a [f32], z: &'a [f32], a: &'a [f32], b: &'a [f32], c: &'a [f32] },
}

impl<'a> Source<'a> {
    /// The same of a unit; `size` values an image, of `channels`.
    pub(super) fn part(self, unit: &Unit, size: usize, channels: usize) -> Self {
        let of = |values: &'a [f32]| unit.of(values, size);
        let row = |values: &'a [f32]| unit.row(values, channels);
        match self {
            Self::Planar(x) => Self::Planar(of(x)),
            Self::Plain(x) => Self::Plain(of(x)),
            Self::Activated { z, scale, shift } => {
                Self::Activated { z: of(z), scale: row(scale), shift: row(shift) }
            }
            Self::Normed { g, z, a, b, c } => {
                Self::Normed { g: of(g), z: of(z), a: row(a), b: row(b), c: row(c) }
            }
        }
    }
}

/// Frames `images` images. `source` must be one [`Source::part`] of them.
///
/// # Safety
/// The processor has the instruction set of `L`.
#[inline(always)]
pub(super) unsafe fn fill<L: Lanes>(source: Source, frame: &Frame, images: usize, framed: &mut [f32]) {
    assert!(framed.len() >= images * frame.size());
    assert!(frame.top + frame.height <= frame.rows && frame.left + frame.width <= frame.columns);
    match source {
        Source::Planar(x) => planar(x, frame, images, framed),
        Source::Plain(x) => {
            assert!(x.len() == images * frame.image());
            fill_with::<L, 0>(
                [],
                frame,
                images,
                framed,
                #[inline(always)]
                |at, []| L::load(x.as_ptr().add(at)),
            );
        }
        Source::Activated { z, scale, shift } => {
            assert!(z.len() == images * frame.image());
            fill_with::<L, 2>(
                [scale, shift],
                frame,
                images,
                framed,
                #[inline(always)]
                |at, [scale, shift]| L::load(z.as_ptr().add(at)).mul_add(scale, shift).relu(),
            );
        }
        Source::Normed { g, z, a, b, c } => {
            assert!(g.len() == images * frame.image() && z.len() == g.len());
            fill_with::<L, 3>(
                [a, b, c],
                frame,
                images,
                framed,
                #[inline(always)]
                |at, [a, b, c]| {
                    let normed = L::load(z.as_ptr().add(at)).mul_add(b, c);
                    L::load(g.as_ptr().add(at)).mul_add(a, normed)
                },
            );
        }
    }
}

/// `value(place in the images, constants of its channels)` for each vector.
#[inline(always)]
unsafe fn fill_with<L: Lanes, const N: usize>(
    constants: [&[f32]; N],
    frame: &Frame,
    images: usize,
    framed: &mut [f32],
    value: impl Fn(usize, [L; N]) -> L,
) {
    let (channels, line) = (frame.channels, frame.columns * frame.channels);
    assert!(channels.is_multiple_of(LANES) && constants.iter().all(|values| values.len() == channels));
    let (left, inner) = (frame.left * channels, frame.width * channels);
    let mut from = 0;
    for image in framed.chunks_exact_mut(frame.size()).take(images) {
        for (row, line) in image.chunks_exact_mut(line).enumerate() {
            if row < frame.top || row >= frame.top + frame.height {
                line.fill(0.0);
                continue;
            }
            line[..left].fill(0.0);
            line[left + inner..].fill(0.0);
            let to = line[left..left + inner].as_mut_ptr();
            for channel in (0..channels).step_by(LANES) {
                let mut known = [L::splat(0.0); N];
                for (known, values) in known.iter_mut().zip(&constants) {
                    *known = L::load(values.as_ptr().add(channel));
                }
                let mut at = channel;
                while at < inner {
                    value(from + at, known).store(to.add(at));
                    at += channels;
                }
            }
            from += inner;
        }
    }
}

/// `[c, h, w]` to `[h, w, c]`.
fn planar(x: &[f32], frame: &Frame, images: usize, framed: &mut [f32]) {
    let (channels, plane) = (frame.channels, frame.height * frame.width);
    assert!(x.len() == images * frame.image());
    framed[..images * frame.size()].fill(0.0);
    for (image, x) in framed.chunks_exact_mut(frame.size()).zip(x.chunks_exact(frame.image())) {
        for y in 0..frame.height {
            let to = &mut image[frame.at(frame.top + y, frame.left)..][..frame.width * channels];
            for (channel, x) in x.chunks_exact(plane).enumerate() {
                let from = &x[y * frame.width..][..frame.width];
                for (to, value) in to[channel..].iter_mut().step_by(channels).zip(from) {
                    *to = *value;
                }
            }
        }
    }
}
