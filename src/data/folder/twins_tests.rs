use super::tests::{classes, grays, settings, write};
use super::*;
use crate::augment::Others;
use crate::data::{Donors, open, quiet};
use std::path::PathBuf;

/// 20 images of each of two classes, and a bank with their twins, 100 levels brighter, as PNG or as JPEG.
fn set_and_bank(there: &Path) -> DataSettings {
    let (root, bank) = (there.join("set"), there.join("bank"));
    classes(&root, &["a", "b"], 20);
    for (class, name) in ["a", "b"].iter().enumerate() {
        for place in 0..20 {
            let extension = if place % 2 == 0 { "png" } else { "JPEG" };
            let twin = bank.join(name).join(format!("{place:02}.{extension}"));
            write(twin, [(class * 50 + place + 100) as u8; 3]);
        }
    }
    DataSettings { style_bank: Some(bank), ..settings(&root) }
}

fn twin(there: &Path, name: &str) -> PathBuf {
    there.join("bank").join(name)
}

#[test]
fn twins_are_found_by_their_paths_whatever_their_extension() {
    let there = tempfile::tempdir().unwrap();
    let splits = open(&set_and_bank(there.path()), &mut quiet).unwrap();
    assert!(splits.notes.is_empty(), "{:?}", splits.notes);
    for part in [&splits.train, &splits.held_out] {
        let twins = part.twins.as_ref().unwrap();
        assert_eq!(twins.len(), part.len());
        let off = grays(part).into_iter().zip(grays(twins)).map(|(image, twin)| twin.abs_diff(image));
        assert!(off.clone().all(|off| off.abs_diff(100) <= 1), "{:?}", off.collect::<Vec<_>>());
    }
    // A view of a held-out image has its own twin, and donors that are trained on.
    let mut donors = Donors::new(&splits.train, &splits.held_out);
    let mut pixels = vec![0.0; 16 * 16 * 3];
    let lent = |donors: &Donors| {
        assert!(donors.twin(&mut pixels));
        let twin = (pixels[0] * 255.0).round() as u8;
        assert!(donors.donor(3, &mut pixels));
        (twin, donors.count(), (pixels[0] * 255.0).round() as u8)
    };
    let twin = grays(splits.held_out.twins.as_ref().unwrap())[1];
    assert_eq!(donors.lend(1, lent).unwrap(), (twin, 36, grays(&splits.train)[3]));
}

#[test]
fn an_image_without_a_twin_stands_in_for_it_and_is_named() {
    let there = tempfile::tempdir().unwrap();
    let lenient = DataSettings { damaged_share: 0.1, ..set_and_bank(there.path()) };
    std::fs::remove_file(twin(there.path(), "a/04.png")).unwrap();
    std::fs::write(twin(there.path(), "b/06.png"), "no image").unwrap();
    // A damaged image is left out, and its twin with it.
    std::fs::write(there.path().join("set/a/00.png"), "no image").unwrap();
    let splits = open(&lenient, &mut quiet).unwrap();
    let notes = splits.notes.join("\n");
    for words in ["2 of 39 images have no twin", "a/04.png (there is none)", "b/06.png (the content"] {
        assert!(notes.contains(words), "{words} in {notes}");
    }
    let parts = [&splits.train, &splits.held_out];
    assert_eq!(parts.iter().map(|part| part.twins.as_ref().unwrap().len()).sum::<usize>(), 39);
    let same = |part: &&Arc<Images>| {
        let pairs = grays(part).into_iter().zip(grays(part.twins.as_ref().unwrap()));
        pairs.filter(|(image, twin)| image == twin).map(|(image, _)| image).collect::<Vec<_>>()
    };
    let mut stand_ins = parts.iter().flat_map(same).collect::<Vec<_>>();
    stand_ins.sort_unstable();
    assert_eq!(stand_ins, [4, 56]);
}

#[test]
fn too_few_twins_a_bank_that_is_not_there_and_another_kind_are_errors() {
    let there = tempfile::tempdir().unwrap();
    let set = set_and_bank(there.path());
    std::fs::remove_dir_all(twin(there.path(), "b")).unwrap();
    let message = open(&set, &mut quiet).unwrap_err().to_string();
    for words in ["20 of 40", "data.style_bank", "b/", "and 10 more"] {
        assert!(message.contains(words), "{words} in {message}");
    }
    let nowhere = DataSettings { style_bank: Some(there.path().join("nowhere")), ..set.clone() };
    let message = open(&nowhere, &mut quiet).unwrap_err().to_string();
    assert!(message.contains("data.style_bank: there is no folder"), "{message}");
    let shapes = DataSettings { kind: "shapes".into(), path: None, ..set };
    let message = open(&shapes, &mut quiet).unwrap_err().to_string();
    assert!(message.contains("data.style_bank: twins are found by"), "{message}");
}
