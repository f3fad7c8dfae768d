//! Coming back to runs: the one that trains here is offered; from a screen one goes on to a fork, and from that to
//! the run that another process has been training all the while.

#[path = "common/terminal.rs"]
mod terminal;

use looc::run::{Entry, State, Summary, holder, journal};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use terminal::{SMALL, Terminal, has_curve};

/// A folder of runs; whatever still trains in it when a test ends, well or not, is ended too.
struct Folder(tempfile::TempDir);

impl Drop for Folder {
    fn drop(&mut self) {
        let runs = self.0.path().join("runs").read_dir().into_iter().flatten().flatten();
        for holder in runs.filter_map(|run| holder(&run.path())) {
            let _ = Pid::from_raw(holder.pid as i32).map(|pid| kill_process(pid, Signal::KILL));
        }
    }
}

fn folder() -> Folder {
    Folder(tempfile::tempdir().unwrap())
}

/// Trains `runs/r0001`, and leaves it training.
fn left_training(folder: &Path) {
    let arguments = [&SMALL[..SMALL.len() - 1], &["runs/r0001"]].concat();
    let mut terminal = Terminal::start(folder, &arguments, 36, 120);
    terminal.until("a curve", has_curve);
    terminal.keys("jj ");
    terminal.until("color off", |text| text.contains("color off"));
    // A head is taken: there is a checkpoint before that.
    terminal.keys("o");
    terminal.until("its head taken", |text| text.contains("color no head"));
    terminal.keys("qd");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
    assert!(terminal.text().contains("trains on in the background"), "{}", terminal.text());
}

fn stop(folder: &Path, run: &str) {
    let mut stop = assert_cmd::Command::cargo_bin("looc-tui").unwrap();
    stop.current_dir(folder).args(["stop", run]).assert().code(0);
}

fn state(folder: &Path, run: &str) -> State {
    Summary::read(&folder.join(run)).unwrap().state
}

#[test]
fn a_run_that_trains_here_is_offered() {
    let kept = folder();
    let folder = kept.0.path();
    left_training(folder);
    let mut terminal = Terminal::start(folder, &[], 36, 120);
    terminal.until("the offer", |text| text.contains("1  runs/r0001  training, step "));
    terminal.keys("what\r");
    terminal.until("it again", |text| text.matches("attach to runs/r0001").count() == 2);
    terminal.keys("q\r");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
    let runs = || folder.join("runs").read_dir().unwrap().count();
    assert_eq!(runs(), 1, "nothing was made");
    let mut terminal = Terminal::start(folder, &[], 36, 120);
    terminal.until("the offer", |text| text.contains("attach to runs/r0001"));
    terminal.keys("\r");
    terminal.until("the run, with what was done to it", |text| {
        text.starts_with("looc r0001") && has_curve(text) && text.contains("color no head")
    });
    terminal.keys("qs");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
    assert!(terminal.restored(), "{}", terminal.tail());
    assert_eq!((state(folder, "runs/r0001"), runs()), (State::Stopped, 1));
}

#[test]
fn from_an_attached_screen_to_a_fork_and_back() {
    let kept = folder();
    let folder = kept.0.path();
    left_training(folder);
    let mut terminal = Terminal::start(folder, &["attach"], 36, 120);
    terminal.until("a curve", has_curve);
    terminal.keys("5");
    terminal.until("the run", |text| text.contains("▸  r0001"));
    terminal.keys("f");
    terminal.until("where it can be forked", |text| text.contains("rewind: before “color no head”"));
    terminal.keys("rewind\r");
    terminal.until("the fork", |text| text.contains("r0002 is made"));
    terminal.until("the question", |text| {
        text.contains("Leave this run, which trains on, and go on with r0002?")
    });
    terminal.keys("y");
    terminal.until("the fork's own course", |text| {
        text.starts_with("looc r0002 ● TRAIN") && has_curve(text) && text.contains("from r0001")
    });
    assert_eq!(state(folder, "runs/r0001"), State::Training);
    terminal.keys("5");
    terminal.until("the tree", |text| text.contains("└ r0002"));
    terminal.keys("gR");
    terminal
        .until("the question", |text| text.contains("r0001 is trained by another process. Leave this run"));
    terminal.keys("y");
    terminal.until("the other run", |text| text.starts_with("looc r0001") && has_curve(text));
    terminal.keys("qy");
    assert_eq!(terminal.end(), 0, "{}", terminal.tail());
    assert!(terminal.restored(), "{}", terminal.tail());
    let states = ["runs/r0001", "runs/r0002"].map(|run| state(folder, run));
    assert_eq!(states, [State::Training, State::Stopped]);
    stop(folder, "runs/r0001");
    // The child has its parent's first edit as a part of its past, and none of its own.
    let records = journal::read(&folder.join("runs/r0002/journal.jsonl")).unwrap();
    let count = |of: fn(&Entry) -> bool| records.iter().filter(|it| of(&it.entry)).count();
    assert_eq!(count(|it| matches!(it, Entry::Inherited { .. })), 1);
    assert_eq!(count(|it| matches!(it, Entry::Edit { .. })), 0);
    let mut replay = assert_cmd::Command::cargo_bin("looc-tui").unwrap();
    let replayed = replay.current_dir(folder).args(["replay", "runs/r0002"]).assert().code(0);
    let said = String::from_utf8_lossy(&replayed.get_output().stdout).into_owned();
    assert!(said.contains("identical"), "{said}");
}
