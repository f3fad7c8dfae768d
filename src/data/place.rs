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
    from(path, std::env::var_os(START))
}

/// [`folder`], with the variable's value.
fn from(path: &Path, start: Option<OsString>) -> Result<PathBuf, DataError> {
    let start = start.filter(|start| !start.is_empty());
    let (tried, from) = match start {
        _ if path.is_absolute() => (path.to_owned(), "an absolute path"),
        Some(start) => (Path::new(&start).join(path), "a relative path starts from LOOC_DATA"),
        None => (
            std::env::current_dir().unwrap_or_default().join(path),
            "a relative path starts from the present folder, as LOOC_DATA is not set",
        ),
    };
    if tried.is_dir() { Ok(tried) } else { Err(DataError::NotThere { tried: shown(&tried), from }) }
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
        assert_eq!(from(Path::new("set"), start.clone()).unwrap(), there.path().join("set"));
        assert_eq!(from(&there.path().join("set"), None).unwrap(), there.path().join("set"));
        let message = from(Path::new("elsewhere"), start).unwrap_err().to_string();
        assert!(message.contains(&shown(&there.path().join("elsewhere"))), "{message}");
        assert!(message.contains("LOOC_DATA"), "{message}");
        let message = from(Path::new("no such folder"), None).unwrap_err().to_string();
        assert!(message.contains("present folder"), "{message}");
    }

    #[test]
    fn no_path_is_explained() {
        let message = folder(&DataSettings::default(), "folder").unwrap_err().to_string();
        assert!(message.contains("data.path"), "{message}");
    }
}
