//! The walls of the house: which room may know which, read from the source.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Rooms from the ground up: a room uses only those of a lower floor.
const FLOORS: &[&[&str]] = &[
    &["rng", "text", "knob", "durable", "figure", "home"],
    &["augment", "nn", "device"],
    &["data", "looc"],
    &["eval"],
    &["config"],
    &["run"],
    &["engine", "study"],
    &["curves"],
    &["link"],
    &["tui"],
    &["cli"],
];

/// What a room may not name, beside the rooms above it.
const FOREIGN: &[(&str, &[&str])] = &[
    ("tui", &["candle_core", "candle_nn", "gemm"]),
    ("run", &["candle_core", "candle_nn"]),
    ("augment", &["ratatui", "crossterm", "tokio", "candle_core"]),
    ("data", &["ratatui", "crossterm", "tokio", "candle_core"]),
    ("nn", &["ratatui", "crossterm", "tokio"]),
    ("looc", &["ratatui", "crossterm", "tokio"]),
    ("eval", &["ratatui", "crossterm", "tokio"]),
    ("engine", &["ratatui", "crossterm"]),
    ("curves", &["ratatui", "crossterm", "candle_core"]),
    ("link", &["ratatui", "crossterm", "candle_core", "candle_nn"]),
    ("study", &["ratatui", "crossterm", "candle_core"]),
    ("device", &["ratatui", "crossterm", "candle_core"]),
];

/// Files and folders of `src/` and the lines of code in them, comments left out.
fn sources() -> Vec<(PathBuf, Vec<String>)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    let code = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        (path.strip_prefix(&root).unwrap().to_path_buf(), lines.map(str::to_owned).collect())
    };
    found.into_iter().map(code).collect()
}

/// The room of a file: its folder, or its own name.
fn room(path: &Path) -> String {
    let first = path.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// The rooms that a file names: after `crate::`, or inside `use crate::{…}`.
fn named_rooms(lines: &[String]) -> Vec<String> {
    let text = lines.join("\n");
    let mut names = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.push(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = true;
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                c if start && depth == 0 && !c.is_whitespace() => {
                    names.push(word(&group[i..]));
                    start = false;
                }
                _ => {}
            }
        }
    }
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn rooms_use_only_the_floors_below() {
    let mut seen = 0;
    for (path, lines) in sources() {
        let own = room(&path);
        if own == "main" || own == "lib" {
            continue;
        }
        let own_floor = floor(&own).unwrap_or_else(|| panic!("{own} has no floor in this test"));
        for other in named_rooms(&lines).into_iter().filter(|other| *other != own) {
            let Some(other_floor) = floor(&other) else { continue };
            assert!(other_floor < own_floor, "{} uses {other}, which is not below it", path.display());
            seen += 1;
        }
    }
    assert!(seen > 50, "the test has lost its eyes: {seen} uses seen");
}

#[test]
fn rooms_do_not_name_what_is_foreign_to_them() {
    for (path, lines) in sources() {
        let own = room(&path);
        for (_, foreign) in FOREIGN.iter().filter(|(room, _)| *room == own) {
            for name in *foreign {
                let named = lines.iter().find(|line| line.contains(&format!("{name}::")));
                assert!(named.is_none(), "{} names {name}: {}", path.display(), named.unwrap());
            }
        }
    }
}

#[test]
fn unsafe_stays_in_the_kernels_and_says_why() {
    for (path, lines) in sources() {
        let kernels = path.starts_with("nn/kernels");
        let has = lines.iter().any(|line| line.split_whitespace().any(|word| word == "unsafe"));
        assert!(kernels || !has, "{} has unsafe code", path.display());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/nn/kernels");
    for entry in fs::read_dir(root).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let blocks = text.matches("unsafe {").count();
        assert!(text.matches("// SAFETY:").count() >= blocks, "a block without its reason");
    }
}

/// A file tells one story.
#[test]
fn files_are_short() {
    for (path, lines) in sources() {
        assert!(lines.len() <= 420, "{} has {} lines of code", path.display(), lines.len());
    }
}
