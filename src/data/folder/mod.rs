//! An image folder: a folder a class, as torchvision's `ImageFolder` has it, or images without classes.
//!
//! With a `train` folder in it, `val` (or `test`) is what is held out; otherwise a share of each class is.

pub(super) mod decode;
mod scan;
pub(super) mod split;

use super::place::{folder, shown};
use super::registry::{Progress, tell};
use super::{Damaged, DataError, DataSettings, Images, Labels, Sizes, Splits, room};
use rayon::prelude::*;
use scan::{Found, Listing};
use std::path::Path;
use std::sync::Arc;

/// Files decoded between two reports of progress.
const CHUNK: usize = 64;

/// Opens an image folder.
pub fn open(settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
    let root = folder(settings, "folder")?;
    tell(progress, "looking for images", 0, 0)?;
    let Listing { train, held_out, mut notes } = scan::list(&root, settings.held_out_share)?;
    let classes = classes(&root, &[&train, &held_out], &mut notes)?;
    let mut reading = Reading {
        root: &root,
        side: settings.size,
        done: 0,
        of: train.len() + held_out.len(),
        sizes: Sizes::new(),
        damaged: Vec::new(),
        progress,
    };
    let train = reading.images(&train, &classes)?;
    let held_out = reading.images(&held_out, &classes)?;
    let (damaged, sizes, of) = (reading.damaged, reading.sizes, reading.of);
    if !damaged.is_empty() {
        notes.push(format!("{} of {of} images are damaged and left out:", damaged.len()));
        notes.extend(damaged.iter().map(|file| format!("damaged: {file}")));
    }
    let (train, held_out) = (Arc::new(train), Arc::new(held_out));
    Ok(Splits { train, held_out, sizes, damaged, notes, ..Splits::default() })
}

/// The names of the classes, sorted; empty when an image has none.
fn classes(root: &Path, parts: &[&[Found]], notes: &mut Vec<String>) -> Result<Vec<String>, DataError> {
    let mut names = Vec::new();
    for found in parts.iter().copied().flatten() {
        match &found.class {
            Some(class) => names.push(class.clone()),
            None => return Ok(Vec::new()),
        }
    }
    names.sort();
    names.dedup();
    match names.as_slice() {
        [only] => notes.push(format!("all images are of one class, {only}: accuracies mean nothing")),
        many if many.len() > usize::from(u16::MAX) => {
            return Err(DataError::TooManyClasses { folder: shown(root), count: many.len() });
        }
        _ => {}
    }
    Ok(names)
}

/// The reading of all files.
struct Reading<'a, 'b> {
    root: &'a Path,
    side: usize,
    done: usize,
    of: usize,
    sizes: Sizes,
    damaged: Vec<Damaged>,
    progress: &'a mut Progress<'b>,
}

impl Reading<'_, '_> {
    /// Decodes one part of the set, in its order. Damaged files are noted and left out.
    fn images(&mut self, files: &[Found], classes: &[String]) -> Result<Images, DataError> {
        let mut pixels = room(files.len(), self.side)?;
        let mut of = Vec::with_capacity(files.len());
        for chunk in files.chunks(CHUNK) {
            let decoded: Vec<_> =
                chunk.par_iter().map(|found| decode::decode(&found.path, self.side)).collect();
            for (found, decoded) in chunk.iter().zip(decoded) {
                match decoded {
                    Ok(mut image) => {
                        pixels.append(&mut image.pixels);
                        *self.sizes.entry(image.size).or_default() += 1;
                        let class = found.class.as_ref().and_then(|class| classes.binary_search(class).ok());
                        // At most u16::MAX classes, as checked; without classes this is not used.
                        of.push(class.unwrap_or_default() as u16);
                    }
                    Err(why) => {
                        let name = found.path.strip_prefix(self.root).unwrap_or(&found.path);
                        self.damaged.push(Damaged { file: shown(name), why });
                    }
                }
            }
            self.done += chunk.len();
            tell(self.progress, "decoding images", self.done, self.of)?;
        }
        let labels = Labels { name: "class".into(), classes: classes.to_vec(), of };
        let labels = if classes.is_empty() { Vec::new() } else { vec![labels] };
        Ok(Images { side: self.side, pixels, labels })
    }
}

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
