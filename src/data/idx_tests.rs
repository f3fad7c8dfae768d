use super::*;
use crate::data::{open, quiet};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use std::io::Write;

fn settings(path: &Path, size: usize) -> DataSettings {
    DataSettings { kind: KIND.into(), path: Some(path.into()), size, ..DataSettings::default() }
}

/// A file with these dimensions and values.
fn file(dimensions: &[u32], values: &[u8]) -> Vec<u8> {
    let start = [0, 0, BYTES, dimensions.len() as u8];
    let dimensions = dimensions.iter().flat_map(|by| by.to_be_bytes());
    start.into_iter().chain(dimensions).chain(values.iter().copied()).collect()
}

/// Three images of 5 × 4 pixels.
fn images() -> Vec<u8> {
    file(&[3, 4, 5], &(0..60).map(|value| value * 4).collect::<Vec<u8>>())
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A small valid set.
fn write(folder: &Path, end: &str, pack: fn(&[u8]) -> Vec<u8>) {
    for part in ["train", "t10k"] {
        std::fs::write(folder.join(format!("{part}-images-idx3-ubyte{end}")), pack(&images())).unwrap();
        let labels = file(&[3], &[2, 0, 7]);
        std::fs::write(folder.join(format!("{part}-labels-idx1-ubyte{end}")), pack(&labels)).unwrap();
    }
}

fn plain(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

fn refused(folder: &Path) -> String {
    open(&settings(folder, 4), &mut quiet).unwrap_err().to_string()
}

#[test]
fn plain_and_packed_files_are_the_same_set() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(one.path(), "", plain);
    std::fs::create_dir(other.path().join("raw")).unwrap();
    write(&other.path().join("raw"), ".gz", packed);
    let [one, other] = [one, other].map(|there| open(&settings(there.path(), 4), &mut quiet).unwrap());
    assert_eq!((&one.train, &one.held_out), (&other.train, &other.held_out));
    assert_eq!((one.train.len(), one.held_out.len()), (3, 3));
    assert_eq!(one.train.labels[0].of, [2, 0, 7]);
    assert_eq!(one.train.labels[0].classes.len(), 8);
    assert_eq!(one.sizes, [((5, 4), 6)].into());
}

#[test]
fn gray_is_repeated_and_classes_have_their_names() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "", plain);
    let square = file(&[2, 2, 2], &[0, 10, 20, 30, 40, 50, 60, 70]);
    std::fs::write(there.path().join("train-images-idx3-ubyte"), square).unwrap();
    std::fs::write(there.path().join("train-labels-idx1-ubyte"), file(&[2], &[1, 0])).unwrap();
    std::fs::write(there.path().join("classes.txt"), "a\nb\nc\nd\ne\nf\ng\nh\n").unwrap();
    let splits = open(&settings(there.path(), 2), &mut quiet).unwrap();
    assert_eq!(splits.train.all()[12..24], [40, 40, 40, 50, 50, 50, 60, 60, 60, 70, 70, 70]);
    assert_eq!(splits.train.describe(0), ["class b"]);
    assert!(splits.notes.is_empty(), "{:?}", splits.notes);
}

#[test]
fn headers_that_are_wrong_are_explained() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), "", plain);
    let file_of = |bytes: Vec<u8>, expected: &[&str]| {
        for pack in [plain, packed] {
            std::fs::write(there.path().join("train-images-idx3-ubyte"), pack(&bytes)).unwrap();
            let message = refused(there.path());
            let all = expected.iter().all(|part| message.contains(part));
            assert!(all && message.contains("train-images-idx3-ubyte"), "{message}");
        }
    };
    file_of(Vec::new(), &["ends early"]);
    file_of(vec![0, 0, 8, 3, 0], &["ends early"]);
    file_of(b"<html>not found</html>".to_vec(), &["it begins with [3c, 68, 74, 6d]", "fetch it again"]);
    file_of(file(&[3], &[1, 2, 3]), &["1 dimensions, not of 3"]);
    file_of([&[0, 0, 13, 3], &images()[4..]].concat(), &["numbers, not bytes"]);
    file_of(file(&[u32::MAX; 3], &[]), &["more bytes than can be counted"]);
    file_of(file(&[u32::MAX, 28, 28], &[0; 784]), &["3367254359296 bytes"]);
    file_of(file(&[2, 4, 5], &[0; 40]), &["has 2 images", "has 3 labels"]);
    file_of(file(&[3, 0, 5], &[]), &["5×0 pixels"]);
    file_of(file(&[0, 4, 5], &[]), &["has 0 images"]);
}

