//! A contact sheet of the two substitutes for style transfer, and what a change of texture costs.
//!
//!     cargo run --release --example textures -- IMAGE_FOLDER SHEET.png [SIDE]
//!
//! A row an image: as it is, by three filters, by three mixtures of amplitudes.

use image::{Rgb, RgbImage};
use looc::{
    augment::{Image, KINDS, Settings},
    data::{DataError, DataSettings, Donors, Images, open, quiet},
    rng::{Address, Domain, Stream},
};
use std::{error::Error, time::Instant};

const ROWS: usize = 6;
const GAP: usize = 4;

fn texture(method: &str) -> Result<Settings, Box<dyn Error>> {
    let kind = KINDS.iter().find(|kind| kind.name == "texture").ok_or("no texture")?;
    let mix = if method == "fourier" { [0.0, 1.0] } else { [0.4, 1.0] };
    Ok((kind.read)(serde_json::json!({"p": 1.0, "method": method, "mix": mix}))?)
}

/// View `view` of an image, and its parameters in words.
fn made(images: &Images, index: usize, settings: &Settings, view: u32) -> Result<(Image, String), DataError> {
    let address = Address { epoch: 0, sample: index as u64, view, augmentation: 0 };
    let params = settings.sample(&mut Stream::at(1, Domain::Views, address), images.side, images.side);
    let mut image = images.image(index)?;
    Donors::new(images, images).lend(index, |others| params.apply(&mut image, others))?;
    Ok((image, params.describe()))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (folder, sheet) = arguments.next().zip(arguments.next()).ok_or("IMAGE_FOLDER SHEET.png [SIDE]")?;
    let size = arguments.next().map_or(Ok(96), |side| side.parse())?;
    let settings =
        DataSettings { kind: "folder".into(), path: Some(folder.into()), size, ..DataSettings::default() };
    let images = open(&settings, &mut quiet)?.train;
    let methods = [texture("filter")?, texture("fourier")?];
    let cell = size + GAP;
    let mut paper = RgbImage::from_pixel((7 * cell + GAP) as u32, (ROWS * cell + GAP) as u32, Rgb([255; 3]));
    for row in 0..ROWS {
        let index = row * images.len() / ROWS;
        let mut tiles = vec![(images.image(index)?, String::from("as it is"))];
        for settings in &methods {
            for view in 0..3 {
                tiles.push(made(&images, index, settings, view)?);
            }
        }
        for (column, (image, words)) in tiles.iter().enumerate() {
            println!("{row} {column}: {words}");
            for (place, rgb) in image.to_bytes().chunks_exact(3).enumerate() {
                let (x, y) = (column * cell + GAP + place % size, row * cell + GAP + place / size);
                paper.put_pixel(x as u32, y as u32, Rgb([rgb[0], rgb[1], rgb[2]]));
            }
        }
    }
    paper.save(sheet)?;
    for (settings, name) in methods.iter().zip(["filter", "fourier"]) {
        let count = images.len().min(500);
        let mut passes = Vec::new();
        for view in 0..8 {
            let start = Instant::now();
            for index in 0..count {
                made(&images, index, settings, view)?;
            }
            passes.push(start.elapsed().as_secs_f64() * 1e6 / count as f64);
        }
        passes.remove(0);
        passes.sort_by(f64::total_cmp);
        println!("{name}: {:.1} µs of one core at {size}×{size} (median of 7 passes)", passes[3]);
    }
    Ok(())
}
