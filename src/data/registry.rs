//! The list of data sets. A new one is a file beside this one, and an entry at the end of this one.

use super::{DataError, DataSettings, Splits, cifar, folder, idx, parquet, shapes, stl, webdataset};
use std::ops::ControlFlow;
use std::path::Path;

/// Told how far the opening is: what is being done, how much of it is done, of how much. It may break off.
pub type Progress<'a> = dyn FnMut(&str, usize, usize) -> ControlFlow<()> + 'a;

/// [`Progress`] for those who do not care.
pub fn quiet(_: &str, _: usize, _: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Tells how far it is.
///
/// # Errors
/// [`DataError::BrokenOff`] if that is wanted.
pub(super) fn tell(progress: &mut Progress, what: &str, done: usize, of: usize) -> Result<(), DataError> {
    match progress(what, done, of) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(DataError::BrokenOff),
    }
}

/// What the program knows of a data set before it is opened.
pub struct Dataset {
    /// The name in the configuration.
    pub name: &'static str,
    /// One line for a newcomer.
    pub help: &'static str,
    /// It is read from `data.path`, not rendered.
    pub on_disk: bool,
    /// Whether a folder has it.
    pub is_here: fn(&Path) -> bool,
    /// Reads or renders it.
    pub open: fn(&DataSettings, &mut Progress) -> Result<Splits, DataError>,
}

/// Opens the data set that the settings name.
///
/// # Errors
/// There is none of that name; it is not where the settings say, damaged, too large for the memory,
/// or leaves fewer than two images to train on or to measure with.
///
/// ```
/// use looc::data::{DataSettings, open, quiet};
/// let settings = DataSettings { train: 64, held_out: 16, ..DataSettings::default() };
/// let splits = open(&settings, &mut quiet)?;
/// assert_eq!((splits.train.len(), splits.held_out.len()), (64, 16));
/// # Ok::<(), looc::data::DataError>(())
/// ```
pub fn open(settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
    let splits = read(settings, progress)?;
    splits.check(settings)?;
    Ok(splits)
}

/// [`open`] for looking at: also of a data set that is too small to train on, or too damaged.
///
/// # Errors
/// There is none of that name; it is not where the settings say, of another kind, or too large for the
/// memory.
pub fn read(settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
    let Some(dataset) = DATASETS.iter().find(|dataset| dataset.name == settings.kind) else {
        let known = DATASETS.iter().map(|dataset| dataset.name).collect::<Vec<_>>().join(", ");
        return Err(DataError::Unknown { name: settings.kind.clone(), known });
    };
    if !(1..=4096).contains(&settings.size) {
        return Err(DataError::Side { size: settings.size });
    }
    settings.check()?;
    (dataset.open)(settings, progress)
}

/// The data set that a folder has in it; an image folder if it looks like none of the others.
pub fn recognise(folder: &Path) -> Option<&'static Dataset> {
    DATASETS.iter().find(|dataset| (dataset.is_here)(folder))
}

/// Every data set that the program has.
pub const DATASETS: &[Dataset] = &[
    Dataset {
        name: "shapes",
        help: "built in: silhouettes with a right way up, in 8 hues and 5 textures",
        on_disk: false,
        is_here: |_| false,
        open: shapes::open,
    },
    Dataset {
        name: "cifar10",
        help: "CIFAR-10, binary version: 32×32 photographs of 10 classes",
        on_disk: true,
        is_here: cifar::is_10_here,
        open: cifar::open_10,
    },
    Dataset {
        name: "cifar100",
        help: "CIFAR-100, binary version: 32×32 photographs of 100 classes in 20 groups",
        on_disk: true,
        is_here: cifar::is_100_here,
        open: cifar::open_100,
    },
    Dataset {
        name: "stl10",
        help: "STL-10, binary version: 96×96 photographs of 10 classes, most of them unlabelled",
        on_disk: true,
        is_here: stl::is_here,
        open: stl::open,
    },
    Dataset {
        name: "idx",
        help: "MNIST, Fashion-MNIST and their like: IDX files, plain or gzip, gray made RGB",
        on_disk: true,
        is_here: idx::is_here,
        open: idx::open,
    },
    Dataset {
        name: "parquet",
        help: "Hugging Face parquet shards: a column of images, columns of labels (--features parquet)",
        on_disk: true,
        is_here: parquet::is_here,
        open: parquet::open,
    },
    Dataset {
        name: "webdataset",
        help: "WebDataset tar shards: images beside .cls or .json (--features webdataset)",
        on_disk: true,
        is_here: webdataset::is_here,
        open: webdataset::open,
    },
    Dataset {
        name: "folder",
        help: "your own jpeg, png and webp files: a folder a class, with or without train/ and val/",
        on_disk: true,
        is_here: Path::is_dir,
        open: folder::open,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_an_unknown_one_is_answered_with_them() {
        for (place, dataset) in DATASETS.iter().enumerate() {
            assert!(DATASETS[..place].iter().all(|earlier| earlier.name != dataset.name));
        }
        let settings = DataSettings { kind: "imagenet".into(), ..DataSettings::default() };
        let message = open(&settings, &mut quiet).unwrap_err().to_string();
        assert!(DATASETS.iter().all(|dataset| message.contains(dataset.name)), "{message}");
    }

    /// What a build without the kind says, of the setting and of a folder that has such files.
    #[cfg(not(all(feature = "parquet", feature = "webdataset")))]
    #[test]
    fn kinds_that_are_not_built_say_how_to_build_them() {
        for (kind, file, built) in [
            ("parquet", "train-00000-of-00001.parquet", cfg!(feature = "parquet")),
            ("webdataset", "train-0000.tar", cfg!(feature = "webdataset")),
        ] {
            let there = tempfile::tempdir().unwrap();
            std::fs::write(there.path().join(file), "").unwrap();
            assert_eq!(recognise(there.path()).unwrap().name, kind);
            let path = Some(there.path().to_owned());
            let settings = DataSettings { kind: kind.into(), path, ..DataSettings::default() };
            let message = open(&settings, &mut quiet).unwrap_err().to_string();
            let told = format!("this build has no {kind}: build with --features {kind}");
            assert!(built || message.contains(&told), "{message}");
        }
    }

    #[test]
    fn impossible_sizes_and_counts_are_explained() {
        let none = DataSettings { size: 0, ..DataSettings::default() };
        assert!(matches!(open(&none, &mut quiet), Err(DataError::Side { size: 0 })));
        let one = DataSettings { train: 1, held_out: 4, ..DataSettings::default() };
        assert!(matches!(open(&one, &mut quiet), Err(DataError::TooFew { found: 1, .. })));
    }
}
