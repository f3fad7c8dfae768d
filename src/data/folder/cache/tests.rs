//! The same images with the cache as without, whatever happens to it.

use super::partial::WAITING;
use super::*;
use crate::augment::{Entry as Augmentation, KINDS};
use crate::data::settings::Cache;
use crate::data::{DataSettings, Recipe, Splits, make_batch, open, quiet};
use image::{Rgb, RgbImage};
use proptest::prelude::*;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use tempfile::TempDir;

const SIDE: usize = 8;

/// Two classes with ten images each of many colours and sizes, and two damaged files.
fn photos() -> TempDir {
    let there = tempfile::tempdir().unwrap();
    for place in 0..20u8 {
        let folder = there.path().join(if place % 2 == 0 { "even" } else { "odd" });
        fs::create_dir_all(&folder).unwrap();
        paint(&folder.join(format!("{place:02}.png")), place);
    }
    fs::write(there.path().join("odd/empty.png"), "").unwrap();
    fs::write(there.path().join("even/page\u{1b}.jpg"), "<html>").unwrap();
    there
}

fn paint(path: &Path, seed: u8) {
    let size = 8 + u32::from(seed % 3) * 5;
    let colour = |x: u32, y: u32| Rgb([seed * 12, (x * 20) as u8, (y * 20) as u8]);
    RgbImage::from_fn(size, size, colour).save(path).unwrap();
}

fn in_memory(root: &Path) -> DataSettings {
    let kind = "folder".into();
    DataSettings {
        kind,
        path: Some(root.into()),
        size: SIDE,
        damaged_share: 0.5,
        held_out_share: 0.2,
        ..DataSettings::default()
    }
}

fn cached(root: &Path, folder: &Path) -> DataSettings {
    DataSettings { cache: Cache::Folder(folder.into()), memory: 0, ..in_memory(root) }
}

/// Opens a set; also what was told meanwhile.
fn opened(settings: &DataSettings) -> (Splits, Vec<String>) {
    let mut told = Vec::new();
    let splits = open(settings, &mut |what, _, _| {
        told.push(what.to_owned());
        ControlFlow::Continue(())
    });
    told.dedup();
    (splits.unwrap(), told)
}

/// Everything that a reading gives.
fn assert_same(one: &Splits, other: &Splits) {
    assert_eq!((&one.train, &one.held_out), (&other.train, &other.held_out));
    assert_eq!((&one.sizes, &one.damaged), (&other.sizes, &other.damaged));
    assert_eq!(one.notes, other.notes);
}

fn is_stored(splits: &Splits) -> bool {
    [&splits.train, &splits.held_out].iter().all(|images| matches!(images.pixels, Pixels::Stored(_)))
}

fn names(folder: &Path) -> Vec<String> {
    let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(name).collect();
    names.sort();
    names
}

/// The one entry in a cache.
fn entry_in(folder: &Path) -> PathBuf {
    let mut entries = names(folder).into_iter().filter(|name| name.ends_with(".images"));
    let entry = folder.join(entries.next().unwrap());
    assert_eq!(entries.next(), None);
    entry
}

#[test]
fn with_and_without_it_the_images_are_the_same() {
    let (photos, folder) = (photos(), tempfile::tempdir().unwrap());
    let plain = opened(&in_memory(photos.path())).0;
    assert!(!is_stored(&plain) && plain.damaged.len() == 2);
    let (first, told) = opened(&cached(photos.path(), folder.path()));
    assert!(is_stored(&first) && told.iter().any(|what| what == "building the image cache"), "{told:?}");
    assert_same(&first, &plain);
    let (second, told) = opened(&cached(photos.path(), folder.path()));
    assert!(is_stored(&second) && !told.iter().any(|what| what.contains("building")), "{told:?}");
    assert_same(&second, &plain);
    assert_eq!(names(folder.path()).len(), 2, "{:?}", names(folder.path()));
    // The share that is held out is none of the cache's business.
    let half = |settings| DataSettings { held_out_share: 0.5, ..settings };
    let (split, told) = opened(&half(cached(photos.path(), folder.path())));
    assert!(!told.iter().any(|what| what.contains("building")), "{told:?}");
    assert_same(&split, &opened(&half(in_memory(photos.path()))).0);
}

