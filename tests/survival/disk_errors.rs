//! A disk that refuses: a call or two, all from one on, files above a size, everything.

use crate::{
    course::{Course, until},
    strace::{chosen, counts, missing, refused, under},
    tally::Tally,
};
use std::{collections::BTreeMap, fs, process::Command};

/// Calls that a disk without room, or a broken one, refuses.
const REFUSED: &[(&str, &str)] = &[
    ("write", "ENOSPC"),
    ("write", "EIO"),
    ("fsync", "EIO"),
    ("fdatasync", "EIO"),
    ("rename", "ENOSPC"),
    ("rename", "EIO"),
    ("mkdir", "ENOSPC"),
];

/// Case 14. One call fails: what it was part of is written once more. Two fail, or all from one on: it is told, and what
/// was there is as good as before.
#[test]
fn a_disk_that_refuses_any_call() {
    let mut tally = Tally::new("14", "refused calls of a run");
    if let Some(why) = missing() {
        return tally.skip(why);
    }
    let counts = counts(&mut Course::new());
    let (mut without_a_trace, mut ended) = (BTreeMap::<String, u64>::new(), 0);
    for (call, error) in REFUSED {
        // Of writes, not all: some are what threads of the program say to one another.
        let kinds = if *call == "write" { 2 } else { 3 };
        let chosen = chosen(counts[*call]);
        let all = chosen.len() as u64 == counts[*call];
        for (at, n) in chosen.into_iter().enumerate() {
            let ranges = [format!("{n}"), format!("{n}..{}", n + 1), format!("{n}+")];
            // Where not every call is tried, one kind of each.
            let which = if all { 0..kinds } else { at % kinds..at % kinds + 1 };
            for range in &ranges[which] {
                let mut course = Course::new();
                course.under = under(&[&format!("inject={call}:error={error}:when={range}")]);
                let status = course.train();
                let Some(places) = refused(&course) else { continue };
                let what = format!("{error} at {call} {range}: {}", places.join(", "));
                tally.tried += 1;
                course.look(&mut tally, &what);
                let said = course.said();
                let told =
                    said.contains("cannot ") && (said.contains("os error 28") || said.contains("os error 5"));
                match status.code() {
                    Some(0) if !told => *without_a_trace.entry(kind(range)).or_default() += 1,
                    Some(0) => {}
                    Some(1) if told => ended += 1,
                    other => tally.differs(&format!("{what}: it ended with {other:?}\n{said}")),
                }
                course.compare(&mut tally, &what);
            }
        }
    }
    println!(
        "case 14: made good without a word, by which calls failed: {without_a_trace:?}; {ended} ended with a message"
    );
}

fn kind(range: &str) -> String {
    range.replace(|letter: char| letter.is_ascii_digit(), "n")
}

/// Case 16. `ulimit -f`, from nothing up to what is enough.
#[test]
fn a_limit_on_the_size_of_files() {
    let mut tally = Tally::new("16", "limits on the size of files");
    let mut ended = Vec::new();
    // In blocks of 512 bytes.
    for limit in [0, 1, 2, 4, 8, 50, 200, 2000] {
        let mut course = Course::new();
        let script = format!("ulimit -f {limit} && exec \"$@\"");
        course.under = ["sh", "-c", &script, "sh"].map(str::to_owned).to_vec();
        // What it says is not to meet the limit.
        let status = course.training().stderr(std::process::Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&status.stderr).into_owned();
        tally.tried += 1;
        match status.status.code() {
            Some(0) => {}
            Some(1) if said.contains("os error 27") && said.contains("ulimit -f") => {}
            other => tally
                .differs(&format!("ulimit -f {limit}: it ended with {other:?} ({})\n{said}", status.status)),
        }
        ended.push((limit, status.status.code()));
        course.look(&mut tally, "limited");
        course.compare(&mut tally, &format!("after ulimit -f {limit}"));
    }
    assert!(ended.contains(&(0, Some(1))) && ended.contains(&(2000, Some(0))), "{ended:?}");
}

