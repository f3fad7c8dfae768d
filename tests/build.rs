//! The identity of a build: what it is made of, and that a run is resumed by its own alone.

#[path = "../build.rs"]
#[expect(dead_code, reason = "what tells cargo of it runs before the build")]
mod build;
#[expect(dead_code, reason = "of what there is to watch a run by, these tests take a part")]
mod common;
#[path = "common/record.rs"]
#[expect(dead_code, reason = "these tests change no tensor")]
mod record;

use build::identity;
use common::{SMALL, config, train};
use looc::engine::{Place, environment::BUILD, message::Phase};
use record::{copy, journal, rewrite_facts, rewrite_journal, tree};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Sources of a small program. They are made in another order each time.
fn sources(root: &Path, turned: bool) {
    let mut files = [
        ("Cargo.toml", "[package]"),
        ("Cargo.lock", "# by hand"),
        ("README.md", "A program"),
        ("src/lib.rs", "mod nn;"),
        ("src/main.rs", "fn main() {}"),
        ("src/nn/mod.rs", "mod head;"),
        ("src/nn/head.rs", "// ReLU"),
        ("src/nn/tests/mod.rs", "// a test"),
        ("src/tui/mod.rs", "// a screen"),
    ];
    if turned {
        files.reverse();
    }
    files.iter().for_each(|(name, text)| write(root, name, text));
}

fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

#[test]
fn it_follows_what_makes_figures_and_nothing_else() {
    let plain = options(&[("OPT_LEVEL", "3"), ("TARGET", "x86_64-unknown-linux-gnu")]);
    let of = |turned: bool, change: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        sources(folder.path(), turned);
        change(folder.path());
        identity(folder.path(), &plain).unwrap()
    };
    let whole = of(false, &|_| {});
    assert_eq!((whole.len(), &of(true, &|_| {})), (16, &whole), "neither place nor order enters");
    for name in ["src/tui/mod.rs", "src/tui/more.rs", "src/main.rs", "src/cli/mod.rs", "src/nn/tests/mod.rs"]
        .into_iter()
        .chain(["src/nn/head_tests.rs", "src/nn/snapshots/a.snap", "README.md", "docs/a.md"])
    {
        assert_eq!(of(false, &|root| write(root, name, "// other")), whole, "{name}");
    }
    let moved = |from: &'static str, to: &'static str| {
        move |root: &Path| fs::rename(root.join(from), root.join(to)).unwrap()
    };
    let others = [
        of(false, &|root| write(root, "src/nn/head.rs", "// GELU")),
        of(false, &|root| write(root, "src/nn/tail.rs", "")),
        of(false, &|root| write(root, "src/rng.rs", "// ReLU")),
        of(false, &|root| write(root, "src/lib.rs", "mod nn; ")),
        of(false, &|root| write(root, "Cargo.lock", "# by cargo")),
        of(false, &|root| write(root, "Cargo.toml", "[package]\nedition = 2024")),
        of(false, &moved("src/nn/head.rs", "src/nn/tail.rs")),
        of(false, &moved("Cargo.lock", "Cargo.old")),
    ];
    let folder = tempfile::tempdir().unwrap();
    sources(folder.path(), false);
    let compiled = |pairs: &[(&str, &str)]| identity(folder.path(), &options(pairs)).unwrap();
    let built = [
        compiled(&[("OPT_LEVEL", "1"), ("TARGET", "x86_64-unknown-linux-gnu")]),
        compiled(&[("OPT_LEVEL", "3"), ("TARGET", "aarch64-unknown-linux-gnu")]),
        compiled(&[("OPT_LEVEL", "3")]),
        compiled(&[("CARGO_FEATURE_CUDA", "1"), ("OPT_LEVEL", "3"), ("TARGET", "x86_64-unknown-linux-gnu")]),
    ];
    let mut all: Vec<&String> = others.iter().chain(&built).chain([&whole]).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), others.len() + built.len() + 1, "two of them are one");
}

/// Nothing of the machine or of this folder is in it: a copy of the sources elsewhere has the same.
#[test]
fn a_copy_of_the_sources_has_the_same() {
    let (here, there) = (Path::new(env!("CARGO_MANIFEST_DIR")), tempfile::tempdir().unwrap());
    copy(&here.join("src"), &there.path().join("src"));
    for name in ["Cargo.toml", "Cargo.lock"] {
        fs::copy(here.join(name), there.path().join(name)).unwrap();
    }
    let none = BTreeMap::new();
    let whole = identity(here, &none).unwrap();
    assert_eq!(identity(there.path(), &none).unwrap(), whole);
    write(there.path(), "src/engine/trainer.rs", "");
    assert_ne!(identity(there.path(), &none).unwrap(), whole);
}

fn program(folder: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    assert_cmd::Command::cargo_bin("looc-tui").unwrap().current_dir(folder).args(arguments).assert()
}

fn text(output: &[u8]) -> String {
    String::from_utf8(output.to_vec()).unwrap()
}

/// The program and this test are of one build: what one has begun the other goes on with.
#[test]
fn the_program_records_it_and_refuses_another_ones_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let run = path("run");
    train(config(SMALL), Place::New(run.clone()), 4);
    let said = text(&program(folder.path(), &["doctor"]).code(0).get_output().stdout);
    assert!(said.contains(&format!("(build {BUILD})")), "{said}");
    assert_eq!(journal(&run)[0]["build"], BUILD);

    let of_another = |name: &str, build: Option<&str>| -> PathBuf {
        let run = path(name);
        copy(&path("run"), &run);
        rewrite_journal(&run, |records| match build {
            Some(build) => records[0]["build"] = build.into(),
            None => drop(records[0].as_object_mut().unwrap().shift_remove("build").unwrap()),
        });
        rewrite_facts(&run.join("checkpoints/step-00000004"), |facts| match build {
            Some(build) => drop(facts.insert("build".into(), build.into())),
            None => drop(facts.shift_remove("build").unwrap()),
        });
        run
    };
    let other = of_another("other", Some("0123456789abcdef"));
    // Who holds the lock stands in it.
    let kept = |run: &Path| {
        let mut files = tree(run);
        files.remove(Path::new("lock"));
        files
    };
    let before = kept(&other);
    let resume = |name: &str| program(folder.path(), &["train", "--resume", "--run", name, "--steps", "6"]);
    let said = text(&resume("other").code(1).get_output().stderr);
    assert!(said.contains(&format!("\n  build: 0123456789abcdef then, {BUILD} now\n")), "{said}");
    assert!(said.contains("looc-tui fork"), "{said}");
    assert!(kept(&other) == before, "what it refused it left as it was");
    // A replay is there to find out whether it matters.
    let said = text(&program(folder.path(), &["replay", "other"]).code(0).get_output().stdout);
    assert!(said.starts_with("identical: 4 steps, 1 state"), "{said}");
    assert!(said.contains(&format!("  build: 0123456789abcdef then, {BUILD} now\n")), "{said}");
    // Of a run from before it was recorded nothing is known; it goes on.
    of_another("older", None);
    resume("older").code(0);
    resume("run").code(0);
    let ended = train(config(SMALL), Place::Resume(run), 8);
    assert_eq!((&ended.phase, ended.step), (&Phase::Finished, 8));
}