#[test]
fn a_batch_from_it_is_that_from_memory_bit_for_bit() {
    let (photos, folder) = (photos(), tempfile::tempdir().unwrap());
    let plain = opened(&in_memory(photos.path())).0;
    let stored = opened(&cached(photos.path(), folder.path())).0;
    let entry = |name: &str| {
        let kind = KINDS.iter().find(|kind| kind.name == name).unwrap();
        Augmentation {
            settings: (kind.read)(serde_json::json!({})).unwrap(),
            enabled: true,
            head: true,
            distinct: false,
        }
    };
    for threads in [1, 3] {
        let recipe = Recipe { entries: ["crop", "color"].map(entry).into(), seed: 3, batch: 5, threads };
        for step in 0..8 {
            let batch = make_batch(&plain.train, &recipe, step).unwrap();
            assert_eq!(batch, make_batch(&stored.train, &recipe, step).unwrap());
        }
    }
}

#[test]
fn few_images_stay_in_memory_and_off_is_off() {
    let (photos, folder) = (photos(), tempfile::tempdir().unwrap());
    let few = DataSettings { memory: 1, ..cached(photos.path(), folder.path()) };
    let off = DataSettings { cache: Cache::Off, ..cached(photos.path(), folder.path()) };
    assert!(!is_stored(&opened(&few).0) && !is_stored(&opened(&off).0));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn what_the_files_contain_is_what_counts() {
    let (photos, folder) = (photos(), tempfile::tempdir().unwrap());
    let settings = cached(photos.path(), folder.path());
    let first = opened(&settings).0;
    let built = |told: &[String]| told.iter().any(|what| what == "building the image cache");
    // Touched and equal: read, not decoded.
    let path = photos.path().join("even/04.png");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes).unwrap();
    let (touched, told) = opened(&settings);
    assert!(!built(&told) && told.iter().any(|what| what == "looking for changes in images"), "{told:?}");
    assert_same(&touched, &first);
    // The same folder elsewhere.
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = elsewhere.path().join("moved");
    fs::rename(photos.path(), &moved).unwrap();
    let (there, told) = opened(&cached(&moved, folder.path()));
    assert!(!built(&told), "{told:?}");
    assert_same(&there, &first);
    // Another picture of the same name.
    paint(&moved.join("even/04.png"), 19);
    let (changed, told) = opened(&cached(&moved, folder.path()));
    assert!(built(&told), "{told:?}");
    assert_same(&changed, &opened(&in_memory(&moved)).0);
    assert_ne!(changed.train.all(), first.train.all());
}

#[test]
fn what_is_known_by_its_looks_is_not_read() {
    let (photos, folder) = (photos(), tempfile::tempdir().unwrap());
    let files: Vec<PathBuf> =
        (0..20).step_by(2).map(|n| photos.path().join(format!("even/{n:02}.png"))).collect();
    let later = now() + 10;
    let look = |path: &PathBuf| ids::look(photos.path(), path, later);
    let list = folder.path().join("list");
    let id = |path: &PathBuf| ids::id(&decode::load(path));
    Known::write(&list, files.iter().map(|path| (look(path), id(path)))).unwrap();
    let known = Known::read(&list);
    assert!(files.iter().all(|path| known.id(look(path)) == Some(id(path))));
    // Just changed: it may change again without looking otherwise.
    assert_eq!(ids::look(photos.path(), &files[0], now()), None);
    paint(&files[0], 7);
    assert_eq!(known.id(look(&files[0])), None);
    let mut bytes = fs::read(&list).unwrap();
    for at in (0..bytes.len()).step_by(5) {
        bytes[at] ^= 4;
        fs::write(&list, &bytes).unwrap();
        assert_eq!(Known::read(&list).id(look(&files[1])), None, "byte {at}");
        bytes[at] ^= 4;
    }
}

