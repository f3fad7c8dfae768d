//! Sets of the MNIST kind: MNIST, Fashion-MNIST, KMNIST (Y. LeCun, C. Cortes & C. J. C. Burges; layout at
//! <http://yann.lecun.com/exdb/mnist/>).
//!
//! A file is two bytes of zero, the type of its values (8: bytes), the number of its dimensions, each
//! dimension as a big-endian `u32`, and the values, row by row. Images have three dimensions (count, rows,
//! columns) of gray, which is repeated into red, green and blue; labels have one. Each file may be packed
//! with gzip, which is told by its content, not by its name. A plain file is taken before a packed one.

use super::binary::{self, Stored};
use super::place::{folder, shown};
use super::registry::{Progress, tell};
use super::{DataError, DataSettings, Images, Labels, Splits};
use flate2::read::MultiGzDecoder;
use std::io::{BufReader, ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const KIND: &str = "idx";
/// How a header calls bytes.
const BYTES: u8 = 8;
/// Pixels a side that a header may claim: one image is then at most 16 MiB.
const MAX_SIDE: u32 = 4096;
/// Gzip makes nothing smaller than by this factor.
const MAX_RATIO: u64 = 1032;

/// One part of the set: the names of its files, the first of them for people.
struct Part {
    images: &'static [&'static str],
    labels: &'static [&'static str],
}

const TRAIN: Part = Part {
    images: &["train-images-idx3-ubyte", "train-images.idx3-ubyte"],
    labels: &["train-labels-idx1-ubyte", "train-labels.idx1-ubyte"],
};
const TEST: Part = Part {
    images: &[
        "t10k-images-idx3-ubyte",
        "t10k-images.idx3-ubyte",
        "test-images-idx3-ubyte",
        "test-images.idx3-ubyte",
    ],
    labels: &[
        "t10k-labels-idx1-ubyte",
        "t10k-labels.idx1-ubyte",
        "test-labels-idx1-ubyte",
        "test-labels.idx1-ubyte",
    ],
};

/// Opens a set of the MNIST kind. Its classes have the names in `classes.txt`, if there is one beside it.
pub fn open(settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
    let folder = at(folder(settings, KIND)?);
    let mut splits = Splits::default();
    let mut part = |part: &Part| {
        let (images, size) = part.read(&folder, settings.size, progress)?;
        *splits.sizes.entry(size).or_default() += images.len();
        Ok::<_, DataError>(images)
    };
    let (mut train, mut held_out) = (part(&TRAIN)?, part(&TEST)?);
    let labels = || train.labels.iter().chain(&held_out.labels).flat_map(|labels| &labels.of);
    let classes = labels().max().map_or(0, |most| usize::from(*most) + 1);
    let names = binary::names(&folder.join("classes.txt"), ("class", classes, 0), &mut splits.notes)?;
    for labels in train.labels.iter_mut().chain(&mut held_out.labels) {
        labels.classes.clone_from(&names);
    }
    Ok(Splits { train: Arc::new(train), held_out: Arc::new(held_out), ..splits })
}

/// Whether a folder has such a set.
pub fn is_here(folder: &Path) -> bool {
    find(&at(folder.to_owned()), TRAIN.images).is_ok()
}

/// The folder with the files, which may be torchvision's `raw` below the given one.
fn at(given: PathBuf) -> PathBuf {
    let below = given.join("raw");
    if below.is_dir() && find(&given, TRAIN.images).is_err() { below } else { given }
}

