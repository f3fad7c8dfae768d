//! What the readers of binary sets share: a file that is one, images streamed out of it, names of classes.

use super::fit::fit;
use super::place::shown;
use super::{DataError, room};
use rayon::prelude::*;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// About so many bytes are read at a time: a set need not fit into memory at the size that it is stored in.
const CHUNK: usize = 8 << 20;
/// Bytes of a list of names; none is that long.
const MAX_NAMES: u64 = 1 << 20;

/// Opens a file; its length in bytes.
///
/// # Errors
/// It is not there, not readable, or not a regular file: a pipe by that name would be waited for forever.
pub fn open(path: &Path) -> Result<(File, u64), DataError> {
    let wrong = |error| DataError::read(path, error);
    let what = std::fs::metadata(path).map_err(wrong)?;
    if !what.is_file() {
        return Err(wrong(std::io::Error::other("it is not a regular file")));
    }
    Ok((File::open(path).map_err(wrong)?, what.len()))
}

/// How an image lies in a file.
pub struct Stored {
    pub width: usize,
    pub height: usize,
    /// Bytes of an image, at least 1.
    pub bytes: usize,
    /// From those to `[height, width, 3]` bytes.
    pub rgb: fn(&[u8], width: usize, height: usize) -> Vec<u8>,
}

impl Stored {
    /// Reads the next `count` images and brings them to `[count, side, side, 3]` bytes. `step` is told how
    /// many are done.
    ///
    /// # Errors
    /// The source ends early or cannot be read, the images do not fit into memory, or `step` breaks off.
    pub fn read(
        &self,
        source: &mut dyn Read,
        file: &Path,
        (count, side): (usize, usize),
        step: &mut dyn FnMut(usize) -> Result<(), DataError>,
    ) -> Result<Vec<u8>, DataError> {
        let mut pixels = room(count, side)?;
        let chunk = (CHUNK / self.bytes).clamp(1, count.max(1));
        let mut buffer = vec![0; chunk * self.bytes];
        for first in (0..count).step_by(chunk) {
            let now = chunk.min(count - first);
            let buffer = &mut buffer[..now * self.bytes];
            source.read_exact(buffer).map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => DataError::format(file, format!("it ends before image {count}")),
                _ => DataError::read(file, error),
            })?;
            let image = |image: &[u8]| {
                let rgb = (self.rgb)(image, self.width, self.height);
                fit(&rgb, self.width, self.height, side)
            };
            let images: Vec<Vec<u8>> =
                buffer.par_chunks_exact(self.bytes).map(image).collect::<Result<_, _>>()?;
            images.iter().for_each(|image| pixels.extend_from_slice(image));
            step(first + now)?;
        }
        Ok(pixels)
    }
}

/// The names of `count` classes, one a line in `file`; their numbers, from `first`, where there is no such
/// file or it has another number of lines, which is noted. `labels` is what they are names of.
///
/// # Errors
/// The file is there and cannot be read.
pub fn names(
    file: &Path,
    (labels, count, first): (&str, usize, usize),
    notes: &mut Vec<String>,
) -> Result<Vec<String>, DataError> {
    let numbers = || (first..first + count).map(|class| class.to_string()).collect();
    if !file.is_file() {
        let name = crate::text::printable_name(file.file_name().unwrap_or_default());
        notes.push(format!("{name} is not there: the {labels} labels go by number"));
        return Ok(numbers());
    }
    let mut bytes = Vec::new();
    let read = open(file)?.0.take(MAX_NAMES).read_to_end(&mut bytes);
    read.map_err(|error| DataError::read(file, error))?;
    let text = String::from_utf8_lossy(&bytes);
    let names: Vec<String> =
        text.lines().map(str::trim).filter(|name| !name.is_empty()).map(crate::text::printable).collect();
    if names.len() == count {
        return Ok(names);
    }
    notes.push(format!("{}: {} names for {count} classes: they go by number", shown(file), names.len()));
    Ok(numbers())
}
