//! `looc-tui replay`.

use super::{Code, Globals, Run, Usage, bar, signals::Endings};
use crate::{
    durable,
    engine::{
        self, Handle, Replaying, Verdict,
        environment::THREADS,
        message::{Command, Phase},
    },
    text::printable_name,
};
use clap::Args;
use color_eyre::{
    Report,
    eyre::{WrapErr, eyre},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

/// The bar moves this often.
const BAR: Duration = Duration::from_millis(200);

const HELP: &str = "\
Examples:
  looc-tui replay runs/r0001
  looc-tui replay runs/r0001 --until 500 --json
  looc-tui replay runs/r0001 --keep again --threads 1

Compared are the losses and learning rates of metrics.jsonl and the hashes of states in journal.jsonl.
Exit code 0: identical. 1: different, or it could not be told.";

/// Trains a recorded run once more, from its configuration and its journal (each edit at its step) and
/// without a screen, and compares every loss and every state with the record, bit for bit. The run may
/// have been interrupted, or be training; it is not touched.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Replay {
    /// The run's folder
    run: PathBuf,
    /// The last step to repeat; without it, as far as the record goes
    #[arg(long, value_name = "STEP")]
    until: Option<u64>,
    /// Keep the repeated run in this folder, with a checkpoint at its end
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// One JSON document instead of sentences
    #[arg(long)]
    json: bool,
}

impl Run for Replay {
    fn run(self, globals: &Globals) -> Result<Code, Report> {
        if !globals.set.is_empty() || globals.seed.is_some() {
            return Err(Usage::error(
                "a replay takes the run's own configuration: leave --set and --seed out",
            ));
        }
        let place = Scratch::make()?;
        let into = self.keep.clone().unwrap_or_else(|| place.0.join("run"));
        let task = Replaying {
            run: self.run.clone(),
            until: self.until,
            into,
            keep: self.keep.is_some(),
            threads: globals.threads,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (handle, thread) = engine::replay(task)?;
        if runtime.block_on(follow(&handle))? {
            return Ok(Code::Interrupted);
        }
        let verdict = thread.join().map_err(|_| eyre!("the replay ended in a panic: please report it"))??;
        if verdict.difference.is_none() && verdict.steps == 0 && verdict.states == 0 && !verdict.broken_off {
            let run = printable_name(self.run.as_os_str());
            let until = self.until.unwrap_or(verdict.step);
            return Err(eyre!(
                "{run} begins with step {}: it has no figure up to step {until}",
                verdict.from + 1
            ));
        }
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", serde_json::to_string_pretty(&document(&self.run, &verdict))?)?;
        } else {
            out.write_all(sentences(&verdict).as_bytes())?;
        }
        Ok(match verdict {
            Verdict { difference: Some(_), .. } => Code::Failure,
            Verdict { broken_off: true, .. } => Code::Interrupted,
            _ => Code::Done,
        })
    }
}

/// Shows how far it is until it has ended; whether it was to end at once.
async fn follow(handle: &Handle) -> Result<bool, Report> {
    let bar = bar::on_terminal("{bar:24} {pos}/{len} {msg} eta {eta}");
    let mut news = handle.snapshot.clone();
    let mut endings = Endings::listen()?;
    let mut tick = tokio::time::interval(BAR);
    let mut asked = false;
    loop {
        let signalled = tokio::select! {
            _ = endings.next() => true,
            _ = tick.tick() => false,
        };
        if signalled {
            if asked {
                return Ok(true);
            }
            asked = true;
            // One that has ended already is found below.
            let _ = handle.commands.send(Command::Stop);
        }
        let gone = news.has_changed().is_err();
        let now = news.borrow_and_update().clone();
        if let Some(bar) = &bar {
            let (at, of, what) = match &now.phase {
                Phase::Loading { what, done, of } => (*done as u64, *of as u64, what.clone()),
                _ => (now.step, now.steps, "replayed".into()),
            };
            bar.set_length(of);
            bar.set_position(at);
            bar.set_message(what);
        }
        if gone {
            bar.iter().for_each(indicatif::ProgressBar::finish_and_clear);
            return Ok(false);
        }
    }
}

