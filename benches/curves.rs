//! `cargo bench --bench curves`: the curves of a run with a million figures, from its folder to the screen.

use divan::Bencher;
use looc::{
    config::Config,
    curves::{Along, Column, Recorded, SeriesStore},
    engine::message::{Span, StepRecord},
    run::RunDir,
};
use std::sync::Arc;

/// What a step of a run with two heads logs.
const TAGS: [&str; 6] = ["loss", "loss/all", "loss/color", "loss/rotation", "lr", "images_per_s"];
/// A million figures, and two.
const STEPS: u64 = 166_667;
/// Two dots a cell of a wide terminal.
const COLUMNS: usize = 220;

fn main() {
    divan::main();
}

/// A loss as it comes: it falls, and trembles.
fn loss(step: u64, curve: usize) -> f32 {
    let tremble = (step.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (40 + curve)) as f32 / (1 << 24) as f32;
    1.0 + curve as f32 * 0.3 + 5.0 / (1.0 + step as f32 / 5_000.0) + 0.2 * tremble
}

/// The first screen of loss curves.
fn drawn(series: &SeriesStore) -> Vec<Vec<Column>> {
    let reach = series.reach(Along::Step).unwrap_or_default();
    let curves = series.under("loss/");
    curves.map(|(_, series)| series.columns(Along::Step, reach, COLUMNS, 1)).collect()
}

/// Goal: 300 ms.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn a_million_figures_read_and_drawn(bencher: Bencher) {
    let folder = tempfile::tempdir().unwrap();
    let (path, config) = (folder.path().join("run"), Config::quickstart());
    let mut run = RunDir::create(&path, &config.to_yaml(), &config.hash(), 0).unwrap();
    for step in 1..=STEPS {
        let values = TAGS.iter().enumerate().map(|(i, tag)| (*tag, loss(step, i)));
        run.metrics().record(step, step as f64 * 0.091, values).unwrap();
        if step % 10_000 == 0 {
            run.metrics().flush().unwrap();
        }
    }
    run.metrics().sync().unwrap();
    let reach = Recorded::read(&path).unwrap().series.reach(Along::Step);
    assert_eq!(reach.map(|it| it.1), Some(STEPS as f64), "the log left something out");
    bencher.bench(|| drawn(&Recorded::read(&path).unwrap().series));
}

/// Goal: far below 2 ms, for it is done at every frame.
#[divan::bench]
fn columns_of_three_curves_of_a_million_steps(bencher: Bencher) {
    let tags: [Arc<str>; 3] = ["loss/all", "loss/color", "loss/rotation"].map(Into::into);
    let mut store = SeriesStore::default();
    for step in 1..=1_000_000 {
        let values = tags.iter().enumerate().map(|(i, tag)| (tag.clone(), Span::of(loss(step, i))));
        store.push(&StepRecord { step, time: step as f64 * 0.091, values: values.collect() });
    }
    bencher.bench(|| drawn(&store));
}
