//! What another texture changes, and what it leaves alone: mean colours, and where edges are.

use super::factors::{correlation, edges, made, moments};
use super::pairs::{One, photographs};
use super::reference::leaves;
use super::*;
use texture::{Change, Filter, Mixing};

/// Changes as drawn by these settings.
fn drawn(count: u64, document: serde_json::Value) -> Vec<Change> {
    let settings: texture::Texture = serde_json::from_value(document).unwrap();
    (0..count).filter_map(|seed| settings.sample(&mut stream(seed), 32, 32)).collect()
}

fn filters(count: u64, mix: [f64; 2]) -> Vec<Change> {
    drawn(count, serde_json::json!({"p": 1.0, "mix": mix}))
}

fn mixings(count: u64, mix: [f64; 2]) -> Vec<Change> {
    drawn(count, serde_json::json!({"p": 1.0, "method": "fourier", "mix": mix}))
}

/// Images with those that they take amplitudes from.
fn pairs() -> Vec<(Image, One)> {
    let mut images = photographs();
    images.push(leaves());
    let donors = images.iter().cycle().skip(1).take(images.len()).cloned().map(One);
    images.clone().into_iter().zip(donors.collect::<Vec<_>>()).collect()
}

fn changed(image: &Image, change: Change, others: &dyn Others) -> Image {
    let mut changed = image.clone();
    Params::Texture(Some(change)).apply(&mut changed, others);
    changed
}

/// The mean difference of all values, in levels of 255.
fn difference(a: &Image, b: &Image) -> f32 {
    let sum: f32 = a.pixels.iter().zip(&b.pixels).map(|(a, b)| (a - b).abs()).sum();
    sum / a.pixels.len() as f32 * 255.0
}

#[test]
fn both_substitutes_leave_each_channels_mean_and_deviation() {
    for (name, changes) in [("filter", filters(100, [0.0, 1.0])), ("fourier", mixings(100, [0.0, 1.0]))] {
        let (mut moved, mut without) = (0.0f64, 0.0f64);
        for (image, others) in pairs() {
            let before = moments(&image);
            for change in &changes {
                let mut unclamped = image.clone();
                texture::unclamped(change, &mut unclamped, &others).unwrap();
                for ((mean, deviation), (own, of_own)) in moments(&unclamped).into_iter().zip(before) {
                    assert!((mean - own).abs() < 1e-5, "{mean} {own} by {change:?}");
                    assert!((deviation / of_own - 1.0).abs() < 1e-4, "{deviation} {of_own} by {change:?}");
                }
                let mean_moved = |image: &Image| {
                    let means = moments(image).into_iter().zip(before);
                    means.map(|((mean, _), (own, _))| (mean - own).abs()).fold(0.0, f64::max)
                };
                // And clamped, what a network sees.
                moved = moved.max(mean_moved(&changed(&image, *change, &others)));
                unclamped.pixels.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
                without = without.max(mean_moved(&unclamped));
            }
        }
        let [moved, without] = [moved, without].map(|moved| moved * 255.0);
        println!("{name}: the mean moves by up to {moved:.2} levels; {without:.2} if clamping could take it");
        assert!(moved < 0.25, "{name}: {moved}");
    }
}

/// Mean of the correlation of the edges before and after, and the value that a tenth is below.
fn edges_alike(name: &str, changes: &[Change]) -> [f64; 2] {
    let mut all = Vec::new();
    for (image, others) in pairs() {
        let own = edges(&image);
        all.extend(
            changes.iter().map(|change| correlation(&edges(&changed(&image, *change, &others)), &own)),
        );
    }
    all.sort_by(f64::total_cmp);
    let (mean, tenth) = (all.iter().sum::<f64>() / all.len() as f64, all[all.len() / 10]);
    println!("{name}: correlation of edges: mean {mean:.3}, lowest tenth below {tenth:.3}");
    [mean, tenth]
}

