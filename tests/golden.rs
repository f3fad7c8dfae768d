//! A run that was recorded once and for all, `tests/fixtures/run`: this program goes on from its checkpoint to the
//! recorded figures, or refuses it with a sentence. What to do when the format changes stands in the README there.

#[path = "common/record.rs"]
#[expect(dead_code, reason = "these tests change no tensor and no journal")]
mod record;

use looc::{
    engine::environment::BUILD,
    nn::kernels::Isa,
    run::metrics::{self, Row},
};
use record::{copy, journal, rewrite_facts, tree};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

const STEPS: u64 = 6;
const CHECKPOINT: &str = "checkpoints/step-00000003";
/// How far figures may be from the recorded ones where another kind of processor computes, as a share.
const ROUNDING: f32 = 1e-3;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run")
}

/// A copy of it.
fn recorded() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    copy(&golden(), &run);
    (folder, run)
}

/// Whether this processor rounds as the one that recorded it: any of the kind that fuses a product and a sum, with
/// AVX-512 or without.
fn same_rounding() -> bool {
    let same = Isa::named("avx2").is_some();
    if !same {
        println!("recorded by an x86-64 with FMA, which this is not: figures are compared, not bits");
    }
    same
}

fn looc(folder: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = assert_cmd::Command::cargo_bin("looc-tui").unwrap();
    command.current_dir(folder).env("LOOC_CPU", "portable").args(arguments).assert()
}

fn resume(folder: &Path) -> assert_cmd::assert::Assert {
    looc(folder, &["train", "--resume", "--run", "run"])
}

fn text(output: &[u8]) -> String {
    String::from_utf8(output.to_vec()).unwrap()
}

/// As if this very program had recorded it, but for what it computes by.
fn adopt(run: &Path) {
    rewrite_facts(&run.join(CHECKPOINT), |facts| {
        facts["version"] = env!("CARGO_PKG_VERSION").into();
        facts.shift_remove("build");
    });
}

/// Losses and learning rates by step and tag.
fn figures(run: &Path) -> Vec<(u64, String, f32)> {
    let kept = |tag: &str| tag == "loss" || tag == "lr" || tag.starts_with("loss/");
    let of = |row: Row| {
        let values = row.values.into_iter().filter(|(tag, _)| kept(tag));
        values.map(|(tag, value)| (row.step, tag.to_string(), value)).collect::<Vec<_>>()
    };
    metrics::read(&run.join("metrics.jsonl")).unwrap().into_iter().flat_map(of).collect()
}

/// The hash of the last state.
fn state(run: &Path) -> Value {
    let of_the_end = |record: &Value| record["kind"] == "state" && record["step"] == STEPS;
    journal(run).into_iter().rfind(of_the_end).expect("a state at the end")["hash"].clone()
}

#[test]
fn this_program_goes_on_from_it_to_the_recorded_figures() {
    let (folder, run) = recorded();
    adopt(&run);
    resume(folder.path()).code(0);
    let (then, now) = (figures(&golden()), figures(&run));
    assert_eq!(then.len(), STEPS as usize * 4, "loss, two spaces and the rate a step");
    let names = |figures: &[(u64, String, f32)]| -> Vec<(u64, String)> {
        figures.iter().map(|(step, tag, _)| (*step, tag.clone())).collect()
    };
    assert_eq!(names(&now), names(&then));
    for ((step, tag, then), (_, _, now)) in then.iter().zip(&now) {
        assert!(
            (now - then).abs() <= ROUNDING * then.abs(),
            "{tag} of step {step}: {then:?} then, {now:?} now"
        );
    }
    let starts: Vec<Value> = journal(&run).into_iter().filter(|it| it["kind"] == "start").collect();
    assert_eq!(
        (&starts[1]["step"], &starts[1]["build"]),
        (&3.into(), &BUILD.into()),
        "it went on in the middle"
    );
    if same_rounding() {
        assert_eq!(now, then);
        assert_eq!(state(&run), state(&golden()));
    }
}

/// From nothing but its configuration and its journal: what a run begins with is as it was, too.
#[test]
fn it_replays_from_its_journal() {
    if !same_rounding() {
        println!("skipped: a replay compares bits");
        return;
    }
    let (folder, _) = recorded();
    let said = text(&looc(folder.path(), &["replay", "run"]).code(0).get_output().stdout);
    assert!(said.starts_with("identical: 6 steps, 2 states"), "{said}");
}

#[test]
fn another_build_or_version_or_format_is_refused_with_a_sentence() {
    let refused = |change: &dyn Fn(&Path), words: &[&str]| {
        let (folder, run) = recorded();
        adopt(&run);
        change(&run);
        let before = tree(&run);
        let said = text(&resume(folder.path()).code(1).get_output().stderr);
        words.iter().for_each(|word| assert!(said.contains(word), "no {word:?} in: {said}"));
        let mut after = tree(&run);
        after.remove(Path::new("lock"));
        assert!(after == before, "what it refused it left as it was");
    };
    let fact = |name: &'static str, value: &'static str| {
        move |run: &Path| {
            rewrite_facts(&run.join(CHECKPOINT), |facts| drop(facts.insert(name.into(), value.into())));
        }
    };
    refused(&fact("build", "0123456789abcdef"), &["build: 0123456789abcdef then, ", BUILD, "looc-tui fork"]);
    refused(&fact("version", "0.0.9"), &["program: 0.0.9 then, ", "looc-tui fork"]);
    refused(&fact("compute", "cpu (abacus)"), &["compute: cpu (abacus) then, cpu (portable) now"]);
    let of_format_99 = |name: &'static str| {
        move |run: &Path| {
            let path = run.join(name).join("manifest.json");
            let mut object: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            object.as_object_mut().unwrap().shift_remove("check");
            (object["format"], object["program"]) = (99.into(), "looc-tui 99.0.0".into());
            let sealed = object.to_string();
            let check = crc32fast::hash(sealed.as_bytes());
            let sealed = format!("{},\"check\":\"{check:08x}\"}}\n", &sealed[..sealed.len() - 1]);
            fs::write(path, if name == CHECKPOINT { sealed } else { object.to_string() }).unwrap();
        }
    };
    for name in [CHECKPOINT, ""] {
        refused(&of_format_99(name), &["format 99", "looc-tui 99.0.0"]);
    }
}

/// As it lies there, it is another build's, as soon as anything that makes figures was changed.
#[test]
fn as_it_was_recorded_it_is_its_builds_alone() {
    let (folder, run) = recorded();
    let manifest: Value = {
        let text = fs::read_to_string(run.join(CHECKPOINT).join("manifest.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let built = manifest["facts"]["build"].as_str().expect("a build is recorded").to_owned();
    let same = built == BUILD && manifest["facts"]["version"] == env!("CARGO_PKG_VERSION");
    let said = text(&resume(folder.path()).code(i32::from(!same)).get_output().stderr);
    assert_eq!(said.contains(&format!("\n  build: {built} then, {BUILD} now")), built != BUILD, "{said}");
}
