//! What covers the silhouettes and what lies behind them: patterns, and noise without a direction.

use super::silhouette::Point;

/// The depth of a mark at a point, for a salt.
pub type Pattern = fn(Point, u32) -> f32;

/// Names and patterns, by class number. A pattern gives the depth of its mark at a point, `0..=1`,
/// with a period of 1; the salt is for those that are random.
pub const TEXTURES: [(&str, Pattern); 5] =
    [("plain", plain), ("stripes", stripes), ("dots", dots), ("checks", checks), ("grain", grain)];

fn plain(_: Point, _: u32) -> f32 {
    0.5
}

fn stripes([x, _]: Point, _: u32) -> f32 {
    soft(wave(x))
}

fn dots([x, y]: Point, _: u32) -> f32 {
    soft(wave(x) + wave(y) - 0.7)
}

fn checks([x, y]: Point, _: u32) -> f32 {
    soft(wave(x * 0.7) * wave(y * 0.7) * 1.5)
}

fn grain([x, y]: Point, salt: u32) -> f32 {
    soft(4.0 * noise([x * 2.0, y * 2.0], salt) - 2.0)
}

fn wave(turns: f32) -> f32 {
    (turns * std::f32::consts::TAU).sin()
}

/// A soft threshold at 0: the patterns stay free of jagged edges at any size.
fn soft(value: f32) -> f32 {
    (0.5 + value).clamp(0.0, 1.0)
}

/// Value noise, `0..=1`, with cells of side 1: smooth, and the same in every direction but for the lattice.
pub fn noise([x, y]: Point, salt: u32) -> f32 {
    let (column, row) = (x.floor(), y.floor());
    let (s, t) = (smooth(x - column), smooth(y - row));
    let (column, row) = (column as i32, row as i32);
    let above = mix(corner(column, row, salt), corner(column + 1, row, salt), s);
    let below = mix(corner(column, row + 1, salt), corner(column + 1, row + 1, salt), s);
    mix(above, below, t)
}

/// Smoothstep, `0..=1` to `0..=1`.
pub fn smooth(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// `from` at 0, `to` at 1.
pub fn mix(from: f32, to: f32, t: f32) -> f32 {
    from + (to - from) * t
}

/// The noise's value at a lattice point: a finalised integer hash (lowbias32 of Ettinger's hash-prospector).
fn corner(column: i32, row: i32, salt: u32) -> f32 {
    let mut bits = (column as u32).wrapping_mul(0x9e37_79b9) ^ (row as u32).wrapping_mul(0x85eb_ca6b) ^ salt;
    bits = (bits ^ bits >> 16).wrapping_mul(0x7feb_352d);
    bits = (bits ^ bits >> 15).wrapping_mul(0x846c_a68b);
    ((bits ^ bits >> 16) >> 8) as f32 * (1.0 / 16_777_216.0)
}
