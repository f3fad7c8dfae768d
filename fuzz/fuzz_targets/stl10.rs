//! The files of STL-10: labels from the input, images that repeat it, and a cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use looc_fuzz::Set;
use std::sync::LazyLock;

static SET: LazyLock<Set> = LazyLock::new(|| Set::new("stl10", ""));
const IMAGE: usize = 96 * 96 * 3;

fuzz_target!(|input: (Vec<u8>, Vec<u8>, u8, u8)| {
    let (bytes, names, images, cut) = input;
    let repeated = |images: u8| -> Vec<u8> {
        let length = usize::from(images % 4) * IMAGE + usize::from(cut % 2);
        bytes.iter().copied().cycle().take(if bytes.is_empty() { 0 } else { length }).collect()
    };
    SET.write("train_X.bin", &repeated(bytes.len() as u8));
    SET.write("train_y.bin", &bytes);
    SET.write("test_X.bin", &repeated(images));
    SET.write("test_y.bin", &vec![1; usize::from(images % 4)]);
    SET.write("unlabeled_X.bin", &repeated(images / 4));
    SET.write("class_names.txt", &names);
    SET.read();
});
