//! What files contain, by hash: an entry of the cache is found by it, wherever its folder lies.
//!
//! To read every file at every start only to hash it would take as long as some runs. So a list beside
//! the entries keeps what each file looked like to `stat` when it was hashed: its place, number, size and
//! times. A file that still looks so is taken to be the same, as `git` and `make` take it.

use crate::durable;
use std::collections::HashMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const MAGIC: &[u8; 20] = b"looc-tui file list 1";
/// Bytes of a record: a look and a hash.
const RECORD: usize = 16 + 32;
/// Longer lists are of more files than a program with their names in memory has.
const LONGEST: u64 = 4 << 30;
/// Seconds. A file that was changed this short a time ago can change again without looking otherwise: clocks
/// of file systems stand still for up to two seconds (FAT's; ext4's for some milliseconds).
const UNSETTLED: i64 = 2;

/// Of a file's bytes; or of why it has none.
pub type Id = [u8; 32];

/// How a file looks to `stat`, hashed.
pub type Look = [u8; 16];

/// The key of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(pub [u8; 32]);

impl Key {
    /// Of files of these names (from the folder's root) with these contents, at a size. The program's version
    /// is in it, because other versions of its libraries may decode to other bits.
    pub fn of<'a>(side: usize, files: impl Iterator<Item = (&'a Path, Id)>) -> Self {
        let mut hasher = blake3::Hasher::new();
        let program = env!("CARGO_PKG_VERSION");
        hasher.update(format!("looc-tui {program} images {} {side}\n", super::entry::VERSION).as_bytes());
        for (name, id) in files {
            let name = name.as_os_str().as_bytes();
            hasher.update(&(name.len() as u64).to_le_bytes()).update(name).update(&id);
        }
        Self(*hasher.finalize().as_bytes())
    }

    /// For a file's name.
    pub fn name(&self) -> String {
        blake3::Hash::from(self.0).to_hex()[..32].into()
    }
}

/// What a file contains. Of one that cannot be read now, why: tomorrow it may be another content.
pub fn id(bytes: &Result<Vec<u8>, String>) -> Id {
    match bytes {
        Ok(bytes) => *blake3::hash(bytes).as_bytes(),
        Err(why) => blake3::derive_key("looc-tui: a file that cannot be read", why.as_bytes()),
    }
}

/// How a file looks; `None` if it cannot be looked at, or has changed too short a time before `now` (seconds
/// since 1970).
pub fn look(root: &Path, path: &Path, now: i64) -> Option<Look> {
    let seen = std::fs::metadata(path).ok()?;
    let settled = seen.ctime() < now - UNSETTLED;
    settled.then(|| hash(path.strip_prefix(root).unwrap_or(path), &seen))
}

fn hash(name: &Path, seen: &Metadata) -> Look {
    let mut hasher = blake3::Hasher::new();
    for number in [seen.dev(), seen.ino(), seen.len()] {
        hasher.update(&number.to_le_bytes());
    }
    for number in [seen.mtime(), seen.mtime_nsec(), seen.ctime(), seen.ctime_nsec()] {
        hasher.update(&number.to_le_bytes());
    }
    hasher.update(name.as_os_str().as_bytes());
    let mut look = [0; 16];
    hasher.finalize_xof().fill(&mut look);
    look
}

/// What is known of files by their looks.
#[derive(Default)]
pub struct Known(HashMap<Look, Id>);

impl Known {
    /// Reads a list. One that is not there, or damaged, knows nothing: the files are then read.
    pub fn read(path: &Path) -> Self {
        let Ok(bytes) = durable::read(path, LONGEST) else { return Self::default() };
        Self::parse(&bytes).unwrap_or_default()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (said, checksum) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
        let records = said.strip_prefix(MAGIC)?;
        if blake3::hash(said).as_bytes() != checksum || records.len() % RECORD != 0 {
            return None;
        }
        let records = records.as_chunks::<RECORD>().0.iter();
        let pair = |record: &[u8; RECORD]| {
            let (look, id) = record.split_at(16);
            Some((look.try_into().ok()?, id.try_into().ok()?))
        };
        records.map(pair).collect::<Option<HashMap<_, _>>>().map(Self)
    }

    pub fn id(&self, look: Option<Look>) -> Option<Id> {
        self.0.get(&look?).copied()
    }

    /// A list of what was seen now, in place of the one that was.
    pub fn write(path: &Path, seen: impl Iterator<Item = (Option<Look>, Id)>) -> io::Result<()> {
        let mut bytes = MAGIC.to_vec();
        for (look, id) in seen {
            if let Some(look) = look {
                bytes.extend(look);
                bytes.extend(id);
            }
        }
        let checksum = blake3::hash(&bytes);
        bytes.extend(checksum.as_bytes());
        durable::write(path, &bytes)
    }
}
