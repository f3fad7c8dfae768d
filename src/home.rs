//! This program's folders among the user's own, as the XDG base directory specification has them.

use std::{env, ffi::OsString, path::PathBuf};

/// The folder by a variable, such as `XDG_CACHE_HOME`, or `below` at home; none where there is no home.
pub fn folder(variable: &str, below: &str) -> Option<PathBuf> {
    of(env::var_os(variable), env::home_dir(), below)
}

/// The same of a variable's value and a home. A relative path does not count.
pub fn of(variable: Option<OsString>, home: Option<PathBuf>, below: &str) -> Option<PathBuf> {
    let named = variable.map(PathBuf::from).filter(|path| path.is_absolute());
    let found = named.or(home.filter(|home| home.is_absolute()).map(|home| home.join(below)));
    found.map(|folder| folder.join("looc-tui"))
}
