//! The list of runs: read from their own files, narrowed, compared, laid under the curves, opened, gone on with.

use super::played::{Played, snapshot};
use crate::{
    config::Config,
    engine::message::{Command, Phase, Snapshot},
    run::{Entry, RunDir, StopReason},
    tui::state::Effect,
};
use serde_json::json;
use std::{path::Path, sync::Arc, time::Instant};
use tempfile::TempDir;

/// A run of 50 steps whose losses fall from twice to once `loss`.
pub fn recorded(folder: &Path, name: &str, lr: f64, loss: f32) -> RunDir {
    let config = Config::quickstart().edited("optimizer.lr", &json!(lr)).unwrap();
    let mut run = RunDir::create(&folder.join(name), &config.to_yaml(), &config.hash(), 0).unwrap();
    for step in 1..=50_u64 {
        let value = loss * (2.0 - step as f32 / 50.0);
        let figures = [("loss", value), ("loss/all", value), ("knn/shape", 0.25)];
        run.metrics().record(step, step as f64 * 0.1, figures).unwrap();
    }
    run.metrics().flush().unwrap();
    run
}

/// r0001 stopped, r0002 is the one on the screen, r0003 is damaged, r0004 was killed.
pub fn beside() -> (TempDir, Played) {
    let folder = tempfile::tempdir().unwrap();
    let mut first = recorded(folder.path(), "r0001", 0.1, 4.5);
    let start = Entry::Start {
        version: "1".into(),
        build: None,
        steps: 100,
        compute: "cpu".into(),
        threads: None,
        data: None,
    };
    first.journal().append(0, start.clone()).unwrap();
    first.journal().append(50, Entry::Stop { reason: StopReason::Stopped, why: None }).unwrap();
    drop(first);
    drop(recorded(folder.path(), "r0002", 0.06, 4.0));
    std::fs::create_dir(folder.path().join("r0003")).unwrap();
    std::fs::write(folder.path().join("r0003/manifest.json"), "{").unwrap();
    recorded(folder.path(), "r0004", 0.2, 3.0).journal().append(0, start).unwrap();
    let mut it = Played::training();
    it.publish(Snapshot { run: Some(folder.path().join("r0002")), ..snapshot() });
    it.press("5");
    it.until("the runs", |screen| screen.contains("r0004"));
    (folder, it)
}

#[test]
fn the_screen_of_runs_tells_what_differs() {
    let (_folder, mut it) = beside();
    it.press("g");
    let screen = it.draw(120, 36);
    let wanted =
        ["▸  r0001", "this run", "1 cannot be read", "optimizer.lr  0.1 (here 0.06)", "4.50", "0.25", "█▇▆"];
    for wanted in wanted {
        assert!(screen.contains(wanted), "{wanted} is missing:\n{screen}");
    }
    it.press("j");
    assert!(it.draw(80, 24).contains("r0002: other settings than here"));
}

/// The table is narrowed by words and sorted by figures.
#[test]
fn runs_are_filtered_and_sorted() {
    let (_folder, mut it) = beside();
    let order = |screen: &str| {
        let table = screen.lines().filter(|line| line.starts_with('┃'));
        let lines = table.filter_map(|line| line.find("r000").map(|at| line[at..at + 5].to_owned()));
        lines.take(3).collect::<Vec<_>>()
    };
    assert_eq!(order(&it.draw(120, 36)), ["r0001", "r0002", "r0004"]);
    it.press("sss");
    let screen = it.draw(120, 36);
    assert!(screen.contains("by loss"), "{screen}");
    assert_eq!(order(&screen), ["r0004", "r0002", "r0001"]);
    it.press("/r0004");
    let screen = it.draw(120, 36);
    assert!(
        screen.contains("only what holds these words: r0004▏") && screen.contains("1 hold “r0004”"),
        "{screen}"
    );
    assert!(screen.contains("▸  r0004"), "{screen}");
    it.press("\n/");
    it.press("\u{1b}");
    assert!(it.draw(120, 36).contains("hold “r0004”"), "what was typed stays");
}

/// Two marked runs are compared with each other, and lie under this run's curves.
#[test]
fn marked_runs_are_compared_and_laid_under() {
    let (_folder, mut it) = beside();
    it.press("g G ");
    it.until("their curves", |_| true);
    let since = Instant::now();
    while it.state.catalogue.laid_under().count() < 2 {
        assert!(since.elapsed().as_secs() < 60);
        it.state.refresh(Instant::now());
    }
    let screen = it.draw(120, 36);
    assert!(screen.contains("r0004 against r0001") && screen.contains("0.2 (r0001 0.1)"), "{screen}");
    it.press("1");
    let screen = it.draw(120, 36);
    assert!(screen.contains("z0·1 r0001     4.63") && screen.contains("z0·2 r0004     3.09"), "{screen}");
    it.press("t");
    insta::assert_snapshot!("grid_with_runs_120x36", it.draw(120, 36));
    it.press("t5G 1");
    assert!(!it.draw(120, 36).contains("z0·2"), "marked no longer");
}

/// A run is looked at, from its files, while this one trains on; and left again.
#[test]
fn another_run_is_looked_at() {
    let (_folder, mut it) = beside();
    it.press("g\n");
    it.until("the run", |screen| screen.contains("FROM ITS FILES: stopped"));
    let screen = it.draw(120, 36);
    assert!(
        screen.contains("r0001") && screen.contains("step 50/100") && screen.contains("z0 all"),
        "{screen}"
    );
    it.press(" ");
    assert!(it.asked().is_empty(), "nothing is edited there");
    assert!(it.draw(120, 36).contains("q back to the run"), "{}", it.draw(120, 36));
    assert_eq!(it.press("q"), None);
    assert!(it.draw(120, 36).contains("● TRAIN"));
    // What ends this run is seen at once.
    it.press("5g\n");
    it.until("the run again", |screen| screen.contains("FROM ITS FILES"));
    it.publish(Snapshot { phase: Phase::Failed("the disk is full".into()), ..snapshot() });
    assert!(it.draw(120, 36).contains("the disk is full"));
}

/// One that can go on is gone on with, after a question and this run's checkpoint.
#[test]
fn another_run_is_gone_on_with() {
    let (folder, mut it) = beside();
    it.press("gjR");
    assert!(it.draw(120, 36).contains("this is the run on the screen"));
    it.press("gR");
    assert!(it.draw(120, 36).contains("go on with r0001?"), "{}", it.draw(120, 36));
    it.press("n");
    assert!(it.asked().is_empty() && it.state.next_run.is_none());
    assert_eq!(it.press("Ry"), None);
    assert_eq!(it.asked(), [Command::Stop]);
    it.publish(Snapshot { phase: Phase::Stopped, config: Arc::new(Config::quickstart()), ..snapshot() });
    assert_eq!(it.press("qy"), Some(Effect::Leave));
    assert_eq!(it.state.next_run, Some(folder.path().join("r0001")));
}
