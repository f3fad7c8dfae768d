//! `looc-tui runs`.

use super::{Code, Globals, Run, say};
use crate::run::{self, Summary};
use clap::Args;
use color_eyre::Report;
use serde_json::{Map, Value, json};
use std::{io::Write, path::PathBuf};

const HELP: &str = "\
Examples:
  looc-tui runs
  looc-tui runs /scratch/looc --json";

/// Lists the runs in a folder, from their own files: running ones too.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Runs {
    /// The folder that the runs lie in
    #[arg(default_value = "runs")]
    dir: PathBuf,
    /// One JSON document instead of a table
    #[arg(long)]
    json: bool,
}

impl Run for Runs {
    fn run(self, _: &Globals) -> Result<Code, Report> {
        let (mut good, mut bad) = (Vec::new(), 0);
        for summary in run::list(&self.dir) {
            match summary {
                Ok(summary) => good.push(summary),
                Err(error) => {
                    bad += 1;
                    say(&format!("looc-tui: {error}"));
                }
            }
        }
        let mut out = std::io::stdout().lock();
        if self.json {
            let documents: Vec<Value> = good.iter().map(document).collect();
            writeln!(out, "{}", serde_json::to_string_pretty(&documents)?)?;
        } else if good.is_empty() && bad == 0 {
            let dir = self.dir.display();
            say(&format!("there are no runs in {dir}: start one with `looc-tui` or `looc-tui train`"));
        } else {
            writeln!(
                out,
                "{:24} {:9} {:>15} {:>8} {:>6}  configuration",
                "run", "state", "step", "loss", "edits"
            )?;
            for summary in &good {
                writeln!(out, "{}", row(summary))?;
            }
        }
        Ok(if bad == 0 { Code::Done } else { Code::Failure })
    }
}

fn row(summary: &Summary) -> String {
    let name = crate::text::printable_name(summary.path.as_os_str());
    let loss = summary.figure("loss").map_or_else(|| "–".into(), |loss| format!("{loss:.3}"));
    let step = format!("{}/{}", summary.step, summary.steps);
    let parent = summary.manifest.parent.as_ref();
    let parent = parent.map_or_else(String::new, |it| format!("; from {} at {}", it.name(), it.step));
    format!(
        "{name:24} {:9} {step:>15} {loss:>8} {:>6}  {}{parent}",
        summary.state, summary.edits, summary.config
    )
}

fn document(summary: &Summary) -> Value {
    let figures: Map<String, Value> = summary
        .figures
        .iter()
        .map(|(tag, value)| {
            (tag.to_string(), if value.is_finite() { json!(value) } else { json!(value.to_string()) })
        })
        .collect();
    json!({
        "path": crate::text::printable_name(summary.path.as_os_str()),
        "state": summary.state.to_string(),
        "step": summary.step,
        "steps": summary.steps,
        "seconds": summary.time,
        "edits": summary.edits,
        "why": summary.why,
        "config": summary.config,
        "parent": summary.manifest.parent,
        "figures": figures,
    })
}
