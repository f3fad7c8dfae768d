//! A parquet shard.
#![no_main]

use libfuzzer_sys::fuzz_target;
use looc_fuzz::Set;
use std::sync::LazyLock;

static SET: LazyLock<Set> = LazyLock::new(|| Set::new("parquet", "train.parquet"));

fuzz_target!(|bytes: &[u8]| {
    SET.write("train.parquet", bytes);
    SET.read();
});
