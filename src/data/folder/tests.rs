use super::*;
use crate::data::{open, quiet};
use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use std::path::PathBuf;

pub fn settings(path: &Path) -> DataSettings {
    DataSettings { kind: "folder".into(), path: Some(path.into()), size: 16, ..DataSettings::default() }
}

fn opened(path: &Path) -> Result<Splits, DataError> {
    open(&settings(path), &mut quiet)
}

/// An image of one colour.
pub fn write(path: PathBuf, rgb: [u8; 3]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    RgbImage::from_pixel(20, 24, Rgb(rgb)).save(path).unwrap();
}

/// A tree of classes, each with `count` images of a gray that tells them apart.
pub fn classes(root: &Path, names: &[&str], count: usize) {
    for (class, name) in names.iter().enumerate() {
        for place in 0..count {
            write(root.join(name).join(format!("{place:02}.png")), [(class * 50 + place) as u8; 3]);
        }
    }
}

/// The first red of every image.
pub fn grays(images: &Images) -> Vec<u8> {
    (0..images.len()).map(|index| images.bytes(index, &mut Vec::new()).unwrap()[0]).collect()
}

#[test]
fn a_share_of_each_class_is_held_out_always_the_same_one() {
    let there = tempfile::tempdir().unwrap();
    classes(there.path(), &["b", "a", "c"], 20);
    let splits = opened(there.path()).unwrap();
    assert_eq!((splits.train.len(), splits.held_out.len()), (54, 6));
    assert_eq!(splits.train.labels[0].classes, ["a", "b", "c"]);
    assert_eq!(splits.held_out.labels[0].of, [0, 0, 1, 1, 2, 2]);
    let mut all = [grays(&splits.train), grays(&splits.held_out)].concat();
    all.sort_unstable();
    let mut expected: Vec<u8> =
        (0..3).flat_map(|class| (0..20).map(move |place| class * 50 + place)).collect();
    expected.sort_unstable();
    assert_eq!(all, expected, "each image is in one of the two");
    let again = opened(there.path()).unwrap();
    assert_eq!((again.train, again.held_out), (splits.train, splits.held_out));
}