/// A folder of the user's own that goes when this is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> Result<Self, Report> {
        let near = std::env::temp_dir().join("looc-tui-replay");
        let cannot =
            || format!("cannot make a folder in {}", printable_name(std::env::temp_dir().as_os_str()));
        Ok(Self(durable::temp_dir(&near).wrap_err_with(cannot)?))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is small, and in the system's own folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What was compared: `120 steps, 2 states, 1 edit`.
fn counts(verdict: &Verdict) -> String {
    let of = |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let Verdict { from, steps, states, edits, .. } = verdict;
    let after = if *from > 0 { format!(" after step {from}") } else { String::new() };
    format!("{}{after}, {}, {}", of(*steps, "step"), of(*states, "state"), of(*edits, "edit"))
}

fn sentences(verdict: &Verdict) -> String {
    let counts = counts(verdict);
    let mut text = match &verdict.difference {
        Some(it) => format!(
            "different at step {}: {} is {} in the record and {} in the replay\nidentical before it: {counts}\n",
            it.step, it.figure, it.recorded, it.replayed
        ),
        None if verdict.broken_off => {
            format!("broken off after step {}; identical: {counts}\n", verdict.step)
        }
        None => format!("identical: {counts}\n"),
    };
    let changed = verdict.changed.iter().map(|it| match it.what {
        THREADS => format!("  {it} (changes no bits)\n"),
        _ => format!("  {it}\n"),
    });
    let changed: String = changed.collect();
    let telling = verdict.changed.iter().any(|it| it.what != THREADS);
    text += match (verdict.difference.is_some(), telling) {
        (true, true) => "likely cause:\n",
        (true, false) => {
            "program, build, compute, data and config.yaml are the recorded ones, as far as they were recorded: the \
             record was changed, or the program is at fault\n"
        }
        (false, _) if changed.is_empty() => "",
        (false, _) => "although these are not as they were:\n",
    };
    text + &changed
}

fn document(run: &Path, verdict: &Verdict) -> Value {
    let difference = verdict.difference.as_ref().map(|it| {
        json!({
            "step": it.step,
            "figure": it.figure,
            "recorded": it.recorded,
            "replayed": it.replayed,
        })
    });
    let changed = verdict.changed.iter();
    let changed: Vec<Value> =
        changed.map(|it| json!({ "what": it.what, "recorded": it.recorded, "now": it.now })).collect();
    json!({
        "run": printable_name(run.as_os_str()),
        "identical": verdict.difference.is_none() && !verdict.broken_off,
        "from": verdict.from,
        "step": verdict.step,
        "steps": verdict.steps,
        "states": verdict.states,
        "edits": verdict.edits,
        "difference": difference,
        "changed": changed,
        "broken_off": verdict.broken_off,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Difference, environment::Changed};

    #[test]
    fn what_is_said() {
        let same = Verdict { steps: 120, states: 2, edits: 1, ..Verdict::default() };
        assert_eq!(sentences(&same), "identical: 120 steps, 2 states, 1 edit\n");
        let fork = Verdict { from: 20, steps: 1, ..Verdict::default() };
        assert_eq!(sentences(&fork), "identical: 1 step after step 20, 0 states, 0 edits\n");
        let difference = Difference {
            step: 13,
            figure: "loss/color".into(),
            recorded: "4.5".into(),
            replayed: "4.5000005".into(),
        };
        let changed = |what| Changed { what, recorded: "a".into(), now: "b".into() };
        let other =
            Verdict { difference: Some(difference), changed: vec![changed("compute")], ..Verdict::default() };
        let text = sentences(&other);
        assert!(text.starts_with(
            "different at step 13: loss/color is 4.5 in the record and 4.5000005 in the replay\n"
        ));
        assert!(text.ends_with("likely cause:\n  compute: a then, b now\n"), "{text}");
        let threads = Verdict { changed: vec![changed(THREADS)], ..other };
        assert!(sentences(&threads).contains("(changes no bits)") && !sentences(&threads).contains("likely"));
    }
}
