use super::*;
use crate::data::DataError;
use std::fs;

const FORMAT: Format = Format { kind: "parquet", extension: "parquet", example: "train.parquet" };

/// A folder with empty files of these names.
fn there(names: &[&str]) -> tempfile::TempDir {
    let there = tempfile::tempdir().unwrap();
    for name in names {
        let path = there.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    there
}

/// Shards to train on, shards held out, and notes.
type Found = (Vec<String>, Vec<String>, Vec<String>);

fn found(names: &[&str]) -> Result<Found, DataError> {
    let there = there(names);
    let found = find(there.path(), &FORMAT)?;
    let shown = |paths: &[PathBuf]| paths.iter().map(|path| found.name(path)).collect();
    Ok((shown(&found.train), shown(&found.held_out), found.notes.clone()))
}

#[test]
fn parts_are_told_by_files_and_by_folders() {
    let (train, held_out, notes) = found(&[
        "data/train-00001-of-00002.parquet",
        "data/train-00000-of-00002.parquet",
        "data/test-0.PARQUET",
    ])
    .unwrap();
    assert_eq!(train, ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"]);
    assert_eq!((held_out.as_slice(), notes.len()), (&["data/test-0.PARQUET".into()][..], 0));
    let (train, held_out, _) =
        found(&["plain_text/train/0000.parquet", "plain_text/val/0000.parquet", ".cache/x/other.parquet"])
            .unwrap();
    assert_eq!((train.len(), held_out), (1, vec![String::from("plain_text/val/0000.parquet")]));
    let (train, held_out, _) = found(&["set-train-00.parquet", "set-validation-00.parquet"]).unwrap();
    assert_eq!((train.len(), held_out.len()), (1, 1));
    let (train, held_out, _) = found(&["a.parquet", "b.parquet"]).unwrap();
    assert_eq!((train.len(), held_out.len()), (2, 0));
}

#[test]
fn what_is_not_used_is_told() {
    let (train, held_out, notes) =
        found(&["train.parquet", "val.parquet", "test.parquet", "extra-1.parquet", "odd.parquet"]).unwrap();
    assert_eq!((train, held_out), (vec!["train.parquet".into()], vec!["val.parquet".into()]));
    assert_eq!(notes, ["left out: 3 shards of other parts of the set, such as extra-1.parquet"]);
    let (.., notes) = found(&["train-00000-of-00003.parquet", "train-00002-of-00003.parquet"]).unwrap();
    assert_eq!(notes, ["train: of 3 shards 2 are there, by their names"]);
}

#[test]
fn none_and_several_sets_are_explained() {
    let none = found(&["notes.txt"]).unwrap_err().to_string();
    assert!(none.contains(".parquet") && none.contains("train.parquet"), "{none}");
    let several = found(&["cifar10/train.parquet", "cifar100/train/0.parquet"]).unwrap_err().to_string();
    assert!(several.contains("cifar10, cifar100") && several.contains("data.path"), "{several}");
}

#[test]
fn a_file_is_a_set_of_its_own() {
    let there = there(&["one.parquet", "two.parquet"]);
    let one = there.path().join("one.parquet");
    let found = find(&one, &FORMAT).unwrap();
    assert_eq!((found.train.as_slice(), found.name(&one)), (&[one.clone()][..], "one.parquet".into()));
    assert!(is_here(&one, "parquet") && !is_here(&one, "tar"));
}

#[test]
fn an_image_folder_with_a_stray_shard_is_an_image_folder() {
    let is = |names: &[&str]| is_here(there(names).path(), "tar");
    assert!(is(&["a.tar"]) && is(&["train-0.tar", "logo.png"]) && is(&["train/0.tar"]));
    assert!(!is(&["a.png"]) && !is(&["cat/1.jpg", "cat/old.tar"]) && !is(&[]));
    assert!(!is(&["a/b/c/d/train.tar"]), "too deep");
}
