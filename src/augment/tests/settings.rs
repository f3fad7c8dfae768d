//! Settings as they stand in a configuration, and the distributions they stand for.

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

/// Means and extremes over 20,000 draws.
#[test]
fn draws_follow_their_distributions() {
    const DRAWS: u64 = 20_000;
    let crop = crop::Crop::default();
    let (mut area, mut squat) = (0.0, 0u64);
    for seed in 0..DRAWS {
        let region = crop.sample(&mut stream(seed), 1000, 1000);
        let part = (region.width * region.height) as f64 / 1e6;
        assert!((0.199..=1.0).contains(&part), "{region:?}");
        area += part / DRAWS as f64;
        squat += u64::from(region.width > region.height);
    }
    // Uniform in [0.2, 1], but a large box fits at few aspect ratios and is drawn again: torchvision's
    // get_params gave 0.538 in 20,000 draws of its own.
    assert!((area - 0.538).abs() < 0.006, "{area}");
    assert!((squat as f64 / DRAWS as f64 - 0.5).abs() < 0.015, "{squat}");

    let color = color::Color::default();
    let (mut jittered, mut gray, mut first) = (0u64, 0u64, [0u64; 4]);
    for seed in 0..DRAWS {
        let tint = color.sample(&mut stream(seed), 32, 32);
        gray += u64::from(tint.gray);
        let Some(jitter) = tint.jitter else { continue };
        jittered += 1;
        first[usize::from(jitter.order[0])] += 1;
        let mut order = jitter.order;
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2, 3]);
        for factor in [jitter.brightness, jitter.contrast, jitter.saturation] {
            assert!((0.6..=1.4).contains(&factor));
        }
        assert!((-0.1..=0.1).contains(&jitter.hue));
    }
    let share = |count: u64, of: u64| count as f64 / of as f64;
    assert!((share(jittered, DRAWS) - 0.8).abs() < 0.012 && (share(gray, DRAWS) - 0.2).abs() < 0.012);
    assert!(first.iter().all(|count| (share(*count, jittered) - 0.25).abs() < 0.015), "{first:?}");
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
}
