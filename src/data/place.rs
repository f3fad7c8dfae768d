//! Where a data set is on the disk.

use super::{DataError, DataSettings};
use crate::text::printable_name;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The variable that says where relative paths start.
const START: &str = "LOOC_DATA";

/// The folder that `data.path` names: as it is if absolute, else from `LOOC_DATA`, else from the present folder.
///
/// # Errors
/// No path is set, or there is no folder.
pub fn folder(settings: &DataSettings, kind: &'static str) -> Result<PathBuf, DataError> {
    let tried = set(settings, kind)?;
    if tried.0.is_dir() { Ok(tried.0) } else { Err(not_there("folder", tried)) }
}

/// [`folder`], or the file that `data.path` names.
///
/// # Errors
/// No path is set, or there is nothing.
#[cfg(any(feature = "parquet", feature = "webdataset"))]
pub fn folder_or_file(settings: &DataSettings, kind: &'static str) -> Result<PathBuf, DataError> {
    let tried = set(settings, kind)?;
    if tried.0.exists() { Ok(tried.0) } else { Err(not_there("folder or file", tried)) }
}

fn set(settings: &DataSettings, kind: &'static str) -> Result<(PathBuf, &'static str), DataError> {
    let path = settings.path.as_deref().ok_or(DataError::NoPath { kind })?;
    Ok(from(path, std::env::var_os(START)))
}

fn not_there(what: &'static str, (tried, from): (PathBuf, &'static str)) -> DataError {
    DataError::NotThere { what, tried: shown(&tried), from }
}

/// Where a path leads with the variable's value, and why there.
fn from(path: &Path, start: Option<OsString>) -> (PathBuf, &'static str) {
    let start = start.filter(|start| !start.is_empty());
    match start {
        _ if path.is_absolute() => (path.to_owned(), "an absolute path"),
        Some(start) => (Path::new(&start).join(path), "a relative path starts from LOOC_DATA"),
        None => (
            std::env::current_dir().unwrap_or_default().join(path),
            "a relative path starts from the present folder, as LOOC_DATA is not set",
        ),
    }
}

/// A path for people.
pub fn shown(path: &Path) -> String {
    printable_name(path.as_os_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_starts_from_the_variable() {
        let there = tempfile::tempdir().unwrap();
        let start = Some(there.path().as_os_str().to_owned());
        assert_eq!(from(Path::new("set"), start.clone()).0, there.path().join("set"));
        assert_eq!(from(&there.path().join("set"), None).0, there.path().join("set"));
        let message = not_there("folder", from(Path::new("elsewhere"), start)).to_string();
        assert!(message.contains(&shown(&there.path().join("elsewhere"))), "{message}");
        assert!(message.contains("LOOC_DATA"), "{message}");
        let message = not_there("folder", from(Path::new("no such folder"), None)).to_string();
        assert!(message.contains("present folder"), "{message}");
    }

    #[cfg(any(feature = "parquet", feature = "webdataset"))]
    #[test]
    fn a_folder_is_a_folder_and_a_file_may_be_either() {
        let there = tempfile::tempdir().unwrap();
        let file = there.path().join("set");
        let settings = DataSettings { path: Some(file.clone()), ..DataSettings::default() };
        let refused = folder_or_file(&settings, "parquet").unwrap_err().to_string();
        assert!(refused.contains("no folder or file at"), "{refused}");
        std::fs::write(&file, "").unwrap();
        assert_eq!(folder_or_file(&settings, "parquet").unwrap(), file);
        let refused = folder(&settings, "folder").unwrap_err().to_string();
        assert!(refused.contains("no folder at"), "{refused}");
    }

    #[test]
    fn no_path_is_explained() {
        let message = folder(&DataSettings::default(), "folder").unwrap_err().to_string();
        assert!(message.contains("data.path"), "{message}");
    }
}
