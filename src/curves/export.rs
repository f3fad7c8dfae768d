//! Charts of runs on the disk.

use super::{
    Along, Recorded,
    chart::{Format, Spec},
    plot::{self, PlotError, Run},
};
use crate::{run::RunError, text::printable_name};
use std::path::{Path, PathBuf};

/// A chart's file.
#[derive(Clone, Debug)]
pub struct Exported {
    /// What to call it.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("{}: {why}", printable_name(run.as_os_str()))]
    Plot { run: PathBuf, why: PlotError },
}

/// Draws the curves of a run, those of the others under them. Runs may be training.
///
/// # Errors
/// [`ExportError`].
pub fn export(spec: &Spec, run: &Path, others: &[&Path], format: Format) -> Result<Exported, ExportError> {
    let read = |run: &Path| -> Result<Recorded, RunError> {
        crate::run::Manifest::read(run)?;
        if format == Format::Csv { Recorded::read_exact(run) } else { Recorded::read(run) }
    };
    let first = read(run)?;
    let below = others.iter().map(|run| Ok((*run, name(run), read(run)?)));
    let below: Vec<(&Path, String, Recorded)> = below.collect::<Result<_, RunError>>()?;
    let mut spec = spec.clone();
    if spec.along == Along::Epoch {
        spec.epoch_steps = spec.epoch_steps.or(first.epoch_steps);
    }
    let own = name(run);
    let mut runs = vec![Run { path: run, name: &own, series: &first.series, marks: &first.marks }];
    runs.extend(below.iter().map(|(path, name, it)| Run {
        path,
        name,
        series: &it.series,
        marks: &it.marks,
    }));
    let failed = |why| ExportError::Plot { run: run.to_path_buf(), why };
    let bytes = plot::draw(&spec, &first.heads, &runs, format).map_err(failed)?;
    let named = settled(&spec, &first).map_err(|why| failed(why.into()))?;
    Ok(Exported { name: named.file_name(&own, format), bytes })
}

/// The chart with both ends of its range, for its name.
fn settled(spec: &Spec, first: &Recorded) -> Result<Spec, super::chart::SpecError> {
    let curves = spec.curves(&first.series, &first.heads)?;
    spec.settled(spec.range(&first.series, &curves)?)
}

/// What a run is called: its folder's name, also where it is given as `.`.
fn name(run: &Path) -> String {
    let whole = std::fs::canonicalize(run);
    let named = whole.as_deref().unwrap_or(run).file_name().unwrap_or(run.as_os_str());
    printable_name(named)
}
