//! The colour operations on pixels, as torchvision has them for float tensors
//! (`torchvision/transforms/_functional_tensor.py`).
//!
//! Pixels are RGB triples in `[0, 1]`; every result is clamped to it. A blend is
//! `f · x + (1 − f) · y`, and gray is ITU-R BT.601 luma.

/// Luma of an RGB triple, with torchvision's coefficients, which add up to 0.9999.
pub fn luma(rgb: &[f32]) -> f32 {
    0.2989 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]
}

fn blend(value: f32, factor: f32, other: f32) -> f32 {
    (factor * value + (1.0 - factor) * other).clamp(0.0, 1.0)
}

/// Blends with black.
pub fn brightness(pixels: &mut [f32], factor: f32) {
    pixels.iter_mut().for_each(|value| *value = (*value * factor).clamp(0.0, 1.0));
}

/// Blends with the mean of the gray image.
pub fn contrast(pixels: &mut [f32], factor: f32) {
    let count = (pixels.len() / 3).max(1);
    let sum: f64 = pixels.chunks_exact(3).map(|rgb| f64::from(luma(rgb))).sum();
    let mean = (sum / count as f64) as f32;
    pixels.iter_mut().for_each(|value| *value = blend(*value, factor, mean));
}

/// Blends with the gray image.
pub fn saturation(pixels: &mut [f32], factor: f32) {
    for rgb in pixels.chunks_exact_mut(3) {
        let gray = luma(rgb);
        rgb.iter_mut().for_each(|value| *value = blend(*value, factor, gray));
    }
}

/// The gray image.
pub fn gray(pixels: &mut [f32]) {
    for rgb in pixels.chunks_exact_mut(3) {
        rgb.fill(luma(rgb));
    }
}

/// Shifts the hue by `shift` turns of the colour circle, through HSV.
pub fn hue(pixels: &mut [f32], shift: f32) {
    if shift == 0.0 {
        return;
    }
    for rgb in pixels.chunks_exact_mut(3) {
        let (hue, chroma, value) = hexagon(rgb[0], rgb[1], rgb[2]);
        let hue = turned(hue + shift * 6.0);
        rgb[0] = channel(5.0, hue, chroma, value);
        rgb[1] = channel(3.0, hue, chroma, value);
        rgb[2] = channel(1.0, hue, chroma, value);
    }
}

/// Hue in sixths of the circle, in `(−1, 5]` (0 for a gray), chroma (value × saturation), and value.
fn hexagon(red: f32, green: f32, blue: f32) -> (f32, f32, f32) {
    let value = red.max(green).max(blue);
    let chroma = value - red.min(green).min(blue);
    let scale = if chroma > 0.0 { 1.0 / chroma } else { 0.0 };
    let hue = if value == red {
        (green - blue) * scale
    } else if value == green {
        2.0 + (blue - red) * scale
    } else {
        4.0 + (red - green) * scale
    };
    (hue, chroma, value)
}

/// A hue in sixths brought into `[0, 6)`; it is at most one circle away.
fn turned(hue: f32) -> f32 {
    if hue < 0.0 {
        hue + 6.0
    } else if hue >= 6.0 {
        hue - 6.0
    } else {
        hue
    }
}

/// One channel of HSV → RGB, without branches on the sector: the `f(n)` form of it, n = 5, 3, 1 for
/// red, green and blue. Equal to torchvision's table of six cases.
fn channel(n: f32, hue: f32, chroma: f32, value: f32) -> f32 {
    let k = turned(n + hue);
    (value - chroma * k.min(4.0 - k).clamp(0.0, 1.0)).clamp(0.0, 1.0)
}
