//! A fork goes on from another run's checkpoint as that run did, until it is changed; and a run goes on as
//! itself or not at all.

#[expect(dead_code, reason = "of what there is to watch a run by, these tests take a part")]
mod common;
#[path = "common/record.rs"]
#[expect(dead_code, reason = "these tests change no journal")]
mod record;

use common::{SMALL, Watched, config, rows, series, train};
use looc::{
    engine::{
        self, At, EngineError, Place, Replaying,
        message::{Command, Edit, Phase},
    },
    run::{Manifest, State, Summary},
};
use record::{copy, journal, rewrite_facts, tree};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

const STEPS: u64 = 18;

/// Trains a parent with checkpoints of the steps 6, 12 and 18, and an edit at `edited`.
fn parent(path: &Path) -> u64 {
    let config = config(&[SMALL, &["train.checkpoint_every=6"]].concat());
    let mut watched = Watched::start(config, Place::New(path.into()), STEPS);
    watched.until_step(2);
    watched.send(Command::Edit(Edit { path: "augment.color.p".into(), value: 0.5.into() }));
    let edited = watched.until_edited("augment.color.p");
    assert_eq!(watched.join().phase, Phase::Finished);
    edited
}

fn fork(parent: &Path, at: At, child: &Path, set: &[&str]) -> Result<u64, EngineError> {
    let set: Vec<String> = set.iter().map(|it| (*it).to_owned()).collect();
    engine::fork(parent, at, Some(child), &set).map(|forked| forked.step)
}

fn resume(path: &Path) {
    let ended = Watched::start(config(SMALL), Place::Resume(path.into()), STEPS).join();
    assert_eq!((&ended.phase, ended.step), (&Phase::Finished, STEPS));
}

/// Steps, states and edits of a replay that finds everything as it was recorded.
fn replayed(run: &Path) -> (u64, u64, u64, u64) {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("run");
    let task = Replaying { run: run.into(), until: None, into, keep: true, threads: None };
    let (_handle, thread) = engine::replay(task).unwrap_or_else(|error| panic!("{error}"));
    let verdict = thread.join().unwrap().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(verdict.difference, None);
    (verdict.from, verdict.steps, verdict.states, verdict.edits)
}

fn state(run: &Path, step: u64) -> Vec<u8> {
    fs::read(run.join(format!("checkpoints/step-{step:08}/state.safetensors"))).unwrap()
}

#[test]
fn a_fork_without_a_change_is_its_parent() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let edited = parent(&path("parent"));
    let untouched = tree(&path("parent"));
    let at = edited.next_multiple_of(6);
    assert_eq!(fork(&path("parent"), At::Step(at + 5), &path("child"), &[]).unwrap(), at);
    // As it is made: its curve is its parent's, and so are its steps to do.
    let made = Summary::read(&path("child")).unwrap();
    assert_eq!((made.state, made.step, made.steps, made.edits), (State::Stopped, at, STEPS, 0));
    let theirs: Vec<_> = rows(&path("parent")).into_iter().filter(|row| row.step <= at).collect();
    assert_eq!(rows(&path("child")), theirs);
    resume(&path("child"));
    assert_eq!(series(&rows(&path("child")), "loss"), series(&rows(&path("parent")), "loss"));
    assert_eq!(series(&rows(&path("child")), "loss/color"), series(&rows(&path("parent")), "loss/color"));
    assert!(state(&path("child"), STEPS) == state(&path("parent"), STEPS), "the final states differ");
    let lineage = Manifest::read(&path("child")).unwrap().parent.unwrap();
    assert_eq!((lineage.name(), lineage.step), ("parent", at));
    assert_eq!(lineage.created, Manifest::read(&path("parent")).unwrap().created);
    assert!(tree(&path("parent")) == untouched, "the parent was touched");
    // It can be forked and replayed like any other; its parent need not be there for that.
    assert_eq!(fork(&path("child"), At::Newest, &path("grandchild"), &[]).unwrap(), STEPS);
    fs::remove_dir_all(path("parent")).unwrap();
    let (from, steps, states, edits) = replayed(&path("child"));
    assert_eq!((from, steps, edits), (at, STEPS - at, 0));
    assert!(states >= 1);
}

