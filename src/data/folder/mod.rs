//! An image folder: a folder a class, as torchvision's `ImageFolder` has it, or images without classes.
//!
//! With a `train` folder in it, `val` (or `test`) is what is held out; otherwise a share of each class is.

mod decode;
mod scan;
mod split;

use super::place::{folder, shown};
use super::registry::{Progress, tell};
use super::{DataError, DataSettings, Images, Labels, Splits, room};
use rayon::prelude::*;
use scan::{Found, Listing};
use std::path::Path;
use std::sync::Arc;

/// Files decoded between two reports of progress.
const CHUNK: usize = 64;
/// Damaged files named in an error.
const NAMED: usize = 10;

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
        damaged: Vec::new(),
        progress,
    };
    let train = reading.images(&train, &classes)?;
    let held_out = reading.images(&held_out, &classes)?;
    let (damaged, of) = (reading.damaged, reading.of);
    if !damaged.is_empty() {
        // A share of 0 allows none; rounding must not make one of it.
        if damaged.len() as f64 > settings.damaged_share * of as f64 {
            let (folder, allowed, examples) = (shown(&root), settings.damaged_share, examples(&damaged));
            let damaged = damaged.len();
            return Err(DataError::Damaged { folder, damaged, of, allowed, examples });
        }
        notes.push(format!("{} of {of} images are damaged and left out:", damaged.len()));
        notes.extend(damaged.into_iter().map(|file| format!("damaged: {file}")));
    }
    Ok(Splits { train: Arc::new(train), held_out: Arc::new(held_out), notes })
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

/// The first damaged files, with what is wrong with them.
fn examples(damaged: &[String]) -> String {
    let named = damaged[..damaged.len().min(NAMED)].join("; ");
    match damaged.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named}; and {more} more"),
    }
}

/// The reading of all files.
struct Reading<'a, 'b> {
    root: &'a Path,
    side: usize,
    done: usize,
    of: usize,
    /// Name and reason, fit for a terminal.
    damaged: Vec<String>,
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
                        pixels.append(&mut image);
                        let class = found.class.as_ref().and_then(|class| classes.binary_search(class).ok());
                        // At most u16::MAX classes, as checked; without classes this is not used.
                        of.push(class.unwrap_or_default() as u16);
                    }
                    Err(why) => {
                        let name = found.path.strip_prefix(self.root).unwrap_or(&found.path);
                        self.damaged.push(format!("{} ({why})", shown(name)));
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
mod tests;
