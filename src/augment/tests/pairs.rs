//! Against numpy and torchvision, for what takes a second tensor: `make_pairs.py` wrote what comes of it.

use super::reference::image;
use super::*;
use safetensors::SafeTensors;
use serde::Deserialize;
use serde_json::Value;

const TENSORS: &[u8] = include_bytes!("../../../tests/fixtures/augment/pairs.safetensors");
const CASES: &str = include_str!("../../../tests/fixtures/augment/pairs.json");

#[derive(Deserialize)]
struct Case {
    kind: String,
    from: String,
    with: String,
    params: Value,
    to: String,
}

/// One image to take from, which is its own twin.
pub struct One(pub Image);

impl Others for One {
    fn count(&self) -> usize {
        1
    }

    fn donor(&self, number: usize, pixels: &mut [f32]) -> bool {
        assert_eq!(number, 0);
        pixels.copy_from_slice(&self.0.pixels);
        true
    }

    fn twin(&self, pixels: &mut [f32]) -> bool {
        self.donor(0, pixels)
    }
}

/// The images that have a photograph's statistics.
pub fn photographs() -> Vec<Image> {
    let file = SafeTensors::deserialize(TENSORS).unwrap();
    (1..=6).map(|number| image(&file, &format!("leaves {number}"))).collect()
}

/// The greatest difference over every case of a kind.
fn worst(kind: &str, make: impl Fn(&mut Image, &[f32], Value)) -> f32 {
    let file = SafeTensors::deserialize(TENSORS).unwrap();
    let cases: Vec<Case> = serde_json::from_str(CASES).unwrap();
    let mut worst = 0.0f32;
    for case in cases.into_iter().filter(|case| case.kind == kind) {
        let (mut made, expected) = (image(&file, &case.from), image(&file, &case.to));
        let what = format!("{} {}", case.to, case.params);
        make(&mut made, &image(&file, &case.with).pixels, case.params);
        let differences = made.pixels.iter().zip(&expected.pixels).map(|(a, b)| (a - b).abs());
        let greatest = differences.fold(0.0, f32::max);
        println!("max {:.5} levels  {what}", greatest * 255.0);
        assert!(made.pixels.iter().all(|value| value.is_finite()), "{what}");
        worst = worst.max(greatest);
    }
    assert!(worst > 0.0, "no case of {kind}");
    worst
}

#[test]
fn mixed_amplitudes_are_numpys() {
    let worst = worst("texture", |image, donor, params| {
        let donor = Image { pixels: donor.to_vec(), ..*image };
        (kind("texture").read_params)(params).unwrap().apply(image, &One(donor));
    });
    assert!(worst <= 1e-5, "{worst}");
}

#[test]
fn elastic_is_torchvisions_with_the_same_noise() {
    let worst = worst("elastic", |image, noise, params| {
        let warp: elastic::Warp = serde_json::from_value(params).unwrap();
        warp.bend(&mut noise.to_vec(), image);
    });
    assert!(worst <= 1e-4, "{worst}");
}
