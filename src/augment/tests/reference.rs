//! Against torchvision: `tests/fixtures/augment/make.py` wrote what it makes of the same images.

use super::*;
use safetensors::SafeTensors;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

const IMAGES: &[u8] = include_bytes!("../../../tests/fixtures/augment/images.safetensors");
const CASES: &str = include_str!("../../../tests/fixtures/augment/cases.json");

#[derive(Deserialize)]
struct Case {
    kind: String,
    from: String,
    to: String,
    params: Value,
}

fn image(file: &SafeTensors, name: &str) -> Image {
    let tensor = file.tensor(name).unwrap();
    let pixels = tensor.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    Image { width: tensor.shape()[1], height: tensor.shape()[0], pixels }
}

fn params(kind: &str, value: Value) -> Params {
    fn of<T: DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }
    match kind {
        "crop" => Params::Crop(of(value)),
        "flip" => Params::Flip(of(value)),
        "color" => Params::Color(of(value)),
        "blur" => Params::Blur(of(value)),
        "rotation" => Params::Rotation(of(value)),
        other => panic!("{other}"),
    }
}

/// The greatest difference over every case of a kind, which is printed too.
fn worst(kind: &str) -> f32 {
    let file = SafeTensors::deserialize(IMAGES).unwrap();
    let cases: Vec<Case> = serde_json::from_str(CASES).unwrap();
    let mut worst = 0.0f32;
    let mut count = 0;
    for case in cases.into_iter().filter(|case| case.kind == kind) {
        let mut made = image(&file, &case.from);
        let expected = image(&file, &case.to);
        let what = format!("{}: {}", case.to, case.params);
        params(kind, case.params).apply(&mut made);
        assert_eq!((made.width, made.height), (expected.width, expected.height), "{what}");
        let differences = made.pixels.iter().zip(&expected.pixels).map(|(a, b)| (a - b).abs());
        let greatest = differences.fold(0.0, f32::max);
        println!("{greatest:.1e}  {what}");
        worst = worst.max(greatest);
        count += 1;
    }
    assert!(count > 0, "no case of {kind}");
    worst
}

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
