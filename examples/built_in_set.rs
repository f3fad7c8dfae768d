//! Measures the built-in set against what it was made for: what linear probes read from a randomly
//! initialised backbone of width 16, and how far every head separates within 500 steps of a small model.
//!
//!     cargo run --release --example built_in_set
//!
//! Arguments are changes of the quickstart's configuration, such as `model.width=8`.

use candle_core::{Device, Tensor};
use looc::{
    augment::Augmentation,
    augment::rotation::Rotation,
    config::Config,
    data::{self, Images, Splits, normalise},
    engine::{self, Job, Place, message::Phase},
    eval::{Frozen, clean, probe::Probe},
    looc::Learner,
};

const CHUNK: usize = 500;
/// Initialisations that are probed.
const SEEDS: u64 = 3;
const STEPS: u64 = 500;

fn main() -> color_eyre::Result<()> {
    let overrides: Vec<String> = std::env::args().skip(1).collect();
    let config = Config::load(None, &overrides)?;
    probes(&config)?;
    separation(config)
}

/// Features of the images, each turned by what `turns` says of its index.
fn features(model: &mut Frozen, images: &Images, turns: impl Fn(usize) -> u8) -> color_eyre::Result<Tensor> {
    let size = 3 * images.side * images.side;
    let mut parts = Vec::new();
    for first in (0..images.len()).step_by(CHUNK) {
        let count = CHUNK.min(images.len() - first);
        let mut planes = vec![0.0; count * size];
        for (offset, planes) in planes.chunks_exact_mut(size).enumerate() {
            let mut image = images.image(first + offset)?;
            Rotation::apply(&turns(first + offset), &mut image);
            normalise(&image, planes);
        }
        let shape = (count, 3, images.side, images.side);
        parts.push(model.features(&Tensor::from_vec(planes, shape, &Device::Cpu)?)?);
    }
    Ok(Tensor::cat(&parts, 0)?)
}

fn probes(config: &Config) -> color_eyre::Result<()> {
    let mut config = config.clone();
    (config.model.width, config.model.blocks) = (16, 1);
    let splits = data::open(&config.data, &mut data::quiet)?;
    for seed in 0..SEEDS {
        println!("weights of seed {seed}: {}", read_by_probes(&config, &splits, seed)?);
    }
    Ok(())
}

/// What probes read from a backbone at initialisation: the accuracy for each label, and of quarter turns.
fn read_by_probes(config: &Config, splits: &Splits, seed: u64) -> color_eyre::Result<String> {
    let learner = Learner::new(&config.model, &config.contrast, &[], seed, &Device::Cpu)?;
    let mut frozen = Frozen::of(&learner)?;
    let calibration: Vec<u32> = (0..512).collect();
    frozen.calibrate(&clean(&splits.train, &calibration, &Device::Cpu)?)?;
    let (train, held) =
        (features(&mut frozen, &splits.train, |_| 0)?, features(&mut frozen, &splits.held_out, |_| 0)?);
    let mut text = String::new();
    for (of, held_of) in splits.train.labels.iter().zip(&splits.held_out.labels) {
        let probe = Probe::fit(&train, &of.of, of.classes.len())?;
        text += &format!("{} {:.1}%  ", of.name, 100.0 * probe.accuracy(&held, &held_of.of)?);
    }
    let turns = |i: usize| (i % 4) as u8;
    let (train, held) =
        (features(&mut frozen, &splits.train, turns)?, features(&mut frozen, &splits.held_out, turns)?);
    let of = |count: usize| (0..count).map(|i| (i % 4) as u16).collect::<Vec<_>>();
    let probe = Probe::fit(&train, &of(splits.train.len()), 4)?;
    text += &format!("rotation {:.1}%", 100.0 * probe.accuracy(&held, &of(splits.held_out.len()))?);
    Ok(text)
}

fn separation(config: Config) -> color_eyre::Result<()> {
    let folder = tempfile::tempdir()?;
    let job =
        Job { config, place: Place::New(folder.path().join("run")), steps: Some(STEPS), attended: false };
    let (handle, thread) = engine::start(job)?;
    thread.join().map_err(|_| color_eyre::eyre::eyre!("training panicked"))?;
    let last = handle.snapshot.borrow().clone();
    if let Phase::Failed(why) = &last.phase {
        return Err(color_eyre::eyre::eyre!("{why}"));
    }
    let Some(report) = &last.invariance else { return Ok(()) };
    println!("step {} losses {:?}", last.step, last.losses);
    for (head, row) in report.heads.iter().zip(&report.rescaled) {
        let own = report.augmentations.iter().position(|name| name == head);
        let line: Vec<String> =
            report.augmentations.iter().zip(row).map(|(name, value)| format!("{name} {value:.2}")).collect();
        print!("{head:10} {}", line.join("  "));
        if let Some(own) = own {
            let others = row.iter().sum::<f32>() - row[own];
            print!("  selectivity {:.2}", others / (row.len() - 1) as f32 - row[own]);
        }
        println!();
    }
    for (label, accuracy) in &last.knn {
        println!("knn {label} {:.1}%", accuracy * 100.0);
    }
    Ok(())
}
