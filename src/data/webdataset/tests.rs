//! Against files that Python's tarfile has written (`tests/fixtures/shards/make.py`).

use crate::data::shards::fixtures::{self, SIDE, fixture};
use crate::data::{DataError, DataSettings, Images, Splits, open, quiet, read, recognise};
use proptest::prelude::*;
use std::path::PathBuf;

fn settings(path: PathBuf) -> DataSettings {
    fixtures::settings("webdataset", path)
}

fn opened(name: &str) -> Result<Splits, DataError> {
    read(&settings(fixture("webdataset").join(name)), &mut quiet)
}

/// Which of the fixtures' images these are, with their labels.
fn numbers(images: &Images) -> Vec<(usize, u16)> {
    fixtures::numbers(images).into_iter().zip(images.labels[0].of.iter().copied()).collect()
}

/// Both parts of a set.
fn all(splits: &Splits) -> Vec<(usize, u16)> {
    let mut all = [numbers(&splits.train), numbers(&splits.held_out)].concat();
    all.sort_unstable();
    all
}

#[test]
fn a_set_of_shards_has_its_pixels_labels_and_names() {
    let splits = open(&settings(fixture("webdataset/set")), &mut quiet).unwrap();
    assert_eq!(numbers(&splits.train), [(0, 0), (1, 1), (2, 2), (3, 0), (4, 1), (5, 2), (6, 0)]);
    assert_eq!(numbers(&splits.held_out), [(7, 1), (8, 2), (9, 0)]);
    assert_eq!(splits.train.labels[0].classes, ["ant", "bee", "cow"]);
    assert_eq!(splits.sizes, [((16, 16), 10)].into());
    assert!(splits.notes.is_empty() && splits.damaged.is_empty(), "{:?}", splits.notes);
    assert_eq!(recognise(&fixture("webdataset/set")).unwrap().name, "webdataset");
}

#[test]
fn long_names_of_both_kinds_and_labels_in_json_are_read() {
    for name in ["gnu.tar", "pax.tar"] {
        let splits = opened(name).unwrap();
        assert_eq!(all(&splits), [(0, 0), (1, 1), (2, 0), (3, 1)], "{name}");
        assert_eq!(splits.train.labels[0].classes, ["0", "1"]);
    }
    let splits = opened("json.tar").unwrap();
    assert_eq!(all(&splits), [(0, 2), (1, 1), (3, 0)]);
    assert_eq!(splits.damaged[0].to_string(), "json.tar, 0002 (it has no class label)");
    let splits = opened("unlabelled.tar").unwrap();
    assert!(splits.train.labels.is_empty() && splits.train.len() == 3);
}

#[test]
fn nothing_is_followed_and_all_that_is_left_out_is_told() {
    let splits = opened("odd.tar").unwrap();
    assert_eq!(all(&splits), [(0, 1), (1, 0), (7, 1)]);
    for note in [
        "left out: 4 members are links, devices, sparse or otherwise no plain files",
        "left out: 1 members have no name with a dot in it",
        "left out: 1 members are no jpeg, png, webp, cls or json by their names",
        "left out: 1 samples have no image",
        "left out: 1 images come after the first of their sample",
    ] {
        assert!(splits.notes.iter().any(|own| own == note), "{note}: {:?}", splits.notes);
    }
    let damaged: Vec<String> = splits.damaged.iter().map(|image| image.to_string()).collect();
    assert_eq!(damaged.len(), 5, "{damaged:?}");
    for part in [
        "between (",
        "word (its .cls is no whole number but \"\\\\u{1b}[2Jcat\")",
        "bad (its .json",
        "empty (the file is empty)",
        "apart (it has no class label)",
    ] {
        let start = format!("odd.tar, {part}");
        assert!(damaged.iter().any(|image| image.starts_with(&start)), "{start}: {damaged:?}");
    }
}

/// A file cut at many places, and one of nothing: an error that names it.
#[test]
fn a_cut_is_an_error() {
    let there = tempfile::tempdir().unwrap();
    let path = there.path().join("train.tar");
    let whole = std::fs::read(fixture("webdataset/gnu.tar")).unwrap();
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap();
    // At the ends of blocks too, where nothing but the missing end tells.
    for length in (0..=end).step_by(83).chain((0..=end).step_by(512)) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let message = read(&settings(path.clone()), &mut quiet).unwrap_err().to_string();
        assert!(message.contains("train.tar: "), "{length}: {message}");
    }
}

/// A name longer than any, before which the library would keep all of it.
#[test]
fn headers_without_end_are_refused() {
    let there = tempfile::tempdir().unwrap();
    let path = there.path().join("train.tar");
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(8 << 20);
    header.set_cksum();
    std::fs::write(&path, [header.as_bytes().to_vec(), vec![b'a'; 8 << 20]].concat()).unwrap();
    let message = read(&settings(path), &mut quiet).unwrap_err().to_string();
    assert!(message.contains("longer than is allowed"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A file with some bytes changed: images of the working size with labels in range, or a reason.
    #[test]
    fn a_damaged_file_does_no_harm(
        which in 0usize..3, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let name = ["gnu.tar", "pax.tar", "odd.tar"][which];
        let mut bytes = std::fs::read(fixture("webdataset").join(name)).unwrap();
        for (at, to) in changes {
            let at = at.index(bytes.len());
            bytes[at] = to;
        }
        let there = tempfile::tempdir().unwrap();
        let path = there.path().join("train.tar");
        std::fs::write(&path, bytes).unwrap();
        match read(&settings(path), &mut quiet) {
            Ok(splits) => for images in [&splits.train, &splits.held_out] {
                prop_assert_eq!(images.side, SIDE);
                for labels in &images.labels {
                    prop_assert_eq!(labels.of.len(), images.len());
                }
            },
            Err(error) => prop_assert!(error.to_string().contains("train.tar"), "{}", error),
        }
    }
}
