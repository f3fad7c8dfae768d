//! Of the pictures that the engine shows, what one of several viewers has asked for.
//!
//! The state holds the newest answer, whoever's it is. Each viewer keeps its own, and asks again where another's came
//! in the place of one that it still waits for.

use super::message::{Command, NeighbourRequest, NeighbourSheet, Snapshot, ViewRequest, ViewSheet};
use std::{collections::VecDeque, sync::Arc};

/// So many requests without an answer are remembered: of a key that is held down the engine answers some.
const WAITING: usize = 64;

/// What one viewer wants to see.
#[derive(Debug, Default)]
pub struct Wanted {
    pub views: Sheets<ViewSheet>,
    pub neighbours: Sheets<NeighbourSheet>,
}

impl Wanted {
    /// The viewer asks for something.
    pub fn ask(&mut self, command: &Command) {
        match command {
            Command::Views(request) => self.views.ask(*request),
            Command::Neighbours(request) => self.neighbours.ask(request.clone()),
            _ => {}
        }
    }

    /// Takes a newer state in. What has to be asked for again.
    pub fn take(&mut self, now: &Snapshot) -> Vec<Command> {
        let again = [self.views.take(now.views.as_ref()), self.neighbours.take(now.neighbours.as_ref())];
        again.into_iter().flatten().collect()
    }

    /// The state with this viewer's own pictures.
    pub fn shown(&self, now: Arc<Snapshot>) -> Arc<Snapshot> {
        let (views, neighbours) = (self.views.shown(&now.views), self.neighbours.shown(&now.neighbours));
        if same(&views, &now.views) && same(&neighbours, &now.neighbours) {
            return now;
        }
        Arc::new(Snapshot { views, neighbours, ..Snapshot::clone(&now) })
    }
}

/// An answer to a request.
pub trait Sheet {
    type Request: Clone;
    /// Whether it is one to this request.
    fn answers(&self, request: &Self::Request) -> bool;
    /// Whether another request would be answered at once.
    fn is_whole(&self) -> bool;
    /// Whether no newer one comes by itself.
    fn is_last(&self) -> bool;
    /// Asks once more.
    fn again(request: Self::Request) -> Command;
}

impl Sheet for ViewSheet {
    type Request = ViewRequest;

    fn answers(&self, request: &ViewRequest) -> bool {
        self.request == *request
    }

    fn is_whole(&self) -> bool {
        true
    }

    fn is_last(&self) -> bool {
        true
    }

    fn again(request: ViewRequest) -> Command {
        Command::Views(request)
    }
}

impl Sheet for NeighbourSheet {
    type Request = NeighbourRequest;

    fn answers(&self, request: &NeighbourRequest) -> bool {
        self.request.same_image(request)
    }

    fn is_whole(&self) -> bool {
        self.searched.0 >= self.searched.1
    }

    fn is_last(&self) -> bool {
        self.is_whole() && !self.outdated
    }

    fn again(request: NeighbourRequest) -> Command {
        // The search that was asked for has been made, or is being made.
        Command::Neighbours(NeighbourRequest { fresh: false, ..request })
    }
}

/// A viewer's requests of one kind, and the answers.
#[derive(Debug)]
pub struct Sheets<S: Sheet> {
    /// Since the one that was answered last, with it; the last one is what the viewer wants to see.
    asked: VecDeque<S::Request>,
    own: Option<Arc<S>>,
    /// The newest of another viewer.
    others: Option<Arc<S>>,
}

impl<S: Sheet> Default for Sheets<S> {
    fn default() -> Self {
        Self { asked: VecDeque::new(), own: None, others: None }
    }
}

impl<S: Sheet> Sheets<S> {
    /// The newest answer to this viewer.
    pub fn own(&self) -> Option<&Arc<S>> {
        self.own.as_ref()
    }

    fn ask(&mut self, request: S::Request) {
        if self.asked.len() >= WAITING {
            self.asked.pop_front();
        }
        self.asked.push_back(request);
    }

    fn take(&mut self, newest: Option<&Arc<S>>) -> Option<Command> {
        let newest = newest?;
        let known = |it: &Option<Arc<S>>| it.as_ref().is_some_and(|it| Arc::ptr_eq(it, newest));
        if known(&self.own) {
            return None;
        }
        if let Some(at) = self.asked.iter().rposition(|request| newest.answers(request)) {
            self.asked.drain(..at);
            self.own = Some(newest.clone());
            return None;
        }
        let news = !known(&self.others);
        self.others = Some(newest.clone());
        let last = self.asked.back()?;
        let waits = match self.own.as_ref().filter(|own| self.asked.len() == 1 && own.answers(last)) {
            // Two who wait for the end of a search do not call it forth by asking in turn.
            Some(own) => !own.is_last() && newest.is_last(),
            None => newest.is_whole(),
        };
        (news && waits).then(|| S::again(last.clone()))
    }

