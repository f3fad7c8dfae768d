//! What comes over a run's socket: the frames, and the messages in them, at either end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use looc::link::fuzz;

fuzz_target!(|input: (Vec<u8>, u8)| {
    let (bytes, block) = input;
    let block = usize::from(block) + 1;
    // However they are cut, the same messages are heard, to the same end.
    let asked = fuzz::asked(&bytes, block);
    assert_eq!(asked, fuzz::asked(&bytes, bytes.len().max(1)));
    fuzz::told(&bytes, block);
    // And what stands in a frame of its own, so that more than the length is read.
    for text in bytes.split(|byte| *byte == b'\n') {
        let framed = [&(text.len() as u32).to_le_bytes(), text].concat();
        fuzz::asked(&framed, block);
        fuzz::told(&framed, block);
    }
});
