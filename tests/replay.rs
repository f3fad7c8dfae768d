//! A run is its journal: repeated from it, every loss and every state is the recorded one, bit for bit; and
//! whatever was changed in a record is found.

#[expect(dead_code, reason = "of what there is to watch a run by, these tests take a part")]
mod common;
#[path = "common/record.rs"]
mod record;

use common::{SMALL, Watched, config, rows, series, train};
use looc::engine::{
    self, Difference, EngineError, Place, Replaying, STATE_EVERY, Verdict,
    message::{Command, Edit, Event, Phase},
};
use record::{copy, forget, journal, rewrite_facts, rewrite_journal, rewrite_manifest, tree};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::Stdio,
    sync::LazyLock,
};
use tempfile::TempDir;

/// Of the recorded run: one state lies between its checkpoints.
const STEPS: u64 = STATE_EVERY + 6;

fn try_replay(run: &Path, until: Option<u64>) -> Result<Verdict, EngineError> {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("run");
    let (_handle, thread) =
        engine::replay(Replaying { run: run.into(), until, into, keep: false, threads: Some(1) })?;
    thread.join().unwrap()
}

fn replay(run: &Path) -> Verdict {
    try_replay(run, None).unwrap_or_else(|error| panic!("{error}"))
}

fn edit(path: &str, value: impl Into<Value>) -> Command {
    Command::Edit(Edit { path: path.into(), value: value.into() })
}

/// A run with edits of every kind, two of them at one step, and pauses between.
fn record(path: PathBuf) {
    let config = config(&[SMALL, &["eval.every=40", "optimizer.kind=adamw", "optimizer.lr=0.001"]].concat());
    let mut watched = Watched::start(config, Place::New(path), STEPS);
    watched.send(Command::Pause);
    watched.until(|now| now.phase == Phase::Paused);
    let mut edits = |steps: u64, edits: &[(&str, Value)]| {
        for _ in 0..steps {
            let at = watched.snapshot().step;
            watched.send(Command::StepOnce);
            watched.until_step(at + 1);
        }
        for (path, value) in edits {
            watched.send(edit(path, value.clone()));
            watched.until_edited(path);
        }
        watched.snapshot().step
    };
    edits(3, &[("augment.color.enabled", false.into())]);
    edits(2, &[("optimizer.lr", 0.002.into()), ("augment.rotation.head", false.into())]);
    edits(2, &[("augment.crop.scale.0", 0.4.into()), ("augment.color.enabled", true.into())]);
    edits(2, &[("augment.rotation.head", true.into())]);
    watched.send(Command::Resume);
    assert_eq!(watched.join().phase, Phase::Finished);
}

static RECORDED: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path().join("run"));
    folder
});

/// The recorded run, changed by `change`.
fn changed(change: impl FnOnce(&Path)) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    copy(&RECORDED.path().join("run"), &run);
    change(&run);
    (folder, run)
}

#[test]
fn a_run_with_edits_replays_bit_for_bit() {
    let run = RECORDED.path().join("run");
    let before = tree(&run);
    let verdict = replay(&run);
    assert_eq!(verdict.difference, None);
    // Before each of two edits of heads, at STATE_EVERY, and at the end.
    assert_eq!((verdict.from, verdict.steps, verdict.states, verdict.edits), (0, STEPS, 4, 6));
    assert!(verdict.changed.iter().all(|it| it.what == "threads"), "{:?}", verdict.changed);
    assert!(tree(&run) == before, "the recorded run was touched");
    let part = try_replay(&run, Some(5)).unwrap();
    assert_eq!((part.difference, part.steps, part.step, part.edits), (None, 5, 5, 3));
}

/// Puts another figure into one step's row.
fn spoil_metric(run: &Path, step: u64, tag: &str) {
    let path = run.join("metrics.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let line = |line: &str| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        if row["step"] == step && !row[tag].is_null() {
            let value = row[tag].as_f64().unwrap() as f32;
            row[tag] = f64::from(f32::from_bits(value.to_bits() + 1)).into();
        }
        format!("{row}\n")
    };
    fs::write(path, text.lines().map(line).collect::<String>()).unwrap();
}

fn edit_of(records: &mut [Value], revision: u64) -> &mut Value {
    records.iter_mut().find(|record| record["revision"] == revision && record["kind"] == "edit").unwrap()
}

/// Where a changed record is found to differ.
fn found(change: impl FnOnce(&Path)) -> Difference {
    let (_folder, run) = changed(change);
    replay(&run).difference.expect("a changed record is found")
}

