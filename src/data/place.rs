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
    let path = settings.path.as_deref().ok_or(DataError::NoPath { kind })?;
    from("data.path", path, std::env::var_os(START))
}

/// The folder that `data.style_bank` names, if it names one; a relative path starts where that of `data.path`
/// does.
///
/// # Errors
/// There is no folder.
pub fn style_bank(settings: &DataSettings) -> Result<Option<PathBuf>, DataError> {
    let path = settings.style_bank.as_deref();
    path.map(|path| from("data.style_bank", path, std::env::var_os(START))).transpose()
}

/// The folder that the setting `key` names, with the variable's value.
fn from(key: &'static str, path: &Path, start: Option<OsString>) -> Result<PathBuf, DataError> {
    let start = start.filter(|start| !start.is_empty());
    let (tried, from) = match start {
        _ if path.is_absolute() => (path.to_owned(), "an absolute path"),
        Some(start) => (Path::new(&start).join(path), "a relative path starts from LOOC_DATA"),
        None => (
            std::env::current_dir().unwrap_or_default().join(path),
            "a relative path starts from the present folder, as LOOC_DATA is not set",
        ),
    };
    if tried.is_dir() { Ok(tried) } else { Err(DataError::NotThere { key, tried: shown(&tried), from }) }
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
        std::fs::create_dir(there.path().join("set")).unwrap();
        let start = Some(there.path().as_os_str().to_owned());
        assert_eq!(from("data.path", Path::new("set"), start.clone()).unwrap(), there.path().join("set"));
        assert_eq!(from("data.path", &there.path().join("set"), None).unwrap(), there.path().join("set"));
        let message = from("data.style_bank", Path::new("elsewhere"), start).unwrap_err().to_string();
        assert!(message.contains(&shown(&there.path().join("elsewhere"))), "{message}");
        assert!(message.contains("LOOC_DATA") && message.contains("data.style_bank"), "{message}");
        let message = from("data.path", Path::new("no such folder"), None).unwrap_err().to_string();
        assert!(message.contains("present folder"), "{message}");
    }

    #[test]
    fn no_path_is_explained() {
        let message = folder(&DataSettings::default(), "folder").unwrap_err().to_string();
        assert!(message.contains("data.path"), "{message}");
    }
}