#[test]
fn a_change_is_an_edit_of_the_child_at_the_fork() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    parent(&path("parent"));
    let set = ["optimizer.lr=0.005", "augment.rotation.head=false", "optimizer.lr=0.005"];
    assert_eq!(fork(&path("parent"), At::Step(6), &path("child"), &set).unwrap(), 6);
    let edits: Vec<Value> = journal(&path("child")).into_iter().filter(|it| it["kind"] == "edit").collect();
    let told: Vec<_> = edits.iter().map(|it| (it["step"].as_u64(), it["path"].as_str())).collect();
    assert_eq!(told, [(Some(6), Some("optimizer.lr")), (Some(6), Some("augment.rotation.head"))]);
    resume(&path("child"));
    let has = |step: u64, tag: &str| {
        rows(&path("child")).iter().any(|row| row.step == step && row.figure(tag).is_some())
    };
    assert!(has(6, "loss/rotation") && has(7, "loss/color") && !has(7, "loss/rotation"));
    let (from, steps, _, edits) = replayed(&path("child"));
    assert_eq!((from, steps, edits), (6, STEPS - 6, 2));

    for (set, why) in [
        ("model.width=16", "fixed once a run has started"),
        ("train.seed=1", "fixed once a run has started"),
        ("optimizer.lr=-1", "optimizer.lr"),
        ("optimizer.lr", "the value is missing"),
    ] {
        let error = fork(&path("parent"), At::Newest, &path("none"), &[set]).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        assert!(!path("none").exists(), "{set} left something");
    }
    let taken = fork(&path("parent"), At::Newest, &path("child"), &[]).unwrap_err().to_string();
    assert!(taken.contains("already holds a run"), "{taken}");
    let early = fork(&path("parent"), At::Step(5), &path("none"), &[]).unwrap_err().to_string();
    assert!(early.contains("no checkpoint of step 5: it has those of 6, 12, 18"), "{early}");
}

#[test]
fn a_run_is_wound_back_to_before_an_edit() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut watched = Watched::start(config(SMALL), Place::New(path("parent")), 1_000_000);
    watched.until_step(3);
    watched.send(Command::Pause);
    watched.until(|now| now.phase == Phase::Paused);
    let edits: [(&str, Value); 3] = [
        ("optimizer.lr", 0.02.into()),
        ("augment.color.head", false.into()),
        ("augment.rotation.head", false.into()),
    ];
    for (path, value) in edits {
        watched.send(Command::Edit(Edit { path: path.into(), value }));
        watched.until_edited(path);
    }
    let step = watched.snapshot().step;
    watched.send(Command::Resume);
    watched.until_step(step + 2);
    // Also while the parent trains: two checkpoints are of one step, and differ by an edit.
    for (number, heads) in [(2, ["color", "rotation"].as_slice()), (3, &["rotation"])] {
        let child = path(&format!("before-{number}"));
        assert_eq!(fork(&path("parent"), At::Edit(number), &child, &[]).unwrap(), step);
        let config = looc::config::Config::load(Some(&child.join("config.yaml")), &[]).unwrap();
        let owners: Vec<_> = config.augment.iter().filter(|it| it.head).map(|it| it.name()).collect();
        assert_eq!((owners.as_slice(), config.optimizer.lr), (heads, 0.02));
    }
    watched.stop();
    let why = |number| fork(&path("parent"), At::Edit(number), &path("none"), &[]).unwrap_err().to_string();
    let none = why(1);
    assert!(none.contains("no checkpoint was written before edit 1 (optimizer.lr, at step "), "{none}");
    assert!(why(4).contains("it has no edit 4: they count from 1 to 3"), "{}", why(4));
    fs::remove_dir_all(path("parent").join(format!("checkpoints/step-{step:08}"))).unwrap();
    assert!(why(2).contains("is not there any more"), "{}", why(2));
}

