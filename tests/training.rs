//! The main job without a screen: the engine trains on the built-in set.

#[expect(dead_code, reason = "no test here asks anything after the last step")]
mod common;

use common::{SMALL, Watched, config, journal_kinds, rows, series, train};
use looc::engine::message::{Command, Edit, Event, Phase};
use looc::{engine::Place, run};
use std::path::Path;

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

/// Two hundred steps: every loss falls, and each head keeps what it was made to keep.
#[test]
fn every_loss_falls_and_heads_keep_their_factor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut learns = config(SMALL);
    (learns.train.batch, learns.contrast.temperature) = (64, 0.1);
    let ended = train(learns, Place::New(path.clone()), 200);
    assert_eq!(ended.phase, Phase::Finished, "{:?}", ended.phase);

    let rows = rows(&path);
    for (tag, negatives) in [("loss/all", 512.0f32), ("loss/color", 514.0), ("loss/rotation", 514.0)] {
        let losses = series(&rows, tag);
        assert_eq!(losses.len(), 200, "{tag}");
        // Once the queue is full of an untrained encoder's keys, every logit is about alike: ln(1 + negatives).
        let full = 512 / 64;
        let (first, last) = (mean(&losses[full..full + 5]), mean(&losses[180..]));
        let alike = (1.0 + negatives).ln();
        assert!((first - alike).abs() < 1.5, "{tag} is {first} at first, not near {alike}");
        assert!(last < first - 0.5, "{tag} went from {first} to {last}");
    }
    let last = |tag: &str| *series(&rows, tag).last().unwrap_or_else(|| panic!("{tag} is missing"));
    for own in ["color", "rotation"] {
        let general = last(&format!("invariance/all/{own}"));
        let kept = last(&format!("invariance/{own}/{own}"));
        assert!(kept < general - 0.1, "head {own} is {kept} invariant to {own}, head all {general}");
    }
    let turned = last("probe/rotation");
    assert!((0.35..=1.0).contains(&turned), "which way is up can be read from the features: {turned}");
    assert_eq!(journal_kinds(&path), ["start", "state", "state", "checkpoint", "stop"]);
}

/// Without a head there is one space, and the loss is its own.
#[test]
fn without_a_head_it_is_moco() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut moco = config(SMALL);
    moco.augment.iter_mut().for_each(|entry| entry.head = false);
    let ended = train(moco, Place::New(path.clone()), 12);
    assert_eq!(ended.phase, Phase::Finished);
    let rows = rows(&path);
    assert_eq!(series(&rows, "loss/all").len(), 12);
    assert!(series(&rows, "loss/color").is_empty());
    assert_eq!(series(&rows, "loss"), series(&rows, "loss/all"));
}

/// Interrupted and resumed: the same bits as at once.
#[test]
fn a_resumed_run_is_the_uninterrupted_one() {
    const STEPS: u64 = 40;
    let folder = tempfile::tempdir().unwrap();
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
    train(config(SMALL), Place::New(whole.clone()), STEPS);
    let mut first = Watched::start(config(SMALL), Place::New(parts.clone()), STEPS);
    first.until_step(4);
    first.send(Command::Stop);
    let stopped = first.join();
    assert_eq!(stopped.phase, Phase::Stopped);
    assert!(stopped.step < STEPS);
    let ended = train(config(SMALL), Place::Resume(parts.clone()), STEPS);
    assert_eq!((&ended.phase, ended.step), (&Phase::Finished, STEPS));
    let losses = |path| series(&rows(path), "loss");
    assert_eq!(losses(&whole), losses(&parts));
    let state = |path: &Path| {
        let name = format!("checkpoints/step-{STEPS:08}/state.safetensors");
        std::fs::read(path.join(name)).unwrap()
    };
    assert!(state(&whole) == state(&parts), "the final checkpoints differ");
}

