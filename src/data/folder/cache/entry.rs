//! One file of the image cache: the decoded images of one content at one size.
//!
//! ```text
//! header   4096 bytes   magic, version, side, how many files and images, the index's length, the key,
//!                       the index's checksum; zeros; the checksum of all that
//! images   side² · 3 bytes each, in the order of the files' names
//! index    a record a file: its image's size and CRC-32, or why there is none
//! ```
//!
//! Whole numbers are little-endian. It appears under its name whole (see [`super::partial`]) and is never
//! changed after that. What is read back is believed only as far as its checksums and lengths reach.

use super::super::decode::Decoded;
use super::ids::Key;
use crate::data::stored::Place;
use crate::durable;
use crate::text::printable;
use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Of the layout, and of how images are decoded and resized: raise it when either changes.
pub const VERSION: u32 = 1;
/// Bytes of the header: a page, so that images of 32×32 and of 64×64 pixels lie on few pages each.
pub const HEADER: u64 = 4096;
const MAGIC: &[u8; 16] = b"looc-tui images\n";
/// Bytes that are gathered for one write.
const GATHERED: usize = 1 << 20;
/// First byte of a record.
const WHOLE: u8 = 1;
const DAMAGED: u8 = 2;

/// What is kept of a file: its image's first size and where it is, or why there is none.
pub type Kept = Result<((usize, usize), Place), String>;

/// An entry, opened and checked.
pub struct Entry {
    pub file: File,
    /// One a file, in the order of their names.
    pub kept: Vec<Kept>,
}

/// What an entry has to be.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub key: &'a Key,
    pub side: usize,
    pub files: usize,
}

impl Entry {
    /// Opens an entry; none if nothing is there.
    ///
    /// # Errors
    /// What is there is not that entry, or damaged; why, in words.
    pub fn open(path: &Path, wanted: Wanted) -> Result<Option<Self>, String> {
        let file = match durable::open_regular(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(words)?,
        };
        let length = file.metadata().map_err(words)?.len();
        if length < HEADER {
            return Err("it is cut off".into());
        }
        let mut header = vec![0; HEADER as usize];
        file.read_exact_at(&mut header, 0).map_err(words)?;
        let header = Header::read(&header)?;
        if header.files != wanted.files as u64
            || header.side as usize != wanted.side
            || header.key != wanted.key.0
        {
            return Err("it is of other images".into());
        }
        let area = (wanted.side * wanted.side * 3) as u64;
        let expected = header.images.checked_mul(area).and_then(|pixels| pixels.checked_add(HEADER));
        let index_at =
            expected.filter(|_| header.images <= header.files).ok_or("its header is impossible")?;
        if index_at.checked_add(header.index_length) != Some(length) {
            return Err("it is cut off, or longer than it was".into());
        }
        let mut index = Vec::new();
        let size = usize::try_from(header.index_length).map_err(words)?;
        index.try_reserve_exact(size).map_err(words)?;
        index.resize(size, 0);
        file.read_exact_at(&mut index, index_at).map_err(words)?;
        if *blake3::hash(&index).as_bytes() != header.index_checksum {
            return Err("its index is damaged".into());
        }
        let kept = records(&index, &header).ok_or("its index does not fit its header")?;
        Ok(Some(Self { file, kept }))
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

struct Header {
    side: u32,
    files: u64,
    images: u64,
    index_length: u64,
    key: [u8; 32],
    index_checksum: [u8; 32],
}

impl Header {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER as usize);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.side.to_le_bytes());
        for number in [self.files, self.images, self.index_length] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(self.key);
        bytes.extend(self.index_checksum);
        bytes.resize(HEADER as usize - 32, 0);
        let checksum = blake3::hash(&bytes);
        bytes.extend(checksum.as_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut left = Reader(bytes);
        if left.array() != Some(*MAGIC) {
            return Err("it is no file of the image cache".into());
        }
        let read = || {
            let version = u32::from_le_bytes(left.array()?);
            let side = u32::from_le_bytes(left.array()?);
            let mut number = || left.array().map(u64::from_le_bytes);
            let (files, images, index_length) = (number()?, number()?, number()?);
            let (key, index_checksum) = (left.array()?, left.array()?);
            Some((version, Self { side, files, images, index_length, key, index_checksum }))
        };
        let (version, header) = { read }().ok_or("it is cut off")?;
        let (said, checksum) = bytes.split_at(bytes.len().saturating_sub(32));
        if blake3::hash(said).as_bytes() != checksum {
            return Err("its header is damaged".into());
        }
        if version != VERSION {
            return Err(format!("it is of version {version}, not {VERSION}"));
        }
        Ok(header)
    }
}

