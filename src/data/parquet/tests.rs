//! Against files that pyarrow has written (`tests/fixtures/shards/make.py`).

use crate::data::shards::fixtures::{self, SIDE, fixture, numbers};
use crate::data::{DataError, DataSettings, Splits, open, quiet, read, recognise};
use proptest::prelude::*;
use std::path::PathBuf;

fn settings(path: PathBuf) -> DataSettings {
    fixtures::settings("parquet", path)
}

fn opened(name: &str) -> Result<Splits, DataError> {
    read(&settings(fixture("parquet").join(name)), &mut quiet)
}

fn refused(name: &str) -> String {
    opened(name).unwrap_err().to_string()
}

#[test]
fn a_set_of_shards_has_its_pixels_labels_and_names() {
    let splits = open(&settings(fixture("parquet/set")), &mut quiet).unwrap();
    assert_eq!(numbers(&splits.train), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(numbers(&splits.held_out), [7, 8, 9]);
    let labels = &splits.train.labels[0];
    assert_eq!((labels.name.as_str(), labels.of.as_slice()), ("class", &[0, 1, 2, 0, 1, 2, 0][..]));
    assert_eq!(labels.classes, ["ant", "bee", "cow"]);
    assert_eq!(splits.held_out.labels[0].of, [1, 2, 0]);
    assert_eq!(splits.sizes, [((16, 16), 10)].into());
    assert!(splits.notes.is_empty() && splits.damaged.is_empty(), "{:?}", splits.notes);
    assert_eq!(recognise(&fixture("parquet/set")).unwrap().name, "parquet");
    assert_eq!(recognise(&fixture("parquet/none.parquet")).unwrap().name, "parquet");
}

#[test]
fn every_codec_and_kind_of_page_gives_the_same() {
    let none = opened("none.parquet").unwrap();
    let mut all = [numbers(&none.train), numbers(&none.held_out)].concat();
    all.sort_unstable();
    assert_eq!(all, (0..10).collect::<Vec<_>>(), "a share is held out, each image is in one part");
    let mut classes = none.held_out.labels[0].of.clone();
    classes.sort_unstable();
    assert_eq!(classes, [0, 1, 2], "one of each class");
    for name in ["snappy", "gzip", "zstd", "lz4", "pages2", "plain"] {
        let other = opened(&format!("{name}.parquet")).unwrap();
        assert_eq!((&other.train, &other.held_out), (&none.train, &none.held_out), "{name}");
    }
    let message = refused("brotli.parquet");
    assert!(message.contains("BROTLI") && message.contains("snappy, gzip or zstd"), "{message}");
}

/// The library panics at a negative length among such (found by fuzzing): they are not read at all.
#[test]
fn other_encodings_are_refused() {
    for name in ["delta.parquet", "delta-images.parquet", "../found/negative-length.parquet"] {
        let message = refused(name);
        assert!(message.contains("encoding DELTA_") && message.contains("PLAIN"), "{message}");
    }
}

/// A value's length beyond the dictionary, at which the library panics too.
#[test]
fn a_length_beyond_a_page_is_refused() {
    let message = refused("../found/dictionary-cut.parquet");
    assert!(message.contains("dictionary has fewer values than told"), "{message}");
}

/// A page's header with a list that claims 2³¹ elements and ends with the file (found by fuzzing).
#[test]
fn a_list_without_end_ends_with_the_file() {
    let message = refused("../found/endless-list.parquet");
    assert!(message.contains("endless-list.parquet: "), "{message}");
}

#[test]
fn two_columns_of_labels_are_two_sets_the_finer_first() {
    let splits = opened("two-labels.parquet").unwrap();
    let sets: Vec<_> =
        splits.train.labels.iter().map(|labels| (labels.name.as_str(), &labels.classes)).collect();
    assert_eq!((sets[0].0, sets[0].1[2].as_str()), ("fine", "cow"));
    assert_eq!((sets[1].0, sets[1].1.len(), sets.len()), ("coarse", 2, 2));
    for part in [&splits.train, &splits.held_out] {
        for (index, number) in numbers(part).into_iter().enumerate() {
            assert_eq!(part.labels[0].of[index], [2, 0, 2, 1][number]);
            assert_eq!(part.labels[1].of[index], [1, 0, 1, 0][number]);
        }
    }
}

#[test]
fn what_is_damaged_or_not_there_is_named_with_its_row() {
    let splits = opened("odd.parquet").unwrap();
    let damaged: Vec<String> = splits.damaged.iter().map(|image| image.to_string()).collect();
    assert_eq!(damaged.len(), 4);
    for (place, row, why) in
        [(0, 1, ""), (1, 2, "only a path"), (2, 3, "only a path"), (3, 4, "no class label")]
    {
        let start = format!("odd.parquet, row {row} (");
        assert!(damaged[place].starts_with(&start) && damaged[place].contains(why), "{damaged:?}");
    }
    assert_eq!(splits.train.len() + splits.held_out.len(), 2);
    assert!(splits.notes.iter().any(|note| note == "4 of 6 images are damaged and left out:"));
}

#[test]
fn labels_beyond_the_classes_are_refused_with_their_row() {
    let message = refused("beyond.parquet");
    assert!(message.contains("beyond.parquet, row 2") && message.contains("label is 3"), "{message}");
    assert!(message.contains("0 to 2"), "{message}");
    let message = refused("negative.parquet");
    assert!(message.contains("row 1") && message.contains("label is -2"), "{message}");
}

#[test]
fn hidden_and_missing_labels_are_none() {
    for name in ["hidden.parquet", "unlabelled.parquet"] {
        let splits = opened(name).unwrap();
        assert!(splits.train.labels.is_empty() && splits.damaged.is_empty(), "{name}");
        assert_eq!((splits.train.len(), splits.held_out.len()), (3, 1));
    }
    let splits = opened("one-class.parquet").unwrap();
    assert_eq!(splits.train.labels[0].of, [1, 1, 1]);
}

#[test]
fn labels_of_one_part_alone_are_not_used() {
    let there = tempfile::tempdir().unwrap();
    let copy =
        |from: &str, to: &str| std::fs::copy(fixture("parquet").join(from), there.path().join(to)).unwrap();
    copy("none.parquet", "train.parquet");
    copy("hidden.parquet", "test.parquet");
    let splits = read(&settings(there.path().into()), &mut quiet).unwrap();
    assert!(splits.train.labels.is_empty() && splits.held_out.labels.is_empty());
    assert_eq!(splits.notes, ["only one of the two parts has class labels: they are not used"]);
    copy("two-labels.parquet", "train-2.parquet");
    let message = read(&settings(there.path().into()), &mut quiet).unwrap_err().to_string();
    assert!(message.contains("not those of train-2.parquet"), "{message}");
}

#[test]
fn without_a_column_of_images_the_columns_are_named() {
    let message = refused("no-image.parquet");
    assert!(message.contains("its columns are text, label"), "{message}");
    let message = open(&settings(fixture("parquet/empty.parquet")), &mut quiet).unwrap_err().to_string();
    assert!(message.contains("0 images are too few"), "{message}");
    let message = read(&settings(fixture("parquet/none")), &mut quiet).unwrap_err().to_string();
    assert!(message.contains("no folder or file at"), "{message}");
}

/// A file cut at many places, and one of nothing: an error that names it.
#[test]
fn a_cut_is_an_error() {
    let there = tempfile::tempdir().unwrap();
    let path = there.path().join("train.parquet");
    let whole = std::fs::read(fixture("parquet/zstd.parquet")).unwrap();
    for length in (0..whole.len()).step_by(61).chain([1, 7, 8, whole.len() - 1]) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let message = read(&settings(path.clone()), &mut quiet).unwrap_err().to_string();
        assert!(message.contains("train.parquet: "), "{length}: {message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A file with some bytes changed: images of the working size with labels in range, or a reason.
    #[test]
    fn a_damaged_file_does_no_harm(
        which in 0usize..4, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let name = ["snappy", "zstd", "pages2", "two-labels"][which];
        let mut bytes = std::fs::read(fixture("parquet").join(format!("{name}.parquet"))).unwrap();
        for (at, to) in changes {
            let at = at.index(bytes.len());
            bytes[at] = to;
        }
        let there = tempfile::tempdir().unwrap();
        let path = there.path().join("train.parquet");
        std::fs::write(&path, bytes).unwrap();
        match read(&settings(path), &mut quiet) {
            Ok(splits) => for images in [&splits.train, &splits.held_out] {
                prop_assert_eq!(images.side, SIDE);
                for labels in &images.labels {
                    prop_assert_eq!(labels.of.len(), images.len());
                    prop_assert!(labels.of.iter().all(|class| usize::from(*class) < labels.classes.len()));
                }
            },
            Err(error) => prop_assert!(error.to_string().contains("train.parquet"), "{}", error),
        }
    }
}
