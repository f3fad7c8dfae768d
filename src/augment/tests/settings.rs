//! Settings as they stand in a configuration, and what is said of them.

use super::*;
use serde_json::json;

#[test]
fn every_kind_reads_what_it_writes_and_refuses_what_it_does_not_know() {
    for kind in KINDS {
        let settings = (kind.read)(json!({})).unwrap();
        settings.check().unwrap();
        assert_eq!((settings.kind().name, settings.kind().help.is_empty()), (kind.name, false));
        let document = settings.document().unwrap();
        assert_eq!((kind.read)(document.clone()).unwrap(), settings);
        let mut wrong = document;
        wrong["nothing"] = json!(1);
        assert!((kind.read)(wrong).is_err());
        assert_eq!(KINDS.iter().filter(|other| other.name == kind.name).count(), 1);
    }
    let error = (kind("blur").read)(json!({"sigma": [0.1, "x"]})).unwrap_err();
    assert_eq!(error.path().to_string(), "sigma[1]");
}

#[test]
fn every_knob_is_a_number_within_its_range_by_default() {
    for kind in KINDS {
        let document = (kind.read)(json!({})).unwrap().document().unwrap();
        for knob in kind.knobs {
            let value =
                document.pointer(&format!("/{}", knob.path.replace('.', "/"))).and_then(|it| it.as_f64());
            let value = value.unwrap_or_else(|| panic!("{}.{} is no number", kind.name, knob.path));
            assert!((knob.min..=knob.max).contains(&value), "{}.{} is {value}", kind.name, knob.path);
        }
    }
}

#[test]
fn what_ranges_cannot_say_is_checked() {
    let at = |name: &str, document| (kind(name).read)(document).unwrap().check().unwrap_err().path;
    assert_eq!(at("crop", json!({"scale": [0.9, 0.2]})), "scale");
    assert_eq!(at("crop", json!({"ratio": [2.0, 1.0]})), "ratio");
    assert_eq!(at("blur", json!({"sigma": [2.0, 1.0]})), "sigma");
    assert_eq!(at("rotation", json!({"angles": []})), "angles");
    assert_eq!(at("rotation", json!({"angles": [0, 45]})), "angles.1");
    assert_eq!(at("rotation", json!({"angles": [0, 90, 360]})), "angles.2");
    (kind("rotation").read)(json!({"angles": [-90, 0]})).unwrap().check().unwrap();
    assert_eq!(at("texture", json!({"sizes": []})), "sizes");
    assert_eq!(at("texture", json!({"sizes": [3, 4]})), "sizes.1");
    assert_eq!(at("texture", json!({"sizes": [3, 5, 3]})), "sizes.2");
    assert_eq!(at("texture", json!({"sizes": [17]})), "sizes.0");
    for (name, path) in [
        ("texture", "mix"),
        ("sharpness", "factor"),
        ("noise", "sigma"),
        ("erase", "scale"),
        ("erase", "ratio"),
    ] {
        assert_eq!(at(name, json!({path: [0.9, 0.2]})), path);
    }
    assert_eq!(at("jpeg", json!({"quality": [90, 20]})), "quality");
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn a_box_lies_within_its_image(width in 1usize..300, height in 1usize..300, seed in any::<u64>()) {
        let mut numbers = stream(seed);
        let settings = within_ranges(kind("crop"), &mut || f64::from(numbers.unit()));
        let Params::Crop(region) = settings.sample(&mut stream(seed), width, height) else { unreachable!() };
        prop_assert!(region.width >= 1 && region.left + region.width <= width, "{region:?}");
        prop_assert!(region.height >= 1 && region.top + region.height <= height, "{region:?}");
        prop_assert_eq!(region.of, [width, height]);
    }
}

#[test]
fn words_for_the_inspector() {
    let region = crop::Region { left: 3, top: 2, width: 16, height: 8, of: [32, 32] };
    assert_eq!(Params::Crop(region).describe(), "area 0.12, 16×8 at 3,2");
    let jitter =
        color::Jitter { order: [3, 0, 1, 2], brightness: 1.2, contrast: 0.9, saturation: 1.0, hue: -0.05 };
    let tint = color::Tint { jitter: Some(jitter), gray: true };
    assert_eq!(Params::Color(tint).describe(), "hue -0.05 bright ×1.20 contrast ×0.90 sat ×1.00 gray");
    assert_eq!(Params::Color(color::Tint { jitter: None, gray: false }).describe(), "not coloured");
    assert_eq!(Params::Blur(Some(0.5)).describe(), "σ 0.50 px");
    assert_eq!(Params::Rotation(3).describe(), "270°");
    let textured = |change| Params::Texture(Some(change)).describe();
    let filter = texture::Filter { size: 3, seed: 7, mix: 0.25 };
    assert_eq!(textured(texture::Change::Filter(filter)), "3×3 filter, 0.25 of the image");
    let mixing = texture::Mixing { donor: 1 << 31, mix: 0.25 };
    let words = "amplitudes of the image at 50.0%, 0.25 of its own";
    assert_eq!(textured(texture::Change::Fourier(mixing)), words);
    assert_eq!(textured(texture::Change::Twin), "stylised twin");
    assert_eq!(Params::Solarize(Some(0.5)).describe(), "inverted from 0.50");
    assert_eq!(Params::Posterize(Some(4)).describe(), "16 levels");
    assert_eq!(Params::Sharpness(Some(1.5)).describe(), "×1.50");
    let ways = [[3, 2], [0, 1], [4, 5], [2, 2]];
    assert_eq!(Params::Perspective(Some(ways)).describe(), "corners in by 3,2 0,1 4,5 2,2 px");
    assert_eq!(Params::Jpeg(Some(30)).describe(), "quality 30");
    assert_eq!(Params::Noise(Some(noise::Grain { sigma: 0.05, seed: 1 })).describe(), "σ 0.050");
    let patch = erase::Patch { left: 3, top: 2, width: 8, height: 6, fill: erase::Fill::Mean };
    assert_eq!(Params::Erase(Some(patch)).describe(), "8×6 covered at 3,2");
    let warp = elastic::Warp { alpha: 50.0, sigma: 5.0, seed: 7 };
    assert_eq!(Params::Elastic(Some(warp)).describe(), "bent by α 50, σ 5.0 px, no. 7");
}