/// Whatever may change the bits is named, nothing is trained, and a fork goes on.
#[test]
fn a_run_goes_on_as_itself_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    train(config(SMALL), Place::New(path("whole")), 4);
    let newest = "checkpoints/step-00000004";
    let refused = |change: &dyn Fn(&Path)| {
        let run = tempfile::tempdir().unwrap();
        copy(&path("whole"), run.path());
        change(run.path());
        let before = (rows(run.path()), journal(run.path()));
        let ended = train(config(SMALL), Place::Resume(run.path().into()), STEPS);
        let Phase::Failed(why) = &ended.phase else { return None };
        assert!(why.contains("looc-tui fork"), "{why}");
        assert_eq!((rows(run.path()), journal(run.path())), before);
        assert_eq!(fork(run.path(), At::Newest, &run.path().join("child"), &[]).unwrap(), 4);
        resume(&run.path().join("child"));
        Some(why.clone())
    };
    let fact = |name: &'static str, value: Value| {
        move |run: &Path| {
            rewrite_facts(&run.join(newest), |facts| drop(facts.insert(name.into(), value.clone())))
        }
    };
    let why = refused(&fact("version", "0.0.1".into())).unwrap();
    assert!(why.contains("\n  program: 0.0.1 then, "), "{why}");
    let why = refused(&|run| {
        fact("compute", "cpu (abacus)".into())(run);
        fact("data", "c0ffee".into())(run);
        fs::write(run.join("config.yaml"), config(&[SMALL, &["train.seed=3"]].concat()).to_yaml()).unwrap();
    })
    .unwrap();
    for what in ["compute: cpu (abacus) then, ", "data: c0ffee then, ", "config.yaml: "] {
        assert!(why.contains(&format!("\n  {what}")), "{why}");
    }
    // These change no bit; a run from before they were recorded has neither.
    assert_eq!(refused(&fact("threads", 77.into())), None);
    let older = |run: &Path| {
        rewrite_facts(&run.join(newest), |facts| {
            assert!(facts.shift_remove("threads").is_some() && facts.shift_remove("data").is_some());
        });
    };
    assert_eq!(refused(&older), None);
}

/// One pixel of one image, between the parts of a run.
#[test]
fn changed_images_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (photos, path) = (folder.path().join("photos"), folder.path().join("run"));
    let photo = |place: u32, red: u8| {
        let class = photos.join(["a", "b"][place as usize % 2]);
        fs::create_dir_all(&class).unwrap();
        let colour = |x, y| image::Rgb([red, (x * 6) as u8, (y * 6 + place) as u8]);
        let mut image = image::RgbImage::from_fn(32, 32, colour);
        image.put_pixel(5, 5, image::Rgb([red, 9, 9]));
        image.save(class.join(format!("{place:04}.png"))).unwrap();
    };
    (0..60).for_each(|place| photo(place, 100));
    let of_photos = format!("data.path={}", photos.display());
    let set = ["data.kind=folder", &of_photos, "data.cache=off", "data.size=32", "train.batch=16"];
    let config = config(&[SMALL, &set, &["eval.images=8"]].concat());
    train(config.clone(), Place::New(path.clone()), 3);
    photo(7, 101);
    let ended = train(config.clone(), Place::Resume(path.clone()), 6);
    let Phase::Failed(why) = &ended.phase else { panic!("{:?}", ended.phase) };
    assert!(why.contains("\n  data: "), "{why}");
    photo(7, 100);
    assert_eq!(train(config, Place::Resume(path), 6).phase, Phase::Finished);
}

fn looc(folder: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    assert_cmd::Command::cargo_bin("looc-tui").unwrap().current_dir(folder).args(arguments).assert()
}

#[test]
fn the_command_makes_a_run_that_the_list_shows() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    parent(&runs.join("r0001"));
    let made =
        looc(folder.path(), &["fork", "runs/r0001", "--at", "12", "--set", "optimizer.lr=0.01"]).code(0);
    assert_eq!(made.get_output().stdout, b"runs/r0002\n");
    let hint = String::from_utf8(made.get_output().stderr.clone()).unwrap();
    assert!(hint.contains("at step 12 of 18; go on: looc-tui train --resume --run runs/r0002"), "{hint}");
    looc(folder.path(), &["train", "--resume", "--run", "runs/r0002"]).code(0);
    let listed = looc(folder.path(), &["runs"]).code(0);
    let listed = String::from_utf8(listed.get_output().stdout.clone()).unwrap();
    assert!(listed.lines().nth(2).unwrap().ends_with("; from r0001 at 12"), "{listed}");
    let listed = looc(folder.path(), &["runs", "--json"]).code(0);
    let listed: Vec<Value> = serde_json::from_slice(&listed.get_output().stdout).unwrap();
    assert!(listed[0]["parent"].is_null());
    assert_eq!((&listed[1]["parent"]["step"], &listed[1]["step"]), (&12.into(), &STEPS.into()));
    let parent = PathBuf::from(listed[1]["parent"]["path"].as_str().unwrap());
    assert_eq!(parent, runs.join("r0001").canonicalize().unwrap());
    looc(folder.path(), &["fork", "runs/r0001", "--at", "1", "--before-edit", "1"]).code(2);
}
