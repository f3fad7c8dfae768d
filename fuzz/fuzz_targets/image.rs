//! The decoding of jpeg, png and webp, through the reader of image folders.
#![no_main]

use libfuzzer_sys::fuzz_target;
use looc_fuzz::Set;
use std::sync::LazyLock;

static SET: LazyLock<Set> = LazyLock::new(|| Set::new("folder", ""));

fuzz_target!(|bytes: &[u8]| {
    SET.write("image.png", bytes);
    SET.read();
});