#[test]
fn a_packed_file_that_goes_on_or_ends_early_is_refused() {
    let there = tempfile::tempdir().unwrap();
    write(there.path(), ".gz", packed);
    let at = there.path().join("train-images-idx3-ubyte.gz");
    std::fs::write(&at, packed(&[images(), vec![1]].concat())).unwrap();
    assert!(refused(there.path()).contains("goes on after"));
    std::fs::write(&at, packed(&images()[..70])).unwrap();
    assert!(refused(there.path()).contains("ends before image 3"));
    let mut damaged = packed(&images());
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 1;
    std::fs::write(&at, damaged).unwrap();
    assert!(refused(there.path()).contains("cannot be read"));
}

#[test]
fn missing_files_are_named() {
    let there = tempfile::tempdir().unwrap();
    assert!(refused(there.path()).contains("train-images-idx3-ubyte is not there"));
    write(there.path(), "", plain);
    std::fs::remove_file(there.path().join("t10k-labels-idx1-ubyte")).unwrap();
    assert!(refused(there.path()).contains("t10k-labels-idx1-ubyte is not there"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A file with one byte changed, or cut: an error, or images that are what their header tells of.
    #[test]
    fn a_damaged_file_does_no_harm(
        images_file: bool, pack: bool, at in 0usize..80, to: u8, cut in proptest::option::of(0usize..80),
    ) {
        let there = tempfile::tempdir().unwrap();
        write(there.path(), "", plain);
        let (name, bytes) = match images_file {
            true => ("train-images-idx3-ubyte", images()),
            false => ("train-labels-idx1-ubyte", file(&[3], &[2, 0, 7])),
        };
        let mut bytes = if pack { packed(&bytes) } else { bytes };
        let whole = bytes.clone();
        let at = at % bytes.len();
        bytes[at] = to;
        bytes.truncate(cut.unwrap_or(usize::MAX));
        std::fs::write(there.path().join(name), &bytes).unwrap();
        match open(&settings(there.path(), 4), &mut quiet) {
            Ok(splits) => {
                prop_assert_eq!(bytes.len(), whole.len());
                prop_assert_eq!(splits.train.len(), 3);
                prop_assert_eq!(splits.train.labels[0].of.len(), 3);
            }
            Err(error) => prop_assert!(error.to_string().contains(name), "{}", error),
        }
    }
}

/// Debian's package `dataset-fashion-mnist`, where it is installed, or is in `LOOC_DATA`.
#[test]
fn real_garments_have_the_published_mean() {
    let starts = [std::env::var_os("LOOC_DATA").unwrap_or_default(), "/usr/share/datasets".into()];
    let folders = starts.map(|start| Path::new(&start).join("fashion-mnist"));
    let Some(there) = folders.iter().find(|folder| folder.is_absolute() && folder.is_dir()) else {
        println!("skipped: there is no fashion-mnist in LOOC_DATA or /usr/share/datasets");
        return;
    };
    let splits = open(&settings(there, 28), &mut quiet).unwrap();
    assert_eq!((splits.train.len(), splits.held_out.len()), (60_000, 10_000));
    let sum: u64 = splits.train.all().iter().map(|&value| u64::from(value)).sum();
    let mean = sum as f64 / splits.train.all().len() as f64 / 255.0;
    assert!((mean - 0.2860).abs() < 1e-4, "{mean}");
}
