//! Files and folders that are unusual, damaged or meant to do harm.

use super::*;
use crate::data::{open, quiet};
use image::{Rgb, RgbImage};
use proptest::prelude::*;
use std::path::PathBuf;

fn settings(path: &Path) -> DataSettings {
    DataSettings { kind: "folder".into(), path: Some(path.into()), size: 16, ..DataSettings::default() }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/folder").join(name)
}

/// Images of one colour, in a folder.
fn write(folder: PathBuf, count: usize) {
    std::fs::create_dir_all(&folder).unwrap();
    for place in 0..count {
        RgbImage::from_pixel(9, 9, Rgb([7; 3])).save(folder.join(format!("{place:02}.png"))).unwrap();
    }
}

/// What Pillow makes of the same files (`make.py` beside them), but for alpha, which it drops.
#[test]
fn unusual_pixels_become_the_documented_rgb() {
    for (name, expected) in [
        ("cmyk.jpg", [200, 100, 50]),
        ("gray.jpg", [100; 3]),
        ("palette.png", [200, 100, 50]),
        ("palette-see-through.png", [0; 3]),
        ("one-bit.png", [255; 3]),
        ("gray-alpha.png", [100; 3]),
    ] {
        let image = decode::file(&fixture(name), 8).unwrap();
        assert_eq!(image.size, (16, 16), "{name}");
        let near = |rgb: &[u8]| rgb.iter().zip(expected).all(|(&one, other)| one.abs_diff(other) <= 2);
        assert!(image.pixels.chunks_exact(3).all(near), "{name}: {:?}", &image.pixels[..3]);
    }
}

#[test]
fn a_photograph_is_turned_as_its_exif_orientation_says() {
    let image = decode::file(&fixture("turned.jpg"), 16).unwrap();
    assert_eq!(image.size, (16, 32));
    let (top, bottom) = (&image.pixels[..3], &image.pixels[16 * 15 * 3..][..3]);
    assert!(top[0] > 240 && top[2] < 16 && bottom[0] < 16 && bottom[2] > 240, "{top:?} {bottom:?}");
}

/// Small files whose headers claim more pixels than may be asked for.
#[test]
fn huge_headers_are_refused_in_every_format() {
    let there = tempfile::tempdir().unwrap();
    let jpeg = std::fs::read(fixture("gray.jpg")).unwrap();
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    let jpeg = |side: u16| {
        let [high, low] = side.to_be_bytes();
        let mut bytes = jpeg.clone();
        bytes[frame + 5..frame + 9].copy_from_slice(&[high, low, high, low]);
        bytes
    };
    let at = there.path().join("small.webp");
    RgbImage::new(4, 4).save(&at).unwrap();
    let mut webp = std::fs::read(at).unwrap();
    assert_eq!(&webp[12..16], b"VP8L");
    // 14 bits of width - 1 and as many of height - 1.
    webp[21..25].copy_from_slice(&(13_499u32 | 13_499 << 14).to_le_bytes());
    // One value a pixel is a third of the memory at first: the conversion to RGB counts.
    for (name, bytes) in [("wide.jpg", jpeg(65_500)), ("gray.jpg", jpeg(19_000)), ("large.webp", webp)] {
        let path = there.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let why = decode::file(&path, 8).unwrap_err().to_lowercase();
        assert!(why.contains("limit") || why.contains("too large"), "{name}: {why}");
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_are_read_and_shown_escaped() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let there = tempfile::tempdir().unwrap();
    for class in [&b"a\xff"[..], b"a\xfe\x1b[2J"] {
        write(there.path().join(OsStr::from_bytes(class)), 10);
    }
    std::fs::write(there.path().join(OsStr::from_bytes(b"a\xff/\xf0.png")), []).unwrap();
    let splits = open(&settings(there.path()), &mut quiet).unwrap();
    assert_eq!(splits.train.labels[0].classes, ["a\\xfe\\u{1b}[2J", "a\\xff"]);
    assert_eq!(splits.train.len() + splits.held_out.len(), 20);
    let damaged = Damaged { file: "a\\xff/\\xf0.png".into(), why: "the file is empty".into() };
    assert_eq!(splits.damaged, [damaged]);
}

#[cfg(unix)]
#[test]
fn links_that_lead_to_each_other_are_left_out() {
    use std::os::unix::fs::symlink;
    let there = tempfile::tempdir().unwrap();
    write(there.path().join("a"), 10);
    write(there.path().join("b"), 10);
    symlink("itself.png", there.path().join("a/itself.png")).unwrap();
    symlink("two.png", there.path().join("a/one.png")).unwrap();
    symlink("one.png", there.path().join("a/two.png")).unwrap();
    symlink("../b", there.path().join("a/other")).unwrap();
    symlink("../a", there.path().join("b/other")).unwrap();
    let splits = open(&settings(there.path()), &mut quiet).unwrap();
    assert_eq!(splits.train.len() + splits.held_out.len(), 20, "each image once");
    assert!(splits.notes[0].contains("3 entries"), "{:?}", splits.notes);
}

#[test]
fn empty_parts_are_explained() {
    let there = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(there.path().join("train/a/b")).unwrap();
    let refused = || open(&settings(there.path()), &mut quiet).unwrap_err().to_string();
    assert!(refused().contains("no jpeg, png or webp image in it"));
    write(there.path().join("val/a"), 3);
    let message = refused();
    assert!(message.contains("images to train on: 0 images are too few"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A file with some bytes changed: an image of the working size, or a reason; nothing else.
    #[test]
    fn a_damaged_image_does_no_harm(
        which in 0usize..4, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let name = ["cmyk.jpg", "turned.jpg", "palette.png", "gray-alpha.png"][which];
        let mut bytes = std::fs::read(fixture(name)).unwrap();
        for (at, to) in changes {
            let at = at.index(bytes.len());
            bytes[at] = to;
        }
        let there = tempfile::tempdir().unwrap();
        let path = there.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        match decode::file(&path, 8) {
            Ok(image) => prop_assert_eq!(image.pixels.len(), 8 * 8 * 3),
            Err(why) => prop_assert!(!why.is_empty()),
        }
    }
}
