//! The image cache: decoded and resized images of a large folder in one file on the disk, found by what the
//! folder contains.
//!
//! ```text
//! <side>px-<files>-<key>.images   an entry: never changed once it has its name          (entry)
//! <folder>.files                  what its files looked like when they were hashed      (ids)
//! <folder>-<side>px.partial       an entry that is being written, locked by its writer  (partial)
//! ```
//!
//! Nothing that is wrong with it costs more than time: it is built anew, or done without.

mod entry;
mod ids;
mod partial;
mod shelf;

#[cfg(test)]
mod tests;

pub use shelf::{CacheUse, cache_use, folder};

use super::decode;
use super::reading::{Counter, Part};
use super::scan::Found;
use crate::data::place::shown;
use crate::data::registry::{Progress, tell};
use crate::data::{DataError, Pixels, Stored};
use crate::durable;
use entry::{Entry, Wanted, Writer};
use ids::{Id, Key, Known, Look};
use partial::Partial;
use rayon::prelude::*;
use shelf::Names;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Why there are no images from the cache.
#[derive(Debug)]
pub enum Trouble {
    /// It was broken off.
    Data(DataError),
    /// The cache cannot be used here.
    Unusable { what: &'static str, path: PathBuf, source: io::Error },
}

impl From<DataError> for Trouble {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}

/// Gets the two parts of the folder `root` from the cache in `folder`, which is filled if need be; and what
/// the user should know.
pub fn read(
    folder: &Path,
    root: &Path,
    parts: [&[Found]; 2],
    side: usize,
    progress: &mut Progress,
) -> Result<([Part; 2], Vec<String>), Trouble> {
    durable::make_dirs(folder).map_err(unusable("make the folder", folder))?;
    shelf::sweep(folder);
    let mut files: Vec<&Path> = parts.iter().copied().flatten().map(|found| found.path.as_path()).collect();
    files.sort_unstable();
    let names = Names::new(folder, root, side, files.len());
    let known = Known::read(&names.list());
    let mut search = Search { root, side, files: &files, names, known, notes: Vec::new(), progress };
    let (path, entry) = search.find_or_build(folder)?;
    let file = Arc::new(entry.file);
    let part = |found: &[Found]| {
        let (mut outcomes, mut places) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
        for found in found {
            // Every file of both parts is in the list.
            let Ok(at) = files.binary_search(&found.path.as_path()) else { continue };
            outcomes.push(entry.kept[at].clone().map(|(size, place)| {
                places.push(place);
                size
            }));
        }
        let stored = Stored::new(file.clone(), &path, entry::HEADER, side * side * 3, places);
        Part { outcomes, pixels: Pixels::Stored(stored) }
    };
    Ok((parts.map(part), search.notes))
}

fn unusable(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Trouble {
    let path = path.to_owned();
    move |source| Trouble::Unusable { what, path, source }
}

/// Seconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// The search for an entry.
struct Search<'a, 'b> {
    root: &'a Path,
    side: usize,
    /// Sorted.
    files: &'a [&'a Path],
    names: Names,
    known: Known,
    notes: Vec<String>,
    progress: &'a mut Progress<'b>,
}

impl Search<'_, '_> {
    fn find_or_build(&mut self, folder: &Path) -> Result<(PathBuf, Entry), Trouble> {
        if let Some(found) = self.find()? {
            return Ok(found);
        }
        let partial = Partial::take(&self.names.partial(), self.progress)?;
        // Another process may have built it before the lock was free.
        self.known = Known::read(&self.names.list());
        if let Some(found) = self.find()? {
            return Ok(found);
        }
        shelf::expire(folder, SystemTime::now());
        self.build(partial)
    }

    /// The entry of what the files contain now, if there is one.
    fn find(&mut self) -> Result<Option<(PathBuf, Entry)>, Trouble> {
        // Without one that could be it there is no need to read the files: to build it reads them too.
        if !self.names.has_candidate() {
            return Ok(None);
        }
        let ids = self.identify()?;
        let key = self.key(&ids);
        let path = self.names.entry(&key);
        match Entry::open(&path, self.wanted(&key)) {
            Ok(entry) => Ok(entry.map(|entry| {
                shelf::mark_used(&entry.file);
                (path, entry)
            })),
            Err(why) => {
                let note = format!("the image cache's {} is built anew: {why}", shown(&path));
                if !self.notes.contains(&note) {
                    self.notes.push(note);
                }
                Ok(None)
            }
        }
    }

