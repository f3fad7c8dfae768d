//! What is drawn follows the distributions that torchvision's transforms state, by Kolmogorov–Smirnov and
//! χ² tests of fixed seeds.

use super::*;
use serde_json::json;

const DRAWS: usize = 20_000;

/// Draws of the kind with these settings, for a square image.
fn draws(name: &str, document: serde_json::Value, side: usize) -> Vec<Params> {
    let settings = (kind(name).read)(document).unwrap();
    (0..DRAWS as u64).map(|seed| settings.sample(&mut stream(seed), side, side)).collect()
}

/// One number of every draw.
fn each<T: Into<f64>>(draws: &[Params], number: impl Fn(&Params) -> T) -> Vec<f64> {
    draws.iter().map(|params| number(params).into()).collect()
}

/// Fails when the distribution is another than `below` says, as it would by chance once in 5,000 times:
/// then the greatest difference of the two cumulative distributions exceeds 2.15 ÷ √n.
fn follows(what: &str, mut values: Vec<f64>, below: impl Fn(f64) -> f64) {
    values.sort_by(f64::total_cmp);
    let count = values.len() as f64;
    let at = |(place, value): (usize, &f64)| {
        let (low, high) = (place as f64 / count, (place + 1) as f64 / count);
        f64::max((below(*value) - low).abs(), (below(*value) - high).abs())
    };
    let greatest = values.iter().enumerate().map(at).fold(0.0, f64::max);
    assert!(greatest < 2.15 / count.sqrt(), "{what}: {greatest:.4} over {count} draws");
}

fn uniform(low: f64, high: f64) -> impl Fn(f64) -> f64 {
    move |value| ((value - low) / (high - low)).clamp(0.0, 1.0)
}

/// Fails when the places `0..counts.len()` are not equally likely: χ² beyond its mean by 4 deviations.
fn even(what: &str, counts: &[u32]) {
    let expected = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
    let chi: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
    let freedom = (counts.len() - 1) as f64;
    assert!(chi < freedom + 4.0 * (2.0 * freedom).sqrt(), "{what}: χ² {chi:.1}, {counts:?}");
}

fn count(places: usize, which: impl IntoIterator<Item = usize>) -> Vec<u32> {
    let mut counts = vec![0; places];
    which.into_iter().for_each(|place| counts[place] += 1);
    counts
}

/// The share of draws is `p`, within 4 standard deviations.
fn share(what: &str, count: usize, of: usize, p: f64) {
    let share = count as f64 / of as f64;
    let deviation = (p * (1.0 - p) / of as f64).sqrt();
    assert!((share - p).abs() <= 4.0 * deviation, "{what}: {share:.4}, not {p}");
}

/// What a view is called whose coin did not fall tells it from all others.
#[test]
fn every_coin_falls_as_often_as_it_says() {
    for kind in KINDS.iter().filter(|kind| kind.knobs.iter().any(|knob| knob.path == "p")) {
        // Two coins; it has a test of its own.
        if kind.name == "color" {
            continue;
        }
        let of = |p: f64| draws(kind.name, json!({"p": p}), 64);
        let nothing = of(0.0)[0].describe();
        for p in [0.0, 0.2, 0.5, 1.0] {
            let fallen = of(p).iter().filter(|params| params.describe() != nothing).count();
            share(kind.name, fallen, DRAWS, p);
        }
    }
}

fn region(params: &Params) -> crop::Region {
    let Params::Crop(region) = params else { unreachable!() };
    *region
}

