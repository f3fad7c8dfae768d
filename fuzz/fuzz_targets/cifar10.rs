//! The records of CIFAR-10.
#![no_main]

use libfuzzer_sys::fuzz_target;
use looc_fuzz::Set;
use std::sync::LazyLock;

static SET: LazyLock<Set> = LazyLock::new(|| Set::new("cifar10", ""));

fuzz_target!(|input: (Vec<u8>, u8, u16)| SET.read_records(
    ["data_batch_1.bin", "test_batch.bin"],
    3073,
    input
));
