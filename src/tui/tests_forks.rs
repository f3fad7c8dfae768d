//! Forking from the screen: where it can be done, what comes of it, and how the list of runs shows it.

use super::{
    played::snapshot,
    state::Effect,
    tests_runs::{beside, recorded},
};
use crate::{
    engine::message::{Command, Event, Phase, Snapshot},
    run::{Checkpoint, Entry, RunDir, Turn},
};
use serde_json::json;

/// A checkpoint that a fork can be made from.
fn checkpoint(run: &mut RunDir, step: u64, revision: u64) {
    let facts = json!({
        "counts": {}, "generations": {}, "revision": revision, "time": 1.0, "compute": "cpu", "version": "1",
    });
    let tensors = vec![("x".into(), vec![1], vec![0.5])];
    let facts = facts.as_object().cloned().unwrap();
    let config_yaml = run.config_yaml().unwrap();
    run.save(&Checkpoint { step, tensors, facts, config_yaml }).unwrap();
}

fn edit(path: &str, from: &str, to: &str, revision: u64) -> Entry {
    let (path, from, to) = (path.into(), from.into(), to.into());
    Entry::Edit { path, from, to, revision, config: String::new() }
}

#[test]
fn a_run_is_rewound_to_before_an_edit_and_hangs_below_its_parent() {
    let (folder, mut it) = beside();
    let mut run = recorded(folder.path(), "r0000", 0.1, 4.5);
    let start = Entry::Start {
        version: "1".into(),
        steps: 100,
        compute: "cpu".into(),
        threads: None,
        data: None,
        build: None,
    };
    run.journal().append(0, start).unwrap();
    run.journal().append(10, edit("optimizer.lr", "0.1", "0.2", 1)).unwrap();
    checkpoint(&mut run, 20, 1);
    run.journal().append(20, edit("augment.color.head", "true", "false", 2)).unwrap();
    checkpoint(&mut run, 50, 2);
    drop(run);
    it.press("a");
    it.until("the run", |screen| screen.contains("r0000"));
    it.press("gf");
    it.until("where it can be forked", |screen| screen.contains("Fork r0000"));
    let screen = it.draw(120, 36);
    assert!(screen.contains("step 50         go on from this checkpoint"), "{screen}");
    assert!(screen.contains("step 20         rewind: before “color no head”"), "{screen}");
    it.press("rewind\n");
    it.until("the fork", |screen| screen.contains("r0005 is made, from step 20 of r0000"));
    assert!(it.draw(120, 36).contains("Leave this run, with a checkpoint, and go on with r0005?"));
    it.press("n");
    it.until("it in the list", |screen| screen.contains("└ r0005"));
    let screen = it.draw(120, 36);
    let place = |name: &str| screen.lines().position(|line| line.contains(name)).unwrap();
    assert_eq!(place("└ r0005"), place(" r0000") + 1, "{screen}");
    it.press("gj");
    let screen = it.draw(120, 36);
    assert!(screen.contains("forked from r0000 at step 20"), "{screen}");
    insta::assert_snapshot!("runs_tree_120x36", screen);
    // Its curves begin with its parent's, and so do the turns under them.
    it.press("\n");
    it.until("its curves", |screen| screen.contains("FROM ITS FILES: stopped"));
    let screen = it.draw(120, 36);
    assert!(screen.contains("▲ lr 0.1→0.2") && screen.contains("from r0000 ▲"), "{screen}");
    assert!(!screen.contains("color no head"), "what came after the fork is not its own:\n{screen}");
    it.press("q");
    it.press("ssss");
    assert!(!it.draw(120, 36).contains("└ r"), "another order is no tree");
    it.press("s");
    it.press("gjR");
    it.press("y");
    assert_eq!(it.asked(), [Command::Stop]);
    assert_eq!(it.state.next_run, Some(folder.path().join("r0005")));
}

/// The run on the screen is forked by a key of the training screen; without a checkpoint there is nothing to fork.
#[test]
fn the_run_on_the_screen_is_forked_too() {
    let (folder, mut it) = beside();
    it.press("1F");
    it.until("why not", |screen| screen.contains("r0002 has no checkpoint yet: c writes one"));
    let run = RunDir::open(&folder.path().join("r0002"));
    checkpoint(&mut run.unwrap(), 50, 0);
    it.press("F");
    it.until("its checkpoint", |screen| screen.contains("step 50         go on from this checkpoint"));
    it.press("\n");
    it.until("that it is missing", |screen| screen.contains("r0005 is made, from step 50 of r0002"));
    it.publish(Snapshot { phase: Phase::Stopped, ..snapshot() });
    assert!(it.draw(120, 36).contains("Leave this run and go on with r0005?"));
    assert_eq!(it.press("y"), Some(Effect::Leave));
    assert_eq!(it.state.next_run, Some(folder.path().join("r0005")));
}

/// Of a run that is gone on with, or attached to, what was before is marked and logged, but is no news.
#[test]
fn turns_of_before_are_marked_and_not_announced() {
    let (_folder, mut it) = beside();
    let turn = Turn::Edit { path: "augment.color.p".into(), from: "0.8".into(), to: "0.5".into() };
    it.engine.event(Event::Recalled { step: 900, turn });
    it.press("1");
    it.state.refresh(std::time::Instant::now());
    let screen = it.draw(120, 36);
    assert!(screen.contains("▲ color.p 0.8→0.5") && !screen.contains('✓'), "{screen}");
    it.press("6");
    assert!(it.draw(120, 36).contains("augment.color.p 0.8 → 0.5"), "{}", it.draw(120, 36));
}
