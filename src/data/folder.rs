//! A folder of images, a subfolder a class; with `train` and `val` (or `test`) folders, or without.
//! Images that lie in no subfolder have no class: then nothing has labels.

use super::{DataError, DataSettings, Images, Labels, Splits, error::shown, pixels, registry};
use crate::rng::{Domain, Stream};
use rayon::prelude::*;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

const ENDINGS: &[&str] = &["jpg", "jpeg", "png", "webp"];
/// Folders below a class folder are looked into this deep.
const DEPTH: usize = 8;
/// Images decoded between two reports.
const CHUNK: usize = 64;
/// So many damaged files are named; the others are counted.
const NAMED: usize = 20;

/// Files by class, in a stable order. `None` is the class of images that lie in no subfolder.
type Classes = BTreeMap<Option<String>, Vec<PathBuf>>;

/// Reads a folder.
pub fn open(settings: &DataSettings, progress: &mut registry::Progress) -> Result<Splits, DataError> {
    let root = registry::root(settings, "folder")?;
    let train_folder = root.join("train");
    let held_out_folder = ["val", "test"].map(|name| root.join(name)).into_iter().find(|it| it.is_dir());
    let (mut train, held_out) = match (train_folder.is_dir(), held_out_folder) {
        (true, Some(held_out)) => (classes(&train_folder)?, classes(&held_out)?),
        (true, None) => held_out_share(classes(&train_folder)?, settings.held_out_share),
        (false, _) => held_out_share(classes(&root)?, settings.held_out_share),
    };
    // A class that only one of them has is still a class of both.
    let names: Vec<Option<String>> = {
        for name in held_out.keys() {
            train.entry(name.clone()).or_default();
        }
        train.keys().cloned().collect()
    };
    if names.len() > usize::from(u16::MAX) + 1 {
        return Err(DataError::Classes { path: root, count: names.len() });
    }
    let files: usize = train.values().chain(held_out.values()).map(Vec::len).sum();
    if files == 0 {
        return Err(DataError::Missing { path: root, what: "jpeg, png or webp images".into() });
    }
    let mut damaged = Vec::new();
    let mut read = |classes: &Classes, what: &str| {
        decode(classes, &names, settings.size, &mut damaged, &mut |done, of| progress(what, done, of))
    };
    let train = read(&train, "training images");
    let held_out = read(&held_out, "held-out images");
    if damaged.len() as f64 > settings.damaged_share * files as f64 {
        let (allowed, first) = (settings.damaged_share, damaged.swap_remove(0));
        return Err(DataError::Damaged { path: root, damaged: damaged.len() + 1, files, allowed, first });
    }
    if train.len() < 2 {
        return Err(DataError::TooFew { path: root, count: train.len() });
    }
    Ok(Splits { train: Arc::new(train), held_out: Arc::new(held_out), notes: notes(damaged) })
}

/// What the log says of damaged files.
fn notes(mut damaged: Vec<String>) -> Vec<String> {
    let count = damaged.len();
    damaged.truncate(NAMED);
    let mut notes: Vec<String> = damaged.into_iter().map(|it| format!("skipped {it}")).collect();
    if count > NAMED {
        notes.push(format!("skipped {} more images that cannot be read", count - NAMED));
    }
    notes
}

/// The images below a folder, by its subfolders.
fn classes(root: &Path) -> Result<Classes, DataError> {
    let mut classes = Classes::new();
    for path in entries(root).map_err(DataError::read(root))? {
        if path.is_dir() {
            let name = path.file_name().map(crate::text::printable_name).unwrap_or_default();
            let mut files = Vec::new();
            gather(&path, DEPTH, &mut files).map_err(DataError::read(&path))?;
            if !files.is_empty() {
                classes.insert(Some(name), files);
            }
        } else if is_image(&path) {
            classes.entry(None).or_default().push(path);
        }
    }
    // Loose images beside class folders (a picture in the README, say) belong to no class.
    if classes.len() > 1 {
        classes.remove(&None);
    }
    Ok(classes)
}

fn gather(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for path in entries(folder)? {
        // A link to a folder may lead in a circle: only real ones are entered.
        if path.symlink_metadata()?.is_dir() {
            if depth > 0 {
                gather(&path, depth - 1, files)?;
            }
        } else if is_image(&path) {
            files.push(path);
        }
    }
    Ok(())
}

/// What is in a folder, hidden things left out, in the order of the names.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b".")));
    paths.sort();
    Ok(paths)
}

fn is_image(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Sets a share of each class aside, by the names alone: the same files whatever the seed.
fn held_out_share(classes: Classes, share: f64) -> (Classes, Classes) {
    let (mut train, mut held_out) = (Classes::new(), Classes::new());
    for (name, mut files) in classes {
        let stream = format!("held out of {}", name.as_deref().unwrap_or_default());
        Stream::named(0, Domain::Evaluation, &stream).shuffle(&mut files);
        let count = ((files.len() as f64 * share).round() as usize).clamp(1, files.len().max(2) - 1);
        let mut aside = files.split_off(files.len().saturating_sub(count));
        files.sort();
        aside.sort();
        train.insert(name.clone(), files);
        held_out.insert(name, aside);
    }
    (train, held_out)
}

/// Decodes all files, in their order, whatever the number of threads.
fn decode(
    classes: &Classes,
    names: &[Option<String>],
    side: usize,
    damaged: &mut Vec<String>,
    progress: &mut dyn FnMut(usize, usize),
) -> Images {
    let number = |name: &Option<String>| names.iter().position(|it| it == name).unwrap_or_default() as u16;
    let files: Vec<(u16, &PathBuf)> = classes
        .iter()
        .flat_map(|(name, files)| files.iter().map(move |file| (number(name), file)))
        .collect();
    let (mut pixels, mut of) = (Vec::with_capacity(files.len() * side * side * 3), Vec::new());
    for (done, chunk) in files.chunks(CHUNK).enumerate() {
        progress(done * CHUNK, files.len());
        let decoded: Vec<_> = chunk.par_iter().map(|(_, path)| pixels::read(path, side)).collect();
        for ((class, path), decoded) in chunk.iter().zip(decoded) {
            match decoded {
                Ok(image) => {
                    pixels.extend_from_slice(&image);
                    of.push(*class);
                }
                Err(why) => damaged.push(format!("{} ({})", shown(path), crate::text::printable(&why))),
            }
        }
    }
    let labels = match names {
        [None] => Vec::new(),
        _ => {
            let classes = names.iter().map(|name| name.clone().unwrap_or_default()).collect();
            vec![Labels { name: "class".into(), classes, of }]
        }
    };
    Images { side, pixels, labels }
}