/// What the program ends with, and says, in a folder where nothing can be written, root or not; none if no such folder
/// can be made.
fn read_only(course: &Course, words: &[&str]) -> Option<(Option<i32>, String)> {
    let mount = "mount --bind . . && mount -o remount,bind,ro . && cd \"$PWD\" && exec \"$@\"";
    let before = ["unshare", "-rm", "sh", "-c", mount, "sh"];
    let mut tried = Command::new(before[0]);
    tried.args(&before[1..]).arg("true").current_dir(course.folder());
    if !tried.output().is_ok_and(|output| output.status.success()) {
        return None;
    }
    let mut command = course.command(words);
    let words: Vec<_> =
        [command.get_program()].into_iter().chain(command.get_args()).map(|it| it.to_owned()).collect();
    command = Command::new(before[0]);
    let output = command.args(&before[1..]).args(words).current_dir(course.folder()).output().unwrap();
    Some((output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// Case 17. A directory that cannot be written to is refused before anything is trained: for a new run, and for one that
/// is there.
#[test]
fn a_read_only_directory_is_refused_at_start() {
    let mut tally = Tally::new("17", "read-only directories");
    let mut course = Course::new();
    let mut process = course.begin();
    until("a checkpoint", || course.run().join("checkpoints/step-00000008").exists());
    process.kill();
    for words in [
        &["train", "--run", "new"][..],
        &["train", "--run", "deep/new"],
        &["train", "--resume", "--run", "run"],
    ] {
        let Some((code, said)) = read_only(&course, words) else {
            return tally.skip("no file system can be mounted here");
        };
        tally.tried += 1;
        let told =
            said.contains("Read-only file system") && said.contains("choose a directory that can be written");
        if code != Some(1) || !told || said.contains("step ") {
            tally.differs(&format!("{words:?} ended with {code:?}: {said}"));
        }
        assert!(!course.folder().join("new").exists() && !course.folder().join("deep").exists());
    }
    course.look(&mut tally, "read-only");
    course.compare(&mut tally, "after it was read-only");
}

/// Case 18. The run's directory goes away: that is said when the next checkpoint is due, training goes on to its end, and
/// nothing is put where the directory was. Where it is now, it can be gone on with.
#[test]
fn a_directory_that_is_renamed_or_deleted_meanwhile() {
    let mut tally = Tally::new("18", "directories renamed or deleted");
    for renamed in [true, false] {
        let mut course = Course::of(800, &[]);
        let mut process = course.begin();
        until("a checkpoint", || course.run().join("checkpoints/step-00000008").exists());
        let elsewhere = course.folder().join("elsewhere");
        fs::rename(course.run(), &elsewhere).unwrap();
        if !renamed {
            // While it is written to, a directory is not deleted under its name at once.
            fs::remove_dir_all(&elsewhere).unwrap();
        }
        let ended = process.wait();
        tally.tried += 1;
        let said = course.said();
        let warned = said.contains("no checkpoint was written: run was moved, deleted or replaced");
        let failed = said.contains("looc-tui: run was moved, deleted or replaced");
        if ended.code() != Some(1) || !warned || !failed {
            tally.differs(&format!("it ended with {ended}\n{said}"));
        }
        assert!(!course.run().exists(), "something was put where the directory was");
        if renamed {
            fs::rename(&elsewhere, course.run()).unwrap();
            let before = looc::run::newest(&course.run()).unwrap().unwrap().0.step;
            course.look(&mut tally, "renamed");
            assert!(course.train().success(), "{}", course.said());
            println!("case 18: gone on with from step {before}");
            let replayed = course.command(&["replay", "run"]).output().unwrap();
            if !replayed.status.success() {
                tally.differs(&course.said());
            }
        }
        course.under.clear();
    }
}
