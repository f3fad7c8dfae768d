//! What each kind does to an image, and what it leaves alone.

use super::reference::leaves;
use super::*;

fn made(image: &Image, params: &Params) -> Image {
    let mut made = image.clone();
    params.apply(&mut made);
    made
}

/// Mean and standard deviation of each channel.
fn moments(image: &Image) -> [(f64, f64); 3] {
    let count = (image.pixels.len() / 3) as f64;
    [0, 1, 2].map(|channel| {
        let values = image.pixels.iter().skip(channel).step_by(3).map(|value| f64::from(*value));
        let mean = values.clone().sum::<f64>() / count;
        (mean, (values.map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt())
    })
}

/// Lengths of the differences to the right and downward, of the sum of the channels.
fn edges(image: &Image) -> Vec<f64> {
    let gray: Vec<f64> = image.pixels.chunks_exact(3).map(|rgb| f64::from(rgb.iter().sum::<f32>())).collect();
    let mut edges = Vec::new();
    for y in 0..image.height - 1 {
        for at in y * image.width..(y + 1) * image.width - 1 {
            edges.push((gray[at + 1] - gray[at]).hypot(gray[at + image.width] - gray[at]));
        }
    }
    edges
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| f(a - mean_a, b - mean_b)).sum()
    };
    product(&|a, b| a * b) / (product(&|a, _| a * a) * product(&|_, b| b * b)).sqrt()
}

fn filters(count: u64, document: serde_json::Value) -> Vec<texture::Filter> {
    let settings: texture::Texture = serde_json::from_value(document).unwrap();
    (0..count).filter_map(|seed| settings.sample(&mut stream(seed), 32, 32)).collect()
}

#[test]
fn texture_leaves_each_channels_mean_and_deviation() {
    let image = leaves();
    let before = moments(&image);
    let mut moved = 0.0f64;
    for filter in filters(500, serde_json::json!({"p": 1.0})) {
        let mut unclamped = image.clone();
        texture::retexture(&filter, &mut unclamped);
        for ((mean, deviation), (own, of_own)) in moments(&unclamped).into_iter().zip(before) {
            assert!((mean - own).abs() < 1e-5, "{mean} {own} by {filter:?}");
            assert!((deviation / of_own - 1.0).abs() < 1e-4, "{deviation} {of_own} by {filter:?}");
        }
        // And clamped, what a network sees.
        let clamped = made(&image, &Params::Texture(Some(filter)));
        for ((mean, _), (own, _)) in moments(&clamped).into_iter().zip(before) {
            moved = moved.max((mean - own).abs());
        }
    }
    println!("the mean moves by up to {:.2} levels where values are clamped", moved * 255.0);
    assert!(moved < 3.0 / 255.0, "{moved}");
}

#[test]
fn texture_leaves_edges_where_they_are() {
    let image = leaves();
    let own = edges(&image);
    let strongest = filters(500, serde_json::json!({"p": 1.0, "mix": [0.0, 0.0]}));
    let drawn = filters(500, serde_json::json!({"p": 1.0}));
    let alike = |filters: Vec<texture::Filter>| {
        let alike = |filter| correlation(&edges(&made(&image, &Params::Texture(Some(filter)))), &own);
        let mut all: Vec<f64> = filters.into_iter().map(alike).collect();
        all.sort_by(f64::total_cmp);
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        println!("correlation of edges: mean {mean:.3}, lowest tenth below {:.3}", all[all.len() / 10]);
        mean
    };
    assert!(alike(drawn) > 0.8);
    assert!(alike(strongest) > 0.2);
    // What the figures are worth: the edges of the same pixels in another order.
    let mut shuffled = image.clone();
    let mut places: Vec<usize> = (0..image.pixels.len() / 3).collect();
    stream(1).shuffle(&mut places);
    for (to, from) in shuffled.pixels.chunks_exact_mut(3).zip(places) {
        to.copy_from_slice(&image.pixels[from * 3..from * 3 + 3]);
    }
    assert!(correlation(&edges(&shuffled), &own) < 0.1);
}

#[test]
fn texture_changes_the_image_but_not_by_a_kernel_of_one_pixel() {
    let image = leaves();
    let difference = |filter: texture::Filter| {
        let made = made(&image, &Params::Texture(Some(filter)));
        let sum: f32 = made.pixels.iter().zip(&image.pixels).map(|(a, b)| (a - b).abs()).sum();
        sum / image.pixels.len() as f32
    };
    for filter in filters(50, serde_json::json!({"p": 1.0, "sizes": [1]})) {
        // A negative weight too: the dark stays dark.
        assert!(difference(filter) < 1e-5);
    }
    let mut large = 0;
    for filter in filters(200, serde_json::json!({"p": 1.0, "mix": [0.0, 0.3]})) {
        large += usize::from(difference(filter) > 5.0 / 255.0);
    }
    assert!(large > 150, "{large}");
    let gray = Image { width: 5, height: 4, pixels: vec![0.3; 60] };
    let filter = filters(1, serde_json::json!({"p": 1.0})).remove(0);
    assert_eq!(made(&gray, &Params::Texture(Some(filter))), gray);
}