#[test]
fn a_figure_that_was_changed_is_named() {
    let it = found(|run| spoil_metric(run, 4, "loss/rotation"));
    assert_eq!((it.step, &*it.figure), (4, "loss/rotation"));
    let [recorded, replayed] =
        [&it.recorded, &it.replayed].map(|text| text.parse::<f32>().unwrap().to_bits());
    assert_eq!(recorded, replayed + 1, "{it:?}");
    let it = found(|run| {
        rewrite_journal(run, |records| {
            let state = records.iter_mut().find(|it| it["kind"] == "state" && it["step"] == 9).unwrap();
            state["hash"] = "c0ffee".into();
        });
    });
    assert_eq!((it.step, &*it.figure, &*it.recorded), (9, "state", "c0ffee"));
}

#[test]
fn an_edit_that_was_changed_is_found_at_its_first_step() {
    // Against the hash of the configuration that came of it.
    let it = found(|run| rewrite_journal(run, |it| edit_of(it, 2)["to"] = "0.0021".into()));
    assert_eq!((it.step, &*it.figure), (5, "configuration"));
    // A step too late.
    let it = found(|run| rewrite_journal(run, |it| edit_of(it, 1)["step"] = 4.into()));
    assert_eq!(it.step, 4);
    assert!(it.figure.starts_with("loss"), "{it:?}");
    // Left out, and the others as if it had never been.
    let it = found(|run| {
        rewrite_journal(run, |records| {
            records.retain(|it| it["kind"] != "edit" || it["revision"] == 1);
            records.retain(|it| it["kind"] != "state");
        });
    });
    assert_eq!((it.step, &*it.figure), (6, "loss"));
    // What cannot be made again is told.
    let (_folder, run) =
        changed(|run| rewrite_journal(run, |it| edit_of(it, 4)["path"] = "augment.smell.p".into()));
    let error = try_replay(&run, None).unwrap_err().to_string();
    assert!(error.contains("edit 4 (augment.smell.p, at step 7) cannot be made again"), "{error}");
}

#[test]
fn what_computed_otherwise_is_told_as_the_likely_cause() {
    let (_folder, run) = changed(|run| {
        spoil_metric(run, 2, "loss");
        rewrite_journal(run, |records| {
            (records[0]["version"], records[0]["data"]) = ("0.0.1".into(), "c0ffee".into());
            records[0]["threads"] = 77.into();
        });
        let path = run.join("config.yaml");
        fs::write(&path, fs::read_to_string(&path).unwrap() + "# by hand\n").unwrap();
    });
    let verdict = replay(&run);
    assert_eq!(verdict.difference.unwrap().step, 2);
    let what: Vec<&str> = verdict.changed.iter().map(|it| it.what).collect();
    assert_eq!(what, ["program", "threads", "data", "config.yaml"]);
}

/// A paused run: what is on the disk is compared.
#[test]
fn a_run_that_trains_is_replayed_as_far_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut watched = Watched::start(config(SMALL), Place::New(path.clone()), 1_000_000);
    watched.until_step(4);
    watched.send(Command::Pause);
    watched.until(|now| now.phase == Phase::Paused);
    let step = watched.snapshot().step;
    let verdict = replay(&path);
    assert_eq!((verdict.difference, verdict.steps, verdict.states), (None, step, 0));
    watched.stop();
}

#[test]
fn a_run_without_a_step_has_nothing_to_compare() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    drop(looc::run::RunDir::create(&path, &config(SMALL).to_yaml(), "c0ffee", 0).unwrap());
    assert!(matches!(try_replay(&path, None), Err(EngineError::NothingRecorded(_))));
}

const FOLDER: &str = "LOOC_TEST_FOLDER";

/// What the process that will be killed does: it trains, makes an edit that no checkpoint holds, and says
/// how far it is.
fn train_until_killed(path: PathBuf) {
    let config = config(&[SMALL, &["train.checkpoint_every=10"]].concat());
    let resumes = path.exists();
    let place = if resumes { Place::Resume(path) } else { Place::New(path) };
    let mut watched = Watched::start(config, place, 1_000_000);
    let first = if resumes { 24 } else { 12 };
    watched.until_step(first);
    if resumes {
        watched.send(edit("augment.rotation.enabled", false));
        watched.until_edited("augment.rotation.enabled");
    } else {
        watched.send(edit("contrast.temperature", 0.3));
        watched.until_edited("contrast.temperature");
    }
    loop {
        let step = watched.snapshot().step;
        println!("\nstep {step}");
        watched.until_step(step + 1);
    }
}

