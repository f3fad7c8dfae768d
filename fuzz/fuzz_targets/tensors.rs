//! The tensors of a checkpoint: what is read is written again and read back, to the last bit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use looc::run::fuzz::{decode, encode};

fuzz_target!(|bytes: &[u8]| {
    let Ok(tensors) = decode(bytes) else { return };
    for (name, shape, values) in &tensors {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "{name}");
    }
    // Longer names than are ever written may be read.
    let Ok(again) = encode(&tensors) else { return };
    let again = decode(&again).expect("what was written is read");
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(again.len(), tensors.len());
    for (one, other) in tensors.iter().zip(&again) {
        assert_eq!((&one.0, &one.1, bits(&one.2)), (&other.0, &other.1, bits(&other.2)));
    }
});