/// The same of every other objective, and of LooC++ with a head that goes and comes back on the way.
#[test]
fn every_kind_of_run_resumes_as_if_uninterrupted() {
    const STEPS: u64 = 16;
    let folder = tempfile::tempdir().unwrap();
    for (name, change) in [
        ("simclr", "contrast.kind=simclr"),
        ("supervised", "contrast.kind=supervised"),
        ("loocpp", "model.heads=stage"),
    ] {
        let config = || config(&[SMALL, &[change]].concat());
        let heads = config().augment.iter().filter(|entry| entry.head).count();
        let (whole, killed) = (folder.path().join(name), folder.path().join(format!("{name}-killed")));
        let mut watched = Watched::start(config(), Place::New(whole.clone()), STEPS);
        watched.until_step(2);
        watched.send(Command::Pause);
        if heads > 0 {
            for value in [false, true] {
                let edit = Edit { path: "augment.color.head".into(), value: value.into() };
                watched.send(Command::Edit(edit));
                watched.until_edited("augment.color.head");
                watched.send(Command::StepOnce);
            }
        }
        watched.send(Command::Checkpoint);
        watched.until_event(|event| matches!(event, Event::Saved { .. }).then_some(()));
        // What the disk holds now is what a killed process leaves: the lock is not taken along.
        copy(&whole, &killed);
        watched.send(Command::Resume);
        let ended = watched.join();
        assert_eq!((&ended.phase, ended.losses.len()), (&Phase::Finished, 1 + heads), "{name}");
        let resumed = train(config(), Place::Resume(killed.clone()), STEPS);
        assert_eq!(resumed.phase, Phase::Finished, "{name}");
        assert_eq!(series(&rows(&whole), "loss"), series(&rows(&killed), "loss"), "{name}");
        let state =
            |path: &Path| std::fs::read(path.join("checkpoints/step-00000016/state.safetensors")).unwrap();
        assert!(state(&whole) == state(&killed), "{name}: the final checkpoints differ");
    }
}

/// An edit is refused or acknowledged, journaled with its step, and takes effect at the next step.
#[test]
fn edits_take_effect_at_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut watched = Watched::start(config(SMALL), Place::New(path.clone()), 1_000_000);
    let edit = |path: &str, value: serde_json::Value| Command::Edit(Edit { path: path.into(), value });
    watched.until_step(3);
    watched.send(edit("augment.color.enabled", false.into()));
    let off = watched.until_edited("augment.color.enabled");
    watched.until_step(off + 3);
    watched.send(edit("augment.color.enabled", true.into()));
    let on = watched.until_edited("augment.color.enabled");
    watched.until_step(on + 3);
    watched.send(edit("augment.rotation.head", false.into()));
    let gone = watched.until_edited("augment.rotation.head");
    watched.until_step(gone + 3);
    watched.send(edit("augment.rotation.head", true.into()));
    let back = watched.until_edited("augment.rotation.head");
    watched.until_step(back + 3);
    watched.send(edit("optimizer.lr", 0.5.into()));
    let faster = watched.until_edited("optimizer.lr");
    watched.send(edit("augment.color.p", 3.into()));
    watched.send(edit("model.width", 64.into()));
    watched.until_refused("augment.color.p");
    watched.until_refused("model.width");
    watched.until_step(faster + 2);
    watched.send(Command::Stop);
    let ended = watched.join();
    assert_eq!(ended.phase, Phase::Stopped);

    let rows = rows(&path);
    let has = |tag: &str, step: u64| {
        let row =
            rows.iter().find(|row| row.step == step && row.values.iter().any(|(it, _)| &**it == "loss"));
        row.unwrap().values.iter().any(|(it, _)| &**it == tag)
    };
    assert!(has("loss/color", off) && !has("loss/color", off + 1), "color rests from step {}", off + 1);
    assert!(!has("loss/color", on) && has("loss/color", on + 1));
    assert!(has("loss/rotation", gone) && !has("loss/rotation", gone + 1));
    assert!(has("loss/rotation", back + 1));
    let kinds = journal_kinds(&path);
    assert_eq!(kinds.iter().filter(|kind| *kind == "edit").count(), 5, "{kinds:?}");
    // Before a structural edit a checkpoint is written.
    let first_edit_of_heads = kinds.iter().rposition(|kind| kind == "edit").unwrap() - 1;
    assert_eq!(kinds[first_edit_of_heads - 1], "checkpoint", "{kinds:?}");
    assert!(
        run::journal::read(&path.join("journal.jsonl"))
            .unwrap()
            .windows(2)
            .all(|two| two[0].seq < two[1].seq)
    );
}

