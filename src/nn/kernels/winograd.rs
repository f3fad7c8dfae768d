//! Winograd's algorithm F(4×4, 3×3): a 3×3 convolution of stride 1 with a quarter of the products.
//!
//! For a tile of 4×4 outputs, from 6×6 inputs d: `Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A` (Lavin & Gray, 2016).
//! The ⊙ over channels is 36 matrix products. The weights' gradient is
//! `Gᵀ[Σ (Bᵀ d B) ⊙ (A dY Aᵀ)]G`; the inputs' is a forward pass of dY with the weights turned by 180°.
//!
//! The transforms have points 0, ±1, ±2; all arithmetic is in f32, with a relative error of about 1e-5.

use super::{
    frame::Frame,
    lanes::{LANES, Lanes},
};

/// Products of a tile.
pub(super) const POINTS: usize = 36;
/// Outputs of a tile, on a side.
pub(super) const TILE: usize = 4;

/// Values from one of 36 planes of `rows` rows to the next. One line more than needed: else all planes of a tile would fall
/// into the same set of the first-level cache.
pub(super) fn plane(rows: usize, channels: usize) -> usize {
    rows * channels + LANES
}

/// The tiles of one image, and the planes in which the products find them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tiles {
    /// Tiles of an image.
    pub rows: usize,
    pub columns: usize,
    /// Output pixels of an image.
    pub height: usize,
    pub width: usize,
}

impl Tiles {
    pub fn new(height: usize, width: usize) -> Self {
        Self { rows: height.div_ceil(TILE), columns: width.div_ceil(TILE), height, width }
    }
    /// Tiles an image.
    pub fn count(&self) -> usize {
        self.rows * self.columns
    }
    /// The frame of an input of `channels`: a border of one pixel, and whole tiles.
    pub fn frame(&self, channels: usize) -> Frame {
        let (rows, columns) = (self.rows * TILE + 2, self.columns * TILE + 2);
        Frame { height: self.height, width: self.width, channels, top: 1, left: 1, rows, columns }
    }
    /// Image, row and column of a tile's first output.
    fn place(&self, tile: usize) -> (usize, usize, usize) {
        let (image, tile) = (tile / self.count(), tile % self.count());
        (image, tile / self.columns * TILE, tile % self.columns * TILE)
    }
}

/// Bᵀ of six values.
#[inline(always)]
unsafe fn input<L: Lanes>(d: [L; 6]) -> [L; 6] {
    let (minus4, minus5) = (L::splat(-4.0), L::splat(-5.0));
    let (two, four) = (L::splat(2.0), L::splat(4.0));
    let (even, odd) = (d[2].mul_add(minus4, d[4]), d[1].mul_add(minus4, d[3]));
    let (even2, odd2) = (d[4] - d[2], (d[3] - d[1]) * two);
    [
        d[0].mul_add(four, d[2].mul_add(minus5, d[4])),
        even + odd,
        even - odd,
        even2 + odd2,
        even2 - odd2,
        d[1].mul_add(four, d[3].mul_add(minus5, d[5])),
    ]
}

/// Aᵀ of six values.
#[inline(always)]
unsafe fn output<L: Lanes>(m: [L; 6]) -> [L; 4] {
    let (two, four, eight) = (L::splat(2.0), L::splat(4.0), L::splat(8.0));
    let (sum, difference) = (m[1] + m[2], m[1] - m[2]);
    let (sum2, difference2) = (m[3] + m[4], m[3] - m[4]);
    [
        m[0] + sum + sum2,
        difference2.mul_add(two, difference),
        sum2.mul_add(four, sum),
        difference2.mul_add(eight, difference) + m[5],
    ]
}

/// A of four values.
#[inline(always)]
unsafe fn gradient<L: Lanes>(y: [L; 4]) -> [L; 6] {
    let (two, four) = (L::splat(2.0), L::splat(4.0));
    let (even, odd) = (y[0] + y[2], y[1] + y[3]);
    let (even2, odd2) = (y[2].mul_add(four, y[0]), y[3].mul_add(four, y[1]) * two);
    [y[0], even + odd, even - odd, even2 + odd2, even2 - odd2, y[3]]
}

/// G of three values.
#[inline(always)]
pub(super) unsafe fn weight<L: Lanes>(g: [L; 3]) -> [L; 6] {
    let (minus_sixth, sixth) = (L::splat(-1.0 / 6.0), L::splat(1.0 / 6.0));
    let (half, sum) = (g[1] * minus_sixth, (g[0] + g[2]) * minus_sixth);
    let (half2, sum2) = (g[1] * L::splat(1.0 / 12.0), g[2].mul_add(sixth, g[0] * L::splat(1.0 / 24.0)));
    [g[0] * L::splat(0.25), sum + half, sum - half, sum2 + half2, sum2 - half2, g[2]]
}

/// Gᵀ of six values.
#[inline(always)]
pub(super) unsafe fn weight_gradient<L: Lanes>(u: [L; 6]) -> [L; 3] {
    let (minus_sixth, sixth) = (L::splat(-1.0 / 6.0), L::splat(1.0 / 6.0));
    let (sum, difference) = ((u[1] + u[2]) * minus_sixth, (u[1] - u[2]) * minus_sixth);
    let (sum2, difference2) = (u[3] + u[4], u[3] - u[4]);
    [
        u[0].mul_add(L::splat(0.25), sum2.mul_add(L::splat(1.0 / 24.0), sum)),
        difference2.mul_add(L::splat(1.0 / 12.0), difference),
        sum2.mul_add(sixth, sum) + u[5],
    ]
}