/// Killed twice by SIGKILL, each time after an edit and before the next checkpoint, and resumed with another.
#[test]
fn a_killed_and_resumed_run_replays() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        train_until_killed(PathBuf::from(folder).join("run"));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    for enough in [16, 27] {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "a_killed_and_resumed_run_replays"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut steps = lines.filter_map(|line| line.strip_prefix("step ")?.parse::<u64>().ok());
        assert!(steps.any(|step| step >= enough), "it ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
        // As it was left, without its last second of figures.
        let verdict = replay(&path);
        assert_eq!(verdict.difference, None);
    }
    let mut watched = Watched::start(config(SMALL), Place::Resume(path.clone()), 1_000_000);
    // The edits from before the kill come first.
    watched.until(|now| now.revision == 2);
    watched.send(edit("augment.color.head", false));
    let last = watched.until_edited("augment.color.head");
    watched.until_step(last + 3);
    let step = watched.stop().step;
    assert_eq!(journal(&path).iter().filter(|record| record["kind"] == "start").count(), 3);
    let verdict = replay(&path);
    assert_eq!(verdict.difference, None);
    assert_eq!((verdict.steps, verdict.edits), (step, 3));
    assert_eq!(series(&rows(&path), "loss").len() as u64, step);
    assert!(verdict.states >= 3, "{verdict:?}");
}

/// With another number of steps to do in all, the learning rate takes another course from there on.
#[test]
fn a_run_that_was_given_more_steps_replays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    train(config(SMALL), Place::New(path.clone()), 6);
    train(config(SMALL), Place::Resume(path.clone()), 12);
    let verdict = replay(&path);
    assert_eq!((verdict.difference, verdict.steps, verdict.states), (None, 12, 2));
}

/// A run that comes to another state than before it was killed says so.
#[test]
fn a_state_that_is_not_the_one_before_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    train(config(&[SMALL, &["train.checkpoint_every=4"]].concat()), Place::New(path.clone()), 8);
    // As if it had been killed at the end, and had had another state there.
    fs::remove_dir_all(path.join("checkpoints/step-00000008")).unwrap();
    let again = |hash: Option<&str>| {
        rewrite_journal(&path, |records| {
            records.truncate(4);
            records[3]["hash"] = hash.map_or(records[3]["hash"].clone(), Into::into);
            assert_eq!((&records[3]["kind"], &records[3]["step"]), (&"state".into(), &8.into()));
        });
        let mut watched = Watched::start(config(SMALL), Place::Resume(path.clone()), 8);
        let told = watched.until_event(|event| match event {
            Event::Warning(text) => Some(Some(text.clone())),
            Event::Saved { .. } => Some(None),
            _ => None,
        });
        assert_eq!(watched.join().phase, Phase::Finished);
        told
    };
    assert_eq!(again(None), None);
    fs::remove_dir_all(path.join("checkpoints/step-00000008")).unwrap();
    let told = again(Some("c0ffee")).expect("a warning");
    assert!(told.contains("the state of step 8 is not the one"), "{told}");
}

/// How the replay differs of a copy, called `name`, of a run of ten steps that goes on from its spoilt checkpoint of step 6.
fn resumed_from(whole: &Path, name: &str, spoil: &dyn Fn(&Path)) -> Option<Difference> {
    let run = whole.with_file_name(name);
    copy(whole, &run);
    fs::remove_dir_all(run.join("checkpoints/step-00000010")).unwrap();
    spoil(&run.join("checkpoints/step-00000006"));
    train(config(SMALL), Place::Resume(run.clone()), 10);
    replay(&run).difference
}

/// The control: whatever a checkpoint leaves out, the run that goes on from it is another one, and the
/// replay says so.
#[test]
fn nothing_may_be_missing_from_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    train(config(&[SMALL, &["train.checkpoint_every=6"]].concat()), Place::New(whole.clone()), 10);
    let resumed_without = |name: &str, spoil: &dyn Fn(&Path)| resumed_from(&whole, name, spoil);
    let count = |name: &'static str| {
        move |checkpoint: &Path| {
            rewrite_facts(checkpoint, |facts| {
                let count = facts["counts"].get_mut(name).unwrap();
                assert_ne!(*count, 0);
                *count = 0.into();
            });
        }
    };
    assert_eq!(resumed_without("nothing", &|_| {}), None);
    let of = |part: &'static str| move |checkpoint: &Path| forget(checkpoint, |name| name.contains(part));
    for (name, spoil) in [
        ("queue", &of("queue.color") as &dyn Fn(&Path)),
        ("pointer", &count("queue.color")),
        ("moments", &of("optimizer.first")),
        ("momentum encoder", &of("key.backbone")),
        ("head", &of("query.head.rotation")),
    ] {
        let difference = resumed_without(name, spoil).unwrap_or_else(|| panic!("{name}: nothing differs"));
        assert!((7..=10).contains(&difference.step), "{name}: {difference:?}");
    }
    // No loss depends on these: the hash of the state does.
    let difference = resumed_without("statistics", &of("running_var")).unwrap();
    assert_eq!((difference.step, &*difference.figure), (10, "state"));
    // Without its step it begins anew with what it has learned; with a wrong one it makes a step twice.
    for step in [0, 5] {
        let of_step = |checkpoint: &Path| {
            rewrite_manifest(checkpoint, |manifest| {
                assert_eq!(manifest["step"], 6);
                manifest["step"] = step.into();
            });
            fs::rename(checkpoint, checkpoint.with_file_name(format!("step-{step:08}"))).unwrap();
        };
        let difference = resumed_without(&format!("step {step}"), &of_step)
            .unwrap_or_else(|| panic!("step {step}: nothing differs"));
        assert_eq!((difference.step, &*difference.figure), (step + 1, "loss"));
    }
}

