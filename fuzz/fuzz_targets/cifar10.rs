//! The records of CIFAR-10: labels from the input, planes that repeat it, and a cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use looc_fuzz::Set;
use std::sync::LazyLock;

static SET: LazyLock<Set> = LazyLock::new(|| Set::new("cifar10", ""));
const RECORD: usize = 3073;

fuzz_target!(|input: (Vec<u8>, u8, u16)| {
    let (bytes, records, cut) = input;
    let length = usize::from(records % 4) * RECORD + usize::from(cut) % 3 * usize::from(cut) % RECORD;
    let whole: Vec<u8> =
        bytes.iter().copied().cycle().take(if bytes.is_empty() { 0 } else { length }).collect();
    let (train, test) = ("data_batch_1.bin", "test_batch.bin");
    SET.write(train, &whole);
    SET.write(test, &bytes);
    SET.read();
    SET.write(train, &bytes);
    SET.write(test, &whole);
    SET.read();
});