#[test]
fn both_substitutes_leave_edges_where_they_are() {
    let by_default = filters(100, texture::Texture::default().mix);
    assert!(edges_alike("filter", &by_default)[0] > 0.8);
    assert!(edges_alike("filter, none of the image", &filters(100, [0.0, 0.0]))[0] > 0.2);
    assert!(edges_alike("fourier", &mixings(100, texture::Texture::default().mix))[0] > 0.93);
    let whole_range = edges_alike("fourier, any share", &mixings(100, [0.0, 1.0]));
    assert!(whole_range[0] > 0.85 && whole_range[1] > 0.6);
    // What the figures are worth: the edges of the same pixels in another order, and of another image.
    let [image, other] = [0, 1].map(|at| photographs().swap_remove(at));
    let mut shuffled = image.clone();
    let mut places: Vec<usize> = (0..image.pixels.len() / 3).collect();
    stream(1).shuffle(&mut places);
    for (to, from) in shuffled.pixels.chunks_exact_mut(3).zip(places) {
        to.copy_from_slice(&image.pixels[from * 3..from * 3 + 3]);
    }
    for stranger in [shuffled, other] {
        assert!(correlation(&edges(&stranger), &edges(&image)) < 0.1);
    }
}

#[test]
fn textures_change_the_image_but_not_by_a_kernel_of_one_pixel() {
    let image = leaves();
    for change in drawn(50, serde_json::json!({"p": 1.0, "sizes": [1]})) {
        // A negative weight too: the dark stays dark.
        assert!(difference(&changed(&image, change, &Alone), &image) < 1e-2);
    }
    for (name, changes) in [("filter", filters(100, [0.0, 0.3])), ("fourier", mixings(100, [0.0, 0.3]))] {
        let (mut large, mut count) = (0, 0);
        for (image, others) in pairs() {
            let far = |change: &&Change| difference(&changed(&image, **change, &others), &image) > 5.0;
            large += changes.iter().filter(far).count();
            count += changes.len();
        }
        assert!(large * 4 > count * 3, "{name}: {large} of {count}");
    }
    let gray = Image { width: 5, height: 4, pixels: vec![0.3; 60] };
    for change in [filters(1, [0.0, 0.0]), mixings(1, [0.0, 0.0])].concat() {
        assert_eq!(changed(&gray, change, &One(gray.clone())), gray);
    }
}

#[test]
fn amplitudes_come_from_the_drawn_donor_and_from_none_where_there_is_none() {
    /// Ten images of which it is noted which were asked for.
    struct Ten(std::cell::RefCell<Vec<usize>>);
    impl Others for Ten {
        fn count(&self) -> usize {
            10
        }
        fn donor(&self, number: usize, pixels: &mut [f32]) -> bool {
            self.0.borrow_mut().push(number);
            pixels.fill(0.5);
            pixels[number * 3] = 0.0;
            true
        }
        fn twin(&self, _pixels: &mut [f32]) -> bool {
            false
        }
    }
    let (image, ten) = (leaves(), Ten(Vec::new().into()));
    let with =
        |donor, others: &dyn Others| changed(&image, Change::Fourier(Mixing { donor, mix: 0.0 }), others);
    for donor in [0, 1 << 31, u32::MAX] {
        assert!(difference(&with(donor, &ten), &image) > 1.0);
    }
    assert_eq!(ten.0.take(), [0, 5, 9]);
    assert_eq!(with(7, &Alone), image);
    assert_eq!(changed(&image, Change::Twin, &Alone), image, "an image without a twin is its own");
    let one = One(photographs().remove(0));
    assert_eq!(changed(&image, Change::Twin, &one), one.0);
}

#[test]
fn of_an_image_itself_nothing_is_taken() {
    for image in photographs() {
        for change in mixings(10, [0.0, 1.0]) {
            assert!(difference(&changed(&image, change, &One(image.clone())), &image) < 1e-2);
        }
    }
    // A filter that is left out does not depend on its weights.
    let all = Change::Filter(Filter { size: 7, seed: 3, mix: 1.0 });
    assert!(difference(&changed(&leaves(), all, &Alone), &leaves()) < 1e-2);
}

/// Spectrum of the luma at a frequency, by its definition.
fn coefficient(image: &Image, across: usize, down: usize) -> (f64, f64) {
    let mut sum = (0.0, 0.0);
    for (at, rgb) in image.pixels.chunks_exact(3).enumerate() {
        let luma = 0.2989 * f64::from(rgb[0]) + 0.587 * f64::from(rgb[1]) + 0.114 * f64::from(rgb[2]);
        let turns = (at % image.width * across) as f64 / image.width as f64
            + (at / image.width * down) as f64 / image.height as f64;
        let (sine, cosine) = (-std::f64::consts::TAU * turns).sin_cos();
        sum = (sum.0 + luma * cosine, sum.1 + luma * sine);
    }
    sum
}

