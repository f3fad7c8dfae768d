//! Which shards there are, and which part of the set each belongs to.

use std::path::{Path, PathBuf};

#[cfg(any(feature = "parquet", feature = "webdataset"))]
pub use listing::{Format, Shards, find};

/// So many folders below the given one may hold the shards: a configuration's, and a part's.
const DEPTH: usize = 2;

/// A part of a set, as files and folders are named after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    Train,
    Validation,
    Test,
    /// Further images, without labels or of doubtful ones.
    Further,
}

/// The part that a name tells of: `train-00000-of-00002`, `imagenet-val-0001`, `test`.
fn named(name: &str) -> Option<Named> {
    name.split(|c: char| !c.is_ascii_alphabetic()).find_map(|word| {
        Some(match word.to_ascii_lowercase().as_str() {
            "train" | "training" => Named::Train,
            "val" | "valid" | "validation" | "dev" => Named::Validation,
            "test" | "testing" => Named::Test,
            "extra" | "unlabeled" | "unlabelled" | "unsupervised" => Named::Further,
            _ => return None,
        })
    })
}

/// One file.
#[cfg_attr(
    not(any(feature = "parquet", feature = "webdataset")),
    expect(dead_code, reason = "shards are told, but not read, by a build without their kinds")
)]
struct Shard {
    path: PathBuf,
    /// By its own name, or else by its folder's.
    part: Option<Named>,
    /// The folder of its set: its own, or the one above if that is a part's.
    set: PathBuf,
}

/// What a walk has seen.
#[derive(Default)]
struct Walk {
    shards: Vec<Shard>,
    /// Whether there are jpeg, png or webp files.
    images: bool,
}

impl Walk {
    /// Looks through a folder and those below it. Hidden ones are passed over.
    fn folder(
        &mut self,
        folder: &Path,
        extension: &str,
        (set, part, left): (&Path, Option<Named>, usize),
    ) -> std::io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name());
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
            self.images |= ["jpg", "jpeg", "png", "webp"].iter().any(|known| ending == *known);
            let what = entry.file_type()?;
            // Links are followed, as in the cache of the Hugging Face hub; a pipe must not be opened.
            let is = |kind: fn(&Path) -> bool| what.is_symlink() && kind(&path);
            if ending == extension && (what.is_file() || is(Path::is_file)) {
                let part = named(&stem(&path)).or(part);
                self.shards.push(Shard { path, part, set: set.to_owned() });
            } else if left > 0 && (what.is_dir() || is(Path::is_dir)) {
                match named(&name.to_string_lossy()) {
                    Some(part) => self.folder(&path, extension, (set, Some(part), left - 1))?,
                    None => self.folder(&path, extension, (&path, part, left - 1))?,
                }
            }
        }
        Ok(())
    }
}

/// A file's name without its extension.
fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether there are shards with this extension: a file that is one, or a folder with some that are named
/// for a part of a set, or with some and no images.
pub fn is_here(path: &Path, extension: &str) -> bool {
    if path.is_file() {
        return path.extension().is_some_and(|own| own.eq_ignore_ascii_case(extension));
    }
    let mut walk = Walk::default();
    // What cannot be read is told of by who opens the set.
    let _ = walk.folder(path, extension, (path, None, DEPTH));
    walk.shards.iter().any(|shard| shard.part.is_some()) || !walk.shards.is_empty() && !walk.images
}

#[cfg(any(feature = "parquet", feature = "webdataset"))]
mod listing {
    use super::{DEPTH, Named, Shard, Walk, stem};
    use crate::data::{DataError, place::shown};
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    /// A kind of shards.
    pub struct Format {
        pub kind: &'static str,
        pub extension: &'static str,
        /// Names of such files, for who has none.
        pub example: &'static str,
    }

    /// The shards of a set, each part sorted by name.
    #[derive(Debug, Default, PartialEq)]
    pub struct Shards {
        /// The folder that they are in; names of shards are shown from there.
        pub root: PathBuf,
        pub train: Vec<PathBuf>,
        pub held_out: Vec<PathBuf>,
        pub notes: Vec<String>,
    }

    impl Shards {
        /// A shard's name for people.
        pub fn name(&self, shard: &Path) -> String {
            shown(shard.strip_prefix(&self.root).unwrap_or(shard))
        }
    }

    /// Lists the shards in a folder, or the one that `path` is. Held out is the validation part, or else
    /// the test part; files that are not named for a part are trained on where no others are.
    ///
    /// # Errors
    /// There is none, there are those of several sets, or a folder cannot be read.
    pub fn find(path: &Path, format: &Format) -> Result<Shards, DataError> {
        if path.is_file() {
            let root = path.parent().unwrap_or(path).to_owned();
            return Ok(Shards { root, train: vec![path.to_owned()], ..Shards::default() });
        }
        let mut walk = Walk::default();
        walk.folder(path, format.extension, (path, None, DEPTH))
            .map_err(|error| DataError::read(path, error))?;
        let shards = walk.shards;
        let Format { kind, extension, example } = *format;
        if shards.is_empty() {
            return Err(DataError::NoShards { folder: shown(path), kind, extension, example });
        }
        let sets: BTreeSet<&Path> = shards.iter().map(|shard| shard.set.as_path()).collect();
        if sets.len() > 1 {
            let names: Vec<String> =
                sets.iter().map(|set| shown(set.strip_prefix(path).unwrap_or(set))).collect();
            let names = names.iter().map(|name| if name.is_empty() { "." } else { name });
            let sets = names.collect::<Vec<_>>().join(", ");
            return Err(DataError::SeveralSets { folder: shown(path), sets });
        }
        Ok(parts(path, shards))
    }

    /// Shards to the parts that they are of.
    fn parts(root: &Path, mut shards: Vec<Shard>) -> Shards {
        shards.sort_by(|one, other| one.path.cmp(&other.path));
        let has = |part| shards.iter().any(|shard| shard.part == part);
        let train = if has(Some(Named::Train)) { Some(Named::Train) } else { None };
        let held_out = [Named::Validation, Named::Test].into_iter().find(|part| has(Some(*part)));
        let mut found = Shards { root: root.to_owned(), ..Shards::default() };
        let mut aside = Vec::new();
        for Shard { path, part, .. } in shards {
            if part == train {
                found.train.push(path);
            } else if held_out.is_some() && part == held_out {
                found.held_out.push(path);
            } else {
                aside.push(path);
            }
        }
        if let Some(first) = aside.first() {
            let (count, first) = (aside.len(), found.name(first));
            let note = format!("left out: {count} shards of other parts of the set, such as {first}");
            found.notes.push(note);
        }
        for (part, files) in [("train", &found.train), ("held out", &found.held_out)] {
            if let Some(of) = incomplete(files) {
                let here = files.len();
                found.notes.push(format!("{part}: of {of} shards {here} are there, by their names"));
            }
        }
        found
    }

    /// How many shards there would have to be by names such as `train-00000-of-00002`, where they are not.
    fn incomplete(files: &[PathBuf]) -> Option<usize> {
        let told = |path: &PathBuf| {
            let stem = stem(path);
            let (_, after) = stem.rsplit_once("-of-")?;
            after.split(|c: char| !c.is_ascii_digit()).next()?.parse::<usize>().ok()
        };
        let told: Vec<usize> = files.iter().filter_map(told).collect();
        let first = *told.first()?;
        (told.len() == files.len() && told.iter().all(|of| *of == first) && first != files.len())
            .then_some(first)
    }
}

#[cfg(all(test, any(feature = "parquet", feature = "webdataset")))]
#[path = "find_tests.rs"]
mod tests;
