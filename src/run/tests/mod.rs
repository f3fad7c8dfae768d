mod checkpoints;
mod directory;
mod listing;
mod lock;
mod metrics;

use super::*;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

const YAML: &str = "data:\n  kind: shapes\naugment:\n  - {kind: crop}\n  - {kind: color, head: true}\n";

fn create(path: &Path) -> RunDir {
    RunDir::create(path, YAML, "c0ffee", 7).unwrap()
}

fn checkpoint(step: u64) -> Checkpoint {
    let values = vec![step as f32, f32::NEG_INFINITY, -0.0, 1e-40];
    let tensors = vec![("a.weight".into(), vec![2, 2], values), ("b".into(), vec![1], vec![0.5])];
    let mut facts = serde_json::Map::new();
    facts.insert("cursor".into(), step.into());
    facts.insert("hash".into(), "c0ffee".into());
    facts.insert("seed".into(), u64::MAX.into());
    Checkpoint { step, tensors, facts, config_yaml: YAML.into() }
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let name =
        |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().to_string_lossy().into_owned();
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(name).collect();
    names.sort();
    names
}

/// Another process: this test program once more, made to run one test alone as `role` in `folder`.
fn child(test: &str, role: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", &format!("run::tests::{test}")])
        .env(ROLE, role)
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

const ROLE: &str = "LOOC_TEST_ROLE";
const FOLDER: &str = "LOOC_TEST_FOLDER";

/// What this process is to do, if it is a [`child`].
fn role() -> Option<(String, PathBuf)> {
    Some((std::env::var(ROLE).ok()?, std::env::var_os(FOLDER)?.into()))
}
