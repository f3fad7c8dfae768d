//! `looc-tui study`.

mod worker;

use super::{Code, Globals, Run, bar::Bar, signals::Endings};
use crate::{
    run::Summary,
    study::{self, Cell, Evaluations, Table},
    text::printable_name,
};
use clap::Args;
use color_eyre::{Report, eyre::WrapErr};
use std::{
    io::{Write, stdout},
    path::{Path, PathBuf},
    time::Duration,
};
use worker::Worker;

/// How often the runs are looked at.
const LOOK: Duration = Duration::from_millis(200);

const HELP: &str = "\
Examples:
  looc-tui study configs/studies/table1.yaml --out table1
  looc-tui study configs/studies/table1.yaml cifar10.yaml --set train.epochs=20 --out table1-cifar

The same command goes on where it was interrupted, and does nothing twice. In the folder of --out:
runs/ (as `looc-tui runs` and `eval` read them), configs/, logs/, evaluations/, table.{md,csv,json}.";

/// Trains and evaluates variants of a configuration with several seeds, and puts them into one table.
///
/// Each run is a `looc-tui train` and a `looc-tui eval` in processes of their own.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Study {
    /// The study (YAML): base, seeds, variants, columns
    #[arg(value_name = "STUDY")]
    file: PathBuf,
    /// A configuration (YAML) to take the place of the study's base
    config: Option<PathBuf>,
    /// Folder of the runs and the table; without it, `studies/` and the study's name
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Runs at a time; the cores are shared among them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    /// Only print the table of what is done
    #[arg(long)]
    table: bool,
    /// The table as one JSON document
    #[arg(long)]
    json: bool,
}

impl Run for Study {
    fn run(self, globals: &Globals) -> Result<Code, Report> {
        let mut study = study::Study::load(&self.file, self.config.as_deref(), &globals.set)?;
        if let Some(seed) = globals.seed {
            study.seeds = vec![seed];
        }
        let named = || Path::new("studies").join(self.file.file_stem().unwrap_or_default());
        let out = self.out.clone().unwrap_or_else(named);
        let cells = study.cells(&out)?;
        let mut evaluations: Evaluations = cells.iter().map(Cell::done).collect::<Result<_, _>>()?;
        let mut code = Code::Done;
        if !self.table {
            let left: Vec<&Cell> = cells
                .iter()
                .zip(&evaluations)
                .filter(|(_, done)| done.is_none())
                .map(|(cell, _)| cell)
                .collect();
            for cell in &left {
                cell.begun()?;
            }
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let jobs = usize::from(self.jobs).min(left.len().max(1));
            let threads = globals.threads.filter(|it| *it > 0).unwrap_or((cores / jobs).max(1));
            let mut runner = Runner { asked: study.asked(), threads, left, working: Vec::new(), failed: 0 };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            code = runtime.block_on(runner.run(jobs, &Bar::new("{bar:24} run {pos}/{len} {msg}")))?;
            evaluations = cells.iter().map(Cell::done).collect::<Result<_, _>>()?;
        }
        let table = Table::of(&study, &cells, &evaluations)?;
        if evaluations.iter().any(Option::is_some) {
            write(&out, &table)?;
        }
        let text = if self.json { format!("{:#}\n", table.json()) } else { table.text() };
        stdout().write_all(text.as_bytes())?;
        Ok(code)
    }
}

/// The table's files.
fn write(out: &Path, table: &Table) -> Result<(), Report> {
    let files = [("md", table.markdown()), ("csv", table.csv()), ("json", format!("{:#}\n", table.json()))];
    for (ending, text) in files {
        let path = out.join(format!("table.{ending}"));
        let cannot = || format!("cannot write {}", printable_name(path.as_os_str()));
        std::fs::write(&path, text).wrap_err_with(cannot)?;
    }
    Ok(())
}

/// Works off the cells that are left.
struct Runner<'a> {
    asked: [String; 2],
    threads: usize,
    left: Vec<&'a Cell>,
    working: Vec<Worker<'a>>,
    failed: usize,
}

impl Runner<'_> {
    async fn run(&mut self, jobs: usize, shown: &Bar) -> Result<Code, Report> {
        let mut endings = Endings::listen()?;
        let mut tick = tokio::time::interval(LOOK);
        let mut interrupted = false;
        let of = self.left.len();
        self.left.reverse();
        loop {
            let signalled = tokio::select! {
                _ = endings.next() => true,
                _ = tick.tick() => false,
            };
            if signalled {
                interrupted = true;
                shown.say("ending the runs with a checkpoint; the same command goes on");
                self.working.iter().for_each(Worker::interrupt);
            }
            self.look(interrupted, shown)?;
            while !interrupted && self.working.len() < jobs {
                let Some(cell) = self.left.pop() else { break };
                self.working.push(Worker::begin(cell, &self.asked, self.threads)?);
            }
            if shown.is_shown() {
                let working = self.working.iter().map(doing).collect::<Vec<_>>().join(", ");
                shown.tell(&working, of - self.left.len() - self.working.len(), of);
            }
            if self.working.is_empty() {
                shown.end();
                return Ok(match (interrupted, self.failed) {
                    (true, _) => Code::Interrupted,
                    (false, 0) => Code::Done,
                    (false, _) => Code::Failure,
                });
            }
        }
    }

    /// Takes on those that have ended a step.
    fn look(&mut self, interrupted: bool, shown: &Bar) -> Result<(), Report> {
        for mut worker in std::mem::take(&mut self.working) {
            match worker.look(interrupted)? {
                worker::State::Working => self.working.push(worker),
                worker::State::Done => shown.say(&format!("done: {}", worker.cell.name)),
                worker::State::Interrupted => {}
                worker::State::Failed(why) => {
                    self.failed += 1;
                    shown.say(&format!("failed: {}: {why}", worker.cell.name));
                }
            }
        }
        Ok(())
    }
}

/// What a worker is at.
fn doing(worker: &Worker) -> String {
    let name = &worker.cell.name;
    match Summary::read(&worker.cell.run()) {
        Ok(summary) if worker.trains() => format!("{name} {}/{}", summary.step, summary.steps),
        _ if worker.trains() => format!("{name} starting"),
        _ => format!("{name} evaluating"),
    }
}
