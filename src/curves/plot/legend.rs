//! The names of the curves, at the right of the plot.

use super::{
    Chart, PlotError,
    dash::dashed,
    figure::{Frame, style},
    paint::{Anchor, INK, Item, QUIET, width},
};

const SIZE: f64 = 14.0;
/// Pixels of an entry, of the piece of a line before a name, and between things.
const ROW: f64 = 22.0;
const SAMPLE: f64 = 26.0;
const GAP: f64 = 8.0;
/// Pixels of a name, at most.
const NAME: f64 = 250.0;

/// A row of the legend.
struct Entry {
    words: String,
    /// Run and number of the curve; none for a heading.
    curve: Option<(usize, usize)>,
}

/// The rows, and the pixels that they need beside the plot.
pub struct Legend {
    rows: Vec<Entry>,
    pub width: f64,
}

impl Legend {
    /// A curve a row; where there are several runs, below each one's name.
    ///
    /// # Errors
    /// [`PlotError::Drawing`].
    pub fn of(chart: &Chart) -> Result<Self, PlotError> {
        let mut rows = Vec::new();
        for (at, run) in chart.runs.iter().enumerate() {
            let has = chart.curves.iter().filter(|curve| run.series.get(&curve.tag).is_some());
            let curves = has.map(|curve| Entry {
                words: fitting(&curve.words, SIZE, NAME),
                curve: Some((at, curve.number)),
            });
            if chart.runs.len() > 1 {
                let name = crate::text::printable(run.name);
                rows.push(Entry { words: fitting(&name, SIZE, NAME), curve: None });
            }
            rows.extend(curves);
        }
        let mut widest = 0.0_f64;
        for row in &rows {
            let sample = if row.curve.is_some() { SAMPLE + GAP } else { 0.0 };
            widest = widest.max(sample + width(&row.words, SIZE)?);
        }
        Ok(Self { rows, width: widest + 2.0 * GAP })
    }

    pub fn draw(self, frame: Frame, items: &mut Vec<Item>) {
        let left = frame.right + 2.0 * GAP;
        let room = ((frame.bottom - frame.top) / ROW) as usize;
        let all = self.rows.len();
        let shown = if all > room { room.saturating_sub(1) } else { all };
        let at = |row: usize| frame.top + ROW * (row as f64 + 0.5);
        for (row, entry) in self.rows.into_iter().take(shown).enumerate() {
            let y = at(row);
            let Some((run, number)) = entry.curve else {
                items.push(Item::words((left, y), entry.words, SIZE, QUIET, Anchor::Start));
                continue;
            };
            let (color, width, dash) = style(run, number);
            let line = [(left, y), (left + SAMPLE, y)];
            let parts = dash.map_or_else(|| vec![line.to_vec()], |dash| dashed(&line, dash));
            items.extend(parts.into_iter().map(|part| Item::line(part, color, width + 0.6)));
            let beside = (left + SAMPLE + GAP, y);
            items.push(Item::words(beside, entry.words, SIZE, INK, Anchor::Start));
        }
        if all > shown {
            let more = format!("and {} more", all - shown);
            items.push(Item::words((left, at(shown)), more, SIZE, QUIET, Anchor::Start));
        }
    }
}

/// As much of a text as so many pixels hold; what cannot be measured is left as it is.
pub fn fitting(text: &str, size: f64, room: f64) -> String {
    let too_wide = |text: &str| width(text, size).is_ok_and(|width| width > room);
    if !too_wide(text) {
        return text.into();
    }
    let mut letters: Vec<char> = text.chars().collect();
    while letters.pop().is_some() {
        let short: String = letters.iter().chain(&['…']).collect();
        if !too_wide(&short) {
            return short;
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_to_its_room() {
        let short = fitting(&"wide ".repeat(40), 14.0, 100.0);
        assert!(short.ends_with('…') && width(&short, 14.0).unwrap() <= 100.0);
        assert!(width(&short, 14.0).unwrap() > 80.0);
        assert_eq!(fitting("z1 color", 14.0, 100.0), "z1 color");
    }
}