    /// Instead of the newest answer, this viewer's own; who has none yet sees what there is.
    fn shown(&self, newest: &Option<Arc<S>>) -> Option<Arc<S>> {
        self.own.as_ref().or(newest.as_ref()).cloned()
    }
}

fn same<T>(one: &Option<Arc<T>>, other: &Option<Arc<T>>) -> bool {
    one.as_ref().map(Arc::as_ptr) == other.as_ref().map(Arc::as_ptr)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::message::Near;

    fn views(index: usize) -> (Command, Arc<Snapshot>) {
        let request = ViewRequest { index, draw: 0 };
        let sheet = ViewSheet {
            request,
            count: 9,
            step: 0,
            side: 0,
            original: Arc::from([]),
            labels: Vec::new(),
            views: Vec::new(),
        };
        let now = Snapshot { views: Some(Arc::new(sheet)), ..Snapshot::default() };
        (Command::Views(request), Arc::new(now))
    }

    fn index(wanted: &Wanted, now: &Arc<Snapshot>) -> Option<usize> {
        wanted.shown(now.clone()).views.as_ref().map(|sheet| sheet.request.index)
    }

    #[test]
    fn each_viewer_sees_its_own_and_asks_again_once_for_what_was_replaced() {
        let [(one, of_one), (other, of_other)] = [views(1), views(2)];
        let mut wanted = Wanted::default();
        assert!(wanted.take(&of_other).is_empty());
        assert_eq!(index(&wanted, &of_other), Some(2), "who has none sees what there is");
        wanted.ask(&one);
        assert!(wanted.take(&of_other).is_empty(), "that one was there before");
        let of_other = views(2).1;
        assert_eq!(wanted.take(&of_other), [one]);
        assert!(wanted.take(&of_other).is_empty(), "asked again once");
        assert!(wanted.take(&of_one).is_empty());
        let of_other = views(2).1;
        assert!(wanted.take(&of_other).is_empty(), "it has its own");
        assert_eq!(index(&wanted, &of_other), Some(1));
        // Of a key that is held down, what comes on the way is seen.
        wanted.ask(&other);
        wanted.ask(&views(3).0);
        assert!(wanted.take(&of_other).is_empty());
        assert_eq!(index(&wanted, &of_other), Some(2));
        assert_eq!(wanted.take(&views(7).1), [views(3).0]);
    }

    fn neighbours(place: usize, searched: usize, outdated: bool) -> (Command, Snapshot) {
        let request = NeighbourRequest { place, fresh: true, within: None };
        let query = Near { index: place, cosine: 1.0, rgb: Arc::from([]), labels: Vec::new() };
        let sheet = NeighbourSheet {
            request: request.clone(),
            index: place,
            candidates: 9,
            step: 0,
            searched: (searched, 10),
            outdated,
            side: 0,
            query,
            sets: Vec::new(),
            spaces: Vec::new(),
        };
        (Command::Neighbours(request), Snapshot { neighbours: Some(Arc::new(sheet)), ..Snapshot::default() })
    }

    #[test]
    fn nobody_asks_again_while_a_search_goes_on() {
        let mut wanted = Wanted::default();
        wanted.ask(&neighbours(1, 0, false).0);
        assert!(wanted.take(&neighbours(2, 5, false).1).is_empty());
        let again = Command::Neighbours(NeighbourRequest { place: 1, fresh: false, within: None });
        let asked = wanted.take(&neighbours(2, 10, true).1);
        assert!(asked.contains(&again), "there is something to see");
        assert!(wanted.take(&neighbours(1, 10, true).1).is_empty());
        assert!(wanted.take(&neighbours(2, 10, true).1).is_empty(), "it waits for the end of the search");
        assert_eq!(wanted.take(&neighbours(2, 10, false).1), [again]);
        assert!(wanted.take(&neighbours(1, 10, false).1).is_empty());
        assert!(wanted.take(&neighbours(2, 10, false).1).is_empty());
        assert_eq!(wanted.neighbours.own().unwrap().index, 1);
    }
}
