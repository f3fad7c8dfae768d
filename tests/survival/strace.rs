//! strace as a saboteur: at the n-th call of a kind it kills the program, or tells it of an error.

use crate::course::{Course, rounds};
use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// What brings a file or a name to the disk, or takes it away.
pub const CALLS: &[&str] =
    &["write", "fsync", "fdatasync", "rename", "mkdir", "ftruncate", "unlink", "unlinkat"];

/// Why it cannot be used here, if it cannot.
pub fn missing() -> Option<&'static str> {
    let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    match tried {
        Ok(output) if output.status.success() => None,
        Ok(_) => Some("strace may not trace here"),
        Err(_) => Some("strace is not installed"),
    }
}

/// Words before the program, with what strace is to do. Its log is at [`log`].
pub fn under(sabotage: &[&str]) -> Vec<String> {
    let trace = format!("trace={}", CALLS.join(","));
    let words = ["strace", "-f", "-y", "-o", "log", "-e", &trace];
    words.into_iter().chain(sabotage.iter().flat_map(|it| ["-e", it])).map(str::to_owned).collect()
}

/// A line of the log: the thread, the call with its arguments, and what came of it.
fn lines(course: &Course) -> Vec<String> {
    let log = fs::read(course.folder().join("log")).unwrap_or_default();
    String::from_utf8_lossy(&log).lines().map(str::to_owned).collect()
}

fn call(line: &str) -> Option<(&str, &str)> {
    let (thread, rest) = line.split_once(' ')?;
    let (call, _) = rest.trim_start().split_once('(')?;
    CALLS.contains(&call).then_some((thread, call))
}

/// How often a thread makes each call in what is trained next: strace counts by thread.
pub fn counts(course: &mut Course) -> BTreeMap<String, u64> {
    course.under = under(&[]);
    assert!(course.train().success(), "{}", course.said());
    course.under.clear();
    let mut by_thread: BTreeMap<(String, String), u64> = BTreeMap::new();
    for line in lines(course) {
        if let Some((thread, call)) = call(&line) {
            *by_thread.entry((call.to_owned(), thread.to_owned())).or_default() += 1;
        }
    }
    let mut counts = BTreeMap::new();
    for ((call, _), count) in by_thread {
        let most: &mut u64 = counts.entry(call).or_default();
        *most = count.max(*most);
    }
    counts
}

/// Which of so many calls are tried: all of them, or as many as there are rounds.
pub fn chosen(count: u64) -> Vec<u64> {
    let tried = count.min(rounds());
    (0..tried).map(|at| 1 + at * count / tried).collect()
}

/// What the call in a line was made on: by an open file, or by a name.
fn place(line: &str) -> &str {
    let (_, call) = call(line).unwrap_or_default();
    let by_name = ["rename", "mkdir", "unlink", "unlinkat"].contains(&call);
    let place = if by_name { line.split('"').nth(1) } else { line.split(['<', '>']).nth(1) };
    place.unwrap_or_default()
}

/// The same without what is new in every run: `fsync state.safetensors`.
fn told(line: &str) -> String {
    let (_, call) = call(line).unwrap_or_default();
    let last = Path::new(place(line)).file_name().unwrap_or_default().to_string_lossy();
    let name = last.strip_suffix(".tmp").and_then(|it| it.strip_prefix('.')?.rsplit_once('.'));
    let name = name.map_or(last.to_string(), |(name, _)| format!("{name} (temporary)"));
    let name = if last.starts_with(".tmp") { "the folder above".into() } else { name };
    format!("{call} {}", name.replace(|letter: char| letter.is_ascii_digit(), ""))
}

/// The call at which the program was killed; none if the thread did not get that far.
pub fn killed_at(course: &Course) -> Option<String> {
    let lines = lines(course);
    lines.iter().any(|line| line.contains("killed by SIGKILL")).then_some(())?;
    let cut_off = |line: &&String| line.ends_with("= ?") || line.ends_with("<unfinished ...>");
    let cut = lines.iter().rev().filter(cut_off).find(|line| call(line).is_some());
    Some(told(cut.unwrap_or_else(|| panic!("nothing was cut off: {lines:?}"))))
}

/// The calls that were told of an error, if all of them were the run's: an error of anything else says nothing of it.
pub fn refused(course: &Course) -> Option<Vec<String>> {
    let injected: Vec<String> =
        lines(course).into_iter().filter(|line| line.ends_with("(INJECTED)")).collect();
    let own = |line: &String| Path::new(place(line)).iter().any(|part| part == "run");
    (!injected.is_empty() && injected.iter().all(own))
        .then(|| injected.iter().map(|line| told(line)).collect())
}
