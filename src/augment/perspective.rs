//! Perspective.

use super::{Augmentation, Image, Knob, short, with_scratch};
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// Shows the image from a random side with probability `p` (torchvision's `RandomPerspective`, bilinear).
///
/// Each corner moves inward by whole pixels, uniform from 0 to `distortion` × half the width across,
/// and likewise down; what is then seen beside the image is black.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Perspective {
    /// Probability.
    pub p: f64,
    /// How far a corner may move, as a part of half the image, in `[0, 1]` (torchvision's
    /// `distortion_scale`).
    pub distortion: f64,
}

impl Default for Perspective {
    fn default() -> Self {
        Self { p: 0.5, distortion: 0.5 }
    }
}

/// How far each corner moves inward, `[across, down]` in pixels: top left, top right, bottom right,
/// bottom left.
pub type Shifts = [[u32; 2]; 4];

impl Augmentation for Perspective {
    const KIND: &'static str = "perspective";
    const HELP: &'static str = "shows the image from another side";
    const KNOBS: &'static [Knob] = &[
        Knob { path: "p", min: 0.0, max: 1.0, step: 0.05, help: "probability of another perspective" },
        Knob {
            path: "distortion",
            min: 0.0,
            max: 1.0,
            step: 0.05,
            help: "a corner's way, part of half a side",
        },
    ];
    /// The corners' ways; `None`: as it is.
    type Params = Option<Shifts>;

    fn sample(&self, stream: &mut Stream, width: usize, height: usize) -> Option<Shifts> {
        let moved = stream.coin(self.p as f32);
        let reach = [width, height].map(|side| (self.distortion * (side / 2) as f64) as u32 + 1);
        let shifts = [(); 4].map(|()| reach.map(|reach| stream.below(reach)));
        moved.then_some(shifts)
    }

    fn apply(shifts: &Option<Shifts>, image: &mut Image) {
        let Some(shifts) = shifts.filter(|shifts| *shifts != Shifts::default()) else { return };
        if let Some(matrix) = to_source(corners(shifts, image.width, image.height), image) {
            warp(matrix, image);
        }
    }

    fn summary(&self) -> String {
        format!("p {} by {}", short(self.p), short(self.distortion))
    }

    fn describe(shifts: &Option<Shifts>) -> String {
        let Some(shifts) = shifts else { return "seen from the front".into() };
        let ways = shifts.map(|[across, down]| format!("{across},{down}"));
        format!("corners in by {} px", ways.join(" "))
    }
}

/// Where the image's corners come to lie.
fn corners(shifts: Shifts, width: usize, height: usize) -> [[f64; 2]; 4] {
    let (right, bottom) = (width as f64 - 1.0, height as f64 - 1.0);
    let [a, b, c, d] = shifts.map(|shift| shift.map(f64::from));
    [[a[0], a[1]], [right - b[0], b[1]], [right - c[0], bottom - c[1]], [d[0], bottom - d[1]]]
}

/// The homography that takes a place in the result to one in the image, row by row; `None` where the
/// corners lie on a line.
///
/// It is Heckbert's closed form of the map from a rectangle to a quadrilateral (1989, section 2.2.3),
/// inverted by its adjugate: the same eight numbers that torchvision gets by least squares.
fn to_source([p, q, r, s]: [[f64; 2]; 4], image: &Image) -> Option<[[f32; 3]; 3]> {
    let minus = |a: [f64; 2], b: [f64; 2]| [a[0] - b[0], a[1] - b[1]];
    let cross = |a: [f64; 2], b: [f64; 2]| a[0] * b[1] - a[1] * b[0];
    let (across, down) = (minus(q, r), minus(s, r));
    let skew = minus(minus(p, q), minus(s, r));
    let area = cross(across, down);
    if area.abs() < 1e-6 {
        return None;
    }
    let (g, h) = (cross(skew, down) / area, cross(across, skew) / area);
    let [[a, b, c], [d, e, f]] =
        [0, 1].map(|axis| [q[axis] - p[axis] + g * q[axis], s[axis] - p[axis] + h * s[axis], p[axis]]);
    let (right, bottom) = (image.width as f64 - 1.0, image.height as f64 - 1.0);
    let rows = [
        [e - f * h, c * h - b, b * f - c * e].map(|it| it * right),
        [f * g - d, a - c * g, c * d - a * f].map(|it| it * bottom),
        [d * h - e * g, b * g - a * h, a * e - b * d],
    ];
    // The scale of a homography is free: with the greatest number at 1, f32 is enough.
    let scale = rows.as_flattened().iter().fold(0.0f64, |most, it| most.max(it.abs()));
    Some(rows.map(|row| row.map(|it| (it / scale) as f32)))
}

/// Fills every pixel from the place that the homography takes it to. Both places are counted in
/// torchvision's way, the middle of the first pixel at ½.
fn warp([across, down, depth]: [[f32; 3]; 3], image: &mut Image) {
    with_scratch(image.pixels.len(), |made| {
        for (y, line) in made.chunks_exact_mut(3 * image.width).enumerate() {
            for (x, rgb) in line.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                let at = |row: [f32; 3]| row[0] * (x as f32 + 0.5) + row[1] * (y as f32 + 0.5) + row[2];
                let depth = at(depth);
                *rgb = bilinear(image, at(across) / depth - 0.5, at(down) / depth - 0.5);
            }
        }
        image.pixels.copy_from_slice(made);
    });
}

/// The colour at a place, between the four pixels around it; black beside the image.
pub(super) fn bilinear(image: &Image, x: f32, y: f32) -> [f32; 3] {
    let mut sum = [0.0f32; 3];
    let near = |at: f32, side: usize| at > -1.0 && at < side as f32;
    // Not so for what is no number either: a place at the horizon.
    if !(near(x, image.width) && near(y, image.height)) {
        return sum;
    }
    // Rounds down from −1 on; `floor` would be a call for every pixel.
    let [left, top] = [x, y].map(|at| ((at + 1.0) as i32 - 1) as f32);
    for (row, share) in [(top, top + 1.0 - y), (top + 1.0, y - top)] {
        for (column, part) in [(left, left + 1.0 - x), (left + 1.0, x - left)] {
            if row >= 0.0 && column >= 0.0 && row < image.height as f32 && column < image.width as f32 {
                let at = (row as usize * image.width + column as usize) * 3;
                let rgb = &image.pixels[at..at + 3];
                sum.iter_mut().zip(rgb).for_each(|(sum, value)| *sum += share * part * value);
            }
        }
    }
    sum
}
