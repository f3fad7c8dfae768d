//! STL-10 in its binary version (A. Coates, H. Lee & A. Y. Ng, "An Analysis of Single-Layer Networks in
//! Unsupervised Feature Learning", AISTATS 2011; layout at <https://cs.stanford.edu/~acoates/stl10/>).
//!
//! An image is 96×96 bytes of red, then of green, then of blue, each **column by column**. Labels are bytes
//! from 1 to 10, in a file of their own. How many there are follows from the files' sizes, so subsets work.
//!
//! As the set is meant: the unlabelled images are trained on, the labelled training images are what the
//! nearest neighbours are looked for among, the test images are held out. Without `unlabeled_X.bin`
//! (2.8 GB) the labelled training images are trained on. The ten folds of `fold_indices.txt` are not used.

use super::binary::{self, Stored};
use super::place::{folder, shown};
use super::registry::{Progress, tell};
use super::{DataError, DataSettings, Images, Labels, Splits};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const KIND: &str = "stl10";
/// The folder in the published archive.
const ARCHIVE: &str = "stl10_binary";
/// Width and height as stored.
const SIDE: usize = 96;
const AREA: usize = SIDE * SIDE;
const CLASSES: u8 = 10;
const UNLABELLED: &str = "unlabeled_X.bin";

const STORED: Stored = Stored { width: SIDE, height: SIDE, bytes: 3 * AREA, rgb: upright };

/// Opens STL-10.
pub fn open(settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
    let folder = at(folder(settings, KIND)?);
    let mut notes = Vec::new();
    let names = binary::names(&folder.join("class_names.txt"), ("class", CLASSES.into(), 1), &mut notes)?;
    let mut part = |files: (&'static str, Option<&'static str>)| {
        let images = read(&folder, files, &names, settings.size, progress)?;
        Ok::<_, DataError>(Arc::new(images))
    };
    let labelled = part(("train_X.bin", Some("train_y.bin")))?;
    let held_out = part(("test_X.bin", Some("test_y.bin")))?;
    let (train, labelled) = if folder.join(UNLABELLED).exists() {
        (part((UNLABELLED, None))?, Some(labelled))
    } else {
        notes.push(format!("{UNLABELLED} is not there: the labelled images are trained on"));
        (labelled, None)
    };
    let count = train.len() + held_out.len() + labelled.as_ref().map_or(0, |labelled| labelled.len());
    Ok(Splits {
        sizes: [((SIDE, SIDE), count)].into(),
        train,
        labelled,
        held_out,
        notes,
        ..Splits::default()
    })
}

/// Whether a folder has the set.
pub fn is_here(folder: &Path) -> bool {
    at(folder.to_owned()).join("test_X.bin").is_file()
}

/// The folder with the files, which may be the archive's own below the given one.
fn at(given: PathBuf) -> PathBuf {
    let below = given.join(ARCHIVE);
    if below.is_dir() && !given.join("test_X.bin").exists() { below } else { given }
}

/// One part of the set.
fn read(
    folder: &Path,
    (images, labels): (&'static str, Option<&'static str>),
    names: &[String],
    side: usize,
    progress: &mut Progress,
) -> Result<Images, DataError> {
    for missing in [Some(images), labels].into_iter().flatten() {
        if !folder.join(missing).exists() {
            let files = "train_X.bin, train_y.bin, test_X.bin, test_y.bin and, to train on, unlabeled_X.bin";
            return Err(DataError::Incomplete { folder: shown(folder), missing, kind: KIND, files });
        }
    }
    let path = folder.join(images);
    let (mut file, bytes) = binary::open(&path)?;
    if bytes == 0 || bytes % STORED.bytes as u64 != 0 {
        let (record, layout) = (STORED.bytes, "96×96×3 pixels");
        return Err(DataError::Records { file: shown(&path), bytes, record, layout });
    }
    let count = (bytes / STORED.bytes as u64) as usize;
    // The labels first: they are read at once, and tell whether the files belong together.
    let labels = labels.map(|labels| classes(&folder.join(labels), (&path, count))).transpose()?;
    let mut step = |done| tell(progress, "reading STL-10 files", done, count);
    let pixels = STORED.read(&mut file, &path, (count, side), &mut step)?;
    let named = |of| Labels { name: "class".into(), classes: names.to_vec(), of };
    let labels = labels.map(named).into_iter().collect();
    Ok(Images { side, pixels: pixels.into(), labels, ..Images::default() })
}

/// The labels in a file, from 0, one for each of the images.
fn classes(path: &Path, (images, count): (&Path, usize)) -> Result<Vec<u16>, DataError> {
    let (mut file, length) = binary::open(path)?;
    if length != count as u64 {
        return Err(DataError::counts((images, count), (path, length)));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|error| DataError::read(path, error))?;
    match bytes.iter().position(|label| !(1..=CLASSES).contains(label)) {
        None => Ok(bytes.into_iter().map(|label| u16::from(label) - 1).collect()),
        Some(record) => {
            let (label, allowed) = (bytes[record], (1, CLASSES));
            Err(DataError::Label { file: shown(path), record, labels: "class", label, allowed })
        }
    }
}

/// Planes of columns to rows of pixels.
fn upright(planes: &[u8], width: usize, height: usize) -> Vec<u8> {
    let at = |row: usize, column: usize, channel: usize| planes[(channel * width + column) * height + row];
    (0..width * height)
        .flat_map(|place| [0, 1, 2].map(|channel| at(place / width, place % width, channel)))
        .collect()
}

#[cfg(test)]
#[path = "stl_tests.rs"]
mod tests;