/// The same of what is there only with AdamW, and after a head has gone and come back.
#[test]
fn nothing_that_is_seldom_there_may_be_missing_from_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    let set = ["train.checkpoint_every=6", "optimizer.kind=adamw", "optimizer.lr=0.001"];
    let mut watched = Watched::start(config(&[SMALL, &set].concat()), Place::New(whole.clone()), 10);
    watched.send(Command::Pause);
    watched.until(|now| now.phase == Phase::Paused);
    for head in [false, true] {
        watched.send(edit("augment.color.head", head));
        let edited = watched.until_edited("augment.color.head");
        assert!(edited < 6, "it does not rest");
        watched.send(Command::StepOnce);
        watched.until_step(edited + 1);
    }
    watched.send(Command::Resume);
    assert_eq!(watched.join().phase, Phase::Finished);
    let resumed_without = |name: &str, spoil: &dyn Fn(&Path)| resumed_from(&whole, name, spoil);
    assert_eq!(resumed_without("nothing", &|_| {}), None);
    let of = |part: &'static str| move |checkpoint: &Path| forget(checkpoint, |name| name.contains(part));
    let updates = |checkpoint: &Path| {
        rewrite_facts(checkpoint, |facts| {
            let counts = facts["counts"].as_object_mut().unwrap();
            let updates = counts.iter_mut().filter(|(name, _)| name.starts_with("optimizer."));
            updates.for_each(|(_, count)| *count = 0.into());
        });
    };
    let generations = |checkpoint: &Path| {
        rewrite_facts(checkpoint, |facts| {
            assert_eq!(facts["generations"]["color"], 1);
            facts["generations"] = serde_json::json!({});
        });
    };
    // Without the number of the edits in force they are made again: the head goes, and another one comes.
    let revision = |checkpoint: &Path| rewrite_facts(checkpoint, |facts| facts["revision"] = 0.into());
    for (name, spoil) in [
        ("mean of squares", &of("optimizer.second") as &dyn Fn(&Path)),
        ("mean", &of("optimizer.first")),
        ("updates", &updates),
        ("generations", &generations),
        ("revision", &revision),
    ] {
        let difference = resumed_without(name, spoil).unwrap_or_else(|| panic!("{name}: nothing differs"));
        assert!((6..=10).contains(&difference.step), "{name}: {difference:?}");
    }
}

fn looc(folder: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let scratch = folder.join("scratch");
    fs::create_dir_all(&scratch).unwrap();
    let mut command = assert_cmd::Command::cargo_bin("looc-tui").unwrap();
    let assert = command.current_dir(folder).env("TMPDIR", &scratch).args(arguments).assert();
    assert!(
        tree(&scratch).is_empty() && fs::read_dir(scratch).unwrap().next().is_none(),
        "it left something"
    );
    assert
}

#[test]
fn the_command_says_what_it_found() {
    let (folder, run) = changed(|_| {});
    let folder = folder.path();
    let said = looc(folder, &["replay", "run", "--until", "10", "--keep", "again"]).code(0);
    let text = String::from_utf8(said.get_output().stdout.clone()).unwrap();
    assert!(text.starts_with("identical: 10 steps, 2 states, 6 edits\n"), "{text}");
    // What was kept is a run, with a journal of its own.
    let again = folder.join("again");
    assert_eq!(looc::run::Summary::read(&again).unwrap().step, 10);
    assert_eq!(replay(&again).difference, None);
    spoil_metric(&run, 3, "lr");
    let said = looc(folder, &["replay", "run"]).code(1);
    let text = String::from_utf8(said.get_output().stdout.clone()).unwrap();
    assert!(text.starts_with("different at step 3: lr is "), "{text}");
    let said = looc(folder, &["replay", "run", "--json"]).code(1);
    let document: Value = serde_json::from_slice(&said.get_output().stdout).unwrap();
    assert_eq!(document["identical"], false);
    assert_eq!((&document["difference"]["step"], &document["steps"]), (&3.into(), &2.into()));
    looc(folder, &["replay", "run", "--set", "train.seed=1"]).code(2);
    looc(folder, &["replay", "nowhere"]).code(1);
    looc(folder, &["replay", "run", "--keep", "run"]).code(1);
}
