//! Where the reader is on the screen of neighbours: whose are shown, and in which space they are looked at.

use crate::{
    engine::message::{NeighbourRequest, NeighbourSheet},
    rng::{Domain, Stream},
};

/// What was asked for, and how it is shown.
#[derive(Clone, Debug, Default)]
pub struct Album {
    /// What was asked for last; none before the first visit.
    pub asked: Option<NeighbourRequest>,
    /// The space that was chosen, by its place.
    pub space: usize,
    /// The chosen space alone has pictures.
    pub large: bool,
    /// Draws so far.
    draws: u64,
}

impl Album {
    /// By the model as it is now.
    pub fn anew(&self) -> NeighbourRequest {
        NeighbourRequest { fresh: true, ..self.now() }
    }

    /// An image further on, or back, among those that can be chosen.
    pub fn beside(&self, sheet: Option<&NeighbourSheet>, by: isize) -> NeighbourRequest {
        let now = self.now();
        let count = sheet.map_or(1, |sheet| sheet.candidates.max(1));
        let place = (now.place % count).checked_add_signed(by).unwrap_or(count - 1) % count;
        NeighbourRequest { place, ..now }
    }

    /// The held-out image of this index.
    pub fn at(index: usize) -> NeighbourRequest {
        NeighbourRequest { within: None, place: index, fresh: false }
    }

    /// Any of those that can be chosen.
    pub fn any(&mut self) -> NeighbourRequest {
        self.draws += 1;
        let mut stream = Stream::named(self.draws, Domain::Inspect, "neighbours");
        NeighbourRequest { place: stream.below(u32::MAX) as usize, ..self.now() }
    }

    /// The next class, through all sets of labels; after the last, and before the first, images of any.
    pub fn next_class(&self, sheet: &NeighbourSheet, back: bool) -> NeighbourRequest {
        let classes = sheet.sets.iter().enumerate();
        let classes =
            classes.flat_map(|(set, (_, classes))| (0..classes.len()).map(move |class| (set, class)));
        let all: Vec<Option<(usize, usize)>> = std::iter::once(None).chain(classes.map(Some)).collect();
        let at = all.iter().position(|it| *it == self.now().within).unwrap_or(0);
        let by = if back { all.len() - 1 } else { 1 };
        NeighbourRequest { within: all[(at + by) % all.len()], place: 0, fresh: false }
    }

    fn now(&self) -> NeighbourRequest {
        NeighbourRequest { fresh: false, ..self.asked.clone().unwrap_or_default() }
    }
}
