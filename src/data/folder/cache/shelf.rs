//! The folder of the cache: where it is, what its files are called, and what is taken out of it.

use super::ids::Key;
use super::partial;
use crate::data::settings::Cache;
use crate::durable;
use std::ffi::OsString;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How the names of entries end.
const ENTRY: &str = ".images";
/// How the names of the lists of known files end.
const LIST: &str = ".files";
/// An entry or a list that no start has used for so long is removed when a new one needs room.
const UNUSED: Duration = Duration::from_secs(30 * 24 * 3600);

/// The folder of the cache; none if there is to be no cache.
///
/// # Errors
/// There is no place for it; why, in words.
pub fn folder(setting: &Cache) -> Result<Option<PathBuf>, &'static str> {
    match setting {
        Cache::Off => Ok(None),
        Cache::Folder(path) => Ok(Some(path.clone())),
        Cache::Auto => default(std::env::var_os("XDG_CACHE_HOME"), std::env::home_dir()).map(Some),
    }
}

/// Where it is if nothing else is said.
fn default(variable: Option<OsString>, home: Option<PathBuf>) -> Result<PathBuf, &'static str> {
    let own = crate::home::of(variable, home, ".cache");
    let own = own.ok_or("the image cache has no place, as neither XDG_CACHE_HOME nor HOME is set")?;
    Ok(own.join("images"))
}

/// What is in the folder of the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheUse {
    pub folder: PathBuf,
    /// Data sets at a size.
    pub entries: usize,
    /// Bytes of all files.
    pub bytes: u64,
}

/// What is in the user's cache folder.
///
/// # Errors
/// There is no place for it; why, in words.
pub fn cache_use() -> Result<CacheUse, &'static str> {
    let folder = default(std::env::var_os("XDG_CACHE_HOME"), std::env::home_dir())?;
    let files = files(&folder);
    let bytes = files.iter().filter_map(|(_, file)| file.metadata().ok()).map(|file| file.len()).sum();
    let entries = files.iter().filter(|(kind, _)| *kind == Kind::Entry).count();
    Ok(CacheUse { folder, entries, bytes })
}

/// The files of one image folder at one size.
pub struct Names {
    folder: PathBuf,
    /// Of the image folder's true path.
    root: String,
    side: usize,
    count: usize,
}

impl Names {
    /// For `count` files below `root` at a size.
    pub fn new(folder: &Path, root: &Path, side: usize, count: usize) -> Self {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let root = blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex()[..16].into();
        Self { folder: folder.to_owned(), root, side, count }
    }

    fn prefix(&self) -> String {
        format!("{}px-{}-", self.side, self.count)
    }

    /// The entry of a content.
    pub fn entry(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}{}{ENTRY}", self.prefix(), key.name()))
    }

    /// Whether there is an entry that could be the one: of as many files, at this size.
    pub fn has_candidate(&self) -> bool {
        let prefix = self.prefix();
        let fits = |file: &DirEntry| file.file_name().as_encoded_bytes().starts_with(prefix.as_bytes());
        files(&self.folder).iter().any(|(kind, file)| *kind == Kind::Entry && fits(file))
    }

    /// The list of known files.
    pub fn list(&self) -> PathBuf {
        self.folder.join(format!("{}{LIST}", self.root))
    }

    /// What becomes an entry.
    pub fn partial(&self) -> PathBuf {
        self.folder.join(format!("{}-{}px{}", self.root, self.side, partial::ENDING))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Entry,
    List,
    Partial,
    /// Of a list's durable write.
    Temp,
}

/// The cache's own files in a folder, by their names; whatever else lies there is none of its business.
fn files(folder: &Path) -> Vec<(Kind, DirEntry)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let of_cache = |entry: DirEntry| kind(&entry).map(|kind| (kind, entry));
    entries.flatten().filter_map(of_cache).collect()
}

fn kind(entry: &DirEntry) -> Option<Kind> {
    let name = entry.file_name();
    let text = name.to_str()?;
    let is_hex = |text: &str, length| text.len() == length && text.bytes().all(|it| it.is_ascii_hexdigit());
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let is_side = |text: &str| text.strip_suffix("px").is_some_and(is_number);
    if let Some(stem) = text.strip_suffix(ENTRY) {
        let mut parts = stem.splitn(3, '-');
        let (side, count, key) = (parts.next()?, parts.next()?, parts.next()?);
        return (is_side(side) && is_number(count) && is_hex(key, 32)).then_some(Kind::Entry);
    }
    if let Some(stem) = text.strip_suffix(partial::ENDING) {
        let (root, side) = stem.split_once('-')?;
        return (is_hex(root, 16) && is_side(side)).then_some(Kind::Partial);
    }
    if durable::is_temp(&name) {
        let (root, _) = text.strip_prefix('.')?.split_once(LIST)?;
        return is_hex(root, 16).then_some(Kind::Temp);
    }
    text.strip_suffix(LIST).filter(|root| is_hex(root, 16)).map(|_| Kind::List)
}

/// Removes what killed processes have left half-written.
pub fn sweep(folder: &Path) {
    for (kind, file) in files(folder) {
        if kind == Kind::Partial {
            partial::remove_if_left(&file.path());
        }
    }
}

/// Marks a file as used now. Where that is not allowed, as in a cache that is shared read-only, whoever may
/// write there decides what becomes of it.
pub fn mark_used(file: &fs::File) {
    let _ = file.set_modified(SystemTime::now());
}

/// Removes what has not been used for long. Who has it open at this moment reads on: the bytes go when the
/// last one closes them.
pub fn expire(folder: &Path, now: SystemTime) {
    for (kind, file) in files(folder) {
        let used = file.metadata().and_then(|file| file.modified());
        let old = used.is_ok_and(|used| now.duration_since(used).is_ok_and(|since| since > UNUSED));
        if old && kind != Kind::Partial {
            // A later build tries again.
            let _ = fs::remove_file(file.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_that_of_the_specification() {
        let of = |variable: Option<&str>, home: Option<&str>| {
            default(variable.map(OsString::from), home.map(PathBuf::from))
        };
        assert_eq!(of(Some("/caches"), Some("/home/me")).unwrap(), Path::new("/caches/looc-tui/images"));
        assert_eq!(of(None, Some("/home/me")).unwrap(), Path::new("/home/me/.cache/looc-tui/images"));
        assert_eq!(of(Some("here"), Some("/home/me")).unwrap(), of(None, Some("/home/me")).unwrap());
        assert!(of(None, None).unwrap_err().contains("XDG_CACHE_HOME"));
        assert_eq!(folder(&Cache::Off).unwrap(), None);
    }

    #[test]
    fn only_own_files_that_are_long_unused_are_removed() {
        let there = tempfile::tempdir().unwrap();
        let names = Names::new(there.path(), there.path(), 32, 10);
        let own = [names.entry(&Key([7; 32])), names.list(), names.partial()];
        let foreign = ["cat.images", "32px-10-abc.images", "notes.files", "a.partial"];
        let foreign = foreign.map(|name| there.path().join(name));
        own.iter().chain(&foreign).for_each(|path| fs::write(path, "x").unwrap());
        let count = || fs::read_dir(there.path()).unwrap().count();
        expire(there.path(), SystemTime::now() + UNUSED / 2);
        assert_eq!(count(), 7);
        expire(there.path(), SystemTime::now() + UNUSED * 2);
        assert!(!own[0].exists() && !own[1].exists());
        assert_eq!(count(), 5, "a file that may be being written stays");
        sweep(there.path());
        assert!(!own[2].exists() && foreign.iter().all(|path| path.exists()));
    }
}
