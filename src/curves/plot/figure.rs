//! What stands where in a chart.

use super::{
    Chart, HEIGHT, PlotError, Run, WIDTH,
    columns::{Strokes, strokes},
    dash::{DASHES, dashed},
    edits::{Edits, ROW, ROWS},
    legend::{self, Legend},
    paint::{Anchor, Color, INK, Item, QUIET},
    ticks,
};
use crate::curves::{
    Axis, Column, SMOOTHING,
    chart::Curve,
    color::{on_white, pale},
    quantity,
};

const GRID: Color = (228, 228, 228);
const RULE: Color = (110, 110, 110);
/// Pixels beside the plot, the longest number of the axis between them.
const LEFT: f64 = 92.0;
const MARGIN: f64 = 24.0;
const SMALL: f64 = 13.0;

/// The pixels of the curves themselves.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

/// One curve as it is drawn.
struct Layer {
    columns: Vec<Column>,
    color: Color,
    width: f64,
    dash: Option<(f64, f64)>,
    /// The row of the crosses for values that are no numbers; none if another layer has them.
    crossed: Option<usize>,
}

/// A chart's strokes and words, what lies below first.
///
/// # Errors
/// [`PlotError`].
pub fn items(chart: &Chart) -> Result<Vec<Item>, PlotError> {
    let legend = Legend::of(chart)?;
    let edits = Edits::of(chart);
    let words = if edits.is_empty() { 0.0 } else { ROWS as f64 * ROW };
    let right = f64::from(WIDTH) - MARGIN - legend.width;
    let frame = Frame { left: LEFT, right, top: 92.0 + words, bottom: f64::from(HEIGHT) - 66.0 };
    let layers = layers(chart, (frame.right - frame.left) as usize);
    let axis = axis(&layers, chart.spec.log);
    let mut items = Vec::new();
    grid(chart, &axis, frame, &mut items)?;
    edits.draw(frame, &mut items)?;
    let mut crosses = false;
    for layer in &layers {
        let it = strokes(&layer.columns, &axis, frame.left, (frame.top, frame.bottom));
        crosses |= layer.crossed.is_some() && !it.crosses.is_empty();
        draw(layer, it, frame, &mut items);
    }
    legend.draw(frame, &mut items);
    titles(chart, crosses, &mut items);
    Ok(items)
}

/// The curves, what lies below first: other runs, then raw values under smooth ones, then the run's own.
fn layers(chart: &Chart, count: usize) -> Vec<Layer> {
    let smoothing = chart.spec.smoothing.min(SMOOTHING.len() - 1);
    let columns = |run: &Run, curve: &Curve, smoothing| {
        let series = run.series.get(&curve.tag)?;
        Some(series.columns(chart.spec.counted(), chart.range, count, smoothing))
    };
    let mut layers = Vec::new();
    for (at, run) in chart.runs.iter().enumerate().skip(1).rev() {
        for (place, curve) in chart.curves.iter().enumerate().rev() {
            let Some(columns) = columns(run, curve, smoothing) else { continue };
            let (color, width, dash) = style(at, curve.number);
            let crossed = Some(at * chart.curves.len() + place);
            layers.push(Layer { columns, color, width, dash, crossed });
        }
    }
    let Some(first) = chart.runs.first() else { return layers };
    for curve in chart.curves.iter().rev().filter(|_| smoothing > 0) {
        let color = pale(on_white(curve.number), 0.75);
        let raw = columns(first, curve, 0);
        layers.extend(raw.map(|columns| Layer { columns, color, width: 1.0, dash: None, crossed: None }));
    }
    for (at, curve) in chart.curves.iter().enumerate().rev() {
        let (color, width, dash) = style(0, curve.number);
        let own = columns(first, curve, smoothing);
        layers.extend(own.map(|columns| Layer { columns, color, width, dash, crossed: Some(at) }));
    }
    layers
}

/// How the curve of this number is drawn: its colour, its width, its dashes. Other runs are pale and thin.
pub fn style(run: usize, number: usize) -> (Color, f64, Option<(f64, f64)>) {
    if run == 0 {
        return (on_white(number), 1.9, None);
    }
    (pale(on_white(number), 0.45), 1.2, DASHES[(run - 1) % DASHES.len()])
}