/// Where the transformed tiles go: 36 planes of `[tile][channel]`, `plane` values apart.
#[derive(Clone, Copy)]
pub(super) struct Planes {
    pub values: *mut f32,
    pub plane: usize,
    pub channels: usize,
}

impl Planes {
    /// All of a buffer, `plane` values from one to the next.
    pub fn of(values: &mut [f32], plane: usize, channels: usize) -> Self {
        assert!(values.len() >= POINTS * plane);
        Self { values: values.as_mut_ptr(), plane, channels }
    }
    /// The planes from a tile on.
    pub fn after(self, tiles: usize) -> Self {
        Self { values: self.values.wrapping_add(tiles * self.channels), ..self }
    }
    /// Where one of them begins.
    pub fn plane(self, point: usize) -> *const f32 {
        self.values.wrapping_add(point * self.plane)
    }
}

// SAFETY: whoever writes through planes has tiles that no other thread has (see their users).
unsafe impl Send for Planes {}
// SAFETY: as above.
unsafe impl Sync for Planes {}

/// Bᵀ d B of the framed tiles `first..first + count`; the first of them goes to place 0 of each plane.
///
/// # Safety
/// The frames of those tiles lie behind `framed`, `count` tiles behind each plane.
#[inline(always)]
pub(super) unsafe fn input_tiles<L: Lanes>(
    tiles: &Tiles,
    framed: *const f32,
    run: (usize, usize),
    to: Planes,
) {
    // The border belongs to the inputs.
    transform_tiles::<L, 6>(
        tiles,
        framed,
        run,
        to,
        0,
        #[inline(always)]
        |d| input(d),
    );
}

/// A dY Aᵀ of the framed tiles `first..first + count`; as [`input_tiles`].
///
/// # Safety
/// As for [`input_tiles`].
#[inline(always)]
pub(super) unsafe fn gradient_tiles<L: Lanes>(
    tiles: &Tiles,
    framed: *const f32,
    run: (usize, usize),
    to: Planes,
) {
    transform_tiles::<L, 4>(
        tiles,
        framed,
        run,
        to,
        1,
        #[inline(always)]
        |d| gradient(d),
    );
}

/// One transform along the columns and along the rows of the `N`×`N` values of each tile, which begin
/// `border` pixels inside its frame.
#[inline(always)]
unsafe fn transform_tiles<L: Lanes, const N: usize>(
    tiles: &Tiles,
    framed: *const f32,
    (first, count): (usize, usize),
    to: Planes,
    border: usize,
    transform: impl Fn([L; N]) -> [L; 6],
) {
    let frame = tiles.frame(to.channels);
    for tile in 0..count {
        let (image, row, column) = tiles.place(first + tile);
        let framed = framed.add(image * frame.size() + frame.at(row + border, column + border));
        for channel in (0..to.channels).step_by(LANES) {
            let from = framed.add(channel);
            let mut half = [[L::splat(0.0); N]; 6];
            for x in 0..N {
                let mut d = [L::splat(0.0); N];
                for y in 0..N {
                    d[y] = L::load(from.add(frame.at(y, x)));
                }
                let d = transform(d);
                for y in 0..6 {
                    half[y][x] = d[y];
                }
            }
            let to_tile = to.values.add(tile * to.channels + channel);
            for y in 0..6 {
                let d = transform(half[y]);
                for x in 0..6 {
                    d[x].store(to_tile.add((y * 6 + x) * to.plane));
                }
            }
        }
    }
}

/// Aᵀ m A: from place `from_tile` on of each plane to the output pixels of tiles `first..first + count`.
///
/// # Safety
/// `from_tile + count` tiles lie behind each plane, the images of those tiles behind `out`.
#[inline(always)]
pub(super) unsafe fn output_tiles<L: Lanes>(
    tiles: &Tiles,
    from: Planes,
    from_tile: usize,
    (first, count): (usize, usize),
    out: *mut f32,
) {
    let channels = from.channels;
    for tile in 0..count {
        let (image, row, column) = tiles.place(first + tile);
        let out = out.add(((image * tiles.height + row) * tiles.width + column) * channels);
        let (rows, columns) = ((tiles.height - row).min(TILE), (tiles.width - column).min(TILE));
        for channel in (0..channels).step_by(LANES) {
            let from_tile = from.values.add((from_tile + tile) * channels + channel);
            let mut half = [[L::splat(0.0); 6]; 4];
            for x in 0..6 {
                let mut m = [L::splat(0.0); 6];
                for y in 0..6 {
                    m[y] = L::load(from_tile.add((y * 6 + x) * from.plane));
                }
                let m = output(m);
                for y in 0..4 {
                    half[y][x] = m[y];
                }
            }
            for y in 0..rows {
                let y_out = output(half[y]);
                let out = out.add(y * tiles.width * channels + channel);
                for x in 0..columns {
                    y_out[x].store(out.add(x * channels));
                }
            }
        }
    }
}
