//! `looc-tui bench --views`.

use super::{Globals, Usage, median};
use crate::{
    augment::{
        Entry, PlanAddress, Settings, ViewPlan, blur::Blur, color::Color, crop::Crop, flip::Flip,
        rotation::Rotation,
    },
    config::Config,
    data::{DataError, Donors, Images, Recipe, make_batch},
    rng::{Domain, Stream},
};
use color_eyre::Report;
use serde::Serialize;
use std::{hint::black_box, time::Instant};

/// Images, each made a view of once in a pass: the peer in `benches/` takes as many. Large ones are fewer
/// and come several times, so that they fit into the memory.
const IMAGES: usize = 500;
/// Bytes of all images together, at most, but for a single one.
const MEMORY: usize = 256 << 20;
/// Passes; the median counts.
const PASSES: usize = 7;

/// What was measured, on one core.
#[derive(Serialize)]
pub struct Figures {
    peer: String,
    side: usize,
    /// From the bytes of an image to the pixels of a view, with every operation and the draws for it.
    us_per_view: f64,
    /// Views of the default configuration, normalised, in batches of 100 images.
    batch_views_per_s: f64,
}

/// Makes views of random images of `side` × `side` pixels.
///
/// # Errors
/// More than one thread is asked for.
pub fn measure(globals: &Globals, side: usize) -> Result<Figures, Report> {
    if globals.threads.is_some_and(|threads| threads != 1) {
        return Err(Usage::error("bench --views measures one core: leave --threads out"));
    }
    let seed = globals.seed.unwrap_or(0);
    let mut stream = Stream::named(seed, Domain::Shapes, "noise");
    let length = side * side * 3;
    let count = (MEMORY / length).clamp(1, IMAGES);
    let pixels: Vec<u8> = (0..count * length).map(|_| stream.below(256) as u8).collect();
    let images = Images { side, pixels: pixels.into(), ..Images::default() };
    Ok(Figures {
        peer: format!("looc-tui {}", env!("CARGO_PKG_VERSION")),
        side,
        us_per_view: (single_views(&images, seed)? * 1e7).round() / 10.0,
        batch_views_per_s: batches(&images, seed)?.round(),
    })
}

impl Figures {
    pub fn table(&self) -> String {
        let Self { peer, side, us_per_view, batch_views_per_s } = self;
        format!(
            "{peer}, one core, images of {side}×{side}\n\
             a view       {us_per_view:.1} µs with every operation (median of {PASSES} passes over {IMAGES} images)\n\
             in batches   {batch_views_per_s:.0} views/s of the default configuration, normalised"
        )
    }
}

/// Crop, flip, jitter, gray, blur and a turn, none left to a coin, of the peer's strengths.
fn every_operation() -> Vec<Entry> {
    let color = Color { p: 1.0, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, grayscale: 1.0 };
    let list = [
        Settings::Crop(Crop { scale: [0.2, 1.0], ..Crop::default() }),
        Settings::Flip(Flip { p: 1.0 }),
        Settings::Color(color),
        Settings::Blur(Blur { p: 1.0, sigma: [0.1, 2.0] }),
        Settings::Rotation(Rotation { angles: vec![90, 180, 270] }),
    ];
    list.map(|settings| Entry { settings, enabled: true, head: false, distinct: false }).into()
}

/// Seconds a view.
fn single_views(images: &Images, seed: u64) -> Result<f64, DataError> {
    let entries = every_operation();
    let mut donors = Donors::new(images, images);
    let (mut view, mut plan, mut scratch) = (images.image(0)?, ViewPlan::default(), Vec::new());
    let pass = seconds(|pass| {
        // Without heads a plan has two views, q and k0.
        for sample in 0..IMAGES / 2 {
            let at = PlanAddress { seed, domain: Domain::Views, epoch: pass, sample: sample as u64 };
            plan.redraw(&entries, at, images.side, images.side);
            for (params, place) in plan.views.iter().zip([2 * sample, 2 * sample + 1]) {
                let index = place % images.len();
                view.set_bytes(images.bytes(index, &mut scratch)?);
                donors.lend(index, |others| params.apply_to(&mut view, others))?;
                black_box(&view);
            }
        }
        Ok(())
    })?;
    Ok(pass / IMAGES as f64)
}

/// Views a second.
fn batches(images: &Images, seed: u64) -> Result<f64, DataError> {
    let batch = images.len().min(IMAGES / 5);
    let recipe = Recipe { entries: Config::quickstart().augment, seed, batch, threads: 1 };
    let views = make_batch(images, &recipe, 0)?.views.len() * recipe.batch;
    Ok(views as f64 / seconds(|step| make_batch(images, &recipe, step).map(|batch| drop(black_box(batch))))?)
}

/// The median of what a pass takes; the first one is not timed.
fn seconds(mut pass: impl FnMut(u64) -> Result<(), DataError>) -> Result<f64, DataError> {
    pass(0)?;
    let timed = |number| {
        let start = Instant::now();
        pass(number).map(|()| start.elapsed())
    };
    Ok(median((1..=PASSES as u64).map(timed).collect::<Result<Vec<_>, _>>()?.into_iter()))
}
