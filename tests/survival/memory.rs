//! Without memory for a save: killed by the system, or ended by itself.

use crate::{
    course::{Course, Outcome, Process, drawn, rounds, until},
    tally::Tally,
};
use looc::{
    engine::{
        Handle,
        message::{Command, Event, Phase},
    },
    link,
};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::{fs, os::unix::process::ExitStatusExt, path::PathBuf};

const STEPS: u64 = 120;
/// A state of some megabytes: it is copied to be saved, and steps alone need no more than they have.
const LARGER: &[&str] = &["model.width=16", "train.checkpoint_every=20"];

fn course() -> Course {
    Course::of(STEPS, LARGER)
}

/// As good as no limit.
const NONE: u64 = 1 << 40;

/// The system counts in batches.
const SLACK: u64 = 256 << 10;

/// A control group with a limit of its own, of either version.
struct Group {
    folder: PathBuf,
    limit: &'static str,
    usage: &'static str,
}

impl Group {
    /// Otherwise why there is none.
    fn make() -> Result<Self, String> {
        let versions = [
            ("/sys/fs/cgroup", "memory.max", "memory.current"),
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
        ];
        for (root, limit, usage) in versions {
            let folder = PathBuf::from(root).join(format!("looc-survival-{}", std::process::id()));
            let group = Self { folder, limit, usage };
            // It would be swapped out instead; where there is no such file, there is nothing to swap to.
            let _ = fs::write(group.folder.join("memory.swap.max"), "0");
            let _ = fs::write(group.folder.join("memory.swappiness"), "0");
            // Only where groups are mounted is there something in a new folder.
            if fs::create_dir(&group.folder).is_ok() && group.folder.join(usage).exists() && group.limit(NONE)
            {
                return Ok(group);
            }
        }
        Err("no control group can be made here".into())
    }

    fn limit(&self, bytes: u64) -> bool {
        fs::write(self.folder.join(self.limit), bytes.to_string()).is_ok()
    }

    /// Sets it to what is in use at this moment, and `more`. What the system only keeps of files it can give up.
    fn tighten(&self, more: u64) {
        let read = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap();
        let stat = read("memory.stat");
        let kept = |name: &str| -> u64 {
            let value = stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            value.map_or(0, |text| text.parse().unwrap())
        };
        let usage: u64 = read(self.usage).trim().parse().unwrap();
        let used = usage.saturating_sub(kept("active_file") + kept("inactive_file")) + SLACK;
        // What is not on the disk yet is not given up at once.
        (0..).map(|at| used + more + at * SLACK).find(|bytes| self.limit(*bytes));
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Gone with the last process in it; who made none has none.
        let _ = fs::remove_dir(&self.folder);
    }
}

/// A run that rests, and a viewer of it.
fn at_rest(course: &Course) -> (Process, Handle) {
    let process = course.begin();
    until("a checkpoint", || course.run().join("checkpoints/step-00000020").exists());
    let handle = link::attach(&course.run()).unwrap();
    handle.commands.send(Command::Pause).unwrap();
    until("a pause", || handle.snapshot.borrow().phase == Phase::Paused);
    (process, handle)
}

/// Has it write a checkpoint; whether it could.
fn saves(handle: &Handle) -> bool {
    let mut saved = None;
    handle.events.drain();
    // One step, so that there is something new to save.
    handle.commands.send(Command::StepOnce).unwrap();
    let _ = handle.commands.send(Command::Checkpoint);
    until("a checkpoint or an end", || {
        let gone = handle.snapshot.has_changed().is_err();
        for event in handle.events.drain() {
            saved = saved.or(matches!(event, Event::Saved { .. }).then_some(true));
        }
        saved = saved.or(gone.then_some(false));
        saved.is_some()
    });
    saved == Some(true)
}

/// Case 56. The memory ends in a save: the system kills what is over the limit of its control group, and a program that gets
/// no more (RLIMIT_DATA) ends itself.
#[test]
fn out_of_memory_in_a_save() {
    let whole = course();
    assert!(whole.train().success(), "{}", whole.said());
    let undisturbed = Outcome::of(&whole.run(), STEPS).unwrap();
    let rounds = rounds().min(25);

    let mut tally = Tally::new("56", "kills in a save by a control group's limit");
    let group = Group::make();
    for round in 0..rounds {
        let group = match &group {
            Ok(group) => group,
            Err(why) => {
                tally.skip(why);
                break;
            }
        };
        let mut course = course();
        let enter = format!("echo $$ > {}/cgroup.procs && exec \"$@\"", group.folder.display());
        course.under = ["sh", "-c", &enter, "sh"].map(str::to_owned).to_vec();
        group.limit(NONE);
        let (mut process, handle) = at_rest(&course);
        group.tighten(drawn("group", round, 4 << 20));
        if saves(&handle) {
            // There was room.
            process.kill();
        } else {
            let ended = process.wait();
            assert_eq!(ended.signal(), Some(9), "{ended} {}", course.said());
            tally.tried += 1;
        }
        course.look(&mut tally, "killed in a save");
        course.compare_with(&undisturbed, &mut tally, "killed in a save for want of memory");
    }
    if group.is_ok() && tally.tried == 0 {
        tally.skip("the system finds memory elsewhere, as by swapping");
    }
    drop(tally);

    let mut tally = Tally::new("56", "ends in a save by RLIMIT_DATA");
    for round in 0..rounds {
        let mut course = course();
        let (mut process, handle) = at_rest(&course);
        let pid = process.0.id();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmData:")?.trim().strip_suffix(" kB"));
        let now = kib.unwrap().parse::<u64>().unwrap() << 10;
        let limit = Some(now + drawn("data", round, 4 << 20));
        prlimit(Pid::from_raw(pid as i32), Resource::Data, Rlimit { current: limit, maximum: limit })
            .unwrap();
        if saves(&handle) {
            process.kill();
        } else {
            let ended = process.wait();
            let aborted = ended.signal() == Some(6) && course.said().contains("memory allocation of");
            assert!(aborted, "{ended} {}", course.said());
            tally.tried += 1;
        }
        course.look(&mut tally, "ended in a save");
        course.compare_with(&undisturbed, &mut tally, "ended in a save for want of memory");
    }
}