/// `get_params` of torchvision draws an area and an aspect ratio until the box fits. Small boxes always
/// fit; of large ones there remain those with `|ln ratio| ≤ −ln area`.
#[test]
fn boxes_of_crops() {
    let area = |params: &Params| (region(params).width * region(params).height) as f64 / 1e6;
    let log_ratio = |params: &Params| (region(params).width as f64 / region(params).height as f64).ln();
    let most = (4.0f64 / 3.0).ln();
    let small = draws("crop", json!({"scale": [0.2, 0.6]}), 1000);
    follows("area", each(&small, area), uniform(0.2, 0.6));
    follows("ratio", each(&small, log_ratio), uniform(-most, most));
    let place = |left: usize, room: usize| (left as f64 + 0.5) / (room as f64 + 1.0);
    let across = each(&small, |it| place(region(it).left, 1000 - region(it).width));
    let down = each(&small, |it| place(region(it).top, 1000 - region(it).height));
    follows("left", across, uniform(0.0, 1.0));
    follows("top", down, uniform(0.0, 1.0));

    let default = draws("crop", json!({}), 1000);
    // Integrals of the share that fits: over areas up to `a`, and over |ln ratio| up to `l`.
    let fitting = |a: f64| {
        let edge = (-most).exp();
        let whole = a.min(edge) - 0.2;
        let part = |a: f64| a - a * a.ln();
        if a <= edge { whole } else { whole + (part(a) - part(edge)) / most }
    };
    follows("area of large boxes", each(&default, area), |a| fitting(a) / fitting(1.0));
    let narrow = |l: f64| 1.0 - (-l).exp() - 0.2 * l;
    follows("ratio of large boxes", each(&default, |it| log_ratio(it).abs()), |l| narrow(l) / narrow(most));
    share("squat boxes", default.iter().filter(|it| log_ratio(it) > 0.0).count(), DRAWS, 0.5);
}

#[test]
fn boxes_of_erasing() {
    let patch = |params: &Params| {
        let Params::Erase(Some(patch)) = params else { panic!("{params:?}") };
        *patch
    };
    // At 0.3 and below every box fits: 0.3 × 3.3 < 1.
    let drawn = draws("erase", json!({"p": 1.0, "scale": [0.02, 0.299]}), 1000);
    let area = |it: &Params| (patch(it).width * patch(it).height) as f64 / 1e6;
    follows("area", each(&drawn, area), uniform(0.02, 0.299));
    let log_ratio = |it: &Params| (patch(it).height as f64 / patch(it).width as f64).ln();
    follows("ratio", each(&drawn, log_ratio), uniform(0.3f64.ln(), 3.3f64.ln()));
    let place = |at: usize, room: usize| (at as f64 + 0.5) / (room as f64 + 1.0);
    let across = each(&drawn, |it| place(patch(it).left, 1000 - patch(it).width));
    let down = each(&drawn, |it| place(patch(it).top, 1000 - patch(it).height));
    follows("left", across, uniform(0.0, 1.0));
    follows("top", down, uniform(0.0, 1.0));
    // A box that covers everything is none: torchvision gives up after ten.
    let all = draws("erase", json!({"p": 1.0, "scale": [1.0, 1.0]}), 32);
    assert!(all.iter().all(|params| *params == Params::Erase(None)));
}

#[test]
fn jitters_of_color() {
    let drawn = draws("color", json!({}), 32);
    let tints = drawn.iter().map(|params| {
        let Params::Color(tint) = params else { unreachable!() };
        tint
    });
    let jitters: Vec<&color::Jitter> = tints.clone().filter_map(|tint| tint.jitter.as_ref()).collect();
    share("jitter", jitters.len(), DRAWS, 0.8);
    share("gray", tints.clone().filter(|tint| tint.gray).count(), DRAWS, 0.2);
    share("both", tints.filter(|tint| tint.gray && tint.jitter.is_some()).count(), DRAWS, 0.16);
    let of = |number: fn(&color::Jitter) -> f32| jitters.iter().map(|it| f64::from(number(it))).collect();
    follows("brightness", of(|it| it.brightness), uniform(0.6, 1.4));
    follows("contrast", of(|it| it.contrast), uniform(0.6, 1.4));
    follows("saturation", of(|it| it.saturation), uniform(0.6, 1.4));
    follows("hue", of(|it| it.hue), uniform(-0.1, 0.1));
    // All 24 orders, each by its place among the permutations: the Lehmer code.
    let place = |order: [u8; 4]| {
        let smaller = |at: usize| order[at + 1..].iter().filter(|later| **later < order[at]).count();
        smaller(0) * 6 + smaller(1) * 2 + smaller(2)
    };
    even("order", &count(24, jitters.iter().map(|it| place(it.order))));
    // A strength above 1 does not reach below 0: torchvision's `max(0, 1 − b)`.
    let strong = draws("color", json!({"p": 1.0, "contrast": 1.5}), 32);
    let contrast = each(&strong, |params| match params {
        Params::Color(color::Tint { jitter: Some(it), .. }) => it.contrast,
        other => panic!("{other:?}"),
    });
    follows("strong contrast", contrast, uniform(0.0, 2.5));
}

