//! The members of a tar that belong to a sample, without anything that could lead elsewhere.

use crate::data::folder::decode::MAX_FILE;
use crate::data::{DataError, binary};
use crate::text::printable;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;
use tar::{Archive, Entry, EntryType};

/// Bytes of headers before one member: names may be long, but not so long.
const HEADERS: u64 = 1 << 20;
/// Bytes of a label's file.
const LABEL: u64 = 1 << 20;

/// What was left out, and how often.
#[derive(Debug, Default)]
pub struct LeftOut {
    pub special: usize,
    pub nameless: usize,
    pub foreign: usize,
    pub imageless: usize,
    pub surplus: usize,
}

impl LeftOut {
    /// In words.
    pub fn notes(&self) -> Vec<String> {
        [
            (self.special, "members are links, devices, sparse or otherwise no plain files"),
            (self.nameless, "members have no name with a dot in it"),
            (self.foreign, "members are no jpeg, png, webp, cls or json by their names"),
            (self.imageless, "samples have no image"),
            (self.surplus, "images come after the first of their sample"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("left out: {count} {what}"))
        .collect()
    }
}

/// What a member is by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Image,
    Class,
    Json,
    Foreign,
}

/// A member: the name of its sample, what it is, and its bytes or why there are none.
pub struct Member {
    pub key: String,
    pub kind: Kind,
    pub bytes: Result<Vec<u8>, String>,
}

/// Goes through the members of a tar. `each` is given those that have a name, and how far into the file
/// they end.
///
/// # Errors
/// It cannot be read, is cut off or is no tar; and those of `each`.
pub fn walk(
    path: &Path,
    left_out: &mut LeftOut,
    each: &mut dyn FnMut(Member, u64) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let (file, length) = binary::open(path)?;
    let wrong = |error: io::Error| DataError::format(path, printable(&error.to_string()));
    let (allowed, ended) = (Rc::new(Cell::new(HEADERS)), Rc::new(Cell::new(false)));
    let metered = Metered { file, allowed: Rc::clone(&allowed), ended: Rc::clone(&ended) };
    let mut archive = Archive::new(metered);
    let mut entries = archive.entries_with_seek().map_err(wrong)?;
    loop {
        allowed.set(HEADERS);
        let Some(entry) = entries.next() else { break };
        let mut entry = entry.map_err(wrong)?;
        // What is passed over is sought over, and so may end beyond the file.
        let end = entry.raw_file_position().checked_add(entry.header().entry_size().map_err(wrong)?);
        let Some(end) = end.filter(|end| *end <= length) else {
            return Err(DataError::format(path, "its last member is cut off"));
        };
        if let Some((key, kind)) = accepted(&entry, left_out) {
            let bytes = bytes(&mut entry, kind, &allowed).map_err(wrong)?;
            each(Member { key, kind, bytes }, end)?;
        }
    }
    match ended.get() {
        true => Err(DataError::format(path, "it has no end: the two blocks of zeros are not there")),
        false => Ok(()),
    }
}

/// The sample and the kind of a member, if it is a plain file with a name.
fn accepted(entry: &Entry<Metered>, left_out: &mut LeftOut) -> Option<(String, Kind)> {
    match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous => {}
        // Neither says anything of an image.
        EntryType::Directory | EntryType::XGlobalHeader => return None,
        _ => {
            left_out.special += 1;
            return None;
        }
    }
    let name = entry.path_bytes();
    let Some((key, extension)) = key(&name) else {
        left_out.nameless += 1;
        return None;
    };
    let kind = match extension.to_ascii_lowercase().as_slice() {
        b"jpg" | b"jpeg" | b"png" | b"webp" => Kind::Image,
        b"cls" => Kind::Class,
        b"json" => Kind::Json,
        _ => {
            left_out.foreign += 1;
            Kind::Foreign
        }
    };
    Some((String::from_utf8_lossy(key).into_owned(), kind))
}

/// A name up to the first dot of its last part, and what is after that dot.
fn key(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let last = name.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let dot = last + name[last..].iter().position(|byte| *byte == b'.')?;
    (dot > last).then(|| (&name[..dot], &name[dot + 1..]))
}

/// The bytes of a member that is of use.
fn bytes(entry: &mut Entry<Metered>, kind: Kind, allowed: &Cell<u64>) -> io::Result<Result<Vec<u8>, String>> {
    let (size, limit) = match kind {
        Kind::Foreign => return Ok(Ok(Vec::new())),
        Kind::Image => (entry.size(), MAX_FILE),
        Kind::Class | Kind::Json => (entry.size(), LABEL),
    };
    if size > limit {
        return Ok(Err(format!("{size} bytes are more than the {limit} that are allowed")));
    }
    allowed.set(size);
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    if bytes.len() as u64 != size {
        return Err(io::Error::other("its last member is cut off"));
    }
    Ok(Ok(bytes))
}

/// A file of which only so much may be read at a time: the library keeps what it reads of long names.
struct Metered {
    file: File,
    allowed: Rc<Cell<u64>>,
    /// Whether the end of the file was met.
    ended: Rc<Cell<bool>>,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let allowed = usize::try_from(self.allowed.get()).unwrap_or(usize::MAX);
        if allowed == 0 {
            return Err(io::Error::other("the headers of a member are longer than is allowed"));
        }
        let now = allowed.min(buffer.len());
        let read = self.file.read(&mut buffer[..now])?;
        self.allowed.set(self.allowed.get() - read as u64);
        self.ended.set(read == 0);
        Ok(read)
    }
}

impl Seek for Metered {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_at_the_first_dot_of_its_last_part() {
        let cut = |name: &'static str| {
            let cut = key(name.as_bytes())?;
            Some((std::str::from_utf8(cut.0).unwrap(), std::str::from_utf8(cut.1).unwrap()))
        };
        assert_eq!(cut("0001.jpg"), Some(("0001", "jpg")));
        assert_eq!(cut("a.b/0001.seg.png"), Some(("a.b/0001", "seg.png")));
        assert_eq!(cut("./0001.JPG"), Some(("./0001", "JPG")));
        assert_eq!((cut("none"), cut("a/.hidden"), cut("a.b/none"), cut("")), (None, None, None, None));
    }
}
