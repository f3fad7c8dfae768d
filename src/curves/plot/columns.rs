//! A curve's columns as strokes: the whole envelope of every pixel column, gaps where nothing was measured,
//! and crosses where a value was no number.

use crate::curves::{Axis, Column};

/// Pixels between two crosses, at least.
const CROSSES: f64 = 9.0;
/// A curve of so few values shows where each of them is.
const FEW: usize = 60;

/// What is drawn of one curve. Heights and places are pixels.
#[derive(Debug, Default, PartialEq)]
pub struct Strokes {
    /// Each without a gap.
    pub lines: Vec<Vec<(f64, f64)>>,
    /// Values that stand alone, or are few.
    pub dots: Vec<(f64, f64)>,
    /// Where along the axis a value was no number.
    pub crosses: Vec<f64>,
}

/// The strokes of columns that are a pixel wide, from `left` on, with the axis from `bottom` up to `top`.
pub fn strokes(columns: &[Column], axis: &Axis, left: f64, (top, bottom): (f64, f64)) -> Strokes {
    // On a logarithmic axis, what dips to zero or below goes down to its end.
    let height = |value: f32| {
        let value = if axis.log { f64::from(value).max(axis.low) } else { f64::from(value) };
        axis.place(value).map(|place| bottom - place * (bottom - top))
    };
    let few = columns.iter().filter(|column| column.values.is_some()).count() <= FEW;
    let (mut out, mut line) = (Strokes::default(), Vec::new());
    for (i, column) in columns.iter().enumerate() {
        let x = left + i as f64 + 0.5;
        if column.rested || column.broken {
            out.end(&mut line);
        }
        if column.broken && out.crosses.last().is_none_or(|last| x - last >= CROSSES) {
            out.crosses.push(x);
        }
        let Some(values) = column.values else { continue };
        if axis.log && values.max <= 0.0 {
            out.end(&mut line);
            continue;
        }
        let ways = [values.first, values.min, values.max, values.last];
        for y in ways.into_iter().filter_map(height) {
            if line.last() != Some(&(x, y)) {
                line.push((x, y));
            }
        }
        if few {
            out.dots.extend(line.last());
        }
        if column.broken {
            out.end(&mut line);
        }
    }
    out.end(&mut line);
    out
}

impl Strokes {
    fn end(&mut self, line: &mut Vec<(f64, f64)>) {
        let line = std::mem::take(line);
        match line[..] {
            [] => {}
            [alone] => self.dots.push(alone),
            _ => self.lines.push(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curves::Envelope;

    const NONE: Column = Column { values: None, broken: false, rested: false };

    fn at(value: f32) -> Column {
        Column { values: Some(Envelope { first: value, min: value, max: value, last: value }), ..NONE }
    }

    fn drawn(columns: &[Column], log: bool) -> Strokes {
        let axis = Axis { low: 1.0, high: 100.0, ticks: Vec::new(), log };
        strokes(columns, &axis, 0.0, (0.0, 99.0))
    }

    #[test]
    fn a_spike_within_a_column_is_drawn_whole() {
        let spike = Envelope { first: 2.0, min: 1.0, max: 100.0, last: 3.0 };
        let it = drawn(&[at(2.0), Column { values: Some(spike), ..NONE }, at(3.0)], false);
        let line = [(0.5, 98.0), (1.5, 98.0), (1.5, 99.0), (1.5, 0.0), (1.5, 97.0), (2.5, 97.0)];
        assert_eq!(it.lines, [line.to_vec()]);
    }

    #[test]
    fn a_rest_is_a_gap_and_no_number_is_a_cross_between_two_lines() {
        let rested = Column { rested: true, ..at(5.0) };
        let broken = Column { broken: true, ..NONE };
        let it = drawn(&[at(2.0), at(2.0), NONE, rested, at(5.0), broken, at(5.0), at(6.0)], false);
        let ends: Vec<_> = it.lines.iter().map(|line| (line[0].0, line[line.len() - 1].0)).collect();
        assert_eq!((ends, it.crosses), (vec![(0.5, 1.5), (3.5, 4.5), (6.5, 7.5)], vec![5.5]));
        // Nothing was measured in a column, and nothing rested: the line goes on.
        assert_eq!(drawn(&[at(2.0), NONE, NONE, at(2.0)], false).lines.len(), 1);
    }

    #[test]
    fn what_has_no_logarithm_is_left_out_and_what_dips_there_goes_to_the_end() {
        let dips = Envelope { first: 10.0, min: -1.0, max: 10.0, last: 10.0 };
        let it = drawn(&[Column { values: Some(dips), ..NONE }, at(-1.0), at(10.0)], true);
        assert_eq!(it.lines, [vec![(0.5, 49.5), (0.5, 99.0), (0.5, 49.5)]]);
        assert_eq!(it.dots.last(), Some(&(2.5, 49.5)));
    }
}
