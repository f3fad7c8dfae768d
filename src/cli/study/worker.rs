//! The processes that train and evaluate one run of a study.

use crate::{
    run::{self, RunError, State as RunState, Summary},
    study::Cell,
    text::{printable, printable_name},
};
use color_eyre::{Report, eyre::WrapErr};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, OpenOptions},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

/// How many of a log's last lines are shown of a failure.
const LINES: usize = 3;

/// What became of a worker.
pub enum State {
    Working,
    Done,
    Interrupted,
    Failed(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    Train,
    Evaluate,
}

/// Trains one cell, then evaluates it.
pub struct Worker<'a> {
    pub cell: &'a Cell,
    asked: [String; 2],
    threads: usize,
    task: Task,
    child: Child,
}

impl<'a> Worker<'a> {
    /// Starts where the cell was left: with its training, or with its evaluation.
    pub fn begin(cell: &'a Cell, asked: &[String; 2], threads: usize) -> Result<Self, Report> {
        let task = if trained(cell) { Task::Evaluate } else { Task::Train };
        let child = start(cell, task, asked, threads)?;
        Ok(Self { cell, asked: asked.clone(), threads, task, child })
    }

    /// Whether it is still training.
    pub fn trains(&self) -> bool {
        self.task == Task::Train
    }

    /// Asks it to end. From a terminal Ctrl-C has reached it already, and twice would be at once.
    pub fn interrupt(&self) {
        let own_group = rustix::process::getpgrp();
        let foreground = rustix::termios::tcgetpgrp(std::io::stderr()).is_ok_and(|group| group == own_group);
        if let (false, Some(process)) = (foreground, Pid::from_raw(self.child.id() as i32)) {
            // It may have ended just now.
            let _ = kill_process(process, Signal::TERM);
        }
    }

    /// Whether it has ended, and the evaluation after the training.
    pub fn look(&mut self, interrupted: bool) -> Result<State, Report> {
        let Some(status) = self.child.try_wait()? else { return Ok(State::Working) };
        if interrupted {
            return Ok(State::Interrupted);
        }
        if !status.success() {
            return Ok(State::Failed(self.why(status)));
        }
        if self.task == Task::Evaluate {
            return Ok(State::Done);
        }
        self.task = Task::Evaluate;
        self.child = start(self.cell, self.task, &self.asked, self.threads)?;
        Ok(State::Working)
    }

    fn why(&self, status: ExitStatus) -> String {
        let path = self.cell.log();
        let text = fs::read_to_string(&path).unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last: Vec<String> =
            lines[lines.len().saturating_sub(LINES)..].iter().map(|line| printable(line)).collect();
        format!("{status}; {} ends with:\n  {}", printable_name(path.as_os_str()), last.join("\n  "))
    }
}

/// Whether all steps of a cell are done.
fn trained(cell: &Cell) -> bool {
    Summary::read(&cell.run()).is_ok_and(|summary| summary.state == RunState::Finished)
}

fn start(cell: &Cell, task: Task, asked: &[String; 2], threads: usize) -> Result<Child, Report> {
    let (run, log) = (cell.run(), cell.log());
    let mut command = Command::new(std::env::current_exe().wrap_err("cannot find the program itself")?);
    match task {
        Task::Train if begun(&run)? => command.arg("train").arg("--run").arg(&run).arg("--resume"),
        Task::Train => {
            let config = cell.config_file();
            put(&config, &cell.config.to_yaml())?;
            command.arg("train").arg(&config).arg("--run").arg(&run)
        }
        Task::Evaluate => {
            let [on, scores] = asked;
            let out = cell.evaluation();
            folder_of(&out)?;
            command.arg("eval").arg(&run).args(["--on", on, "--only", scores, "--out"]).arg(&out)
        }
    };
    folder_of(&log)?;
    let cannot = || format!("cannot write {}", printable_name(log.as_os_str()));
    let log = OpenOptions::new().create(true).append(true).open(&log).wrap_err_with(cannot)?;
    command
        // Every pool of threads asks this first.
        .env("RAYON_NUM_THREADS", threads.to_string())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .wrap_err("cannot start another process of the program")
}

/// Whether a run can be resumed. One that ended before its first checkpoint holds nothing: it makes room.
fn begun(run: &Path) -> Result<bool, Report> {
    match run::newest(run) {
        Ok(Some(_)) => return Ok(true),
        // Nothing there, or what `train` makes a run of or refuses.
        Err(RunError::NotARun { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
        Ok(None) => {}
    }
    if let Some(holder) = run::holder(run) {
        return Err(RunError::Held { path: run.to_path_buf(), holder }.into());
    }
    let cannot = || format!("cannot remove {}, which has no checkpoint", printable_name(run.as_os_str()));
    fs::remove_dir_all(run).wrap_err_with(cannot)?;
    Ok(false)
}

fn folder_of(file: &Path) -> Result<(), Report> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).wrap_err_with(|| format!("cannot make {}", printable_name(folder.as_os_str())))
}

fn put(file: &Path, text: &str) -> Result<(), Report> {
    folder_of(file)?;
    fs::write(file, text).wrap_err_with(|| format!("cannot write {}", printable_name(file.as_os_str())))
}