/// Gray images, so that bringing back the channels' deviation is one factor for all frequencies.
#[test]
fn phases_are_the_images_own_and_amplitudes_a_mixture() {
    let gray = |mut image: Image| {
        image.pixels.chunks_exact_mut(3).for_each(|rgb| rgb.fill(0.4 + 0.2 * rgb[1]));
        image
    };
    let [image, donor] = [0, 1].map(|at| gray(photographs().swap_remove(at)));
    let change = Change::Fourier(Mixing { donor: 0, mix: 0.3 });
    let made = changed(&image, change, &One(donor.clone()));
    let length = |(re, im): (f64, f64)| re.hypot(im);
    let mut ratios = Vec::new();
    for (across, down) in [(1, 0), (0, 3), (16, 16), (5, 30), (31, 2), (9, 9)] {
        let [own, of_donor, of_made] = [&image, &donor, &made].map(|image| coefficient(image, across, down));
        let alike = (own.0 * of_made.0 + own.1 * of_made.1) / (length(own) * length(of_made));
        assert!(alike > 0.9999, "phase at {across},{down}: {alike}");
        ratios.push(length(of_made) / (0.3 * length(own) + 0.7 * length(of_donor)));
    }
    assert!(ratios.iter().all(|ratio| (ratio / ratios[0] - 1.0).abs() < 1e-3), "{ratios:?}");
    let [own, of_made] = [&image, &made].map(|image| length(coefficient(image, 0, 0)));
    assert!((own / of_made - 1.0).abs() < 1e-5, "the mean: {own} {of_made}");
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn any_image_takes_any_others_amplitudes(image in any_image(), seed in any::<u64>(), mix in 0.0f32..=1.0) {
        let mut numbers = stream(seed);
        let pixels = image.pixels.iter().map(|_| numbers.unit()).collect();
        let others = One(Image { pixels, ..image });
        let made = changed(&image, Change::Fourier(Mixing { donor: 3, mix }), &others);
        prop_assert_eq!((made.width, made.height, made.pixels.len()), (image.width, image.height, image.pixels.len()));
        prop_assert!(made.pixels.iter().all(|value| (0.0..=1.0).contains(value)));
        for ((mean, _), (own, _)) in moments(&made).into_iter().zip(moments(&image)) {
            // Of a few black and white pixels, clamping takes more than can be given back.
            prop_assert!((mean - own).abs() < 0.25, "{mean} {own}");
        }
        let same = changed(&image, Change::Fourier(Mixing { donor: 3, mix: 1.0 }), &others);
        let off = same.pixels.iter().zip(&image.pixels).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        prop_assert!(off < 1e-5, "{off}");
    }
}

#[test]
fn a_summary_names_the_method() {
    let summary = |document| (kind("texture").read)(document).unwrap().summary();
    assert_eq!(summary(serde_json::json!({})), "p .50 mix .40–1.0");
    assert_eq!(summary(serde_json::json!({"method": "fourier", "mix": [0, 1]})), "p .50 fourier 0–1.0");
    assert_eq!(summary(serde_json::json!({"method": "bank"})), "p .50 bank");
    let error = (kind("texture").read)(serde_json::json!({"method": "gram"})).unwrap_err();
    assert_eq!(error.path().to_string(), "method");
}

#[test]
fn what_takes_twins_is_the_first_of_the_list() {
    let entry = |name: &str, document| Entry {
        settings: (kind(name).read)(document).unwrap(),
        enabled: false,
        head: true,
        distinct: false,
    };
    let bank = || entry("texture", serde_json::json!({"method": "bank"}));
    let crop = || entry("crop", serde_json::json!({}));
    check_order(&[bank(), crop()]).unwrap();
    check_order(&[crop(), entry("texture", serde_json::json!({"method": "fourier"}))]).unwrap();
    let wrong = check_order(&[crop(), bank()]).unwrap_err();
    assert_eq!(wrong.path, "augment.1");
    assert!(wrong.why.contains("first of the list"), "{}", wrong.why);
    // The view of the twin has the image's geometry, since it is put in its place before the crop.
    let (image, one) = (leaves(), One(photographs().remove(0)));
    let region = crop::Region { left: 3, top: 2, width: 16, height: 8, of: [32, 32] };
    let params = vec![("texture", Params::Texture(Some(Change::Twin))), ("crop", Params::Crop(region))];
    let view = ViewParams { name: ViewName::Query, params };
    assert_eq!(view.apply(&image, &one), made(&one.0, &Params::Crop(region)));
}
