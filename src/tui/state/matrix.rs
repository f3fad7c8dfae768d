//! Where the reader is on the screen of invariance: a cell of heads × augmentations, and what is drawn of it.

use crate::eval::invariance::InvarianceReport;

/// The column behind the augmentations.
pub const SELECTIVITY: &str = "selectivity";

/// A chart of that screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Course {
    /// Of the chosen cell.
    #[default]
    Cell,
    /// Of what can be read from the features.
    Probes,
    /// Of how the spaces are filled.
    Spaces,
}

impl Course {
    /// In the order of `Tab`.
    pub const ALL: [Self; 3] = [Self::Cell, Self::Probes, Self::Spaces];
}

/// How a space is filled: the tag of a measurement, and its words.
#[derive(Debug)]
pub struct Filling {
    pub tag: &'static str,
    pub title: &'static str,
}

/// What is measured of a space online.
pub const FILLINGS: [Filling; 3] = [
    Filling { tag: "std", title: "Deviation a dimension" },
    Filling { tag: "rankme", title: "RankMe, dimensions in use" },
    Filling { tag: "uniformity", title: "Uniformity, lower is more even" },
];

/// The cell, and how it is shown.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// Row and column; none before the reader has moved.
    at: Option<(usize, usize)>,
    /// Plain cosines, not brought to the scale from strangers to identical.
    pub raw: bool,
    pub course: Course,
    filling: usize,
}

impl Matrix {
    /// Columns of a measurement: the augmentations, and the selectivity where figures are rescaled.
    pub fn columns<'a>(&self, report: &'a InvarianceReport) -> Vec<&'a str> {
        let names = report.augmentations.iter().map(String::as_str);
        names.chain((!self.raw).then_some(SELECTIVITY)).collect()
    }

    /// The chosen row and column: at first what the first leave-one-out head is there to keep.
    pub fn cell(&self, report: &InvarianceReport) -> (usize, usize) {
        let columns = self.columns(report);
        let own = report.heads.get(1).and_then(|head| columns.iter().position(|name| name == head));
        let (row, column) = self.at.unwrap_or(own.map_or((0, 0), |column| (1, column)));
        let last = |count: usize| count.saturating_sub(1);
        (row.min(last(report.heads.len())), column.min(last(columns.len())))
    }

    /// Moves to a neighbouring cell.
    pub fn go(&mut self, report: &InvarianceReport, (down, right): (isize, isize)) {
        let (row, column) = self.cell(report);
        self.at = Some((row.saturating_add_signed(down), column.saturating_add_signed(right)));
        self.at = Some(self.cell(report));
    }

    /// Chooses a cell.
    pub fn choose(&mut self, row: usize, column: usize) {
        self.at = Some((row, column));
    }

    /// The tag of a head's figures in a column.
    pub fn tag(&self, head: &str, column: &str) -> String {
        match (column, self.raw) {
            (SELECTIVITY, _) => format!("selectivity/{head}"),
            (_, true) => format!("invariance_raw/{head}/{column}"),
            (_, false) => format!("invariance/{head}/{column}"),
        }
    }

    /// A figure of a measurement.
    pub fn figure(&self, report: &InvarianceReport, head: usize, column: usize) -> Option<f32> {
        if column == report.augmentations.len() {
            return report.selectivity.get(head).copied().flatten();
        }
        let figures = if self.raw { &report.raw } else { &report.rescaled };
        figures.get(head)?.get(column).copied()
    }

    /// The next chart.
    pub fn turn(&mut self, by: usize) {
        let at = Course::ALL.iter().position(|it| *it == self.course).unwrap_or(0);
        self.course = Course::ALL[(at + by) % Course::ALL.len()];
    }

    /// What is drawn of the spaces.
    pub fn filling(&self) -> &'static Filling {
        &FILLINGS[self.filling % FILLINGS.len()]
    }

    /// The next of them.
    pub fn next_filling(&mut self) {
        self.filling = (self.filling + 1) % FILLINGS.len();
    }
}
