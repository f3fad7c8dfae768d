use super::*;
use crate::data::{open, quiet};
use proptest::prelude::*;

/// A record whose red, green and blue at a place follow from its number.
fn record(labels: &[u8], number: usize) -> Vec<u8> {
    let pixels = (0..3 * AREA).map(|place| ((place % AREA + number) * (place / AREA + 1)) as u8);
    labels.iter().copied().chain(pixels).collect()
}

fn settings(kind: &str, path: &Path, size: usize) -> DataSettings {
    DataSettings { kind: kind.into(), path: Some(path.into()), size, ..DataSettings::default() }
}

fn write_10(folder: &Path) {
    for batch in 1..=2 {
        let records: Vec<u8> =
            (0..3).flat_map(|n| record(&[batch * 3 + n], (batch * 10 + n).into())).collect();
        std::fs::write(folder.join(format!("data_batch_{batch}.bin")), records).unwrap();
    }
    std::fs::write(folder.join("test_batch.bin"), [record(&[9], 0), record(&[0], 1)].concat()).unwrap();
}

#[test]
fn what_is_written_is_read() {
    let there = tempfile::tempdir().unwrap();
    write_10(there.path());
    std::fs::write(there.path().join("batches.meta.txt"), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n").unwrap();
    let splits = open(&settings("cifar10", there.path(), 32), &mut quiet).unwrap();
    assert_eq!((splits.train.len(), splits.held_out.len()), (6, 2));
    assert_eq!(splits.train.labels[0].of, [3, 4, 5, 6, 7, 8]);
    assert_eq!(splits.train.labels[0].classes[9], "j");
    assert!(splits.notes.is_empty(), "{:?}", splits.notes);
    // Image 4 is number 21; at row 2, column 5.
    let place = 2 * 32 + 5;
    let expected = [1, 2, 3].map(|factor| ((place + 21) * factor) as u8);
    assert_eq!(splits.train.all()[4 * 32 * 32 * 3 + place * 3..][..3], expected);
}

#[test]
fn the_archives_own_folder_is_found_and_images_are_resized() {
    let there = tempfile::tempdir().unwrap();
    let below = there.path().join("cifar-10-batches-bin");
    std::fs::create_dir(&below).unwrap();
    write_10(&below);
    let splits = open(&settings("cifar10", there.path(), 24), &mut quiet).unwrap();
    assert_eq!((splits.train.side, splits.train.len()), (24, 6));
    assert_eq!(splits.train.labels[0].classes[3], "3");
    assert!(splits.notes[0].contains("batches.meta.txt"), "{:?}", splits.notes);
}

#[test]
fn the_hundred_classes_come_first_and_the_groups_second() {
    let there = tempfile::tempdir().unwrap();
    std::fs::write(there.path().join("train.bin"), [record(&[19, 99], 0), record(&[2, 30], 1)].concat())
        .unwrap();
    std::fs::write(there.path().join("test.bin"), [record(&[1, 5], 2), record(&[0, 6], 3)].concat()).unwrap();
    let splits = open(&settings("cifar100", there.path(), 32), &mut quiet).unwrap();
    let labels: Vec<(&str, usize, &[u16])> =
        splits.train.labels.iter().map(|set| (&*set.name, set.classes.len(), &*set.of)).collect();
    assert_eq!(labels, [("class", 100, &[99, 30][..]), ("group", 20, &[19, 2][..])]);
    assert_eq!(splits.train.all()[32 * 32 * 3..][..3], [1, 2, 3]);
}

#[test]
fn a_file_that_is_cut_off_is_named_with_what_was_expected() {
    let there = tempfile::tempdir().unwrap();
    write_10(there.path());
    let file = there.path().join("data_batch_2.bin");
    for bytes in [0, 1, 3072, 3074, 2 * 3073 - 1] {
        std::fs::write(&file, vec![0; bytes]).unwrap();
        let message = open(&settings("cifar10", there.path(), 32), &mut quiet).unwrap_err().to_string();
        assert!(message.contains("data_batch_2.bin") && message.contains("3073"), "{message}");
        assert!(message.contains(&format!("{bytes} bytes")), "{message}");
    }
    std::fs::write(&file, record(&[10], 0)).unwrap();
    let message = open(&settings("cifar10", there.path(), 32), &mut quiet).unwrap_err().to_string();
    assert!(message.contains("label 10") && message.contains("record 0"), "{message}");
}

#[test]
fn missing_files_are_named() {
    let there = tempfile::tempdir().unwrap();
    let message = open(&settings("cifar10", there.path(), 32), &mut quiet).unwrap_err().to_string();
    assert!(message.contains("binary version") && message.contains("data_batch_1.bin"), "{message}");
    write_10(there.path());
    std::fs::remove_file(there.path().join("test_batch.bin")).unwrap();
    let message = open(&settings("cifar10", there.path(), 32), &mut quiet).unwrap_err().to_string();
    assert!(message.contains("test_batch.bin is not there"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A file with one byte changed, and cut: whole records with labels in range, or an error that names it.
    #[test]
    fn a_damaged_file_does_no_harm(at in 0usize..3 * 3073, to: u8, length in 0usize..=3 * 3073, label: bool) {
        let there = tempfile::tempdir().unwrap();
        write_10(there.path());
        let file = there.path().join("data_batch_1.bin");
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[if label { at / 3073 * 3073 } else { at }] = to;
        bytes.truncate(if label { 3073 * (length / 3073) } else { length });
        std::fs::write(&file, &bytes).unwrap();
        let whole = !bytes.is_empty() && bytes.len().is_multiple_of(3073);
        let good = whole && bytes.iter().step_by(3073).all(|&label| label < 10);
        match open(&settings("cifar10", there.path(), 32), &mut quiet) {
            Ok(splits) => prop_assert!(good && splits.train.len() == bytes.len() / 3073 + 3),
            Err(error) => prop_assert!(!good && error.to_string().contains("data_batch_1.bin"), "{}", error),
        }
    }
}

/// The real photographs, where `LOOC_DATA` says they are.
#[test]
fn real_photographs_have_the_published_mean() {
    if std::env::var_os("LOOC_DATA").is_none() {
        println!("skipped: LOOC_DATA is not set");
        return;
    }
    let splits = open(&settings("cifar10", Path::new("cifar10-subset"), 32), &mut quiet).unwrap();
    assert_eq!(splits.train.labels[0].classes[..2], ["airplane", "automobile"]);
    for (channel, published) in [0.4914, 0.4822, 0.4465].into_iter().enumerate() {
        let sum: f64 = splits.train.all().iter().skip(channel).step_by(3).map(|&byte| f64::from(byte)).sum();
        let mean = sum / (splits.train.len() * AREA) as f64 / 255.0;
        assert!((mean - published).abs() < 0.01, "{channel} {mean}");
    }
}
