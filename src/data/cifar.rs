//! CIFAR-10 and CIFAR-100 in their binary versions (A. Krizhevsky, "Learning Multiple Layers of Features
//! from Tiny Images", 2009; layout at <https://www.cs.toronto.edu/~kriz/cifar.html>).
//!
//! A record is a label byte (two for CIFAR-100: group, class), then 1,024 bytes of red, of green and of
//! blue, row by row. How many there are follows from the file's size, so subsets work.

use super::binary;
use super::fit::fit;
use super::place::{folder, shown};
use super::registry::{Progress, tell};
use super::{DataError, DataSettings, Images, Labels, Splits, room};
use rayon::prelude::*;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Width and height as stored.
const SIDE: usize = 32;
const AREA: usize = SIDE * SIDE;

/// One of the label bytes of a record.
struct Field {
    name: &'static str,
    classes: usize,
    /// The file with the classes' names, one a line.
    names: &'static str,
}

/// What differs between the two.
struct Layout {
    kind: &'static str,
    /// The folder in the published archive.
    archive: &'static str,
    files: &'static str,
    record: &'static str,
    /// Label bytes, in the order of the record.
    fields: &'static [Field],
    /// Which of them comes first in [`Images::labels`].
    main: usize,
    is_train: fn(&str) -> bool,
    test: &'static str,
}

const CIFAR_10: Layout = Layout {
    kind: "cifar10",
    archive: "cifar-10-batches-bin",
    files: "data_batch_1.bin to data_batch_5.bin and test_batch.bin",
    record: "1 label + 3072 pixels",
    fields: &[Field { name: "class", classes: 10, names: "batches.meta.txt" }],
    main: 0,
    is_train: |name| name.starts_with("data_batch_") && name.ends_with(".bin"),
    test: "test_batch.bin",
};

const CIFAR_100: Layout = Layout {
    kind: "cifar100",
    archive: "cifar-100-binary",
    files: "train.bin and test.bin",
    record: "2 labels + 3072 pixels",
    fields: &[
        Field { name: "group", classes: 20, names: "coarse_label_names.txt" },
        Field { name: "class", classes: 100, names: "fine_label_names.txt" },
    ],
    main: 1,
    is_train: |name| name == "train.bin",
    test: "test.bin",
};

/// Opens CIFAR-10.
pub fn open_10(settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
    CIFAR_10.open(settings, progress)
}

/// Opens CIFAR-100, with the 100 classes as the first label set and the 20 groups as the second.
pub fn open_100(settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
    CIFAR_100.open(settings, progress)
}

/// Whether a folder has CIFAR-10.
pub fn is_10_here(folder: &Path) -> bool {
    CIFAR_10.find(folder.to_owned()).is_ok()
}

/// Whether a folder has CIFAR-100.
pub fn is_100_here(folder: &Path) -> bool {
    CIFAR_100.find(folder.to_owned()).is_ok()
}

impl Layout {
    fn open(&self, settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
        let (folder, train) = self.find(folder(settings, self.kind)?)?;
        let mut notes = Vec::new();
        let names: Vec<Vec<String>> = self
            .fields
            .iter()
            .map(|field| binary::names(&folder.join(field.names), (field.name, field.classes, 0), &mut notes))
            .collect::<Result<_, _>>()?;
        let (mut done, of) = (0, train.len() + 1);
        let mut read = |files: &[PathBuf]| {
            let mut records = Vec::new();
            for file in files {
                tell(progress, "reading CIFAR files", done, of)?;
                records.append(&mut self.records(file)?);
                done += 1;
            }
            self.images(&records, &names, settings.size)
        };
        let train = Arc::new(read(&train)?);
        let held_out = Arc::new(read(&[folder.join(self.test)])?);
        tell(progress, "reading CIFAR files", of, of)?;
        let sizes = [((SIDE, SIDE), train.len() + held_out.len())].into();
        Ok(Splits { train, held_out, sizes, notes, ..Splits::default() })
    }

    /// The folder with the files, which may be the archive's own below the given one, and the training files.
    fn find(&self, given: PathBuf) -> Result<(PathBuf, Vec<PathBuf>), DataError> {
        let below = given.join(self.archive);
        let folder = if below.is_dir() && !given.join(self.test).exists() { below } else { given };
        let mut train = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(|error| DataError::read(&folder, error))? {
            let entry = entry.map_err(|error| DataError::read(&folder, error))?;
            if entry.file_name().to_str().is_some_and(self.is_train) {
                train.push(entry.path());
            }
        }
        train.sort();
        let incomplete = |missing| DataError::Incomplete {
            folder: shown(&folder),
            missing,
            kind: self.kind,
            files: self.files,
        };
        if train.is_empty() {
            return Err(incomplete("a file to train on"));
        }
        if !folder.join(self.test).is_file() {
            return Err(incomplete(self.test));
        }
        Ok((folder, train))
    }

    /// Bytes of a record.
    fn length(&self) -> usize {
        self.fields.len() + 3 * AREA
    }

    /// The bytes of a file, whole records with labels in range.
    fn records(&self, file: &Path) -> Result<Vec<u8>, DataError> {
        let (mut source, _) = binary::open(file)?;
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes).map_err(|error| DataError::read(file, error))?;
        let (file, record) = (shown(file), self.length());
        if bytes.is_empty() || bytes.len() % record != 0 {
            return Err(DataError::Records { file, bytes: bytes.len() as u64, record, layout: self.record });
        }
        for (place, record) in bytes.chunks_exact(record).enumerate() {
            for (field, &label) in self.fields.iter().zip(record) {
                if usize::from(label) >= field.classes {
                    let (labels, allowed) = (field.name, (0, (field.classes - 1) as u8));
                    return Err(DataError::Label { file, record: place, labels, label, allowed });
                }
            }
        }
        Ok(bytes)
    }

    fn images(&self, records: &[u8], names: &[Vec<String>], side: usize) -> Result<Images, DataError> {
        let count = records.len() / self.length();
        let mut pixels = room(count, side)?;
        pixels.resize(count * side * side * 3, 0);
        let each = records.par_chunks_exact(self.length()).zip(pixels.par_chunks_exact_mut(side * side * 3));
        each.try_for_each(|(record, pixels)| {
            pixels.copy_from_slice(&fit(&interleave(&record[self.fields.len()..]), SIDE, SIDE, side)?);
            Ok::<(), DataError>(())
        })?;
        let mut labels: Vec<Labels> = (0..self.fields.len())
            .map(|place| Labels {
                name: self.fields[place].name.into(),
                classes: names[place].clone(),
                of: records.chunks_exact(self.length()).map(|record| record[place].into()).collect(),
            })
            .collect();
        labels.swap(0, self.main);
        Ok(Images { side, pixels: pixels.into(), labels, ..Images::default() })
    }
}

/// Planes to pixels.
fn interleave(planes: &[u8]) -> Vec<u8> {
    (0..AREA).flat_map(|place| [0, 1, 2].map(|channel| planes[channel * AREA + place])).collect()
}

#[cfg(test)]
#[path = "cifar_tests.rs"]
mod tests;
