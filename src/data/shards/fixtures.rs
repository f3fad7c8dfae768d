//! The files that `tests/fixtures/shards/make.py` has made, for the tests of each kind of shards.

use crate::data::{DataSettings, Images};
use std::path::{Path, PathBuf};

/// Pixels of a side, and bytes of an image.
pub const SIDE: usize = 16;
const IMAGE: usize = SIDE * SIDE * 3;

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/shards").join(name)
}

pub fn settings(kind: &str, path: PathBuf) -> DataSettings {
    DataSettings { kind: kind.into(), path: Some(path), size: SIDE, ..DataSettings::default() }
}

/// Which of the fixtures' images these are.
pub fn numbers(images: &Images) -> Vec<usize> {
    let pixels = std::fs::read(fixture("pixels.rgb")).unwrap();
    let mut scratch = Vec::new();
    let mut number = |index| {
        let wanted = images.bytes(index, &mut scratch).unwrap();
        pixels.chunks_exact(IMAGE).position(|image| image == wanted).unwrap()
    };
    (0..images.len()).map(&mut number).collect()
}
