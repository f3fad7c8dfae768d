//! `cargo bench --bench neighbours`: the 16 nearest of 50,000 images with 512 features each.

use divan::Bencher;
use looc::{
    eval::gallery::Rows,
    rng::{Domain, Stream},
};

const IMAGES: usize = 50_000;
const FEATURES: usize = 512;

fn main() {
    divan::main();
}

#[divan::bench]
fn nearest_of_50_000(bencher: Bencher) {
    let mut stream = Stream::named(0, Domain::Evaluation, "bench");
    let mut draw = |count: usize| (0..count).map(|_| stream.unit() - 0.5).collect::<Vec<f32>>();
    let rows = Rows::new(FEATURES, draw(IMAGES * FEATURES));
    let query = draw(FEATURES);
    bencher.bench(|| rows.nearest(&query, 16));
}
