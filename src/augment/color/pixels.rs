//! The colour operations on pixels, as torchvision has them for float tensors
//! (`torchvision/transforms/_functional_tensor.py`).
//!
//! Values are in `[0, 1]`; every result is clamped to it. A blend is `f · x + (1 − f) · y`, and gray is
//! ITU-R BT.601 luma.

/// Pixels of a block: its planes lie in the nearest cache.
const BLOCK: usize = 256;

/// Some pixels of an image, a channel an array, so that vectors hold one channel of several pixels.
/// Beyond the image's end they are black, or whatever an operation makes of black.
pub struct Block {
    red: [f32; BLOCK],
    green: [f32; BLOCK],
    blue: [f32; BLOCK],
}

/// Does `work` to the pixels of an image, a block at a time; with `store`, the image changes. Returns the
/// mean of the luma of what the work has made.
#[inline(always)]
pub fn in_blocks(pixels: &mut [f32], store: bool, work: impl Fn(&mut Block)) -> f32 {
    let pixels = pixels.as_chunks_mut::<3>().0;
    let count = pixels.len();
    let mut sum = 0.0;
    for part in pixels.chunks_mut(BLOCK) {
        let mut block = Block { red: [0.0; BLOCK], green: [0.0; BLOCK], blue: [0.0; BLOCK] };
        let Block { red, green, blue } = &mut block;
        for (((rgb, red), green), blue) in part.iter().zip(red).zip(green).zip(blue) {
            [*red, *green, *blue] = *rgb;
        }
        work(&mut block);
        sum += block.luma_sum(part.len());
        if store {
            let Block { red, green, blue } = &block;
            for (((rgb, red), green), blue) in part.iter_mut().zip(red).zip(green).zip(blue) {
                *rgb = [*red, *green, *blue];
            }
        }
    }
    (sum / count.max(1) as f64) as f32
}

/// Luma, with torchvision's coefficients, which add up to 0.9999.
#[inline(always)]
pub fn luma(red: f32, green: f32, blue: f32) -> f32 {
    0.2989 * red + 0.587 * green + 0.114 * blue
}

#[inline(always)]
fn blend(value: f32, factor: f32, other: f32) -> f32 {
    (factor * value + (1.0 - factor) * other).clamp(0.0, 1.0)
}

impl Block {
    /// Blends with black.
    #[inline(always)]
    pub fn brightness(&mut self, factor: f32) {
        self.every(|value| (value * factor).clamp(0.0, 1.0));
    }

    /// Blends with the mean luma of the image.
    #[inline(always)]
    pub fn contrast(&mut self, factor: f32, mean: f32) {
        self.every(|value| blend(value, factor, mean));
    }

    /// Blends with the gray image.
    #[inline(always)]
    pub fn saturation(&mut self, factor: f32) {
        self.each(
            #[inline(always)]
            |[red, green, blue]| {
                let gray = luma(red, green, blue);
                [blend(red, factor, gray), blend(green, factor, gray), blend(blue, factor, gray)]
            },
        );
    }

    /// The gray image.
    #[inline(always)]
    pub fn gray(&mut self) {
        self.each(|[red, green, blue]| [luma(red, green, blue); 3]);
    }

    /// Shifts the hue by `shift` turns of the colour circle, through HSV.
    #[inline(always)]
    pub fn hue(&mut self, shift: f32) {
        if shift == 0.0 {
            return;
        }
        self.each(
            #[inline(always)]
            |rgb| {
                let (hue, chroma, value) = hexagon(rgb);
                let hue = turned(hue + shift * 6.0);
                [
                    channel(5.0, hue, chroma, value),
                    channel(3.0, hue, chroma, value),
                    channel(1.0, hue, chroma, value),
                ]
            },
        );
    }

    #[inline(always)]
    fn every(&mut self, change: impl Fn(f32) -> f32) {
        for plane in [&mut self.red, &mut self.green, &mut self.blue] {
            for value in plane {
                *value = change(*value);
            }
        }
    }

    #[inline(always)]
    fn each(&mut self, change: impl Fn([f32; 3]) -> [f32; 3]) {
        for ((red, green), blue) in self.red.iter_mut().zip(&mut self.green).zip(&mut self.blue) {
            [*red, *green, *blue] = change([*red, *green, *blue]);
        }
    }

    /// Over the first `count` pixels, in f32 lanes that are as many on every machine.
    #[inline(always)]
    fn luma_sum(&self, count: usize) -> f64 {
        const LANES: usize = 16;
        let mut lumas = [0.0; BLOCK];
        let planes = self.red.iter().zip(&self.green).zip(&self.blue);
        for (to, ((&red, &green), &blue)) in lumas.iter_mut().zip(planes) {
            *to = luma(red, green, blue);
        }
        lumas[count..].fill(0.0);
        let mut lanes = [0.0f32; LANES];
        for some in lumas.as_chunks::<LANES>().0 {
            for (lane, value) in lanes.iter_mut().zip(some) {
                *lane += value;
            }
        }
        lanes.into_iter().map(f64::from).sum()
    }
}

/// Hue in sixths of the circle, in `(−1, 5]` (0 for a gray), chroma (value × saturation), and value.
#[inline(always)]
fn hexagon([red, green, blue]: [f32; 3]) -> (f32, f32, f32) {
    let value = red.max(green).max(blue);
    let chroma = value - red.min(green).min(blue);
    let scale = if chroma > 0.0 { 1.0 / chroma } else { 0.0 };
    // All three are computed and one is kept: vectors cannot branch.
    let (from_red, from_green, from_blue) =
        ((green - blue) * scale, 2.0 + (blue - red) * scale, 4.0 + (red - green) * scale);
    let hue = if value == green { from_green } else { from_blue };
    let hue = if value == red { from_red } else { hue };
    (hue, chroma, value)
}

/// A hue in sixths brought into `[0, 6)`; it is at most one circle away.
#[inline(always)]
fn turned(hue: f32) -> f32 {
    let above = if hue >= 6.0 { hue - 6.0 } else { hue };
    if hue < 0.0 { hue + 6.0 } else { above }
}

/// One channel of HSV → RGB, without branches on the sector: the `f(n)` form of it, n = 5, 3, 1 for
/// red, green and blue. Equal to torchvision's table of six cases.
#[inline(always)]
fn channel(n: f32, hue: f32, chroma: f32, value: f32) -> f32 {
    let k = turned(n + hue);
    (value - chroma * k.min(4.0 - k).clamp(0.0, 1.0)).clamp(0.0, 1.0)
}
