//! The list of data sets. A new one is a file and a line here.

use super::{DataError, DataSettings, Splits, cifar, folder, shapes};
use std::path::PathBuf;

/// Told now and then while data is read: what, how many are done, of how many.
pub type Progress<'a> = dyn FnMut(&str, usize, usize) + 'a;

/// A kind of data set.
pub struct Dataset {
    /// The name in the configuration.
    pub name: &'static str,
    /// One line for a newcomer.
    pub help: &'static str,
    open: fn(&DataSettings, &mut Progress) -> Result<Splits, DataError>,
}

/// Every kind.
pub const DATASETS: &[Dataset] = &[
    Dataset { name: "shapes", help: "built in: silhouettes, rendered by the program", open: shapes::open },
    Dataset { name: "cifar10", help: "CIFAR-10, binary version", open: cifar::open_10 },
    Dataset { name: "cifar100", help: "CIFAR-100, binary version", open: cifar::open_100 },
    Dataset { name: "folder", help: "jpeg, png and webp images in a folder a class", open: folder::open },
];

/// Reads the data set that the settings name.
///
/// # Errors
/// [`DataError`] says what is missing or damaged, and where.
pub fn open(settings: &DataSettings, progress: &mut Progress) -> Result<Splits, DataError> {
    let found = DATASETS.iter().find(|it| it.name == settings.kind);
    let Some(dataset) = found else {
        let known = DATASETS.iter().map(|it| it.name).collect::<Vec<_>>().join(", ");
        return Err(DataError::Unknown { name: settings.kind.clone(), known });
    };
    (dataset.open)(settings, progress)
}

/// The data set's folder: a relative path starts from `LOOC_DATA`, or from the present folder without it.
pub(super) fn root(settings: &DataSettings, kind: &'static str) -> Result<PathBuf, DataError> {
    let path = settings.path.as_ref().ok_or(DataError::NoPath(kind))?;
    Ok(match std::env::var_os("LOOC_DATA") {
        Some(root) => PathBuf::from(root).join(path),
        None => path.clone(),
    })
}
