//! A WebDataset shard. The checksums of its headers are mended, or no change of one would be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use looc_fuzz::Set;
use std::sync::LazyLock;

static SET: LazyLock<Set> = LazyLock::new(|| Set::new("webdataset", "train.tar"));
/// A header's length, and where its checksum is.
const BLOCK: usize = 512;
const SUM: std::ops::Range<usize> = 148..156;

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    for block in bytes.chunks_exact_mut(BLOCK) {
        // Where there is one: `ustar` stands in every header of the seeds.
        if block[257..262] == *b"ustar" {
            block[SUM].copy_from_slice(b"        ");
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[SUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    SET.write("train.tar", &bytes);
    SET.read();
});
