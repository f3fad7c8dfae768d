//! `looc-tui train`.

use super::{
    Code, Globals, Run, bar,
    log::{self, Log},
    say,
    screen::RunPlace,
    signals::Endings,
};
use crate::{
    engine::{
        self, Handle,
        message::{Command, Event, InvarianceReport, Phase, Snapshot},
    },
    link,
};
use clap::Args;
use color_eyre::{Report, eyre::eyre};
use indicatif::ProgressBar;
use std::{
    fmt::Write as _,
    io::{Write, stdout},
    path::PathBuf,
    time::{Duration, Instant},
};

/// In a pipe, a line comes this often at most.
const LINES: Duration = Duration::from_secs(5);
/// The bar moves this often.
const BAR: Duration = Duration::from_millis(200);

const HELP: &str = "\
Examples:
  looc-tui train cifar10.yaml --run runs/first --steps 2000
  looc-tui train --run runs/first --resume";

/// Trains without a screen. Progress goes to stderr, the result to stdout.
///
/// Ctrl-C writes a checkpoint and ends; a second one ends at once.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Train {
    /// A configuration (YAML); without one, the built-in data set
    config: Option<PathBuf>,
    #[command(flatten)]
    place: RunPlace,
}

impl Run for Train {
    fn run(self, globals: &Globals) -> Result<Code, Report> {
        let job = self.place.job(self.config.as_deref(), globals)?;
        let log = globals.log.as_deref().map(Log::open).transpose()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (handle, thread) = engine::start(job)?;
        let server = link::serve(&handle)?;
        let interrupted = runtime.block_on(follow(&handle, Shown::new(log)))?;
        if interrupted == Interrupted::Twice {
            return Ok(Code::Interrupted);
        }
        thread.join().map_err(|_| eyre!("the training thread ended in a panic"))?;
        // Viewers hear the end before the process has gone.
        drop(server);
        let last = handle.snapshot.borrow().clone();
        if let Phase::Failed(why) = &last.phase {
            return Err(eyre!("{why}"));
        }
        stdout().write_all(summary(&last).as_bytes())?;
        Ok(if interrupted == Interrupted::No { Code::Done } else { Code::Interrupted })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Interrupted {
    No,
    Once,
    Twice,
}

/// Shows what happens until training has ended.
async fn follow(handle: &Handle, mut shown: Shown) -> Result<Interrupted, Report> {
    let mut news = handle.snapshot.clone();
    let mut endings = Endings::listen()?;
    let mut interrupted = Interrupted::No;
    let mut tick = tokio::time::interval(BAR);
    loop {
        let signalled = tokio::select! {
            _ = endings.next() => true,
            _ = tick.tick() => false,
        };
        if signalled {
            if interrupted != Interrupted::No {
                return Ok(Interrupted::Twice);
            }
            interrupted = Interrupted::Once;
            shown.say("ending with a checkpoint; once more ends at once");
            // An engine that has ended already is found below.
            let _ = handle.commands.send(Command::Stop);
        }
        for event in handle.events.drain() {
            shown.event(&event);
        }
        let gone = news.has_changed().is_err();
        let snapshot = news.borrow_and_update().clone();
        shown.progress(&snapshot);
        if gone || matches!(snapshot.phase, Phase::Finished | Phase::Stopped | Phase::Failed(_)) {
            for event in handle.events.drain() {
                shown.event(&event);
            }
            shown.end(&snapshot);
            return Ok(interrupted);
        }
    }
}

/// Where progress is shown: a bar on a terminal, lines elsewhere.
struct Shown {
    bar: Option<ProgressBar>,
    log: Option<Log>,
    last: Option<Instant>,
    line: String,
}

impl Shown {
    fn new(log: Option<Log>) -> Self {
        let bar = bar::on_terminal("{bar:24} {pos}/{len} {msg} eta {eta}");
        Self { bar, log, last: None, line: String::new() }
    }

    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(text)),
            None => say(text),
        }
    }

    fn event(&mut self, event: &Event) {
        log::line(event).iter().for_each(|line| self.say(line));
        if let Some(log) = &mut self.log
            && let Err(error) = log.event(event)
        {
            self.log = None;
            self.say(&format!("warning: the log cannot be written any more: {error}"));
        }
    }

    fn progress(&mut self, snapshot: &Snapshot) {
        let line = line(snapshot);
        if line == self.line {
            return;
        }
        match &self.bar {
            Some(bar) => {
                let (step, steps) = match &snapshot.phase {
                    Phase::Loading { done, of, .. } => (*done as u64, *of as u64),
                    _ => (snapshot.step, snapshot.steps),
                };
                bar.set_length(steps);
                bar.set_position(step);
                bar.set_message(line.clone());
            }
            None if self.last.is_none_or(|last| last.elapsed() >= LINES) => {
                say(&line);
                self.last = Some(Instant::now());
            }
            None => return,
        }
        self.line = line;
    }

    fn end(&mut self, snapshot: &Snapshot) {
        match &self.bar {
            Some(bar) => bar.finish_and_clear(),
            None => say(&line(snapshot)),
        }
    }
}

/// A snapshot in a line.
fn line(snapshot: &Snapshot) -> String {
    match &snapshot.phase {
        Phase::Starting => "starting".into(),
        Phase::Loading { what, of: 0, .. } => format!("loading: {what}"),
        Phase::Loading { what, done, of } => format!("loading: {what} {done}/{of}"),
        Phase::Failed(_) => "failed".into(),
        _ => {
            let mut text = format!("step {}/{}", snapshot.step, snapshot.steps);
            if let Some(loss) = snapshot.loss {
                // Writing to a string cannot fail.
                let _ = write!(text, " loss {loss:.3}");
            }
            for (head, loss) in &snapshot.losses {
                let _ = match loss {
                    Some(loss) => write!(text, " {head} {loss:.3}"),
                    None => write!(text, " {head} –"),
                };
            }
            let _ = write!(text, " lr {:.4} {:.0} img/s", snapshot.lr, snapshot.images_per_s);
            text
        }
    }
}

/// What came of a run.
fn summary(last: &Snapshot) -> String {
    let mut text = String::new();
    if let Some(run) = &last.run {
        text += &format!("run {}\n", run.display());
    }
    text += &format!("{}\n", line(last));
    for (when, report) in [("at the start", &last.invariance_at_start), ("now", &last.invariance)] {
        if let Some(report) = report {
            text += &format!("\ninvariance {when} (step {}; 0 = strangers, 1 = identical)\n", report.step);
            text += &matrix(report);
        }
    }
    for (label, accuracy) in &last.knn {
        text += &format!("knn {label} {:.1}%\n", accuracy * 100.0);
    }
    text
}

/// The rescaled figures, a row a head.
fn matrix(report: &InvarianceReport) -> String {
    let names = &report.augmentations;
    let mut text = format!("{:10}", "");
    for name in names {
        text += &format!("{name:>9}");
    }
    text += "  selectivity\n";
    for ((head, row), selectivity) in report.heads.iter().zip(&report.rescaled).zip(&report.selectivity) {
        text += &format!("{head:10}");
        for value in row {
            text += &format!("{value:9.2}");
        }
        text += &selectivity.map_or_else(|| "            –\n".into(), |it| format!("{it:13.2}\n"));
    }
    text
}