/// Paused, it rests; one step at a time; and the views come from the model as it is.
#[test]
fn pause_single_steps_views_and_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut watched = Watched::start(config(SMALL), Place::New(path.clone()), 1_000_000);
    watched.until_step(2);
    watched.send(Command::Pause);
    watched.until(|snapshot| snapshot.phase == Phase::Paused);
    let at = watched.snapshot().step;
    watched.send(Command::StepOnce);
    watched.until_step(at + 1);
    watched.send(Command::Views(looc::engine::message::ViewRequest { index: 5, draw: 2 }));
    watched.until(|snapshot| snapshot.views.is_some());
    assert_eq!(watched.snapshot().step, at + 1, "still paused");
    let sheet = watched.snapshot().views.clone().unwrap();
    let names: Vec<&str> = sheet.views.iter().map(|tile| &*tile.name).collect();
    assert_eq!(names, ["q", "k0", "color", "rotation"]);
    for tile in &sheet.views {
        assert_eq!(tile.rgb.len(), sheet.side * sheet.side * 3);
        let shared: Vec<_> =
            tile.params.iter().filter(|param| param.shared).map(|it| &*it.augmentation).collect();
        assert_eq!(shared, if sheet.views[2..].contains(tile) { vec![&*tile.name] } else { vec![] });
        let heads: Vec<&str> = tile.cosines.iter().map(|(head, _)| &**head).collect();
        assert_eq!(heads, ["all", "color", "rotation"]);
    }
    assert!(sheet.views[0].cosines.iter().all(|(_, cosine)| (cosine - 1.0).abs() < 1e-4));
    watched.send(Command::Checkpoint);
    let saved = watched.until_event(|event| match event {
        Event::Saved { step, path } => Some((*step, path.clone())),
        _ => None,
    });
    assert_eq!(saved.0, at + 1);
    assert!(saved.1.join("state.safetensors").is_file());
    watched.send(Command::Resume);
    watched.until_step(at + 3);
    watched.stop();
}

/// A loss that is not a number stops the run, says so, and keeps the last finite checkpoint.
#[test]
fn a_loss_that_is_not_a_number_stops_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut wild = config(SMALL);
    wild.optimizer.lr = 10.0;
    wild.optimizer.schedule = looc::nn::ScheduleKind::Constant;
    wild.optimizer.weight_decay = 1.0;
    wild.optimizer.momentum = 0.9999;
    wild.train.checkpoint_every = 1;
    let ended = train(wild, Place::New(path.clone()), 3000);
    let Phase::Failed(why) = &ended.phase else { panic!("{:?}", ended.phase) };
    assert!(why.contains("learning rate"), "{why}");
    assert_eq!(journal_kinds(&path).last().map(String::as_str), Some("stop"));
    let rows = rows(&path);
    assert!(series(&rows, "loss").iter().all(|loss| loss.is_finite()));
    let (newest, _) = run::newest(&path).unwrap().unwrap();
    let finite =
        |(_, _, values): &(String, Vec<usize>, Vec<f32>)| values.iter().all(|value| value.is_finite());
    assert!(newest.tensors.iter().all(finite), "the newest checkpoint of step {} cannot go on", newest.step);
}

/// The rows of measurements: which step each is of.
fn measured(path: &Path) -> Vec<u64> {
    let measures = |row: &run::metrics::Row| row.values.iter().any(|(tag, _)| tag.starts_with("invariance/"));
    rows(path).iter().filter(|row| measures(row)).map(|row| row.step).collect()
}

/// One row a measured step, however the measurements fall together with checkpoints and the end; and what
/// was measured before an interruption is there after it.
#[test]
fn every_due_step_is_measured_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut often = config(SMALL);
    (often.eval.every, often.eval.images, often.train.checkpoint_every) = (20, 24, 20);
    let ended = train(often.clone(), Place::New(path.clone()), 40);
    assert_eq!(ended.phase, Phase::Finished);
    assert_eq!(measured(&path), [0, 20, 40]);
    let start = ended.invariance_at_start.clone().unwrap();
    let again = train(often, Place::Resume(path.clone()), 60);
    assert_eq!(again.step, 60);
    assert_eq!(measured(&path), [0, 20, 40, 60]);
    assert_eq!(again.invariance_at_start.as_ref().unwrap().rescaled, start.rescaled);
    let shown = measured(&path).len();
    train(config(SMALL), Place::Resume(path.clone()), 60);
    assert_eq!(measured(&path).len(), shown, "a finished run is not measured again");
}

