//! Gives the program an identity, `LOOC_BUILD`: a hash over all that its figures are made by. A run is resumed
//! by the build that it was recorded with, and another one may have the same version.
//!
//! Neither a path nor a time enters, so that the same sources give the same identity wherever they lie, in
//! every test and in the program.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// What in `src` makes no figure: the rooms that the engine does not stand on, as `tests/walls.rs` makes sure.
const ABOVE: [&str; 6] = ["cli", "curves", "link", "main.rs", "study", "tui"];
/// What else decides which code comes of the sources: the versions of all that is linked, and what of it is
/// switched on.
const BESIDE: [&str; 2] = ["Cargo.lock", "Cargo.toml"];
/// What cargo says of how it compiles. `PROFILE` stands for what it says nothing of, such as `lto`; the
/// target's features are those that `target-cpu=native` comes to on this machine.
const OPTIONS: [&str; 5] =
    ["CARGO_CFG_TARGET_FEATURE", "CARGO_ENCODED_RUSTFLAGS", "OPT_LEVEL", "PROFILE", "TARGET"];

fn main() {
    match tell() {
        Ok(identity) => println!("cargo::rustc-env=LOOC_BUILD={identity}"),
        Err(error) => println!("cargo::error=the identity of the build cannot be found: {error}"),
    }
}

/// The identity. Cargo is told what it is made of.
fn tell() -> io::Result<String> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    println!("cargo::rerun-if-changed=build.rs");
    for name in BESIDE.iter().filter(|name| root.join(name).exists()) {
        println!("cargo::rerun-if-changed={name}");
    }
    for name in below(&root)? {
        println!("cargo::rerun-if-changed=src/{name}");
    }
    let compiler =
        Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV").output()?;
    let mut options: BTreeMap<String, String> = env::vars()
        .filter(|(name, _)| OPTIONS.contains(&name.as_str()) || name.starts_with("CARGO_FEATURE_"))
        .collect();
    options.insert("RUSTC".into(), String::from_utf8_lossy(&compiler.stdout).into_owned());
    identity(&root, &options)
}

/// Of the sources below `root`, compiled with these options.
pub fn identity(root: &Path, options: &BTreeMap<String, String>) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut add = |name: &str, bytes: &[u8]| {
        for part in [name.as_bytes(), bytes] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
    };
    options.iter().for_each(|(name, value)| add(name, value.as_bytes()));
    let mut names: Vec<String> = BESIDE.map(str::to_owned).into();
    for name in below(root)? {
        collect(root, &format!("src/{name}"), &mut names)?;
    }
    names.sort();
    for name in names {
        match fs::read(root.join(&name)) {
            Ok(bytes) => add(&name, &bytes),
            // A library has no lock file of its own where another program takes it in.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hasher.finalize().to_hex()[..16].into())
}

/// What lies in `src` and is hashed.
fn below(root: &Path) -> io::Result<Vec<String>> {
    let mut names = list(&root.join("src"))?;
    names.retain(|name| !ABOVE.contains(&name.as_str()));
    Ok(names)
}

/// Every source at or below `name`, but for the tests'.
fn collect(root: &Path, name: &str, found: &mut Vec<String>) -> io::Result<()> {
    let own = name.rsplit('/').next().unwrap_or(name);
    if root.join(name).is_dir() {
        if own == "tests" {
            return Ok(());
        }
        for inner in list(&root.join(name))? {
            collect(root, &format!("{name}/{inner}"), found)?;
        }
    } else if own.ends_with(".rs") && own != "tests.rs" && !own.ends_with("_tests.rs") {
        found.push(name.into());
    }
    Ok(())
}

fn list(folder: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}