/// The records of an index; none if they are not as many as the header says.
fn records(index: &[u8], header: &Header) -> Option<Vec<Kept>> {
    let mut left = Reader(index);
    let mut slot = 0;
    let mut kept = Vec::new();
    while !left.0.is_empty() {
        let [kind] = left.array()?;
        kept.push(match kind {
            WHOLE => {
                let mut number = || left.array().map(u32::from_le_bytes);
                let (width, height, crc) = (number()?, number()?, number()?);
                slot += 1;
                Ok(((width as usize, height as usize), Place { slot: slot - 1, crc }))
            }
            DAMAGED => {
                let length = u32::from_le_bytes(left.array()?);
                let why = std::str::from_utf8(left.take(length as usize)?).ok()?;
                // It goes to a terminal, whoever wrote it.
                Err(printable(why))
            }
            _ => return None,
        });
    }
    (kept.len() as u64 == header.files && u64::from(slot) == header.images).then_some(kept)
}

/// Bytes that are still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.0.split_at_checked(length)?;
        self.0 = left;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
}

/// Writes an entry, file by file. Until [`Writer::finish`] there is no header: it is no entry.
pub struct Writer<'a> {
    file: BufWriter<&'a File>,
    side: usize,
    files: u64,
    images: u64,
    index: Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Empties the file and has the disk set the room aside, so that a full one says so now and not in an
    /// hour.
    pub fn new(file: &'a File, side: usize, files: usize) -> io::Result<Self> {
        let images = (files as u64).checked_mul((side * side * 3) as u64);
        let length = images.and_then(|length| length.checked_add(HEADER)).ok_or(Errno::FBIG)?;
        file.set_len(0)?;
        match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, length) {
            // Not every file system can; its disk then says so when it is full.
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {}
            Err(error) => return Err(error.into()),
        }
        let mut file = BufWriter::with_capacity(GATHERED, file);
        file.seek(SeekFrom::Start(HEADER))?;
        Ok(Self { file, side, files: 0, images: 0, index: Vec::new() })
    }

    /// The next file's image, or why there is none.
    pub fn push(&mut self, decoded: &Result<Decoded, String>) -> io::Result<()> {
        self.files += 1;
        match decoded {
            Ok(Decoded { pixels, size: (width, height) }) => {
                self.file.write_all(pixels)?;
                self.images += 1;
                self.index.push(WHOLE);
                for number in [*width as u32, *height as u32, crc32fast::hash(pixels)] {
                    self.index.extend(number.to_le_bytes());
                }
            }
            Err(why) => {
                self.index.push(DAMAGED);
                self.index.extend((why.len() as u32).to_le_bytes());
                self.index.extend(why.as_bytes());
            }
        }
        Ok(())
    }

    /// The index, the header, and all of it on the disk.
    pub fn finish(mut self, key: &Key) -> io::Result<()> {
        self.file.write_all(&self.index)?;
        let end = self.file.stream_position()?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let header = Header {
            side: self.side as u32,
            files: self.files,
            images: self.images,
            index_length: self.index.len() as u64,
            key: key.0,
            index_checksum: *blake3::hash(&self.index).as_bytes(),
        };
        file.write_all_at(&header.bytes(), 0)?;
        file.set_len(end)?;
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Bytes of any kind are no entry, and no reason to panic.
        #[test]
        fn noise_is_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..6000),
            index in prop::collection::vec(0u8..4, 0..200),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("entry");
            let key = Key([3; 32]);
            let wanted = Wanted { key: &key, side: 2, files: 3 };
            std::fs::write(&path, &bytes).unwrap();
            prop_assert!(Entry::open(&path, wanted).is_err());
            // All checksums hold, but the index says anything.
            let file = durable::open_shared(&path).unwrap();
            let mut writer = Writer::new(&file, 2, 3).unwrap();
            writer.file.write_all(&[0; 12]).unwrap();
            (writer.files, writer.images, writer.index) = (3, 1, index);
            writer.finish(&key).unwrap();
            if let Ok(entry) = Entry::open(&path, wanted) {
                prop_assert_eq!(entry.unwrap().kept.len(), 3);
            }
        }
    }
}
