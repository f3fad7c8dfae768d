//! `looc-tui eval`.

mod document;
mod tables;

use super::{Code, Globals, Run, bar::Bar, say};
use crate::{
    config::Config,
    data,
    engine::models,
    eval::{Asked, Evaluation, Frozen, Offline},
    run::{self, Checkpoint, Manifest, RunError, checkpoint},
};
use clap::Args;
use color_eyre::{
    Report,
    eyre::{WrapErr, eyre},
};
use std::{
    io::{Write, stdout},
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Instant,
};

const HELP: &str = "\
Examples:
  looc-tui eval runs/r0001
  looc-tui eval runs/r0001 --on quick
  looc-tui eval runs/r0001 --on V,z:color,V+z:color --only knn,probe --json
  looc-tui eval runs/r0001 --checkpoint 500 --out at-500.json

Representations: V (the backbone's features), z:HEAD (the embedding of a head), z (all heads), and sums.
Scores: knn, probe, rotation, few-shot, invariance, mahalanobis, collapse, uniformity, alignment.
--set changes the checkpoint's configuration, as in --set eval.bank=50000 or --set data.path=DIR.";

/// Evaluates a checkpoint of a run, in evaluation mode, beside the same network at random initialisation.
/// Only reads: also of a run that is being trained.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Eval {
    /// The folder of a run
    run: PathBuf,
    /// Which checkpoint: its step, or its folder; without it, the newest
    #[arg(long, value_name = "STEP|DIR")]
    checkpoint: Option<String>,
    /// On what: quick (probes on V alone, the fast scores), full, or representations, separated by commas
    #[arg(long, value_name = "WHAT", default_value = "full", value_delimiter = ',')]
    on: Vec<String>,
    /// Only these scores, separated by commas
    #[arg(long, value_name = "SCORES", value_delimiter = ',')]
    only: Vec<String>,
    /// One JSON document instead of tables
    #[arg(long)]
    json: bool,
    /// Write the JSON document into this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What was evaluated, and what came out.
struct Evaluated {
    run: PathBuf,
    manifest: Manifest,
    /// Where the checkpoint is, if it was named.
    checkpoint: Option<PathBuf>,
    step: u64,
    /// As the checkpoint holds it, and as the command line changed it.
    stored: Config,
    config: Config,
    overrides: Vec<String>,
    compute: String,
    /// Training and held-out images that there are.
    images: (usize, usize),
    evaluation: Evaluation,
    seconds: f64,
}

impl Run for Eval {
    fn run(self, globals: &Globals) -> Result<Code, Report> {
        let evaluated = self.evaluate(globals)?;
        let document = || serde_json::to_string_pretty(&document::document(&evaluated));
        if let Some(out) = &self.out {
            let shown = crate::text::printable_name(out.as_os_str());
            std::fs::write(out, document()? + "\n").wrap_err_with(|| format!("cannot write {shown}"))?;
        }
        let text = if self.json { document()? + "\n" } else { tables::tables(&evaluated) };
        stdout().write_all(text.as_bytes())?;
        Ok(Code::Done)
    }
}

impl Eval {
    fn asked(&self) -> Asked {
        let preset = |name: &str| self.on.iter().any(|word| word == name);
        let named = self.on.iter().filter(|word| !["quick", "full"].contains(&word.as_str()));
        Asked { on: named.cloned().collect(), scores: self.only.clone(), quick: preset("quick") }
    }

    fn evaluate(&self, globals: &Globals) -> Result<Evaluated, Report> {
        let since = Instant::now();
        let manifest = Manifest::read(&self.run)?;
        let (place, checkpoint) = self.open()?;
        let overrides = globals.overrides();
        let config = Config::parse(&checkpoint.config_yaml, "the checkpoint's config", &overrides)?;
        let stored = Config::parse(&checkpoint.config_yaml, "the checkpoint's config", &[])?;
        let progress = Bar::new("{bar:24} {pos}/{len} {msg}");
        let splits = data::open(&config.data, &mut |what, done, of| {
            progress.tell(&format!("loading {what}"), done, of);
            ControlFlow::Continue(())
        })?;
        let (device, warning) = models::device();
        for note in splits.notes.iter().chain(&warning) {
            progress.say(note);
        }
        let compute = models::compute(&device)?;
        let mut trained = Frozen::of(&models::learned(&config, &splits.train, &checkpoint, &device)?)?;
        let mut fresh = Frozen::of(&models::fresh(&config, &splits.train, &device)?)?;
        let (seed, asked) = (config.train.seed, self.asked());
        let offline = Offline {
            data: &splits,
            entries: &config.augment,
            settings: &config.eval,
            seed,
            device: &device,
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(config.train.threads)
            .build()
            .wrap_err("cannot start threads")?;
        let evaluation = pool.install(|| -> Result<Evaluation, Report> {
            fresh.calibrate_on(&splits.train, config.model.bn_splits, seed)?;
            let tell = &mut |what: &str, done, of| progress.tell(what, done, of);
            Ok(offline.evaluate(&mut trained, &mut fresh, &asked, tell)?)
        })?;
        progress.end();
        Ok(Evaluated {
            run: self.run.clone(),
            manifest,
            checkpoint: place,
            step: checkpoint.step,
            stored,
            config,
            overrides,
            compute,
            images: (splits.train.len(), splits.held_out.len()),
            evaluation,
            seconds: since.elapsed().as_secs_f64(),
        })
    }

    /// The checkpoint that is meant, and its folder if it was named.
    fn open(&self) -> Result<(Option<PathBuf>, Checkpoint), Report> {
        let Some(named) = &self.checkpoint else {
            let found = run::newest(&self.run)?;
            let none = || RunError::NoCheckpoint(self.run.clone());
            let (checkpoint, warnings) = found.ok_or_else(none)?;
            warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));
            return Ok((None, checkpoint));
        };
        let path = match named.parse::<u64>() {
            Ok(step) => checkpoint::of_step(&self.run, step)?,
            Err(_) => folder(&self.run, Path::new(named))?,
        };
        let loaded = checkpoint::load(&path)?;
        Ok((Some(path), loaded))
    }
}

/// A checkpoint's folder: from here, or else below the run's.
fn folder(run: &Path, named: &Path) -> Result<PathBuf, Report> {
    let places = [named.to_path_buf(), run.join(named), run.join(checkpoint::CHECKPOINTS).join(named)];
    let found = places.into_iter().find(|path| path.is_dir());
    found.ok_or_else(|| {
        let named = crate::text::printable_name(named.as_os_str());
        eyre!(
            "{named} is neither a step nor the folder of a checkpoint: name one such as 500 or step-00000500"
        )
    })
}
