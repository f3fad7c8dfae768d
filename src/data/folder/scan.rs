//! Which files there are, which class each has, and which are held out.

use super::split::split;
use crate::data::DataError;
use crate::data::place::shown;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// One image file.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub path: PathBuf,
    /// The name of the class, fit for a terminal; `None` for an image outside of class folders.
    pub class: Option<String>,
}

/// What a folder has.
pub struct Listing {
    pub train: Vec<Found>,
    pub held_out: Vec<Found>,
    pub notes: Vec<String>,
}

/// Lists an image folder, sorted by name. Where it has no held-out part, `share` of each class becomes it.
pub fn list(root: &Path, share: f64) -> Result<Listing, DataError> {
    let mut walk = Walk::default();
    let (train, held_out) =
        match ["train", "training"].map(|name| root.join(name)).into_iter().find(|at| at.is_dir()) {
            None => split(walk.part(root)?, share),
            Some(train) => {
                let aside = ["val", "valid", "validation", "test"].map(|name| root.join(name));
                match aside.into_iter().find(|at| at.is_dir()) {
                    Some(held_out) => (walk.part(&train)?, walk.part(&held_out)?),
                    None => split(walk.part(&train)?, share),
                }
            }
        };
    if train.is_empty() && held_out.is_empty() {
        return Err(DataError::NoImages { folder: shown(root) });
    }
    let mut notes = walk.notes();
    let classless = |part: &[Found]| part.first().is_some_and(|found| found.class.is_none());
    if classless(&train) != classless(&held_out) && !train.is_empty() && !held_out.is_empty() {
        notes.push("only one of the two parts has class folders: the classes are not used".into());
    }
    Ok(Listing { train, held_out, notes })
}

/// A walk through folders; what it left out.
#[derive(Default)]
struct Walk {
    /// Folders that have been walked, by their true path: a loop of links ends there.
    walked: HashSet<PathBuf>,
    /// Files with other extensions.
    foreign: usize,
    /// Pipes, sockets, devices, and links to nothing.
    special: usize,
    /// Images beside class folders.
    loose: usize,
}

impl Walk {
    /// The images of one part: those of its class folders, or its own if there is no image in any.
    fn part(&mut self, root: &Path) -> Result<Vec<Found>, DataError> {
        self.enter(root)?;
        let (folders, loose) = self.entries(root)?;
        let mut found = Vec::new();
        for folder in folders {
            let class = crate::text::printable_name(folder.file_name().unwrap_or_default());
            let mut files = Vec::new();
            self.below(folder, &mut files)?;
            found.extend(files.into_iter().map(|path| Found { path, class: Some(class.clone()) }));
        }
        if found.is_empty() {
            return Ok(loose.into_iter().map(|path| Found { path, class: None }).collect());
        }
        self.loose += loose.len();
        Ok(found)
    }

    /// All images in a folder and the folders below it.
    fn below(&mut self, folder: PathBuf, files: &mut Vec<PathBuf>) -> Result<(), DataError> {
        let mut left = vec![folder];
        while let Some(folder) = left.pop() {
            if !self.enter(&folder)? {
                continue;
            }
            let (mut folders, mut images) = self.entries(&folder)?;
            files.append(&mut images);
            folders.reverse();
            left.append(&mut folders);
        }
        Ok(())
    }

    /// Whether a folder is walked for the first time.
    fn enter(&mut self, folder: &Path) -> Result<bool, DataError> {
        let true_path = folder.canonicalize().map_err(|error| DataError::read(folder, error))?;
        Ok(self.walked.insert(true_path))
    }

    /// The folders and the image files in a folder, each sorted. Hidden ones are passed over.
    fn entries(&mut self, folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DataError> {
        let (mut folders, mut images) = (Vec::new(), Vec::new());
        for entry in std::fs::read_dir(folder).map_err(|error| DataError::read(folder, error))? {
            let path = entry.map_err(|error| DataError::read(folder, error))?.path();
            if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
                continue;
            }
            // Follows links: a pipe or a device must not be opened, whatever its name ends in.
            match std::fs::metadata(&path) {
                Ok(what) if what.is_dir() => folders.push(path),
                Ok(what) if what.is_file() && is_image(&path) => images.push(path),
                Ok(what) if what.is_file() => self.foreign += 1,
                _ => self.special += 1,
            }
        }
        folders.sort();
        images.sort();
        Ok((folders, images))
    }

    fn notes(&self) -> Vec<String> {
        [
            (self.foreign, "files are no jpeg, png or webp by their names"),
            (self.special, "entries are pipes, devices or links to nothing"),
            (self.loose, "images lie beside the class folders"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("left out: {count} {what}"))
        .collect()
    }
}

fn is_image(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    ["jpg", "jpeg", "png", "webp"].iter().any(|known| extension == *known)
}
