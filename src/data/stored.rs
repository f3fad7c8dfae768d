//! Images that stay on the disk: read one at a time, so that the system's page cache is what holds them.
//!
//! Positioned reads rather than a memory map: a map of a file that is cut off under it ends the process
//! by a signal, a read of it is an error that can be told.

use super::DataError;
use super::place::shown;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// Images in a file, in any order.
#[derive(Clone, Debug)]
pub struct Stored {
    file: Arc<File>,
    /// The file's name, for people.
    name: Arc<str>,
    /// Where the first image of the file begins.
    start: u64,
    /// Bytes of an image.
    area: usize,
    places: Arc<[Place]>,
}

/// Where one image is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    /// Its number in the file.
    pub slot: u32,
    /// CRC-32 of its bytes: what a disk has damaged is not trained on.
    pub crc: u32,
}

impl Stored {
    /// Images of `area` bytes in an open file of this path, the first of which begins at `start`.
    pub(super) fn new(file: Arc<File>, path: &Path, start: u64, area: usize, places: Vec<Place>) -> Self {
        Self { file, name: shown(path).into(), start, area, places: places.into() }
    }

    /// How many images.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The CRC-32 of one image's bytes.
    pub(super) fn crc(&self, index: usize) -> u32 {
        self.places[index].crc
    }

    /// Reads the bytes of one image.
    pub(super) fn read(&self, index: usize, bytes: &mut Vec<u8>) -> Result<(), DataError> {
        let Place { slot, crc } = self.places[index];
        bytes.resize(self.area, 0);
        let at = self.start + u64::from(slot) * self.area as u64;
        self.file.read_exact_at(bytes, at).map_err(|error| self.unreadable(error.to_string()))?;
        match crc32fast::hash(bytes) == crc {
            true => Ok(()),
            false => Err(self.unreadable(format!("the image at byte {at} has changed since it was written"))),
        }
    }

    fn unreadable(&self, why: String) -> DataError {
        DataError::Stored { file: self.name.to_string(), why }
    }
}
