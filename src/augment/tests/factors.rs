//! What each kind does to an image, and what it leaves alone.

use super::reference::leaves;
use super::*;

pub fn made(image: &Image, params: &Params) -> Image {
    let mut made = image.clone();
    params.apply(&mut made, &Alone);
    made
}

/// Mean and standard deviation of each channel.
pub fn moments(image: &Image) -> [(f64, f64); 3] {
    let count = (image.pixels.len() / 3) as f64;
    [0, 1, 2].map(|channel| {
        let values = image.pixels.iter().skip(channel).step_by(3).map(|value| f64::from(*value));
        let mean = values.clone().sum::<f64>() / count;
        (mean, (values.map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt())
    })
}

/// Lengths of the differences to the right and downward, of the sum of the channels.
pub fn edges(image: &Image) -> Vec<f64> {
    let gray: Vec<f64> = image.pixels.chunks_exact(3).map(|rgb| f64::from(rgb.iter().sum::<f32>())).collect();
    let mut edges = Vec::new();
    for y in 0..image.height - 1 {
        for at in y * image.width..(y + 1) * image.width - 1 {
            edges.push((gray[at + 1] - gray[at]).hypot(gray[at + image.width] - gray[at]));
        }
    }
    edges
}

pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| f(a - mean_a, b - mean_b)).sum()
    };
    product(&|a, b| a * b) / (product(&|a, _| a * a) * product(&|_, b| b * b)).sqrt()
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
