//! Charts as files: SVG, PNG and CSV, each with the command line that makes it again.
//!
//! `figure` works out what stands where, once, as a list of strokes and words; `paint` hands them to
//! plotters' backends, `raster` and `vector` make a PNG and an SVG of that. `table` writes the figures
//! themselves. Everything here gives the same bytes for the same curves.

mod columns;
mod dash;
mod edits;
mod figure;
mod legend;
mod paint;
mod raster;
mod table;
mod ticks;
mod vector;

use super::{
    Heads, Mark, SeriesStore,
    chart::{Curve, Format, Spec, SpecError},
};
use std::path::Path;

/// Pixels of a chart.
pub const WIDTH: u32 = 1280;
pub const HEIGHT: u32 = 720;

/// A run whose curves are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Where it is: the command line names it so.
    pub path: &'a Path,
    /// What the legend calls it.
    pub name: &'a str,
    pub series: &'a SeriesStore,
    pub marks: &'a [Mark],
}

/// Why a chart was not drawn.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// Of plotters, or of the PNG encoder: a fault of this program.
    #[error("the chart cannot be drawn: {0}")]
    Drawing(String),
}

/// What is drawn: everything is known.
struct Chart<'a> {
    spec: &'a Spec,
    curves: Vec<Curve>,
    /// In what the curves count.
    range: (f64, f64),
    /// The run first, then those that lie under it.
    runs: &'a [Run<'a>],
    command: String,
}

/// Draws curves into a file's bytes. `heads` are those of the first run, which names and colours the curves;
/// the others lie under it.
///
/// # Errors
/// [`PlotError`].
pub fn draw(spec: &Spec, heads: &Heads, runs: &[Run], format: Format) -> Result<Vec<u8>, PlotError> {
    let Some(first) = runs.first() else {
        return Err(SpecError::NoCurves { asked: spec.curves.join(","), there: Vec::new() }.into());
    };
    let curves = spec.curves(first.series, heads)?;
    let range = spec.range(first.series, &curves)?;
    let command = spec.settled(range)?.command(runs.iter().map(|run| run.path), format);
    let chart = Chart { spec, curves, range, runs, command };
    match format {
        Format::Csv => Ok(table::csv(&chart).into_bytes()),
        Format::Svg => vector::svg(&figure::items(&chart)?, &chart.title(), &chart.command),
        Format::Png => raster::png(&figure::items(&chart)?, &chart.command),
    }
}

impl Chart<'_> {
    fn title(&self) -> String {
        let run = self.runs.first().map_or("", |run| run.name);
        crate::text::printable(self.spec.title.as_deref().unwrap_or(run))
    }

    /// Where a position is in the range, 0 to 1; none outside of it.
    fn place(&self, at: f64) -> Option<f64> {
        let (from, to) = self.range;
        let place = if to > from { (at - from) / (to - from) } else { 0.5 };
        Some(place).filter(|place| (0.0..=1.0).contains(place))
    }
}
