//! Ended twice, halted, saved and taken up at each step, and the clock set: without a loss of anything.

use crate::{
    course::{Course, Outcome, PATIENCE, Process, STEPS, TINY, drawn, rounds, undisturbed, until},
    strace::{missing, under},
    tally::Tally,
};
use looc::{
    config::Config,
    engine::{
        self, Job, Place,
        message::{Command, Phase},
    },
    run,
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// Signals the process that trains, also below another one. One that has ended hears nothing.
fn signal(run: &Path, signal: Signal) {
    if let Some(pid) = run::holder(run).and_then(|holder| Pid::from_raw(holder.pid as i32)) {
        let _ = kill_process(pid, signal);
    }
}

/// Whether a checkpoint is being written.
fn saves(run: &Path) -> bool {
    let entries = fs::read_dir(run.join("checkpoints")).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().as_encoded_bytes().ends_with(b".tmp"))
}

/// Case 6. A second SIGTERM during the save that the first one asked for ends the program at once. Each fsync takes a
/// while, so that it comes to different parts of the save.
#[test]
fn a_second_sigterm_during_the_save() {
    let mut tally = Tally::new("6", "second SIGTERMs");
    if let Some(why) = missing() {
        return tally.skip(why);
    }
    let mut during = 0;
    for round in 0..rounds().min(40) {
        let mut course = Course::new();
        // No checkpoint but the one that is asked for.
        course.under = under(&["inject=fsync:delay_enter=60000"]);
        let mut process = course.begin();
        until("a run", || {
            course.run().join("journal.jsonl").exists() && run::holder(&course.run()).is_some()
        });
        until("steps or a save", || saves(&course.run()));
        signal(&course.run(), Signal::TERM);
        std::thread::sleep(Duration::from_millis(drawn("twice", round, 300)));
        during += u64::from(saves(&course.run()));
        signal(&course.run(), Signal::TERM);
        let ended = process.wait();
        assert_eq!(ended.code(), Some(130), "{}", course.said());
        tally.tried += 1;
        course.look(&mut tally, "ended twice");
        course.compare(&mut tally, "ended twice");
    }
    println!("case 6: {during} of them came while files of a checkpoint were being written");
}

/// Case 7. As many seconds as there are rounds, a minute at most.
#[test]
fn halted_and_continued() {
    let mut tally = Tally::new("7", "halts by SIGSTOP");
    let halt = Duration::from_secs(rounds().min(60));
    let mut course = Course::new();
    let mut process = course.begin();
    until("a checkpoint", || course.run().join("checkpoints/step-00000004").exists());
    signal(&course.run(), Signal::STOP);
    std::thread::sleep(halt);
    assert!(process.0.try_wait().unwrap().is_none(), "it goes on while it is halted");
    signal(&course.run(), Signal::CONT);
    assert!(process.wait().success(), "{}", course.said());
    tally.tried += 1;
    println!("case 7: halted for {halt:?}");
    course.compare(&mut tally, "halted");
}

/// One step, and the end with a checkpoint.
fn one_step(place: Place, config: &Config) -> u64 {
    let job = Job { config: config.clone(), place, steps: Some(STEPS), attended: false };
    let (handle, thread) = engine::start(job).unwrap();
    let send = |command| handle.commands.send(command).unwrap();
    send(Command::Pause);
    // Told to stop while it loads, it would not begin at all.
    until("a pause", || handle.snapshot.borrow().phase == Phase::Paused);
    send(Command::StepOnce);
    send(Command::Stop);
    thread.join().unwrap();
    let last = handle.snapshot.borrow().clone();
    assert!(matches!(last.phase, Phase::Stopped | Phase::Finished), "{:?}", last.phase);
    last.step
}

/// Case 8. Saved after each step and taken up again, with each optimiser and objective.
#[test]
fn saved_and_reloaded_at_each_step() {
    let mut tally = Tally::new("8", "reloads after a single step");
    for change in ["optimizer.kind=sgd", "optimizer.kind=adamw", "contrast.kind=simclr", "model.heads=stage"]
    {
        let overrides: Vec<String> =
            TINY.iter().chain(&[change, "train.threads=1"]).map(|it| (*it).into()).collect();
        let config = Config::load(None, &overrides).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
        let job = Job {
            config: config.clone(),
            place: Place::New(whole.clone()),
            steps: Some(STEPS),
            attended: false,
        };
        engine::start(job).unwrap().1.join().unwrap();
        let mut step = one_step(Place::New(parts.clone()), &config);
        while step < STEPS {
            let next = one_step(Place::Resume(parts.clone()), &config);
            assert_eq!(next, step + 1);
            (step, tally.tried) = (next, tally.tried + 1);
        }
        let [whole, parts] = [whole, parts].map(|run| Outcome::of(&run, STEPS).unwrap());
        if let Some(why) = whole.difference(&parts) {
            tally.differs(&format!("{change}: {why}"));
        }
    }
}

/// Where Debian and others put it.
fn faketime() -> Option<String> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    let named = |folder: std::path::PathBuf| folder.join("faketime/libfaketime.so.1");
    folders.chain(["/usr/lib".into()]).map(named).find(|it| it.exists()).map(|it| it.display().to_string())
}

/// Case 57. The wall clock is set, forwards and back, also to before 1970, at every few milliseconds of a run; one
/// process begins in 2040, and the next one in 1999.
#[test]
fn the_clock_is_set_while_it_trains() {
    let mut tally = Tally::new("57", "changes of the clock");
    let Some(library) = faketime() else { return tally.skip("libfaketime is not installed") };
    // Far below the undisturbed run's time, so that several come in each.
    let (between, since) = (Duration::from_millis(7), Instant::now());
    while tally.tried < rounds() {
        assert!(since.elapsed() < PATIENCE);
        let mut course = Course::new();
        let clock = course.folder().join("clock");
        let set = |to: &str| {
            let new = clock.with_extension("new");
            fs::write(&new, format!("{to}\n")).unwrap();
            fs::rename(new, &clock).unwrap();
        };
        for (process, first) in ["+15y", "-27y"].into_iter().enumerate() {
            set(first);
            let mut training = course.training();
            training.env("LD_PRELOAD", &library).env("FAKETIME_TIMESTAMP_FILE", &clock);
            training.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
            let mut training = Process(training.spawn().unwrap());
            let mut jumps = ["+3y", "-3d", "+1h", "-60y", "+0", "-1y"].into_iter().cycle();
            let ended = loop {
                let done = course.run().join("checkpoints/step-00000012").exists();
                if let Some(ended) = training.0.try_wait().unwrap() {
                    break Some(ended);
                }
                if process == 0 && done {
                    training.kill();
                    break None;
                }
                std::thread::sleep(between);
                set(jumps.next().unwrap());
                tally.tried += 1;
            };
            assert!(ended.is_none_or(|it| it.success()), "{}", course.said());
            course.look(&mut tally, "with another clock");
        }
        let outcome = Outcome::of(&course.run(), STEPS).map(|it| undisturbed().difference(&it));
        if outcome != Ok(None) {
            tally.differs(&format!("{outcome:?}\n{}", course.said()));
        }
        course.compare(&mut tally, "with another clock");
    }
}
