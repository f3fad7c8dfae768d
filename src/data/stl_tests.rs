use super::*;
use crate::data::{open, quiet};
use proptest::prelude::*;

fn settings(path: &Path, size: usize) -> DataSettings {
    DataSettings { kind: KIND.into(), path: Some(path.into()), size, ..DataSettings::default() }
}

/// What an image has at a row, a column and a channel.
fn value(image: usize, row: usize, column: usize, channel: usize) -> u8 {
    (image * 31 + row * 2 + column * 5 + channel * 71) as u8
}

/// Images as the set stores them: planes, each column by column.
fn stored(images: std::ops::Range<usize>) -> Vec<u8> {
    let image = |image| (0..3 * AREA).map(move |at| value(image, at % SIDE, at / SIDE % SIDE, at / AREA));
    images.flat_map(image).collect()
}

fn write(folder: &Path) {
    std::fs::write(folder.join("train_X.bin"), stored(0..3)).unwrap();
    std::fs::write(folder.join("train_y.bin"), [1, 10, 2]).unwrap();
    std::fs::write(folder.join("test_X.bin"), stored(3..5)).unwrap();
    std::fs::write(folder.join("test_y.bin"), [5, 6]).unwrap();
}

fn refused(folder: &Path) -> String {
    open(&settings(folder, 16), &mut quiet).unwrap_err().to_string()
}

#[test]
fn columns_become_rows_and_labels_begin_at_nought() {
    let there = tempfile::tempdir().unwrap();
    write(there.path());
    let splits = open(&settings(there.path(), SIDE), &mut quiet).unwrap();
    assert_eq!((splits.train.len(), splits.held_out.len()), (3, 2));
    assert_eq!(splits.train.labels[0].of, [0, 9, 1]);
    assert_eq!(splits.held_out.labels[0].of, [4, 5]);
    for (image, row, column) in [(0, 0, 1), (1, 7, 80), (2, 95, 3)] {
        let at = (row * SIDE + column) * 3;
        let expected = [0, 1, 2].map(|channel| value(image, row, column, channel));
        assert_eq!(splits.train.bytes(image, &mut Vec::new()).unwrap()[at..at + 3], expected);
    }
    assert!(splits.labelled.is_none());
    assert_eq!(splits.train.labels[0].classes[0], "1", "without names the published numbers are kept");
    assert!(splits.notes.iter().any(|note| note.contains(UNLABELLED)), "{:?}", splits.notes);
}

#[test]
fn the_unlabelled_images_are_trained_on_and_the_labelled_ones_are_the_bank() {
    let there = tempfile::tempdir().unwrap();
    let below = there.path().join(ARCHIVE);
    std::fs::create_dir(&below).unwrap();
    write(&below);
    std::fs::write(below.join(UNLABELLED), stored(5..9)).unwrap();
    std::fs::write(below.join("class_names.txt"), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n").unwrap();
    assert!(is_here(there.path()));
    let splits = open(&settings(there.path(), 24), &mut quiet).unwrap();
    assert_eq!((splits.train.len(), splits.bank().len(), splits.held_out.len()), (4, 3, 2));
    assert!(splits.train.labels.is_empty());
    assert_eq!(splits.bank().describe(1), ["class j"]);
    assert_eq!(splits.sizes, [((96, 96), 9)].into());
    assert!(splits.notes.is_empty(), "{:?}", splits.notes);
}

#[test]
fn what_is_wrong_is_named_with_the_file() {
    let there = tempfile::tempdir().unwrap();
    write(there.path());
    for label in [0, 11, 255] {
        std::fs::write(there.path().join("test_y.bin"), [1, label]).unwrap();
        let message = refused(there.path());
        assert!(message.contains("test_y.bin: record 1") && message.contains("1 to 10"), "{message}");
    }
    std::fs::write(there.path().join("test_y.bin"), [1, 2, 3]).unwrap();
    let message = refused(there.path());
    assert!(message.contains("2 images") && message.contains("test_y.bin has 3 labels"), "{message}");
    std::fs::remove_file(there.path().join("test_y.bin")).unwrap();
    assert!(refused(there.path()).contains("test_y.bin is not there"));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    let there = tempfile::tempdir().unwrap();
    write(there.path());
    let pipe = there.path().join(UNLABELLED);
    let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, mode, 0).unwrap();
    assert!(refused(there.path()).contains("not a regular file"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Every length but whole images is refused, by name.
    #[test]
    fn a_cut_is_an_error(length in 0..2 * 3 * AREA) {
        let there = tempfile::tempdir().unwrap();
        write(there.path());
        std::fs::write(there.path().join("test_X.bin"), &stored(0..2)[..length]).unwrap();
        prop_assert!(refused(there.path()).contains("test_X.bin"));
    }

    /// Any two bytes for labels: in range, or an error that names the file.
    #[test]
    fn labels_are_in_range_or_refused(labels: [u8; 2]) {
        let there = tempfile::tempdir().unwrap();
        write(there.path());
        std::fs::write(there.path().join("test_y.bin"), labels).unwrap();
        let good = labels.iter().all(|label| (1..=10).contains(label));
        match open(&settings(there.path(), 16), &mut quiet) {
            Ok(splits) => prop_assert!(good && splits.held_out.labels[0].of.iter().all(|&class| class < 10)),
            Err(error) => prop_assert!(!good && error.to_string().contains("test_y.bin"), "{}", error),
        }
    }
}
