//! Runs that are watched, steered, stopped and left from other processes.

#[path = "common/served.rs"]
mod served;
#[path = "common/terminal.rs"]
mod terminal;

use looc::{
    engine::message::{self, Edit, Event},
    link,
    run::{Entry, State, StopReason, Summary, holder, journal, metrics},
};
use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};
use served::{PATIENCE, PROGRAM, Trained, framed, hello, program, raw, rest, told, until};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use terminal::{SMALL, Terminal, has_curve, journal as journal_text};

/// Who trains a run in the background is ended with the test.
struct Ended(PathBuf);

impl Drop for Ended {
    fn drop(&mut self) {
        if let Some(pid) = holder(&self.0).and_then(|it| Pid::from_raw(it.pid as i32)) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// A run in the background: its whole course, an edit by key, leaving, coming back, stopping.
#[test]
fn a_run_is_watched_edited_left_and_stopped() {
    let mut trained = Trained::start();
    trained.until_trained(30);
    let mut screen = Terminal::start(trained.folder.path(), &["attach", "run"], 36, 120);
    screen.until("a curve", has_curve);
    screen.keys("jj ");
    screen.until("the mark under the curve", |text| text.contains("▲ color off"));
    assert!(journal_text(trained.folder.path()).contains(r#""path":"augment.color.enabled""#));
    screen.keys("2");
    screen.until("views", |text| text.contains("k0") && text.contains("rotation"));
    screen.keys("4");
    screen.until("all images searched", |text| text.contains("1000 training images"));
    screen.keys("1q");
    screen.until("the question", |text| text.contains("Training goes on"));
    screen.keys("y");
    assert_eq!(screen.end(), 0, "{}", screen.tail());
    assert!(screen.restored() && screen.text().contains("training goes on"), "{}", screen.text());
    trained.until_trained(5);
    // Another screen knows what was before it came.
    let mut screen = Terminal::start(trained.folder.path(), &["attach", "run"], 36, 120);
    screen.until("the edit of before", |text| has_curve(text) && text.contains("▲ color off"));
    screen.keys("qs");
    assert_eq!(screen.end(), 0, "{}", screen.tail());
    assert!(screen.text().contains("stopped"), "{} {}", screen.text(), trained.said());
    assert_eq!(trained.child.wait().unwrap().code(), Some(0));
    assert_eq!(Summary::read(&trained.run()).unwrap().state, State::Stopped);
}

/// The history that a viewer gets is the run's log, step by step.
#[test]
fn the_course_is_told_whole() {
    let mut trained = Trained::start();
    trained.until_trained(20);
    let viewer = link::attach(&trained.run()).unwrap();
    let mut records = viewer.records.drain();
    let until_step = records.last().unwrap().step + 20;
    until("more records", || {
        records.extend(viewer.records.drain());
        records.last().unwrap().step >= until_step
    });
    trained.stop();
    let losses = |step: u64, tag: &str| {
        let mut found = records.iter().filter(|record| record.step == step).flat_map(|record| &record.values);
        found.find(|(it, _)| &**it == tag).map(|(_, span)| (span.min, span.max, span.last))
    };
    for row in metrics::read(&trained.run().join("metrics.jsonl")).unwrap() {
        for (tag, value) in
            row.values.iter().filter(|(tag, _)| tag.starts_with("loss") && row.step <= until_step)
        {
            assert_eq!(losses(row.step, tag), Some((*value, *value, *value)), "step {} {tag}", row.step);
        }
    }
    let steps: Vec<u64> = records
        .iter()
        .filter(|it| it.values.iter().any(|(tag, _)| &**tag == "loss"))
        .map(|it| it.step)
        .collect();
    assert_eq!(steps, (1..=steps.len() as u64).collect::<Vec<_>>(), "each step once, in order");
    assert_eq!(viewer.snapshot.borrow().run, Some(trained.run()));
}

/// Two editors: one order, and who has not seen the other's edit is told so.
#[test]
fn an_edit_of_an_older_state_is_refused() {
    let mut trained = Trained::start();
    let viewers = [link::attach(&trained.run()).unwrap(), link::attach(&trained.run()).unwrap()];
    let edit =
        |path: &str, value: f64| message::Command::Edit(Edit { path: path.into(), value: value.into() });
    // By hand, so that it knows of no other's edit.
    let stale = raw(&trained, &hello());
    viewers[0].commands.send(edit("optimizer.lr", 0.05)).unwrap();
    viewers[0].commands.send(edit("optimizer.lr", 0.04)).unwrap();
    until("both edits at both", || viewers.iter().all(|it| it.snapshot.borrow().revision == 2));
    viewers[1].commands.send(edit("optimizer.lr", 0.03)).unwrap();
    until("the other's edit", || viewers[0].snapshot.borrow().config.optimizer.lr == 0.03);
    let late = r#"{"command":{"Edit":{"path":"optimizer.lr","value":0.9}},"revision":2}"#;
    (&stale).write_all(&framed(late)).unwrap();
    let mut why = None;
    until("the refusal", || {
        why = why.take().or_else(|| {
            viewers[1].events.drain().into_iter().find_map(|event| match event {
                Event::Refused { why, .. } => Some(why),
                _ => None,
            })
        });
        why.is_some()
    });
    assert!(why.unwrap().contains("somebody else has changed"));
    trained.stop();
    let records = journal::read(&trained.run().join("journal.jsonl")).unwrap();
    let edits: Vec<(u64, String)> = records
        .into_iter()
        .filter_map(|record| match record.entry {
            Entry::Edit { revision, to, .. } => Some((revision, to)),
            _ => None,
        })
        .collect();
    assert_eq!(edits, [(1, "0.05".into()), (2, "0.04".into()), (3, "0.03".into())]);
}

/// One that never reads is dropped after a while; steps go on meanwhile, and for others too.
#[test]
fn a_viewer_that_never_reads_is_dropped() {
    let mut trained = Trained::start();
    let deaf = raw(&trained, &hello());
    // Large answers fill what the system keeps for it.
    for draw in 0..2000 {
        let ask = format!(r#"{{"command":{{"Views":{{"index":0,"draw":{draw}}}}},"revision":0}}"#);
        if (&deaf).write_all(&framed(&ask)).is_err() || trained.said().contains("did not listen") {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let viewer = link::attach(&trained.run()).unwrap();
    let since = Instant::now();
    let mut slowest = Duration::ZERO;
    while !trained.said().contains("did not listen") {
        assert!(since.elapsed() < PATIENCE, "{}", trained.said());
        let (before, begun) = (viewer.snapshot.borrow().step, Instant::now());
        until("a step", || viewer.snapshot.borrow().step > before);
        slowest = slowest.max(begun.elapsed());
    }
    println!("the slowest step while one did not read: {slowest:?}");
    assert!(slowest < Duration::from_secs(5), "steps waited for the one that did not read: {slowest:?}");
    assert!(!rest(deaf).is_empty());
    trained.stop();
}

/// The process that trains is killed: the screen lives and says so.
#[test]
fn a_lost_connection_is_shown() {
    let mut trained = Trained::start();
    let mut screen = Terminal::start(trained.folder.path(), &["attach", "run"], 36, 120);
    screen.until("a curve", has_curve);
    trained.child.kill().unwrap();
    screen.until("the loss", |text| text.contains("NO CONNECTION"));
    screen.keys("3");
    screen.until("another screen", |text| text.contains("[3 Invariance]"));
    screen.keys("q");
    screen.until("the question", |text| text.contains("There is no connection"));
    screen.keys("y");
    assert_eq!(screen.end(), 0, "{}", screen.tail());
    assert!(screen.restored() && screen.text().contains("connection was lost"), "{}", screen.text());
}

/// Signals, and the loss of the terminal, end the screen alone.
#[test]
fn a_viewer_that_is_ended_leaves_the_run_training() {
    let mut trained = Trained::start();
    for signal in [Signal::TERM, Signal::HUP] {
        let mut screen = Terminal::start(trained.folder.path(), &["attach"], 24, 80);
        // There is no folder of runs: it wants a name.
        assert_eq!(screen.end(), 2, "{}", screen.text());
        let mut screen = Terminal::start(trained.folder.path(), &["attach", "run"], 24, 80);
        screen.until("the status line", |text| text.contains("img/s"));
        screen.signal(signal);
        assert_eq!(screen.end(), 130, "{}", screen.tail());
        assert!(screen.restored(), "{}", screen.tail());
        trained.until_trained(3);
    }
    let apart = ["sh", "-c", r#"exec "$0" "$@" 2> last"#];
    let mut screen = Terminal::start_by(&apart, trained.folder.path(), &["attach", "run"], 24, 80);
    screen.until("the status line", |text| text.contains("img/s"));
    screen.hang_up();
    assert_eq!(screen.code(), 130, "{}", fs::read_to_string(trained.folder.path().join("last")).unwrap());
    trained.until_trained(3);
    trained.stop();
}

/// `looc-tui attach` alone takes the one run that is trained, and asks where there are two.
#[test]
fn the_one_run_that_is_trained_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = std::process::Command::new(PROGRAM);
        let own = SMALL.iter().take_while(|word| **word != "--run");
        command.arg("train").args(own).current_dir(folder.path()).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let named = |name: &str| folder.path().join("runs").join(name);
    let mut children = vec![start()];
    until("the first", || link::is_served(&named("r0001")));
    let mut screen = Terminal::start(folder.path(), &["attach"], 24, 80);
    screen.until("the run", |text| text.contains("r0001") && text.contains("img/s"));
    screen.keys("qy");
    assert_eq!(screen.end(), 0, "{}", screen.tail());
    children.push(start());
    until("the second", || link::is_served(&named("r0002")));
    let asked = told(program(folder.path(), &["attach"]).code(2));
    assert!(
        asked.contains("looc-tui attach runs/r0001") && asked.contains("looc-tui attach runs/r0002"),
        "{asked}"
    );
    program(folder.path(), &["stop", "runs/r0001"]).code(0);
    program(folder.path(), &["stop"]).code(0);
    for child in &mut children {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    program(folder.path(), &["stop"]).code(2);
}

/// The losses of a run by step.
fn losses(run: &Path) -> Vec<(u64, f32)> {
    let rows = metrics::read(&run.join("metrics.jsonl")).unwrap();
    rows.iter().filter_map(|row| Some((row.step, row.figure("loss")?))).collect()
}

/// A run on a screen is left by key, goes on by itself, and is come back to: the same bits as undisturbed.
#[test]
fn a_run_is_left_and_come_back_to() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let arguments = [SMALL, &["--steps", "400"]].concat();
    let mut screen = Terminal::start(folder.path(), &arguments, 36, 120);
    let _ended = Ended(run.clone());
    screen.until("a curve", has_curve);
    screen.keys("q");
    screen.until("the question", |text| text.contains("d detach"));
    screen.keys("d");
    assert_eq!(screen.end(), 0, "{}", screen.tail());
    assert!(screen.restored() && screen.text().contains("in the background"), "{}", screen.text());
    let mut screen = Terminal::start(folder.path(), &["attach", "run"], 36, 120);
    screen.until("a curve", has_curve);
    screen.keys("q");
    screen.until("the question", |text| text.contains("Training goes on"));
    screen.keys("y");
    assert_eq!(screen.end(), 0, "{}", screen.tail());
    until("the end", || holder(&run).is_none());
    let records = journal::read(&run.join("journal.jsonl")).unwrap();
    let ends: Vec<StopReason> = records
        .iter()
        .filter_map(|record| match record.entry {
            Entry::Stop { reason, .. } => Some(reason),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [StopReason::Stopped, StopReason::Finished]);
    let starts: Vec<u64> =
        records.iter().filter(|it| matches!(it.entry, Entry::Start { .. })).map(|it| it.step).collect();
    assert_eq!(starts.len(), 2);
    assert!(starts[0] == 0 && (1..400).contains(&starts[1]), "{starts:?}");
    let undisturbed = tempfile::tempdir().unwrap();
    program(undisturbed.path(), &[&["train"], &arguments[..]].concat()).code(0);
    let other = undisturbed.path().join("run");
    assert_eq!(losses(&run), losses(&other));
    let state = |run: &Path| fs::read(run.join("checkpoints/step-00000400/state.safetensors")).unwrap();
    assert!(state(&run) == state(&other), "the final checkpoints differ");
}

/// The loss of the terminal is no end, if nothing else was said.
#[test]
fn a_run_outlives_its_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let mut command = CommandBuilder::new("sh");
    command.args([&["-c", r#"exec "$0" "$@" 2> said"#, PROGRAM], SMALL].concat());
    command.cwd(folder.path());
    let mut screen = Terminal::spawn(command, 24, 80);
    let _ended = Ended(run.clone());
    screen.until("the status line", |text| text.contains("img/s"));
    let before = screen.child.process_id();
    screen.hang_up();
    assert_eq!(screen.code(), 130, "{}", fs::read_to_string(folder.path().join("said")).unwrap());
    until("another process", || {
        holder(&run).is_some_and(|it| Some(it.pid) != before) && link::is_served(&run)
    });
    assert_eq!(Summary::read(&run).unwrap().state, State::Training);
    link::stop(&run).unwrap();
}
