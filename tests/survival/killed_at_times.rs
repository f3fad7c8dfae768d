//! Killed at times that nobody chose.

use crate::{
    course::{Course, PROGRAM, STEPS, drawn, rounds, until, was_killed},
    editor::Editor,
    tally::Tally,
};
use looc::{
    engine::message::{self, Edit},
    link,
};
use std::{
    process::Command,
    time::{Duration, Instant},
};

/// More than are ever made: such a run ends when it is stopped.
const ENDLESS: u64 = 1_000_000;

fn wait_at_most(case: &str, round: u64, limit: Duration) {
    std::thread::sleep(Duration::from_micros(drawn(case, round, limit.as_micros() as u64)));
}

/// How long the undisturbed run takes here; not what it takes where much else happens at this moment.
fn whole() -> Duration {
    let since = Instant::now();
    assert!(Course::new().train().success());
    since.elapsed().min(Duration::from_millis(500))
}

/// Case 2, without edits: each run is killed until it comes to its end all the same.
#[test]
fn killed_at_random_times_it_is_the_undisturbed_run() {
    let mut tally = Tally::new("2", "kills at random times of runs without edits");
    let whole = whole();
    while tally.tried < rounds() {
        let mut course = Course::new();
        for _ in 0..4 {
            let mut process = course.begin();
            wait_at_most("random", tally.tried, whole);
            if !was_killed(process.kill()) {
                break;
            }
            tally.tried += 1;
            course.look(&mut tally, "killed");
        }
        course.compare(&mut tally, "killed at random times");
    }
}

/// Case 2, with edits: nothing that was shown is lost, and the journal makes the same run again.
#[test]
fn killed_at_random_times_while_it_is_edited() {
    let mut tally = Tally::new("2", "kills at random times of an edited run");
    let course = Course::of(ENDLESS, &[]);
    let editor = Editor::of(course.run());
    for round in 0..rounds() {
        let mut process = course.begin();
        // Every other life is long enough for edits; the rest end anywhere, also before there is a run.
        if round % 2 == 0 {
            let before = editor.shown();
            until("an edit", || editor.shown() > before);
        }
        wait_at_most("edited", round, Duration::from_millis(250));
        assert!(was_killed(process.kill()), "{}", course.said());
        tally.tried += 1;
        course.look(&mut tally, "killed while it is edited");
    }
    let mut last = course.begin();
    until("a socket", || link::is_served(&course.run()));
    editor.leave(&course.run(), &mut tally);
    until("an end", || link::stop(&course.run()).is_ok());
    assert!(last.wait().success(), "{}", course.said());
    if course.said().contains("is not the one that this run had") {
        tally.differs(&course.said());
    }
    replay(&course, &mut tally);
}

/// Case 4. There is no checkpoint to go on from: it begins anew and makes its edits again, each at its step.
#[test]
fn killed_before_its_first_checkpoint() {
    let mut tally = Tally::new("4", "kills after edits and before the first checkpoint");
    for _ in 0..rounds().min(20) {
        let course = Course::of(ENDLESS, &["train.checkpoint_every=0"]);
        let mut process = course.begin();
        until("a socket", || link::is_served(&course.run()));
        let viewer = link::attach(&course.run()).unwrap();
        for lr in [0.05, 0.04] {
            let edit = Edit { path: "optimizer.lr".into(), value: lr.into() };
            viewer.commands.send(message::Command::Edit(edit)).unwrap();
            until("an edit", || viewer.snapshot.borrow().config.optimizer.lr == lr);
        }
        let edited = viewer.snapshot.borrow().step;
        assert!(was_killed(process.kill()), "{}", course.said());
        assert!(!course.run().join("checkpoints").exists());
        tally.tried += 1;
        let mut again = course.begin();
        until("a socket", || link::is_served(&course.run()));
        let viewer = link::attach(&course.run()).unwrap();
        until("the steps of before", || viewer.snapshot.borrow().step > edited);
        if viewer.snapshot.borrow().revision != 2 {
            tally.lost("an edit that was not made again");
        }
        link::stop(&course.run()).unwrap();
        assert!(again.wait().success(), "{}", course.said());
        tally.edits += 2;
        replay(&course, &mut tally);
    }
}

/// Whether the journal makes the same run again.
fn replay(course: &Course, tally: &mut Tally) {
    let replayed = Command::new(PROGRAM).arg("replay").arg(course.run()).output().unwrap();
    let verdict = String::from_utf8_lossy(&replayed.stdout);
    println!("replayed: {}", verdict.trim());
    if !replayed.status.success() || !verdict.starts_with("identical") {
        tally.differs(&format!("{verdict}\n{}", String::from_utf8_lossy(&replayed.stderr)));
    }
}

/// Case 3. Five kills in a row while it is being taken up, each of them before it has trained anything new.
#[test]
fn killed_during_resume_five_times() {
    let mut tally = Tally::new("3", "kills during resume");
    for round in 0..rounds().div_ceil(5) {
        let mut course = Course::new();
        let mut process = course.begin();
        until("a checkpoint", || course.run().join("checkpoints/step-00000008").exists());
        process.kill();
        let since = Instant::now();
        assert!(course.command(&["runs", "."]).status().unwrap().success());
        let started = since.elapsed();
        for kill in 0..5 {
            let mut process = course.begin();
            wait_at_most("resume", 5 * round + kill, 2 * started);
            if !was_killed(process.kill()) {
                break;
            }
            tally.tried += 1;
            course.look(&mut tally, "killed during resume");
        }
        course.compare(&mut tally, &format!("killed during resume, at step {STEPS}"));
    }
}
