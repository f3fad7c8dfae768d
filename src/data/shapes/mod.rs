//! The built-in data set: pictures of silhouettes, each a function of (seed, index).
//!
//! What is shown: one of 10 upright silhouettes, in one of 8 hues, with one of 5 surface textures, at a
//! jittered place, size and tilt, before a landscape that is lighter above more often than below, under
//! tinted light. So a representation can keep or lose three things, and orientation is a cue that is
//! frequent but not certain, as in photographs.

mod landscape;
mod render;
mod silhouette;
mod surface;

use super::{DataError, DataSettings, Images, Labels, Splits, registry};
use rayon::prelude::*;
use render::Scene;
use std::sync::Arc;

/// Every picture is of the same world; a run's seed decides on training alone.
const WORLD: u64 = 2021;
/// Pictures rendered between two reports.
const CHUNK: usize = 1000;
/// Held-out pictures are numbered from here, far behind the training ones.
const HELD_OUT: u64 = 1 << 32;

/// Renders both splits.
pub fn open(settings: &DataSettings, progress: &mut registry::Progress) -> Result<Splits, DataError> {
    let of = settings.train + settings.held_out;
    let train = render(0, settings.train, settings.size, &mut |done| progress("shapes", done, of));
    let done = settings.train;
    let held_out =
        render(HELD_OUT, settings.held_out, settings.size, &mut |more| progress("shapes", done + more, of));
    Ok(Splits { train: Arc::new(train), held_out: Arc::new(held_out), notes: Vec::new() })
}

fn render(first: u64, count: usize, side: usize, progress: &mut dyn FnMut(usize)) -> Images {
    let mut pixels = Vec::with_capacity(count * side * side * 3);
    let mut labels = labels();
    for start in (0..count).step_by(CHUNK) {
        progress(start);
        let end = (start + CHUNK).min(count);
        let scenes: Vec<(Scene, Vec<u8>)> = (start..end)
            .into_par_iter()
            .map(|index| {
                let scene = Scene::draw(WORLD, first + index as u64);
                let picture = scene.render(side);
                (scene, picture)
            })
            .collect();
        for (scene, picture) in scenes {
            pixels.extend_from_slice(&picture);
            for (set, class) in labels.iter_mut().zip(scene.classes()) {
                set.of.push(class);
            }
        }
    }
    Images { side, pixels, labels }
}

fn labels() -> Vec<Labels> {
    let set = |name: &str, classes: Vec<&str>| Labels {
        name: name.into(),
        classes: classes.into_iter().map(String::from).collect(),
        of: Vec::new(),
    };
    vec![
        set("shape", silhouette::SILHOUETTES.iter().map(|(name, _)| *name).collect()),
        set("color", surface::HUES.to_vec()),
        set("texture", surface::TEXTURES.iter().map(|(name, _)| *name).collect()),
    ]
}
