//! An image folder: a folder a class, as torchvision's `ImageFolder` has it, or images without classes.
//!
//! With a `train` folder in it, `val` (or `test`) is what is held out; otherwise a share of each class is.

mod cache;
pub(super) mod decode;
mod home;
mod reading;
mod scan;
pub(super) mod split;
mod twins;

pub use cache::{CacheUse, cache_use};

use super::place::{folder, shown};
use super::registry::{Progress, tell};
use super::{Damaged, DataError, DataSettings, Images, Labels, Sizes, Splits};
use reading::Part;
use scan::{Found, Listing};
use std::path::Path;
use std::sync::Arc;

/// Opens an image folder.
pub fn open(settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
    let root = folder(settings, "folder")?;
    tell(progress, "looking for images", 0, 0)?;
    let Listing { train, held_out, mut notes } = scan::list(&root, settings.held_out_share)?;
    let classes = classes(&root, &[&train, &held_out], &mut notes)?;
    let [in_train, in_held_out] = home::read(&root, [&train, &held_out], settings, &mut notes, progress)?;
    let (sizes, damaged) = (Sizes::new(), Vec::new());
    let mut seen = Seen { root: &root, side: settings.size, classes, sizes, damaged };
    let of = train.len() + held_out.len();
    let (mut trained, mut kept) = (seen.images(&train, in_train), seen.images(&held_out, in_held_out));
    let (damaged, sizes) = (seen.damaged, seen.sizes);
    if let Some(mut bank) = twins::Bank::open(settings, &root, &damaged, of)? {
        bank.lend(&mut trained, &train, progress)?;
        bank.lend(&mut kept, &held_out, progress)?;
        notes.extend(bank.notes(settings)?);
    }
    if !damaged.is_empty() {
        notes.push(format!("{} of {of} images are damaged and left out:", damaged.len()));
        notes.extend(damaged.iter().map(|file| format!("damaged: {file}")));
    }
    let (train, held_out) = (Arc::new(trained), Arc::new(kept));
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

/// What was seen in all files.
struct Seen<'a> {
    root: &'a Path,
    side: usize,
    classes: Vec<String>,
    sizes: Sizes,
    damaged: Vec<Damaged>,
}

impl Seen<'_> {
    /// The images of one part, in its order. Damaged files are noted and left out.
    fn images(&mut self, files: &[Found], Part { outcomes, pixels }: Part) -> Images {
        let mut of = Vec::with_capacity(files.len());
        for (found, outcome) in files.iter().zip(outcomes) {
            match outcome {
                Ok(size) => {
                    *self.sizes.entry(size).or_default() += 1;
                    let class = found.class.as_ref().and_then(|class| self.classes.binary_search(class).ok());
                    // At most u16::MAX classes, as checked; without classes this is not used.
                    of.push(class.unwrap_or_default() as u16);
                }
                Err(why) => {
                    let name = found.path.strip_prefix(self.root).unwrap_or(&found.path);
                    self.damaged.push(Damaged { file: shown(name), why });
                }
            }
        }
        let labels = Labels { name: "class".into(), classes: self.classes.clone(), of };
        let labels = if self.classes.is_empty() { Vec::new() } else { vec![labels] };
        Images { side: self.side, pixels, labels, ..Images::default() }
    }
}

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod twins_tests;