#[test]
fn train_and_val_are_taken_as_they_are_with_the_classes_of_both() {
    let there = tempfile::tempdir().unwrap();
    classes(&there.path().join("train"), &["cat", "fox"], 3);
    classes(&there.path().join("val"), &["fox", "owl"], 2);
    write(there.path().join("train/fox/below/deeper/99.png"), [99; 3]);
    let mut reports = Vec::new();
    let splits = open(&settings(there.path()), &mut |what, done, of| {
        reports.push((what.to_owned(), done, of));
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(splits.train.labels[0].classes, ["cat", "fox", "owl"]);
    assert_eq!(splits.train.labels[0].of, [0, 0, 0, 1, 1, 1, 1]);
    assert_eq!(grays(&splits.train), [0, 1, 2, 50, 51, 52, 99]);
    assert_eq!(splits.held_out.labels[0].of, [1, 1, 2, 2]);
    assert_eq!(reports.last().unwrap(), &("decoding images".to_owned(), 11, 11));
    std::fs::rename(there.path().join("val"), there.path().join("test")).unwrap();
    assert_eq!(opened(there.path()).unwrap().held_out.len(), 4);
}

#[test]
fn images_without_classes_have_no_labels() {
    let there = tempfile::tempdir().unwrap();
    (0..20).for_each(|place| write(there.path().join(format!("{place:02}.jpg")), [place * 10; 3]));
    let splits = opened(there.path()).unwrap();
    assert_eq!((splits.train.len(), splits.held_out.len()), (18, 2));
    assert!(splits.train.labels.is_empty());
    classes(there.path(), &["a", "b"], 10);
    let splits = opened(there.path()).unwrap();
    assert_eq!(splits.train.len() + splits.held_out.len(), 20);
    assert!(splits.notes.iter().any(|note| note.contains("20 images lie beside")), "{:?}", splits.notes);
}

#[test]
fn damaged_files_are_named_and_left_out_up_to_a_share() {
    let there = tempfile::tempdir().unwrap();
    classes(there.path(), &["a", "b"], 20);
    let good = RgbImage::from_fn(64, 64, |x, y| Rgb([(x * 3) as u8, (y * 3) as u8, (x ^ y) as u8]));
    for (name, part) in [("cut.jpg", 2), ("cut.png", 2), ("cut.webp", 3)] {
        let path = there.path().join("a").join(name);
        good.save(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / part]).unwrap();
    }
    std::fs::write(there.path().join("b/empty.png"), []).unwrap();
    std::fs::write(there.path().join("b/page\u{1b}[2J.jpg"), "<html>").unwrap();
    let message = opened(there.path()).unwrap_err().to_string();
    assert!(message.contains("5 of 45") && message.contains("data.damaged_share"), "{message}");
    let lenient = DataSettings { damaged_share: 0.2, ..settings(there.path()) };
    let splits = open(&lenient, &mut quiet).unwrap();
    assert_eq!(splits.train.len() + splits.held_out.len(), 40);
    assert_eq!(splits.train.labels[0].of.len(), splits.train.len());
    let note = splits.notes.join("\n");
    assert!(note.contains("5 of 45"), "{note}");
    for name in ["cut.jpg", "cut.png", "cut.webp", "empty.png (the file is empty)", "page\\u{1b}[2J.jpg"] {
        assert!(note.contains(name), "{name} in {note}");
    }
    assert!(!note.contains('\u{1b}'));
}

#[test]
fn every_cut_of_a_file_is_an_error_or_whole() {
    let there = tempfile::tempdir().unwrap();
    let good = RgbImage::from_fn(32, 32, |x, y| Rgb([(x * 7) as u8, (y * 7) as u8, (x * y) as u8]));
    for name in ["a.jpg", "a.png", "a.webp"] {
        let path = there.path().join(name);
        good.save(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let whole = decode::file(&path, 32).unwrap();
        for length in (0..bytes.len()).step_by(7) {
            std::fs::write(&path, &bytes[..length]).unwrap();
            if let Ok(image) = decode::file(&path, 32) {
                assert_eq!(image, whole, "{name} cut at {length} of {}", bytes.len());
            }
        }
    }
}

#[test]
fn every_kind_of_pixel_becomes_rgb() {
    let there = tempfile::tempdir().unwrap();
    let first = |name: &str, image: DynamicImage| {
        let path = there.path().join(name);
        image.save(&path).unwrap();
        let decoded = decode::file(&path, 8).unwrap().pixels;
        assert_eq!(decoded.len(), 8 * 8 * 3);
        [decoded[0], decoded[1], decoded[2]]
    };
    assert_eq!(first("gray.png", GrayImage::from_pixel(9, 9, Luma([77])).into()), [77; 3]);
    let deep: ImageBuffer<Luma<u16>, Vec<u16>> = ImageBuffer::from_pixel(9, 9, Luma([200 * 257]));
    assert_eq!(first("gray16.png", deep.into()), [200; 3]);
    let deep: ImageBuffer<Rgb<u16>, Vec<u16>> = ImageBuffer::from_pixel(9, 9, Rgb([257, 2 * 257, 255 * 257]));
    assert_eq!(first("rgb16.png", deep.into()), [1, 2, 255]);
    for name in ["alpha.png", "alpha.webp"] {
        let half = RgbaImage::from_pixel(9, 9, Rgba([200, 100, 50, 128]));
        assert_eq!(first(name, half.into()), [100, 50, 25], "{name}: over black");
    }
    assert_eq!(first("wide.png", RgbImage::from_pixel(300, 2, Rgb([9, 8, 7])).into()), [9, 8, 7]);
}

/// A header of 60,000 × 60,000 pixels would be 10 GB; it must be refused before they are asked for.
#[test]
fn a_huge_header_is_refused() {
    let there = tempfile::tempdir().unwrap();
    let path = there.path().join("huge.png");
    RgbImage::new(1, 1).save(&path).unwrap();
    for (side, expected) in [(60_000u32, "too large"), (19_000, "limit")] {
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[16..20].copy_from_slice(&side.to_be_bytes());
        bytes[20..24].copy_from_slice(&side.to_be_bytes());
        let checksum = crc32fast::hash(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
        std::fs::write(&path, bytes).unwrap();
        let why = decode::file(&path, 8).unwrap_err();
        assert!(why.to_lowercase().contains(expected) || why.contains("limit"), "{side}: {why}");
    }
}

#[test]
fn other_files_are_left_out_and_counted() {
    let there = tempfile::tempdir().unwrap();
    classes(there.path(), &["a", "b"], 10);
    std::fs::write(there.path().join("a/README.md"), "text").unwrap();
    std::fs::write(there.path().join("labels.csv"), "text").unwrap();
    std::fs::write(there.path().join("a/.hidden.png"), "text").unwrap();
    let splits = opened(there.path()).unwrap();
    assert_eq!(splits.train.len() + splits.held_out.len(), 20);
    assert_eq!(splits.notes, ["left out: 2 files are no jpeg, png or webp by their names"]);
}

#[cfg(unix)]
#[test]
fn pipes_are_not_opened_and_loops_of_links_end() {
    use std::os::unix::fs::symlink;
    let there = tempfile::tempdir().unwrap();
    classes(there.path(), &["a", "b"], 10);
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(
        rustix::fs::CWD,
        there.path().join("a/pipe.png"),
        rustix::fs::FileType::Fifo,
        mode,
        0,
    )
    .unwrap();
    symlink("/dev/zero", there.path().join("a/zero.png")).unwrap();
    symlink("nowhere.png", there.path().join("a/broken.png")).unwrap();
    symlink("..", there.path().join("a/loop")).unwrap();
    symlink("00.png", there.path().join("b/linked.png")).unwrap();
    let splits = opened(there.path()).unwrap();
    let of = [&splits.train, &splits.held_out].map(|part| part.labels[0].of.clone()).concat();
    assert_eq!(of.iter().filter(|&&class| class == 0).count(), 10, "{:?}", splits.notes);
    assert_eq!(of.len(), 21, "a link to a file is read");
    assert!(splits.notes[0].contains("3 entries are pipes"), "{:?}", splits.notes);
}

#[test]
fn too_little_is_explained() {
    let there = tempfile::tempdir().unwrap();
    let message = opened(there.path()).unwrap_err().to_string();
    assert!(message.contains("no jpeg, png or webp"), "{message}");
    write(there.path().join("one.png"), [1; 3]);
    let message = opened(there.path()).unwrap_err().to_string();
    assert!(message.contains("at least 2"), "{message}");
    classes(there.path(), &["only"], 30);
    let splits = opened(there.path()).unwrap();
    assert!(splits.notes.iter().any(|note| note.contains("one class, only")), "{:?}", splits.notes);
}

/// The real photographs, where `LOOC_DATA` says they are.
#[test]
fn real_photographs_open() {
    if std::env::var_os("LOOC_DATA").is_none() {
        println!("skipped: LOOC_DATA is not set");
        return;
    }
    let splits = opened(Path::new("flowers17")).unwrap();
    assert_eq!((splits.train.len(), splits.held_out.len()), (816, 204));
    assert_eq!(splits.train.labels[0].classes.len(), 17);
    assert_eq!(splits.train.labels[0].of.iter().filter(|&&class| class == 16).count(), 48);
    // The set's two text files lie beside train and val, not in them.
    assert!(splits.notes.is_empty(), "{:?}", splits.notes);
}