/// Wherever a bit falls over: it is noticed when the entry is opened, or when the image is read.
#[test]
fn damage_anywhere_is_noticed_and_mended() {
    let (photos, folder) = (photos(), tempfile::tempdir().unwrap());
    let settings = cached(photos.path(), folder.path());
    let good = opened(&settings).0;
    let path = entry_in(folder.path());
    let bytes = fs::read(&path).unwrap();
    let pixels = entry::HEADER as usize..entry::HEADER as usize + 20 * SIDE * SIDE * 3;
    let places = (0..200).chain((200..bytes.len()).step_by(61)).chain(pixels.end..bytes.len());
    for at in places {
        let mut bad = bytes.clone();
        bad[at] ^= 1 << (at % 8);
        fs::write(&path, &bad).unwrap();
        let splits = open(&settings, &mut quiet).unwrap();
        if pixels.contains(&at) {
            let read = |images: &crate::data::Images| {
                (0..images.len()).find_map(|index| images.bytes(index, &mut Vec::new()).err())
            };
            let error = read(&splits.train).or(read(&splits.held_out)).unwrap().to_string();
            assert!(error.contains(".images") && error.contains("Remove this file"), "byte {at}: {error}");
            assert!(
                crate::data::moments(&splits.train).is_err()
                    || crate::data::moments(&splits.held_out).is_err()
            );
        } else {
            let noted = splits.notes.iter().any(|note| note.contains("is built anew"));
            assert!(noted, "byte {at}: {:?}", splits.notes);
            assert_eq!((&splits.train, &splits.held_out), (&good.train, &good.held_out), "byte {at}");
            assert_eq!(fs::read(&path).unwrap(), bytes, "byte {at}");
        }
    }
    for length in [0, 10, 4095, 4096, 5000, bytes.len() - 1] {
        fs::write(&path, &bytes[..length]).unwrap();
        assert_eq!(open(&settings, &mut quiet).unwrap().train, good.train, "cut to {length}");
    }
    fs::write(&path, [&bytes[..], b"more"].concat()).unwrap();
    assert_eq!(open(&settings, &mut quiet).unwrap().train, good.train);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let blocked = open(&settings, &mut quiet).unwrap();
    assert_eq!(blocked.train, good.train, "a folder in its place: without the cache");
    assert!(blocked.notes.iter().any(|note| note.contains("held in memory instead")), "{:?}", blocked.notes);
}

/// The file is cut off while a run reads it.
#[test]
fn a_file_that_shrinks_under_a_reader_is_an_error() {
    let (photos, folder) = (photos(), tempfile::tempdir().unwrap());
    let splits = opened(&cached(photos.path(), folder.path())).0;
    let file = fs::OpenOptions::new().write(true).open(entry_in(folder.path())).unwrap();
    file.set_len(entry::HEADER + 100).unwrap();
    let recipe = Recipe { entries: Vec::new(), seed: 0, batch: splits.train.len(), threads: 2 };
    assert!(matches!(make_batch(&splits.train, &recipe, 0), Err(DataError::Stored { .. })));
    let mut loader = crate::data::Loader::start(splits.train.clone(), recipe, 0).unwrap();
    let first = loader.next_batch().unwrap_err().to_string();
    assert!(first.contains("cannot be read"), "{first}");
    assert_eq!(loader.next_batch().unwrap_err().to_string(), first);
}

