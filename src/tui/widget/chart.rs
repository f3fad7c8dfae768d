//! Curves in braille: two dots across and four down in a cell, the whole envelope of every column,
//! linear or logarithmic, gaps where nothing was measured, and a mark where a value was no number.

use super::text::{put, right};
use crate::{
    curves::{Axis, Column},
    tui::figures::short,
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

/// Columns of the labels at the left, with the axis.
pub const LABELS: u16 = 6;

/// One curve.
pub struct Curve {
    /// Two columns a cell.
    pub columns: Vec<Column>,
    pub style: Style,
    /// Which of four dot columns are drawn: where there are no colours, curves differ by this.
    pub dash: [bool; 4],
}

/// Something to point out under the curves.
pub struct Mark {
    /// 0 to 1 along the axis.
    pub place: f64,
    pub text: String,
}

/// Curves over one axis.
pub struct Chart<'a> {
    pub curves: &'a [Curve],
    pub marks: &'a [Mark],
    /// Where the curves are read: 0 to 1 along the axis.
    pub cross: Option<f64>,
    pub log: bool,
    /// Labels below: at the left end, in the middle, at the right end.
    pub along: [String; 3],
    pub faint: Style,
    pub alarm: Style,
}

/// The cells of the curves themselves, within the area of a chart.
pub fn plot(area: Rect, marks: bool) -> Rect {
    let below = 1 + u16::from(marks);
    Rect {
        x: area.x.saturating_add(LABELS),
        width: area.width.saturating_sub(LABELS),
        height: area.height.saturating_sub(below),
        ..area
    }
}

impl Widget for &Chart<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        let plot = plot(area, !self.marks.is_empty());
        if plot.width < 4 || plot.height < 2 {
            return;
        }
        let Some(axis) = self.axis(plot.height) else {
            self.broken(plot, buffer);
            return;
        };
        self.frame(area, plot, &axis, buffer);
        self.cross(plot, buffer);
        for curve in self.curves.iter().rev() {
            draw(curve, plot, &axis, buffer);
        }
        self.broken(plot, buffer);
        self.marks(plot, buffer);
    }
}

impl Chart<'_> {
    /// The axis around everything that is drawn; none where there is nothing.
    fn axis(&self, height: u16) -> Option<Axis> {
        let values = self.curves.iter().flat_map(|curve| curve.columns.iter().filter_map(|it| it.values));
        let values = values.filter(|it| !self.log || it.max > 0.0);
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| {
            let bottom = if self.log && it.min <= 0.0 { it.max } else { it.min };
            (low.min(f64::from(bottom)), high.max(f64::from(it.max)))
        });
        (low <= high).then(|| Axis::around(low, high, usize::from(height / 3).clamp(1, 6), self.log))
    }

    fn frame(&self, area: Rect, plot: Rect, axis: &Axis, buffer: &mut Buffer) {
        let rule = area.x + LABELS - 1;
        for y in plot.y..plot.bottom() {
            buffer[(rule, y)].set_symbol("│").set_style(self.faint);
        }
        for tick in &axis.ticks {
            let Some(place) = axis.place(*tick) else { continue };
            let y = plot.bottom() - 1 - (place * f64::from(plot.height - 1)).round() as u16;
            let label = Rect { y, height: 1, width: LABELS - 1, ..area };
            put(label, 0, &right(&short(*tick), usize::from(LABELS) - 1), self.faint, buffer);
            buffer[(rule, y)].set_symbol("┤").set_style(self.faint);
        }
        let below = Rect { y: area.bottom() - 1, height: 1, ..plot };
        let [first, middle, last] = &self.along;
        put(below, 0, first, self.faint, buffer);
        let width = usize::from(plot.width);
        if width > first.len() + middle.len() + last.len() + 6 {
            put(below, (width - middle.len()) / 2, middle, self.faint, buffer);
        }
        if width > first.len() + last.len() + 1 {
            put(below, width - last.len(), last, self.faint, buffer);
        }
    }

    fn cross(&self, plot: Rect, buffer: &mut Buffer) {
        let Some(place) = self.cross.filter(|place| (0.0..=1.0).contains(place)) else { return };
        let x = plot.x + ((place * f64::from(plot.width)) as u16).min(plot.width - 1);
        for y in plot.y..plot.bottom() {
            buffer[(x, y)].set_symbol("╎").set_style(self.faint);
        }
    }

    /// A value that was no number is never drawn as a healthy line: it has a mark of its own.
    fn broken(&self, plot: Rect, buffer: &mut Buffer) {
        for (i, curve) in self.curves.iter().enumerate() {
            for (x, _) in curve.columns.iter().enumerate().filter(|(_, column)| column.broken) {
                let at = (plot.x + (x / 2) as u16, plot.y + (i as u16).min(plot.height - 1));
                if at.0 < plot.right() {
                    buffer[at].set_symbol("×").set_style(self.alarm);
                }
            }
        }
    }

    /// The marks, and the words of as many as have room beside them, the last ones first.
    fn marks(&self, plot: Rect, buffer: &mut Buffer) {
        let row = Rect { y: plot.bottom(), height: 1, ..plot };
        let width = usize::from(plot.width);
        let place = |mark: &Mark| ((mark.place * f64::from(plot.width)) as usize).min(width - 1);
        let mut taken = vec![false; width];
        for mark in self.marks {
            taken[place(mark)] = true;
            put(row, place(mark), "▲", self.faint, buffer);
        }
        for mark in self.marks.iter().rev() {
            let (x, length) = (place(mark), mark.text.chars().count() + 1);
            // Behind the mark, or before it; with a gap to what comes next.
            let sides = [x + 1..x + 1 + length, x.saturating_sub(length)..x];
            let free = |side: &std::ops::Range<usize>| {
                side.len() == length
                    && side.end <= width
                    && !taken[side.start..(side.end + 1).min(width)]
                        .iter()
                        .enumerate()
                        .any(|(i, it)| *it && side.start + i != x)
            };
            let Some(side) = sides.into_iter().find(free) else { continue };
            let text = if side.start > x { format!(" {}", mark.text) } else { format!("{} ", mark.text) };
            put(row, side.start, &text, self.faint, buffer);
            taken[side].fill(true);
        }
    }
}