/// The first file of these names, plain or packed.
fn find(folder: &Path, names: &[&'static str]) -> Result<PathBuf, DataError> {
    let ends = ["", ".gz"].into_iter();
    let mut tried = ends.flat_map(|end| names.iter().map(move |name| folder.join(format!("{name}{end}"))));
    tried.find(|path| path.exists()).ok_or_else(|| DataError::Incomplete {
        folder: shown(folder),
        missing: names[0],
        kind: KIND,
        files: "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and \
                t10k-labels-idx1-ubyte, each with or without .gz",
    })
}

impl Part {
    /// The images, with their classes not yet named, and the width and height as stored.
    fn read(
        &self,
        folder: &Path,
        side: usize,
        progress: &mut Progress,
    ) -> Result<(Images, (usize, usize)), DataError> {
        let mut images = Source::open(find(folder, self.images)?)?;
        let mut labels = Source::open(find(folder, self.labels)?)?;
        let [count, rows, columns] = images.header()?;
        let [labelled] = labels.header()?;
        if count != labelled {
            return Err(DataError::counts((&images.path, count as usize), (&labels.path, labelled.into())));
        }
        if [rows, columns].iter().any(|side| !(1..=MAX_SIDE).contains(side)) {
            let why =
                format!("its header tells of {columns}×{rows} pixels; allowed are 1 to {MAX_SIDE} a side");
            return Err(DataError::format(&images.path, why));
        }
        let (count, height, width) = (count as usize, rows as usize, columns as usize);
        let mut of = vec![0; count];
        labels.exactly(&mut of)?;
        labels.end()?;
        let stored = Stored { width, height, bytes: width * height, rgb: gray };
        let mut step = |done| tell(progress, "reading IDX files", done, count);
        let pixels = stored.read(&mut images.bytes, &images.path, (count, side), &mut step)?;
        images.end()?;
        let of = of.into_iter().map(u16::from).collect();
        let labels = vec![Labels { name: "class".into(), classes: Vec::new(), of }];
        Ok((Images { side, pixels: pixels.into(), labels, ..Images::default() }, (width, height)))
    }
}

/// A file, unpacked.
struct Source {
    path: PathBuf,
    /// Of the file, as it is.
    length: u64,
    packed: bool,
    bytes: Box<dyn Read>,
}

impl Source {
    fn open(path: PathBuf) -> Result<Self, DataError> {
        let (mut file, length) = binary::open(&path)?;
        let mut start = Vec::new();
        let read = (&mut file).take(2).read_to_end(&mut start).and_then(|_| file.rewind());
        read.map_err(|error| DataError::read(&path, error))?;
        let packed = start == [0x1f, 0x8b];
        let file = BufReader::new(file);
        let bytes: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        Ok(Self { path, length, packed, bytes })
    }

    /// The dimensions. What they tell of is as long as the file, or can be packed into it: no more
    /// memory than that will be asked for.
    fn header<const N: usize>(&mut self) -> Result<[u32; N], DataError> {
        let mut start = [0; 4];
        self.exactly(&mut start)?;
        let wrong = |why| Err(DataError::format(&self.path, why));
        match start {
            [0, 0, BYTES, dimensions] if usize::from(dimensions) == N => {}
            [0, 0, BYTES, dimensions] => {
                return wrong(format!("its header tells of {dimensions} dimensions, not of {N}"));
            }
            [0, 0, 9 | 11..=14, _] => return wrong(String::from("its values are numbers, not bytes")),
            other => return wrong(format!("it begins with {other:02x?}, not with [00, 00, 08, {N:02x}]")),
        }
        let mut dimensions = [0; N];
        for dimension in &mut dimensions {
            let mut bytes = [0; 4];
            self.exactly(&mut bytes)?;
            *dimension = u32::from_be_bytes(bytes);
        }
        let start = 4 + 4 * N as u64;
        let told = dimensions.iter().try_fold(1u64, |told, &by| told.checked_mul(by.into()));
        let told = told.and_then(|told| told.checked_add(start));
        let (length, most) = (self.length, self.length.saturating_mul(MAX_RATIO));
        match told {
            Some(told) if self.packed && told <= most || told == length => Ok(dimensions),
            _ => {
                let told =
                    told.map_or("more bytes than can be counted".into(), |told| format!("{told} bytes"));
                let packed = if self.packed { ", which cannot be packed into" } else { ", but it has" };
                Err(DataError::format(&self.path, format!("its header tells of {told}{packed} {length}")))
            }
        }
    }

    /// Fills a buffer.
    fn exactly(&mut self, buffer: &mut [u8]) -> Result<(), DataError> {
        self.bytes.read_exact(buffer).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => DataError::format(&self.path, "it ends early"),
            _ => DataError::read(&self.path, error),
        })
    }

    /// Makes sure that nothing follows. For a packed file that compares its checksum too.
    fn end(&mut self) -> Result<(), DataError> {
        match self.bytes.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(DataError::format(&self.path, "it goes on after what its header tells of")),
            Err(error) => Err(DataError::read(&self.path, error)),
        }
    }
}

/// Gray, three times.
fn gray(image: &[u8], _: usize, _: usize) -> Vec<u8> {
    image.iter().flat_map(|&value| [value; 3]).collect()
}

#[cfg(test)]
#[path = "idx_tests.rs"]
mod tests;
