//! `looc-tui study`: variants and seeds in processes of their own, one table, and nothing done twice.

use assert_cmd::Command;
use std::{fs, path::Path, process::Stdio, time::Duration};

/// Two variants that differ in a head, on a built-in set of 64 images.
const STUDY: &str = "
seeds: [0, 1]
baseline: MoCo
set: [data.train=64, data.held_out=32, data.size=16, train.batch=16, model.width=8, model.bn_splits=2, contrast.queue=64,
  eval.every=0, eval.images=8, train.epochs=2, augment.color.head=false, augment.rotation.head=false]
variants:
  MoCo: []
  LooC + rotation: [augment.rotation.head=true]
columns: [{ score: probe, labels: [shape] }, { score: knn, labels: [shape, class] }]
";

fn study(there: &Path, extra: &[&str]) -> Command {
    let mut command = Command::cargo_bin("looc-tui").unwrap();
    command.current_dir(there).args(["study", "mine.yaml", "--out", "out", "--jobs", "2"]).args(extra);
    command.timeout(Duration::from_secs(300));
    command
}

/// When each file of a folder was last written.
fn written(folder: &Path) -> Vec<(std::ffi::OsString, std::time::SystemTime)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> =
        entries.map(|entry| (entry.file_name(), entry.metadata().unwrap().modified().unwrap())).collect();
    files.sort();
    files
}

#[test]
fn a_study_is_a_table_and_the_same_command_does_nothing_twice() {
    let there = tempfile::tempdir().unwrap();
    fs::write(there.path().join("mine.yaml"), STUDY).unwrap();
    let first = study(there.path(), &[]).output().unwrap();
    let (text, said) = (String::from_utf8_lossy(&first.stdout), String::from_utf8_lossy(&first.stderr));
    assert!(first.status.success(), "{said}");
    assert_eq!(said.matches("done: ").count(), 4, "{said}");
    let head = text.lines().next().unwrap();
    assert!(head.contains("probe shape") && head.contains("knn shape") && !head.contains("class"), "{text}");
    assert!(text.contains("LooC + rotation") && text.contains("over 2 seeds"), "{text}");
    let out = there.path().join("out");
    let table: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("table.json")).unwrap()).unwrap();
    for variant in table["variants"].as_array().unwrap() {
        assert_eq!(variant["figures"][0]["percent"].as_array().unwrap().len(), 2, "{variant}");
    }
    assert!(fs::read_to_string(out.join("table.csv")).unwrap().lines().count() == 1 + 2 * 2 * 2);

    let before = written(&out.join("evaluations"));
    let again = study(there.path(), &[]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&again.stdout), text);
    assert_eq!(written(&out.join("evaluations")), before, "nothing is evaluated anew");

    // Another configuration under the same names is not mixed in.
    let other = study(there.path(), &["--set", "train.epochs=3"]).output().unwrap();
    let why = String::from_utf8_lossy(&other.stderr);
    assert!(
        !other.status.success() && why.contains("another configuration") && why.contains("--out"),
        "{why}"
    );
    assert_eq!(written(&out.join("evaluations")), before);
}

#[test]
fn an_interrupted_study_goes_on() {
    let there = tempfile::tempdir().unwrap();
    // Long enough to be interrupted: it is, as soon as the first run has begun.
    let long = STUDY.replace("train.epochs=2", "train.epochs=200").replace("seeds: [0, 1]", "seeds: [0]");
    fs::write(there.path().join("mine.yaml"), long).unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_looc-tui"))
        .current_dir(there.path())
        .args(["study", "mine.yaml", "--out", "out"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let figures = there.path().join("out/runs/moco-0/metrics.jsonl");
    while fs::metadata(&figures).map_or(0, |it| it.len()) == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was interrupted");
        std::thread::sleep(Duration::from_millis(20));
    }
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let journal = || fs::read_to_string(there.path().join("out/runs/moco-0/journal.jsonl")).unwrap();
    assert!(journal().contains("stop"), "{}", journal());
    assert!(!there.path().join("out/evaluations/moco-0.json").exists());
    let rest = study(there.path(), &[]).output().unwrap();
    assert!(rest.status.success(), "{}", String::from_utf8_lossy(&rest.stderr));
    assert_eq!(
        journal().matches("\"kind\":\"start\"").count(),
        2,
        "it was resumed, not begun anew: {}",
        journal()
    );
}