/// The dots of one curve, and what they cover.
struct Dots<'a> {
    cells: Vec<u8>,
    plot: Rect,
    dash: &'a [bool; 4],
}

impl Dots<'_> {
    fn set(&mut self, x: usize, y: usize) {
        /// Bits of a braille character by row, for the left and the right column.
        const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (width, height) = (usize::from(self.plot.width), usize::from(self.plot.height));
        if x < width * 2 && y < height * 4 && self.dash[x % 4] {
            self.cells[y / 4 * width + x / 2] |= BITS[y % 4][x % 2];
        }
    }

    /// From one dot to another, every column once and without holes.
    fn line(&mut self, (x0, y0): (usize, usize), (x1, y1): (usize, usize)) {
        let steps = (x1 - x0).max(y0.abs_diff(y1)).max(1);
        for i in 0..=steps {
            let part = i as f64 / steps as f64;
            let x = x0 as f64 + (x1 - x0) as f64 * part;
            let y = y0 as f64 + (y1 as f64 - y0 as f64) * part;
            self.set(x.round() as usize, y.round() as usize);
        }
    }
}

fn draw(curve: &Curve, plot: Rect, axis: &Axis, buffer: &mut Buffer) {
    let cells = vec![0; usize::from(plot.width) * usize::from(plot.height)];
    let mut dots = Dots { cells, plot, dash: &curve.dash };
    let top = f64::from(plot.height) * 4.0 - 1.0;
    let height =
        |value: f32| axis.place(f64::from(value)).map(|place| ((1.0 - place) * top).round() as usize);
    let mut before: Option<(usize, usize)> = None;
    for (x, column) in curve.columns.iter().enumerate() {
        if column.rested || column.broken {
            before = None;
        }
        let Some(values) = column.values else { continue };
        if let (Some(high), Some(low)) = (
            height(values.max),
            height(values.min.max(f32::MIN_POSITIVE)).filter(|_| axis.log).or(height(values.min)),
        ) {
            dots.line((x, high), (x, low));
        }
        if let (Some(from), Some(first)) = (before, height(values.first)) {
            dots.line(from, (x, first));
        }
        before = if column.broken { None } else { height(values.last).map(|last| (x, last)) };
    }
    for (i, bits) in dots.cells.iter().enumerate().filter(|(_, bits)| **bits != 0) {
        let width = usize::from(plot.width);
        let at = (plot.x + (i % width) as u16, plot.y + (i / width) as u16);
        let cell = &mut buffer[at];
        let older = cell.symbol().chars().next().map_or(0, |c| {
            let code = u32::from(c);
            if (0x2800..0x2900).contains(&code) { code - 0x2800 } else { 0 }
        });
        if let Some(symbol) = char::from_u32(0x2800 + (u32::from(*bits) | older)) {
            cell.set_char(symbol).set_style(curve.style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        curves::{Along, Envelope, SeriesStore},
        engine::message::{Span, StepRecord},
    };

    fn text(values: impl Iterator<Item = (u64, f32)>, log: bool) -> Vec<String> {
        let mut store = SeriesStore::default();
        let mut last = 1;
        for (step, value) in values {
            let tag = if value == -1.0 { "loss/other" } else { "loss/one" };
            let values = vec![(tag.into(), Span::of(value))];
            store.push(&StepRecord { step, time: 0.0, values });
            last = step;
        }
        let area = Rect::new(0, 0, 46, 9);
        let columns = store.get("loss/one").unwrap().columns(Along::Step, (0.0, last as f64), 80, 0);
        let curves = [Curve { columns, style: Style::new(), dash: [true; 4] }];
        let along = ["0".into(), "".into(), last.to_string()];
        let (faint, alarm) = (Style::new(), Style::new());
        let mut buffer = Buffer::empty(area);
        Chart { curves: &curves, marks: &[], cross: None, log, along, faint, alarm }
            .render(area, &mut buffer);
        (0..area.height).map(|y| (0..area.width).map(|x| buffer[(x, y)].symbol()).collect()).collect()
    }

    #[test]
    fn a_single_spike_among_a_million_points_is_drawn() {
        let rows = text((1..=1_000_000).map(|i| (i, if i == 500_000 { 9.0 } else { 1.0 })), false);
        let spikes = rows[0].chars().filter(|c| ('\u{2801}'..='\u{28ff}').contains(c)).count();
        assert_eq!(spikes, 1, "{rows:#?}");
    }

    #[test]
    fn a_power_is_a_straight_line_on_a_logarithmic_axis() {
        let rows = text((1..=100).map(|i| (i, 10f32.powf(3.0 - i as f32 * 0.03))), true);
        insta::assert_snapshot!(rows.join("\n"));
    }

    #[test]
    fn a_rest_is_a_gap_and_no_number_is_a_mark() {
        let value = |i: u64| match i {
            40..60 => -1.0,
            80 => f32::NAN,
            _ => 2.0 + (i % 10) as f32 * 0.1,
        };
        insta::assert_snapshot!(text((1..=100).map(|i| (i, value(i))), false).join("\n"));
    }

    /// Words stand beside their mark where they have room; a mark is never covered.
    #[test]
    fn every_mark_is_seen_and_words_where_they_have_room() {
        let mark = |place: f64, text: &str| Mark { place, text: text.into() };
        let drawn = |marks: &[Mark]| {
            let area = Rect::new(0, 0, 46, 9);
            let columns = vec![
                Column {
                    values: Some(Envelope { first: 1.0, min: 1.0, max: 2.0, last: 2.0 }),
                    broken: false,
                    rested: false
                };
                80
            ];
            let curves = [Curve { columns, style: Style::new(), dash: [true; 4] }];
            let (faint, alarm, along) = (Style::new(), Style::new(), Default::default());
            let mut buffer = Buffer::empty(area);
            Chart { curves: &curves, marks, cross: None, log: false, along, faint, alarm }
                .render(area, &mut buffer);
            (6..46).map(|x| buffer[(x, 7)].symbol()).collect::<String>()
        };
        assert_eq!(drawn(&[mark(0.1, "a off"), mark(0.5, "b on")]).trim_end(), "    ▲ a off         ▲ b on");
        assert_eq!(drawn(&[mark(0.99, "color on")]).trim_end(), format!("{:30}color on ▲", ""));
        let close = drawn(&[mark(0.90, "color off"), mark(0.975, "color on")]);
        assert_eq!(close.matches('▲').count(), 2, "{close:?}");
        assert!(close.contains("color off ▲"), "{close:?}");
    }

    #[test]
    fn nothing_but_nan_is_no_flat_line() {
        let rows = text((1..=10).map(|i| (i, f32::NAN)), false);
        assert!(rows[0].contains('×') && !rows.concat().contains('⠒'));
    }
}
