//! Against torchvision and Pillow: the scripts in `tests/fixtures/augment` wrote what they make of the
//! same images.

use super::*;
use safetensors::SafeTensors;
use serde::Deserialize;
use serde_json::Value;

/// Images and cases of `make.py` and `make_more.py`.
const FIXTURES: [(&[u8], &str); 2] = [
    (
        include_bytes!("../../../tests/fixtures/augment/images.safetensors"),
        include_str!("../../../tests/fixtures/augment/cases.json"),
    ),
    (
        include_bytes!("../../../tests/fixtures/augment/more.safetensors"),
        include_str!("../../../tests/fixtures/augment/more.json"),
    ),
];

#[derive(Deserialize)]
struct Case {
    kind: String,
    from: String,
    to: String,
    params: Value,
}

pub fn image(file: &SafeTensors, name: &str) -> Image {
    let tensor = file.tensor(name).unwrap();
    let pixels = tensor.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    Image { width: tensor.shape()[1], height: tensor.shape()[0], pixels }
}

/// The image of both fixtures that has a photograph's statistics.
pub fn leaves() -> Image {
    image(&SafeTensors::deserialize(FIXTURES[1].0).unwrap(), "leaves")
}

/// The greatest difference over every case of a kind.
fn worst(kind: &str) -> f32 {
    differences(kind).into_iter().fold(0.0, |worst, (greatest, _)| worst.max(greatest))
}

/// The greatest and the mean difference of every case of a kind; they are printed too, in levels of 255.
fn differences(kind: &str) -> Vec<(f32, f32)> {
    let mut all = Vec::new();
    for (images, cases) in FIXTURES {
        let file = SafeTensors::deserialize(images).unwrap();
        let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
        for case in cases.into_iter().filter(|case| case.kind == kind) {
            let mut made = image(&file, &case.from);
            let expected = image(&file, &case.to);
            let what = format!("{}: {}", case.to, case.params);
            (self::kind(kind).read_params)(case.params).unwrap().apply(&mut made, &Alone);
            assert_eq!((made.width, made.height), (expected.width, expected.height), "{what}");
            let differences = made.pixels.iter().zip(&expected.pixels).map(|(a, b)| (a - b).abs());
            let greatest = differences.clone().fold(0.0, f32::max);
            let mean = differences.sum::<f32>() / made.pixels.len() as f32;
            assert!(mean.is_finite(), "{what}");
            println!("max {:.5} mean {:.5} levels  {what}", greatest * 255.0, mean * 255.0);
            all.push((greatest, mean));
        }
    }
    assert!(!all.is_empty(), "no case of {kind}");
    all
}

/// One level of 255, and what f32 adds.
const LEVEL: f32 = 1.001 / 255.0;

#[test]
fn crop_is_torchvisions_with_antialias() {
    assert!(worst("crop") <= 1e-5);
}

#[test]
fn flip_and_rotation_move_the_same_pixels() {
    assert_eq!((worst("flip"), worst("rotation")), (0.0, 0.0));
}

/// Hue too: both go through HSV in f32, and no case is near a jump of either way.
#[test]
fn color_is_torchvisions() {
    assert!(worst("color") <= 1e-5);
}

#[test]
fn blur_is_torchvisions() {
    assert!(worst("blur") <= 1e-5);
}

/// Pillow's bytes are among the cases: it keeps the high bits of a byte, which is less than a level away
/// from what is done to a float.
#[test]
fn solarize_and_posterize_are_torchvisions_and_pillows() {
    assert!(worst("solarize") <= 1e-6 && worst("posterize") <= LEVEL);
}

#[test]
fn sharpness_and_erase_are_torchvisions() {
    assert!(worst("sharpness") <= 1e-5 && worst("erase") <= 1e-6);
}

/// Torchvision solves for the homography by least squares in f64, and samples in f32, as we do.
#[test]
fn perspective_is_torchvisions() {
    assert!(worst("perspective") <= LEVEL / 4.0);
}

/// Two encoders with the same tables, which round in other places: where a coefficient lies half way, it
/// comes to be a step of the table away.
#[test]
fn jpeg_is_pillows_without_subsampling_but_for_rounding() {
    for (greatest, mean) in differences("jpeg") {
        assert!(greatest <= 16.0 * LEVEL && mean <= 2.0 * LEVEL);
    }
}
