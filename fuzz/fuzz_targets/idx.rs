//! The files of the MNIST kind, plain and packed: each part is given the input, cut at a length of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use looc_fuzz::Set;
use std::sync::LazyLock;

static SET: LazyLock<Set> = LazyLock::new(|| Set::new("idx", ""));

fuzz_target!(|bytes: &[u8]| {
    // Two bytes say where the labels begin; images come first.
    let [low, high, rest @ ..] = bytes else { return };
    let (images, labels) = rest.split_at(usize::from(u16::from_le_bytes([*low, *high])).min(rest.len()));
    for part in ["train", "t10k"] {
        SET.write(&format!("{part}-images-idx3-ubyte"), images);
        SET.write(&format!("{part}-labels-idx1-ubyte"), labels);
    }
    SET.read();
});