#[test]
fn noise_is_gaussian_and_a_function_of_its_seed() {
    let gray = Image { width: 200, height: 200, pixels: vec![0.5; 120_000] };
    let grain = |seed| Params::Noise(Some(noise::Grain { sigma: 0.05, seed }));
    let noisy = made(&gray, &grain(7));
    assert_eq!(noisy, made(&gray, &grain(7)));
    let noise: Vec<f64> = noisy.pixels.iter().map(|value| f64::from(value - 0.5) / 0.05).collect();
    let power = |n: i32| noise.iter().map(|it| it.powi(n)).sum::<f64>() / noise.len() as f64;
    // 1, 0, 1, 0, 3, within 4 deviations of each mean over 120,000.
    for (n, expected, deviation) in [(1, 0.0, 1.0), (2, 1.0, 1.42), (3, 0.0, 3.88), (4, 3.0, 9.8)] {
        let off = (power(n) - expected).abs();
        assert!(off < 4.0 * deviation / 120_000f64.sqrt(), "moment {n}: {}", power(n));
    }
    // Neighbours, channels and other seeds have nothing to do with one another.
    let other: Vec<f64> = made(&gray, &grain(8)).pixels.iter().map(|value| f64::from(*value)).collect();
    for lag in [1, 2, 3, 600] {
        assert!(correlation(&noise[lag..], &noise[..noise.len() - lag]).abs() < 0.012, "lag {lag}");
    }
    assert!(correlation(&noise, &other).abs() < 0.012);
}

#[test]
fn an_erased_mean_leaves_the_mean_and_nothing_beside_the_box_changes() {
    let image = leaves();
    let patch = erase::Patch { left: 3, top: 5, width: 12, height: 9, fill: erase::Fill::Zero };
    for fill in [erase::Fill::Zero, erase::Fill::Mean] {
        let erased = made(&image, &Params::Erase(Some(erase::Patch { fill, ..patch })));
        for (at, (new, old)) in erased.pixels.chunks_exact(3).zip(image.pixels.chunks_exact(3)).enumerate() {
            let inside = (3..15).contains(&(at % 32)) && (5..14).contains(&(at / 32));
            let expected = match fill {
                _ if !inside => old.to_vec(),
                erase::Fill::Zero => vec![0.0; 3],
                erase::Fill::Mean => moments(&image).map(|(mean, _)| mean as f32).to_vec(),
            };
            assert!(new.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6), "pixel {at}");
        }
    }
    let nothing = Params::Erase(Some(erase::Patch { width: 0, ..patch }));
    assert_eq!(made(&image, &nothing), image);
}

#[test]
fn perspective_is_black_beside_the_image_and_leaves_it_alone_without_a_way() {
    let image = Image { width: 32, height: 32, pixels: vec![1.0; 32 * 32 * 3] };
    let by = |shifts| made(&image, &Params::Perspective(Some(shifts)));
    assert_eq!(by([[0, 0]; 4]), image);
    let corner = by([[8, 8], [0, 0], [0, 0], [0, 0]]);
    let red = |x: usize, y: usize| corner.pixels[(y * 32 + x) * 3];
    assert_eq!((red(0, 0), red(4, 4)), (0.0, 0.0));
    assert!((red(16, 16) - 1.0).abs() < 1e-6 && (red(28, 5) - 1.0).abs() < 1e-6);
    // All corners in the middle: there is no image to be seen, and no homography.
    let tiny = Image { width: 2, height: 1, pixels: vec![0.5; 6] };
    assert_eq!(made(&tiny, &Params::Perspective(Some([[1, 0]; 4]))), tiny);
}

#[test]
fn levels_of_posterisation_and_quality_of_jpeg() {
    let image = leaves();
    for bits in 1..=8 {
        let few = made(&image, &Params::Posterize(Some(bits)));
        let mut levels: Vec<u32> = few.pixels.iter().map(|value| value.to_bits()).collect();
        levels.sort_unstable();
        levels.dedup();
        assert!(levels.len() <= 1 << bits, "{bits}: {}", levels.len());
        assert_eq!(made(&few, &Params::Posterize(Some(bits))), few);
    }
    let error = |quality| {
        let made = made(&image, &Params::Jpeg(Some(quality)));
        let squares: f32 = made.pixels.iter().zip(&image.pixels).map(|(a, b)| (a - b).powi(2)).sum();
        (squares / image.pixels.len() as f32).sqrt() * 255.0
    };
    let errors = [100, 90, 50, 10, 1].map(error);
    assert!(errors[0] < 1.5 && errors.is_sorted(), "{errors:?}");
}
