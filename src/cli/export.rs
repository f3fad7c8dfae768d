//! `looc-tui export`.

use super::{Code, Globals, Run, Usage};
use crate::{
    curves::{
        Along, SMOOTHING,
        chart::{Format, Spec},
        export,
    },
    durable,
};
use clap::{Args, builder::PossibleValuesParser};
use color_eyre::{
    Report,
    eyre::{WrapErr, eyre},
};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

const HELP: &str = "\
Examples:
  looc-tui export runs/r0001 --format png
  looc-tui export runs/r0001 --format svg --smooth 0.9 --log-y --with runs/r0002
  looc-tui export runs/r0001 --format csv --curves loss/,lr --from 1000 --to 2000
  looc-tui export runs/r0001 --format png --curves invariance/color/ --x epoch --out color.png

The command that makes a file again is in the file: the <desc> of an SVG, the Comment of a PNG, the
first line of a CSV. A CSV has every step's raw values.";

/// Draws the curves of a run into an SVG or a PNG, or writes their figures into a CSV, with the edits that
/// were made while it trained. The run may be training.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Export {
    /// The run's folder
    run: PathBuf,
    /// What to write: a picture, or the figures
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(Format::ALL.map(Format::name)))]
    format: String,
    /// The file; without it RUN-CURVES-FROM..TO.FORMAT in this folder
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
    /// Which curves: tags as in metrics.jsonl with commas between; with a slash at its end, all that begin so
    #[arg(long, value_name = "TAGS", default_value = "loss/")]
    curves: Vec<String>,
    /// Where the chart begins, in steps, epochs or seconds, as --x says
    #[arg(long, value_name = "A", allow_negative_numbers = true)]
    from: Option<f64>,
    /// Where it ends
    #[arg(long, value_name = "B", allow_negative_numbers = true)]
    to: Option<f64>,
    /// What runs along it
    #[arg(long, value_name = "AXIS", default_value = "step", value_parser = ["step", "epoch", "time"])]
    x: String,
    /// Steps of an epoch; without it the planned steps by train.epochs, which is wrong for a run that was
    /// started with --steps
    #[arg(long, value_name = "N", verbatim_doc_comment)]
    epoch_steps: Option<f64>,
    /// Strength of smoothing: 0, 0.6, 0.9 or 0.99; the raw values lie under it
    #[arg(long, value_name = "S", default_value_t = 0.0)]
    smooth: f32,
    /// A logarithmic axis for the values
    #[arg(long)]
    log_y: bool,
    /// The title; without it the run's name
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Another run to lay under it, pale; may be repeated
    #[arg(long, value_name = "RUN2")]
    with: Vec<PathBuf>,
}

impl Run for Export {
    fn run(self, _: &Globals) -> Result<Code, Report> {
        let formats = Format::ALL.into_iter().find(|format| format.name() == self.format);
        let format = formats.ok_or_else(|| Usage::error(format!("there is no format {}", self.format)))?;
        let spec = self.spec()?;
        let others: Vec<&Path> = self.with.iter().map(PathBuf::as_path).collect();
        let exported = export(&spec, &self.run, &others, format)?;
        let out = self.out.unwrap_or_else(|| exported.name.into());
        put(&out, &exported.bytes, self.force)?;
        writeln!(std::io::stdout(), "{}", crate::text::printable_name(out.as_os_str()))?;
        Ok(Code::Done)
    }
}

impl Export {
    fn spec(&self) -> Result<Spec, Report> {
        let smoothing = SMOOTHING.iter().position(|strength| (strength - self.smooth).abs() < 1e-6);
        let along = [Along::Step, Along::Epoch, Along::Time].into_iter().find(|it| it.name() == self.x);
        Ok(Spec {
            curves: self.curves.clone(),
            title: self.title.clone(),
            from: self.from,
            to: self.to,
            along: along.unwrap_or_default(),
            epoch_steps: self.epoch_steps,
            smoothing: smoothing.ok_or_else(|| {
                Usage::error(format!("--smooth is one of {SMOOTHING:?}, not {}", self.smooth))
            })?,
            log: self.log_y,
        })
    }
}

/// Writes the file, whole or not at all. One that is there stays, unless it is to be replaced.
fn put(out: &Path, bytes: &[u8], force: bool) -> Result<(), Report> {
    let shown = crate::text::printable_name(out.as_os_str());
    if !force && std::fs::symlink_metadata(out).is_ok() {
        return Err(eyre!(
            "{shown} is there already: choose another name with --out, or replace it with --force"
        ));
    }
    durable::write(out, bytes).wrap_err_with(|| format!("cannot write {shown}"))
}