#[test]
fn widths_factors_and_deviations_are_uniform() {
    let one = |params: &Params| match params {
        Params::Blur(Some(number)) | Params::Sharpness(Some(number)) => *number,
        Params::Noise(Some(grain)) => grain.sigma,
        Params::Texture(Some(texture::Change::Filter(filter))) => filter.mix,
        Params::Texture(Some(texture::Change::Fourier(mixing))) => mixing.mix,
        other => panic!("{other:?}"),
    };
    for (name, document, [low, high]) in [
        ("blur", json!({"p": 1.0}), [0.1, 2.0]),
        ("sharpness", json!({"p": 1.0}), [0.1, 1.9]),
        ("noise", json!({"p": 1.0, "sigma": [0.02, 0.2]}), [0.02, 0.2]),
        ("texture", json!({"p": 1.0, "mix": [0.1, 0.9]}), [0.1, 0.9]),
        ("texture", json!({"p": 1.0, "method": "fourier", "mix": [0.1, 0.9]}), [0.1, 0.9]),
    ] {
        follows(name, each(&draws(name, document, 32), one), uniform(low, high));
    }
}

#[test]
fn whole_numbers_are_equally_likely() {
    let jpeg = draws("jpeg", json!({"p": 1.0, "quality": [20, 60]}), 32);
    let quality = jpeg.iter().map(|params| match params {
        Params::Jpeg(Some(quality)) => *quality as usize - 20,
        other => panic!("{other:?}"),
    });
    even("quality", &count(41, quality));
    let turns = draws("rotation", json!({}), 32).into_iter().map(|params| match params {
        Params::Rotation(turns) => usize::from(turns),
        other => panic!("{other:?}"),
    });
    even("angles", &count(4, turns));
    // torchvision: randint(0, int(0.5 · 16) + 1) across, randint(0, int(0.5 · 10) + 1) down.
    let settings = (kind("perspective").read)(json!({"p": 1.0})).unwrap();
    let shifts: Vec<perspective::Shifts> = (0..DRAWS as u64)
        .filter_map(|seed| match settings.sample(&mut stream(seed), 32, 21) {
            Params::Perspective(shifts) => shifts,
            _ => None,
        })
        .collect();
    for corner in 0..4 {
        even("across", &count(9, shifts.iter().map(|it| it[corner][0] as usize)));
        even("down", &count(6, shifts.iter().map(|it| it[corner][1] as usize)));
    }
}

/// Xu et al.: normal weights, of variance 1 ÷ k², so that the response is as large as the image's values.
#[test]
fn weights_of_texture() {
    let drawn = draws("texture", json!({"p": 1.0}), 32);
    let filters: Vec<texture::Filter> = drawn
        .into_iter()
        .filter_map(|params| match params {
            Params::Texture(Some(texture::Change::Filter(filter))) => Some(filter),
            _ => None,
        })
        .collect();
    even("size", &count(3, filters.iter().map(|filter| (filter.size - 3) / 2)));
    for size in [3, 5, 7] {
        let of_size = filters.iter().filter(|filter| filter.size == size);
        let mut weights = Vec::new();
        for filter in of_size {
            weights.extend(filter.weights(&mut [0.0; 225]).iter().map(|it| f64::from(*it)));
        }
        assert_eq!(weights.len() % (size * size), 0);
        let (count, variance) = (weights.len() as f64, 1.0 / (size * size) as f64);
        let mean = weights.iter().sum::<f64>() / count;
        let squares = weights.iter().map(|it| it * it).sum::<f64>() / count;
        assert!(mean.abs() < 4.0 * (variance / count).sqrt(), "{size}: mean {mean}");
        assert!((squares / variance - 1.0).abs() < 4.0 * (2.0 / count).sqrt(), "{size}: {squares}");
    }
}

#[test]
fn every_image_is_as_likely_a_donor() {
    let drawn = draws("texture", json!({"p": 1.0, "method": "fourier"}), 32);
    let donors = drawn.iter().map(|params| match params {
        Params::Texture(Some(texture::Change::Fourier(mixing))) => {
            ((u64::from(mixing.donor) * 50) >> 32) as usize
        }
        other => panic!("{other:?}"),
    });
    even("donor", &count(50, donors));
}
