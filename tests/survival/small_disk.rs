//! A disk that is full and grows.

use crate::{
    course::{Course, PROGRAM, until},
    editor::Editor,
    tally::Tally,
};
use looc::{link, run};
use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
};

/// More than are made here: it ends when it is stopped.
const STEPS: u64 = 1_000_000;

/// A shell that sees a small disk where the run is to be, and nobody else does.
struct Shell {
    shell: Child,
    words: ChildStdin,
}

impl Shell {
    fn start(course: &Course) -> Option<Self> {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh"]).current_dir(course.folder());
        let mut shell = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let words = shell.stdin.take().unwrap();
        let mut it = Self { shell, words };
        fs::create_dir(course.run()).unwrap();
        it.say(&format!(
            "mount -t tmpfs -o size=64k,mode=700 small {}; echo $? > mounted",
            course.run().display()
        ));
        let mounted = course.folder().join("mounted");
        let code = || fs::read_to_string(&mounted).unwrap_or_default();
        until("a mount", || code().ends_with('\n') || it.shell.try_wait().unwrap().is_some());
        (code() == "0\n").then_some(it)
    }

    fn say(&mut self, line: &str) {
        // One that has ended is noticed by what does not come.
        let _ = writeln!(self.words, "{line}");
    }

    /// The run as the shell sees it.
    fn run(&self, course: &Course) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.shell.id()));
        root.join(course.run().strip_prefix("/").unwrap())
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

/// Case 13. A run is edited on a disk of 64 KiB: there is room for no checkpoint, and soon for no figures and no edits.
/// That is told, and training goes on. The disk grows, until there is room for one checkpoint and not for the next one,
/// and then for all.
#[test]
fn a_disk_of_64_kib_that_grows() {
    let mut tally = Tally::new("13", "sizes of a disk");
    let course = Course::of(STEPS, &["train.checkpoint_every=20"]);
    let Some(mut shell) = Shell::start(&course) else {
        return tally.skip("no file system can be mounted here");
    };
    let training = course.training();
    let words = training.get_args().map(|it| it.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ");
    shell.say(&format!("(\"{PROGRAM}\" {words} 2>> said > /dev/null; echo $? > ended) &"));
    let run = shell.run(&course);
    until("a socket", || link::is_served(&run));
    let editor = Editor::of(run.clone());
    until("a disk that is full", || {
        let said = course.said();
        said.contains("no checkpoint was written: cannot save")
            && said.contains("cannot append to run/metrics.jsonl")
    });
    assert!(course.said().contains("make room on the disk"), "{}", course.said());
    let viewer = link::attach(&run).unwrap();
    let step = || viewer.snapshot.borrow().step;
    let (mut newest, mut seen) = (0, Vec::new());
    for size in [64, 128, 256, 384, 512, 640, 768, 1024, 2048, 16384] {
        shell.say(&format!("mount -o remount,size={size}k {}", course.run().display()));
        let until_step = step() + 200;
        until("two hundred steps", || step() >= until_step);
        tally.tried += 1;
        match run::newest(&run) {
            Ok(Some((checkpoint, passed_over))) if passed_over.is_empty() && checkpoint.step >= newest => {
                newest = checkpoint.step;
            }
            Ok(None) if newest == 0 => {}
            other => tally.unreadable(&format!("at {size} KiB: {other:?}")),
        }
        let there = fs::read_dir(run.join("checkpoints")).map_or(0, |entries| {
            entries.flatten().filter(|it| it.file_name().as_encoded_bytes().starts_with(b"step-")).count()
        });
        seen.push((size, there));
    }
    println!("case 13: KiB and checkpoints on the disk after 200 more steps: {seen:?}");
    // Three in the end, and those before edits of heads.
    let seen_so = |so: fn(usize) -> bool| seen.iter().any(|(_, there)| so(*there));
    assert!(seen_so(|it| it == 0) && seen_so(|it| it == 1) && seen_so(|it| it >= 3), "{seen:?}");
    until("a checkpoint in the end", || run::newest(&run).unwrap().is_some_and(|it| it.0.step > newest));
    editor.leave(&run, &mut tally);
    link::stop(&run).unwrap();
    let ended = course.folder().join("ended");
    until("the end", || ended.exists());
    shell.say(&format!("\"{PROGRAM}\" replay run > verdict 2>> said; echo $? > replayed"));
    until("a verdict", || {
        fs::read_to_string(course.folder().join("replayed")).is_ok_and(|it| it.ends_with('\n'))
    });
    let verdict = fs::read_to_string(course.folder().join("verdict")).unwrap();
    println!("replayed: {}", verdict.trim());
    if !verdict.starts_with("identical") || course.said().contains("panicked") {
        tally.differs(&format!("{verdict}\n{}", course.said()));
    }
}