#[test]
fn a_waiting_process_uses_what_the_other_has_built() {
    let (photos, folder) = (photos(), tempfile::tempdir().unwrap());
    let settings = cached(photos.path(), folder.path());
    let mut first_waits_for = None;
    // The first one is stopped in the middle of its build until the second one waits.
    let (waits, go_on) = std::sync::mpsc::channel();
    let mut second = None;
    let first = open(&settings, &mut |what, _, _| {
        if what == "building the image cache" && second.is_none() {
            let (settings, waits) = (settings.clone(), waits.clone());
            second = Some(std::thread::spawn(move || {
                let mut told = Vec::new();
                let splits = open(&settings, &mut |what, _, _| {
                    if what == WAITING && !told.contains(&what.to_owned()) {
                        waits.send(()).unwrap();
                    }
                    told.push(what.to_owned());
                    ControlFlow::Continue(())
                });
                (splits.unwrap(), told)
            }));
            first_waits_for = Some(go_on.recv());
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(first_waits_for, Some(Ok(())));
    let (second, told) = second.unwrap().join().unwrap();
    assert!(!told.iter().any(|what| what == "building the image cache"), "{told:?}");
    assert_same(&first, &second);
    assert!(is_stored(&second));
    assert_eq!(names(folder.path()).len(), 2, "{:?}", names(folder.path()));
}

#[test]
fn waiting_and_building_can_be_broken_off() {
    let (photos, folder) = (photos(), tempfile::tempdir().unwrap());
    let settings = cached(photos.path(), folder.path());
    for stop_at in ["building the image cache", "writing the image cache to the disk"] {
        let broken = open(&settings, &mut |what, _, _| match what == stop_at {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        assert!(matches!(broken, Err(DataError::BrokenOff)));
        assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));
    }
    let names = Names::new(folder.path(), photos.path(), SIDE, 22);
    let held = Partial::take(&names.partial(), &mut quiet).unwrap();
    let broken = open(&settings, &mut |what, _, _| match what == WAITING {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    });
    assert!(matches!(broken, Err(DataError::BrokenOff)));
    drop(held);
    assert!(is_stored(&opened(&settings).0));
}

/// What a kill has left, of this set and of another one.
#[test]
fn half_written_files_are_never_used_and_go() {
    let (photos, folder) = (photos(), tempfile::tempdir().unwrap());
    let names_of = |side| Names::new(folder.path(), photos.path(), side, 22);
    fs::write(names_of(SIDE).partial(), vec![7; 100_000]).unwrap();
    fs::write(names_of(SIDE + 1).partial(), "left").unwrap();
    let settings = cached(photos.path(), folder.path());
    assert_same(&opened(&settings).0, &opened(&in_memory(photos.path())).0);
    assert_eq!(names(folder.path()).len(), 2, "{:?}", names(folder.path()));
    // One that is being written stays.
    let held = Partial::take(&names_of(SIDE + 1).partial(), &mut quiet).unwrap();
    opened(&settings);
    assert_eq!(names(folder.path()).len(), 3);
    drop(held);
}

#[test]
fn where_it_cannot_be_the_images_are_held_in_memory_and_it_is_said() {
    let (photos, folder) = (photos(), tempfile::tempdir().unwrap());
    let plain = opened(&in_memory(photos.path())).0;
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for place in [file.join("below"), file.clone(), "/proc/looc-tui".into()] {
        let splits = opened(&cached(photos.path(), &place)).0;
        assert!(!is_stored(&splits));
        assert_eq!((&splits.train, &splits.held_out), (&plain.train, &plain.held_out));
        let note = splits.notes.iter().find(|note| note.contains("held in memory instead")).unwrap();
        assert!(note.contains("data.cache") && note.contains(&shown(&place)), "{note}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// What is written is read, whatever it is.
    #[test]
    fn round_trip(
        side in 1usize..6,
        files in prop::collection::vec(prop::option::of((any::<u8>(), 1usize..30_000, 1usize..30_000)), 0..40),
        why in ".{0,40}",
        key in any::<[u8; 32]>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("entry");
        let decoded: Vec<Result<decode::Decoded, String>> = files.iter().enumerate().map(|(n, file)| {
            let (seed, width, height) = file.ok_or_else(|| crate::text::printable(&why))?;
            let pixels = (0..side * side * 3).map(|place| (place * 7 + n) as u8 ^ seed).collect();
            Ok(decode::Decoded { pixels, size: (width, height) })
        }).collect();
        let key = Key(key);
        let file = durable::open_shared(&path).unwrap();
        file.write_all_at(&[9; 50_000], 0).unwrap();
        let mut writer = Writer::new(&file, side, decoded.len()).unwrap();
        for decoded in &decoded {
            writer.push(decoded).unwrap();
        }
        writer.finish(&key).unwrap();
        let wanted = Wanted { key: &key, side, files: decoded.len() };
        let entry = Entry::open(&path, wanted).unwrap().unwrap();
        let places = entry.kept.iter().flatten().map(|(_, place)| *place).collect();
        let stored = Stored::new(Arc::new(entry.file), &path, entry::HEADER, side * side * 3, places);
        let (mut index, mut bytes) = (0, Vec::new());
        for (kept, decoded) in entry.kept.iter().zip(&decoded) {
            match (kept, decoded) {
                (Ok((size, _)), Ok(decoded)) => {
                    stored.read(index, &mut bytes).unwrap();
                    prop_assert_eq!((size, &bytes), (&decoded.size, &decoded.pixels));
                    index += 1;
                }
                (kept, decoded) => prop_assert_eq!(kept.as_ref().err(), decoded.as_ref().err()),
            }
        }
        prop_assert_eq!(entry.kept.len(), decoded.len());
        for wanted in [Wanted { side: side + 1, ..wanted }, Wanted { files: decoded.len() + 1, ..wanted }] {
            prop_assert!(Entry::open(&path, wanted).is_err());
        }
    }
}
