//! `looc-tui eval`: what it prints of a run, how it fails, and that it changes nothing.

use assert_cmd::{Command, assert::Assert};
use looc::{
    config::Config,
    engine::{self, Job, Place, message::Phase},
};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

const SMALL: &[&str] = &[
    "data.train=160",
    "data.held_out=60",
    "model.width=4",
    "train.batch=16",
    "contrast.queue=64",
    "model.bn_splits=2",
    "model.dim=8",
    "eval.every=0",
    "eval.images=32",
];

/// Trains to the end.
fn train(path: &Path, steps: u64) {
    let overrides: Vec<String> = SMALL.iter().map(|text| (*text).to_owned()).collect();
    let config = Config::load(None, &overrides).unwrap();
    let job = Job { config, place: Place::New(path.to_path_buf()), steps: Some(steps), attended: false };
    let (handle, thread) = engine::start(job).unwrap();
    thread.join().unwrap();
    assert_eq!(handle.snapshot.borrow().phase, Phase::Finished);
}

fn eval(run: &Path, arguments: &[&str]) -> Assert {
    let mut command = Command::cargo_bin("looc-tui").unwrap();
    command.env_remove("LOOC_DATA").arg("eval").arg(run).args(arguments).assert()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Every file below a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

/// A figure of a document.
fn figure<'a>(document: &'a Value, wanted: [&str; 4]) -> &'a Value {
    let keys = ["model", "score", "on", "label"];
    let same = |row: &&Value| keys.iter().zip(wanted).all(|(key, value)| row[*key] == value);
    document["figures"].as_array().unwrap().iter().find(same).unwrap_or_else(|| panic!("no {wanted:?}"))
}

#[test]
fn a_run_is_evaluated_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("run"), folder.path().join("out.json"));
    train(&path, 4);
    let before = files(&path);

    let printed = eval(&path, &["--out", out.to_str().unwrap()]).success();
    let tables = text(&printed.get_output().stdout);
    for part in
        ["step 4", "weighted kNN, k = 160", "linear probe, %", "few-shot", "z:rotation", "  at init", "±"]
    {
        assert!(tables.contains(part), "{part} in {tables}");
    }
    assert!(tables.lines().skip(4).all(|line| line.chars().count() <= 100), "{tables}");

    let document: Value = serde_json::from_str(&fs::read_to_string(&out).unwrap()).unwrap();
    assert_eq!((&document["step"], &document["offline"]), (&4.into(), &true.into()));
    let knn = figure(&document, ["trained", "knn", "V", "shape"]);
    assert_eq!((&knn["k"], &knn["train"], &knn["test"]), (&160.into(), &160.into(), &60.into()));
    assert_eq!((&knn["temperature"], &knn["accuracy"]), (&0.07.into(), &true.into()));
    let rotation = figure(&document, ["trained", "rotation", "z:color", "rotation"]);
    assert_eq!(
        (&rotation["train"], &rotation["test"], &rotation["classes"]),
        (&640.into(), &240.into(), &4.into())
    );
    for on in ["V", "z:all", "z:color", "z:rotation", "z"] {
        for model in ["trained", "initialisation"] {
            assert!(figure(&document, [model, "invariance", on, "color"])["value"].is_number());
            assert!(figure(&document, [model, "mahalanobis", on, "crop"])["value"].is_number());
            assert!(figure(&document, [model, "rankme", on, "RankMe"])["value"].as_f64().unwrap() >= 1.0);
        }
        assert!(figure(&document, ["trained", "probe", on, "colour"])["converged"].is_boolean());
    }
    assert!(figure(&document, ["trained", "few-shot", "V", "texture"])["interval95"].is_number());
    assert!(
        figure(&document, ["initialisation", "selectivity", "z:color", "selectivity"])["value"].is_number()
    );

    // Asked again, and asked less: the same figures.
    let less =
        eval(&path, &["--json", "--on", "V,V+z:color", "--only", "knn", "--checkpoint", "4"]).success();
    let less: Value = serde_json::from_slice(&less.get_output().stdout).unwrap();
    assert_eq!(figure(&less, ["trained", "knn", "V", "shape"]), knn);
    figure(&less, ["trained", "knn", "V+z:color", "shape"]);
    assert!(files(&path) == before, "the run was changed");
}

#[test]
fn what_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let says = |assert: Assert, part: &str| {
        let said = text(&assert.failure().get_output().stderr);
        assert!(said.contains(part), "{part} in {said}");
    };
    says(eval(&path, &[]), "is not a run");
    train(&path, 2);
    says(eval(&path, &["--checkpoint", "7"]), "has no checkpoint of step 7: it has those of 2;");
    says(eval(&path, &["--checkpoint", "there"]), "there is neither a step nor the folder of a checkpoint");
    says(eval(&path, &["--on", "W"]), "no representation W: known are V, z:all, z:color, z:rotation, z,");
    says(eval(&path, &["--only", "luck"]), "no score luck: known are knn, probe,");
    says(eval(&path, &["--set", "model.width=8"]), "does not fit");
    fs::remove_dir_all(path.join("checkpoints")).unwrap();
    says(eval(&path, &[]), "has no checkpoint yet");
}