/// The axis around everything that is drawn.
fn axis(layers: &[Layer], log: bool) -> Axis {
    let values = layers.iter().flat_map(|layer| layer.columns.iter().filter_map(|it| it.values));
    let values = values.filter(|it| !log || it.max > 0.0);
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| {
        let bottom = if log && it.min <= 0.0 { it.max } else { it.min };
        (low.min(f64::from(bottom)), high.max(f64::from(it.max)))
    });
    if low <= high {
        Axis::around(low, high, 7, log)
    } else {
        // Not one number: there are crosses at most.
        Axis { low: 0.0, high: 1.0, ticks: Vec::new(), log: false }
    }
}

fn grid(chart: &Chart, axis: &Axis, frame: Frame, items: &mut Vec<Item>) -> Result<(), PlotError> {
    let Frame { left, right, top, bottom } = frame;
    for tick in &axis.ticks {
        let Some(place) = axis.place(*tick) else { continue };
        let y = bottom - place * (bottom - top);
        items.push(Item::line([(left, y), (right, y)], GRID, 1.0));
        items.push(Item::words((left - 8.0, y), ticks::count(*tick), SMALL, QUIET, Anchor::End));
    }
    let epoch_steps = chart.spec.unit()?;
    let (along, name) = ticks::along(chart.spec.along, chart.range, epoch_steps);
    for (place, words) in along {
        let x = left + place * (right - left);
        items.push(Item::line([(x, top), (x, bottom)], GRID, 1.0));
        items.push(Item::line([(x, bottom), (x, bottom + 5.0)], RULE, 1.0));
        items.push(Item::words((x, bottom + 16.0), words, SMALL, QUIET, Anchor::Middle));
    }
    items.push(Item::line([(left, top), (left, bottom)], RULE, 1.0));
    items.push(Item::line([(left, bottom), (right, bottom)], RULE, 1.0));
    let middle = f64::midpoint(left, right);
    items.push(Item::words((middle, bottom + 42.0), name, 14.0, INK, Anchor::Middle));
    Ok(())
}

fn titles(chart: &Chart, crosses: bool, items: &mut Vec<Item>) {
    let spec = chart.spec;
    let left = MARGIN;
    let room = f64::from(WIDTH) - 2.0 * MARGIN;
    items.push(Item::words(
        (left, 30.0),
        legend::fitting(&chart.title(), 20.0, room),
        20.0,
        INK,
        Anchor::Start,
    ));
    let axis = quantity::axis_name(chart.curves.iter().map(|curve| &*curve.tag));
    let mut notes = vec![crate::text::printable(axis)];
    if spec.log {
        notes.push("logarithmic".into());
    }
    if let Some(strength) = SMOOTHING.get(spec.smoothing).filter(|strength| **strength > 0.0) {
        notes.push(format!("smoothed {strength}, raw values pale"));
    }
    if crosses {
        notes.push("× not a number".into());
    }
    items.push(Item::words((left, 58.0), notes.join("  ·  "), 14.0, INK, Anchor::Start));
}

fn draw(layer: &Layer, strokes: Strokes, frame: Frame, items: &mut Vec<Item>) {
    let (color, width) = (layer.color, layer.width);
    for line in strokes.lines {
        match layer.dash {
            Some(dash) => {
                items.extend(dashed(&line, dash).into_iter().map(|line| Item::line(line, color, width)))
            }
            None => items.push(Item::line(line, color, width)),
        }
    }
    items.extend(strokes.dots.into_iter().map(|at| Item::Dot { at, radius: width * 1.2 + 0.4, color }));
    let Some(row) = layer.crossed else { return };
    // A row a curve, so that no cross hides another.
    let y = frame.top + 10.0 + (row as f64 * 13.0) % (frame.bottom - frame.top - 20.0);
    for x in strokes.crosses {
        for slope in [-4.0, 4.0] {
            items.push(Item::line([(x - 4.0, y - slope), (x + 4.0, y + slope)], color, 2.0));
        }
    }
}