    fn wanted<'k>(&self, key: &'k Key) -> Wanted<'k> {
        Wanted { key, side: self.side, files: self.files.len() }
    }

    fn key(&self, ids: &[Id]) -> Key {
        let names = self.files.iter().map(|path| path.strip_prefix(self.root).unwrap_or(path));
        Key::of(self.side, names.zip(ids.iter().copied()))
    }

    /// What each file contains; those are read that are not known by their looks.
    fn identify(&mut self) -> Result<Vec<Id>, Trouble> {
        let (root, now) = (self.root, now());
        let mut looks: Vec<Option<Look>> =
            self.files.par_iter().map(|path| ids::look(root, path, now)).collect();
        let mut ids: Vec<Option<Id>> = looks.iter().map(|look| self.known.id(*look)).collect();
        let unknown: Vec<usize> = (0..ids.len()).filter(|at| ids[*at].is_none()).collect();
        if !unknown.is_empty() {
            let (files, of, mut places) = (self.files, unknown.len(), unknown.iter());
            let what = "looking for changes in images";
            let mut counter = Counter { what, done: 0, of, progress: self.progress };
            let work = |at: &usize| {
                let bytes = decode::load(files[*at]);
                (ids::id(&bytes), bytes.is_ok())
            };
            counter.each(&unknown, work, |(id, readable)| {
                if let Some(&at) = places.next() {
                    ids[at] = Some(id);
                    looks[at] = looks[at].filter(|_| readable);
                }
                Ok::<(), Trouble>(())
            })?;
        }
        let read = !unknown.is_empty();
        let ids: Vec<Id> = ids.into_iter().flatten().collect();
        if read {
            let seen: Vec<(Option<Look>, Id)> = looks.into_iter().zip(ids.iter().copied()).collect();
            self.remember(&seen);
        }
        Ok(ids)
    }

    /// Writes down what the files contain. Without that the next start reads them again, and no more.
    fn remember(&mut self, seen: &[(Option<Look>, Id)]) {
        let list = self.names.list();
        if let Err(error) = Known::write(&list, seen.iter().copied()) {
            let list = shown(&list);
            self.notes.push(format!(
                "{list} cannot be written ({error}): the next start reads all images to see what has changed"
            ));
        }
    }

    /// Decodes all files into a new entry.
    fn build(&mut self, partial: Partial) -> Result<(PathBuf, Entry), Trouble> {
        let (root, side, now, of) = (self.root, self.side, now(), self.files.len());
        let own = self.names.partial();
        let mut writer = Writer::new(&partial.file, side, of).map_err(unusable("write", &own))?;
        let mut seen: Vec<(Option<Look>, Id)> = Vec::with_capacity(of);
        let work = |path: &&Path| {
            // Before it is read: if it changes meanwhile, it looks otherwise afterwards.
            let look = ids::look(root, path, now);
            let bytes = decode::load(path);
            let (look, id) = (look.filter(|_| bytes.is_ok()), ids::id(&bytes));
            (look, id, bytes.and_then(|bytes| decode::decode(&bytes, side)))
        };
        let what = "building the image cache";
        Counter { what, done: 0, of, progress: self.progress }.each(
            self.files,
            work,
            |(look, id, decoded)| {
                seen.push((look, id));
                writer.push(&decoded).map_err(unusable("write", &own))
            },
        )?;
        tell(self.progress, "writing the image cache to the disk", of, of)?;
        let ids: Vec<Id> = seen.iter().map(|(_, id)| *id).collect();
        let key = self.key(&ids);
        writer.finish(&key).map_err(unusable("write", &own))?;
        let path = self.names.entry(&key);
        partial.place(&path).map_err(unusable("write", &path))?;
        self.remember(&seen);
        let entry = Entry::open(&path, self.wanted(&key)).map_err(io::Error::other);
        let entry = entry.and_then(|entry| entry.ok_or_else(|| io::ErrorKind::NotFound.into()));
        Ok((path.clone(), entry.map_err(unusable("read", &path))?))
    }
}
