//! The records of CIFAR-100.
#![no_main]

use libfuzzer_sys::fuzz_target;
use looc_fuzz::Set;
use std::sync::LazyLock;

static SET: LazyLock<Set> = LazyLock::new(|| Set::new("cifar100", ""));

fuzz_target!(|input: (Vec<u8>, u8, u16)| SET.read_records(["train.bin", "test.bin"], 3074, input));