/// Killed after edits that no checkpoint holds: they are made again at their steps, and the bits are those
/// of a run that was not killed.
#[test]
fn edits_after_the_last_checkpoint_are_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    let mut adamw = config(SMALL);
    adamw.optimizer.kind = looc::nn::OptimizerKind::Adamw;
    adamw.optimizer.lr = 0.001;
    let edit = |path: &str, value: serde_json::Value| Command::Edit(Edit { path: path.into(), value });
    let mut watched = Watched::start(adamw.clone(), Place::New(whole.clone()), 30);
    watched.until_step(3);
    watched.send(Command::Checkpoint);
    watched.until_event(|event| matches!(event, Event::Saved { .. }).then_some(()));
    watched.send(edit("augment.color.enabled", false.into()));
    watched.until_edited("augment.color.enabled");
    watched.send(edit("optimizer.lr", 0.002.into()));
    watched.until_edited("optimizer.lr");
    // What the disk holds now is what a killed process leaves: the lock is not taken along.
    copy(&whole, &killed);
    watched.until_step(12);
    let steps = watched.join();
    assert_eq!(steps.phase, Phase::Finished);
    let resumed = train(adamw, Place::Resume(killed.clone()), 30);
    assert_eq!(resumed.phase, Phase::Finished);
    assert_eq!(series(&rows(&whole), "loss"), series(&rows(&killed), "loss"));
    assert!(series(&rows(&killed), "lr").iter().any(|lr| *lr > 0.0015), "the edit of the rate is in force");
    let state =
        |path: &Path| std::fs::read(path.join("checkpoints/step-00000030/state.safetensors")).unwrap();
    assert!(state(&whole) == state(&killed), "the final checkpoints differ");
}

/// A directory and all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A disk that refuses checkpoints is told of, and training goes on; once it takes them again, all is well.
#[test]
fn a_refused_checkpoint_does_not_end_training() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut often = config(SMALL);
    often.train.checkpoint_every = 2;
    let mut watched = Watched::start(often, Place::New(path.clone()), 1_000_000);
    watched.until(|snapshot| snapshot.run.is_some());
    // A file where the folder should be.
    std::fs::write(path.join("checkpoints"), "").unwrap();
    let warning = watched.until_event(|event| match event {
        Event::Warning(text) => Some(text.clone()),
        _ => None,
    });
    assert!(warning.contains("checkpoint"), "{warning}");
    watched.send(Command::Edit(Edit { path: "augment.rotation.head".into(), value: false.into() }));
    let why = watched.until_refused("augment.rotation.head");
    assert!(why.contains("checkpoint"), "{why}");
    let at = watched.snapshot().step;
    watched.until_step(at + 3);
    std::fs::remove_file(path.join("checkpoints")).unwrap();
    watched.until_event(|event| matches!(event, Event::Saved { .. }).then_some(()));
    watched.stop();
}

/// A viewer that sends a thousand requests, or reads nothing, costs training next to nothing.
#[test]
fn a_viewer_cannot_hold_training_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut watched = Watched::start(config(SMALL), Place::New(folder.path().join("run")), 1_000_000);
    watched.until_step(2);
    let at = watched.snapshot().step;
    for index in 0..5000 {
        watched.send(Command::Views(looc::engine::message::ViewRequest { index, draw: 0 }));
    }
    watched.until(|snapshot| snapshot.views.as_ref().is_some_and(|sheet| sheet.request.index == 4999));
    let after = watched.snapshot().step;
    assert!(after <= at + 200, "the newest request was answered {} steps later", after - at);
    watched.until_step(after + 2);
    watched.stop();
}

/// Told to stop while it is still loading, it leaves nothing behind.
#[test]
fn a_run_that_is_stopped_while_loading_was_never_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut large = config(SMALL);
    large.data.train = 60_000;
    let watched = Watched::start(large, Place::New(path.clone()), 10);
    watched.send(Command::Stop);
    let ended = watched.join();
    assert_eq!(ended.phase, Phase::Stopped);
    assert!(!path.exists());
}
