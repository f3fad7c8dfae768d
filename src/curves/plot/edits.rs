//! What was edited on the way: lines across the plot, their words above it.

use super::{
    Chart, PlotError,
    figure::Frame,
    paint::{Anchor, Color, Item, QUIET, width},
};
use crate::curves::Along;

/// Rows of words above the plot, and a row's pixels.
pub const ROWS: usize = 3;
pub const ROW: f64 = 17.0;
const SIZE: f64 = 12.0;
const LINE: Color = (150, 150, 150);

/// An edit in the range.
struct Edit {
    /// 0 to 1 along the axis.
    place: f64,
    words: String,
}

/// Those of all runs, in the order of the axis.
pub struct Edits(Vec<Edit>);

/// A line across the plot, and the pixels that its words take.
#[derive(Clone, Copy, Debug)]
struct Span {
    x: f64,
    start: f64,
    end: f64,
}

impl Edits {
    /// Edits of other runs than the first have their run's name before them.
    pub fn of(chart: &Chart) -> Self {
        let mut edits = Vec::new();
        for (at, run) in chart.runs.iter().enumerate() {
            for mark in run.marks {
                let along = if chart.spec.along == Along::Time { mark.time } else { mark.step as f64 };
                let Some(place) = chart.place(along) else { continue };
                let words = if at == 0 { mark.short() } else { format!("{}: {}", run.name, mark.short()) };
                edits.push(Edit { place, words: crate::text::printable(&words) });
            }
        }
        edits.sort_by(|a, b| a.place.total_cmp(&b.place));
        Self(edits)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lines and words. Where there is no room for the words, the line tells.
    ///
    /// # Errors
    /// [`PlotError::Drawing`].
    pub fn draw(&self, frame: Frame, items: &mut Vec<Item>) -> Result<(), PlotError> {
        let mut spans = Vec::new();
        for edit in &self.0 {
            let x = frame.left + edit.place * (frame.right - frame.left);
            let length = width(&edit.words, SIZE)? + 8.0;
            // At the right end the words stand before the line.
            let start = if x + length <= frame.right { x } else { x - length };
            spans.push(Span { x, start, end: start + length });
        }
        for ((edit, span), row) in self.0.iter().zip(&spans).zip(rows(&spans)) {
            let top = row.map_or(frame.top, |row| frame.top - (ROWS - row) as f64 * ROW);
            items.push(Item::line([(span.x, top), (span.x, frame.bottom)], LINE, 1.0));
            if row.is_some() {
                let (anchor, away) =
                    if span.start < span.x { (Anchor::End, -4.0) } else { (Anchor::Start, 4.0) };
                let at = (span.x + away, top + ROW / 2.0 - 1.0);
                items.push(Item::words(at, edit.words.clone(), SIZE, QUIET, anchor));
            }
        }
        Ok(())
    }
}

/// A row for the words of each, 0 the topmost; the newest get room first. No words lie over others, nor over a
/// line, which goes down from its own words.
fn rows(spans: &[Span]) -> Vec<Option<usize>> {
    let mut rows: Vec<Option<usize>> = vec![None; spans.len()];
    for (at, span) in spans.iter().enumerate().rev() {
        let fits = |row: usize| {
            let placed = spans.iter().zip(&rows).skip(at + 1).filter_map(|(it, row)| Some((it, (*row)?)));
            placed.into_iter().all(|(other, theirs)| {
                let overlap = theirs == row && span.start < other.end && other.start < span.end;
                let over = theirs <= row && (span.start..=span.end).contains(&other.x);
                let under = row <= theirs && (other.start..=other.end).contains(&span.x);
                !overlap && !over && !under
            })
        };
        // Words to the right lie over the lines of newer edits: older ones go above.
        rows[at] = if span.start < span.x {
            (0..ROWS).find(|row| fits(*row))
        } else {
            (0..ROWS).rev().find(|row| fits(*row))
        };
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(x: f64) -> Span {
        Span { x, start: x, end: x + 50.0 }
    }

    #[test]
    fn words_lie_over_no_others_and_over_no_line() {
        let alone = rows(&[right(0.0), right(100.0)]);
        assert_eq!(alone, [Some(2), Some(2)]);
        // Four within each other's reach: the oldest is left without words.
        assert_eq!(rows(&[0.0, 10.0, 20.0, 30.0].map(right)), [None, Some(0), Some(1), Some(2)]);
        let left = |x: f64| Span { x, start: x - 50.0, end: x };
        assert_eq!(rows(&[left(80.0), left(90.0)]), [Some(1), Some(0)]);
    }
}
