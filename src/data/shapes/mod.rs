//! The built-in set: silhouettes with a right way up, in eight hues and five textures.
//!
//! Rendered from the number of an image alone, so it needs no download and is the same everywhere.

mod scene;
mod silhouette;
mod surface;

use super::registry::{Progress, tell};
use super::{DataError, DataSettings, Images, Labels, Splits, room};
use rayon::prelude::*;
use scene::{HUES, Scene};
use silhouette::SILHOUETTES;
use std::sync::Arc;
use surface::TEXTURES;

/// The set is one set, as CIFAR is: it does not change with a run's seed.
const SEED: u64 = 0;

/// Where the held-out images begin. No training set is that long.
const HELD_OUT: u64 = 1 << 40;

/// Renders the set: `settings.train` images to train on, and `settings.held_out` others.
pub fn open(settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
    let of = settings.train + settings.held_out;
    tell(progress, "rendering shapes", 0, of)?;
    let train = Arc::new(render(0, settings.train, settings.size)?);
    tell(progress, "rendering shapes", settings.train, of)?;
    let held_out = Arc::new(render(HELD_OUT, settings.held_out, settings.size)?);
    tell(progress, "rendering shapes", of, of)?;
    let sizes = [((settings.size, settings.size), of)].into();
    Ok(Splits { train, held_out, sizes, ..Splits::default() })
}

/// Renders images `first .. first + count`, `side` pixels wide and high, with their labels.
fn render(first: u64, count: usize, side: usize) -> Result<Images, DataError> {
    let scenes: Vec<Scene> = (0..count as u64).map(|offset| Scene::at(SEED, first + offset)).collect();
    let mut pixels = room(count, side)?;
    pixels.resize(count * side * side * 3, 0);
    pixels
        .par_chunks_exact_mut((side * side * 3).max(1))
        .zip(&scenes)
        .for_each(|(pixels, scene)| scene.paint(side, pixels));
    let labels = |name: &str, classes: Vec<&str>, of: fn(&Scene) -> u16| Labels {
        name: name.into(),
        classes: classes.into_iter().map(String::from).collect(),
        of: scenes.iter().map(of).collect(),
    };
    let labels = vec![
        labels("shape", SILHOUETTES.map(|(name, _)| name).to_vec(), |scene| scene.shape),
        labels("colour", HUES.to_vec(), |scene| scene.hue),
        labels("texture", TEXTURES.map(|(name, _)| name).to_vec(), |scene| scene.texture),
    ];
    Ok(Images { side, pixels: pixels.into(), labels, ..Images::default() })
}

#[cfg(test)]
mod tests;
