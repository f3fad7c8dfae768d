//! Rotation by quarter turns.

use super::flip::Flip;
use super::{Augmentation, Image, Invalid, Knob};
use crate::rng::Stream;
use serde::{Deserialize, Serialize};

/// Turns the image by an angle drawn from a list (RotNet's rotations, Gidaris et al., 2018, as LooC uses them).
///
/// Angles are degrees counterclockwise, as in torchvision, and multiples of 90: every pixel of a
/// square image is moved, none is computed. Keep 0 among them: probes, kNN and retrieval look at
/// upright images, which a network trained without 0 has never seen.
///
/// An image keeps its width and height. One that is not square is turned by 90° or 270° and then
/// stretched back to its frame, by nearest pixels; training images are square, so this is for previews.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rotation {
    /// The angles, degrees counterclockwise, each as likely as the others.
    pub angles: Vec<i32>,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { angles: vec![0, 90, 180, 270] }
    }
}

/// Counterclockwise quarter turns of an angle in degrees, in `0..4`.
fn quarters(angle: i32) -> u8 {
    (angle.rem_euclid(360) / 90) as u8
}

impl Augmentation for Rotation {
    const KIND: &'static str = "rotation";
    const HELP: &'static str = "turns by a random multiple of 90°";
    const KNOBS: &'static [Knob] = &[];
    const AFTER: &'static [(&'static str, &'static str)] = &[(
        Flip::KIND,
        "a mirrored quarter turn is the opposite turn, so views that share an angle would not show the same side up",
    )];
    const DISCRETE: bool = true;
    /// Counterclockwise quarter turns, in `0..4`.
    type Params = u8;

    fn sample(&self, stream: &mut Stream, _width: usize, _height: usize) -> u8 {
        let place = stream.below(self.angles.len() as u32) as usize;
        self.angles.get(place).map_or(0, |&angle| quarters(angle))
    }

    fn apply(turns: &u8, image: &mut Image) {
        match turns % 4 {
            0 => {}
            2 => image.pixels.as_chunks_mut::<3>().0.reverse(),
            turns if image.width == image.height => turn_square(image, turns == 1),
            turns => turn_oblong(image, turns == 1),
        }
    }

    fn summary(&self) -> String {
        self.angles.iter().map(i32::to_string).collect::<Vec<_>>().join(" ")
    }

    fn describe(turns: &u8) -> String {
        format!("{}°", u32::from(turns % 4) * 90)
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.angles.is_empty() {
            return Err(Invalid::at("angles", "no angle to draw from: list some of 0, 90, 180 and 270"));
        }
        for (place, &angle) in self.angles.iter().enumerate() {
            let path = format!("angles.{place}");
            if angle % 90 != 0 {
                let why = format!("{angle}° is no multiple of 90°: allowed are 0, 90, 180 and 270");
                return Err(Invalid::at(path, why));
            }
            if let Some(twin) = self.angles[..place].iter().find(|twin| quarters(**twin) == quarters(angle)) {
                let why = if *twin == angle {
                    format!("{angle}° stands here a second time: list each angle once")
                } else {
                    format!("{angle}° is the same rotation as {twin}°: list one of them")
                };
                return Err(Invalid::at(path, why));
            }
        }
        Ok(())
    }
}

/// Turns a square image by 90° counterclockwise, or clockwise. Four pixels at a time change their places.
fn turn_square(image: &mut Image, counterclockwise: bool) {
    let side = image.width;
    let pixels = image.pixels.as_chunks_mut::<3>().0;
    for y in 0..side / 2 {
        for x in 0..side.div_ceil(2) {
            // The places that a pixel goes through clockwise, from the upper left quarter on.
            let (back_x, back_y) = (side - 1 - x, side - 1 - y);
            let [first, second, third, fourth] =
                [y * side + x, x * side + back_y, back_y * side + back_x, back_x * side + y];
            let four = [pixels[first], pixels[second], pixels[third], pixels[fourth]];
            [pixels[first], pixels[second], pixels[third], pixels[fourth]] = if counterclockwise {
                [four[1], four[2], four[3], four[0]]
            } else {
                [four[3], four[0], four[1], four[2]]
            };
        }
    }
}

/// Turns an image that is not square by 90° counterclockwise, or clockwise, within its width and height.
fn turn_oblong(image: &mut Image, counterclockwise: bool) {
    let (width, height) = (image.width, image.height);
    // The source's row for each column of the result, and its column for each row: centres of
    // pixels, stretched by height ÷ width.
    let rows: Vec<usize> = (0..width).map(|x| (2 * x + 1) * height / (2 * width)).collect();
    let mut turned = Vec::with_capacity(image.pixels.len());
    for y in 0..height {
        let across = (2 * y + 1) * width / (2 * height);
        for &row in &rows {
            let (row, column) =
                if counterclockwise { (row, width - 1 - across) } else { (height - 1 - row, across) };
            let at = (row * width + column) * 3;
            turned.extend_from_slice(&image.pixels[at..at + 3]);
        }
    }
    image.pixels = turned;
}
