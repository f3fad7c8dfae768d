//! What the keys do on the other screens: invariance, neighbours, runs, log.

use super::{
    Over, Screen, State,
    album::Album,
    matrix::Course,
    notices::Tone,
    typed::{Purpose, Typed},
};
use crate::{
    engine::message::{Command, NeighbourRequest, ViewRequest},
    tui::action::Action,
};
use std::time::Instant;

/// Lines of the log that a page is.
const PAGE: isize = 10;

impl State {
    /// On the screen of invariance. False for what is no matter of it.
    pub(super) fn roam(&mut self, action: Action) -> bool {
        if self.over != Over::Nothing {
            return false;
        }
        match action {
            Action::Up => self.go_cell((-1, 0)),
            Action::Down => self.go_cell((1, 0)),
            Action::Left => self.go_cell((0, -1)),
            Action::Right => self.go_cell((0, 1)),
            Action::Raw => self.matrix.raw = !self.matrix.raw,
            Action::NextFilling => self.matrix.next_filling(),
            Action::NextPane => self.matrix.turn(1),
            Action::PreviousPane => self.matrix.turn(Course::ALL.len() - 1),
            _ => return false,
        }
        true
    }

    /// To a neighbouring cell of the matrix: so many down, so many to the right.
    fn go_cell(&mut self, by: (isize, isize)) {
        if let Some(report) = self.report() {
            self.matrix.go(&report, by);
        }
    }

    /// On the screen of neighbours. False for what is no matter of it.
    pub(super) fn leaf(&mut self, action: Action) -> bool {
        if self.over != Over::Nothing {
            return false;
        }
        let sheet = self.snapshot.neighbours.clone();
        let last = sheet.as_ref().map_or(0, |sheet| sheet.spaces.len().saturating_sub(1));
        let space = self.album.space.min(last);
        match action {
            Action::Up => self.album.space = space.saturating_sub(1),
            Action::Down => self.album.space = (space + 1).min(last),
            Action::Enlarge => self.album.large = !self.album.large,
            _ if !self.available(action) => return false,
            Action::TypeValue => self.typed = Some(Typed::new(Purpose::Image, "")),
            Action::PreviousImage => self.ask_neighbours(self.album.beside(sheet.as_deref(), -1)),
            Action::NextImage => self.ask_neighbours(self.album.beside(sheet.as_deref(), 1)),
            Action::AnyImage => {
                let request = self.album.any();
                self.ask_neighbours(request);
            }
            Action::SearchAnew => self.ask_neighbours(self.album.anew()),
            Action::NextClass | Action::PreviousClass => {
                if let Some(sheet) = &sheet {
                    let back = action == Action::PreviousClass;
                    self.ask_neighbours(self.album.next_class(sheet, back));
                }
            }
            _ => return false,
        }
        true
    }

    /// In the list of runs. False for what is no matter of it.
    pub(super) fn browse(&mut self, action: Action, now: Instant) -> bool {
        if self.over != Over::Nothing {
            return false;
        }
        match action {
            Action::Up => self.catalogue.go(-1),
            Action::Down => self.catalogue.go(1),
            Action::First => self.catalogue.go(isize::MIN),
            Action::Last => self.catalogue.go(isize::MAX),
            Action::Mark => {
                if let Err(why) = self.catalogue.mark() {
                    self.notices.say(Tone::Warning, &why, now);
                }
            }
            Action::Sort => self.catalogue.order = self.catalogue.order.next(),
            Action::Filter => self.typed = Some(Typed::new(Purpose::Filter, self.catalogue.filter.clone())),
            Action::Open => self.open_run(now),
            Action::ResumeRun => self.ask_resume(now),
            _ => return false,
        }
        true
    }

    /// Shows the runs beside this one, as they are now.
    pub(super) fn open_catalogue(&mut self, now: Instant) {
        self.screen = Screen::Runs;
        let Some(run) = &self.snapshot.run else { return };
        if let Err(error) = self.catalogue.read(run) {
            self.notices.say(Tone::Warning, &format!("the runs cannot be read: {error}"), now);
        }
    }

    /// In the log. False for what is no matter of it.
    pub(super) fn scroll(&mut self, action: Action) -> bool {
        if self.over != Over::Nothing {
            return false;
        }
        let back = match action {
            Action::Up => 1,
            Action::Down => -1,
            Action::PageUp => PAGE,
            Action::PageDown => -PAGE,
            Action::First => isize::MAX,
            Action::Last => isize::MIN,
            Action::Sift => {
                self.log_lines.sift();
                return true;
            }
            Action::Filter => {
                self.typed = Some(Typed::new(Purpose::Filter, self.log_lines.filter.clone()));
                return true;
            }
            _ => return false,
        };
        self.log_lines.scroll(back);
        true
    }

    /// Shows the neighbours by the model as it is now.
    pub(super) fn open_album(&mut self) {
        let arrives = self.screen != Screen::Neighbours;
        self.screen = Screen::Neighbours;
        if arrives && self.answers() {
            self.ask_neighbours(self.album.anew());
        }
    }

    pub(super) fn ask_neighbours(&mut self, request: NeighbourRequest) {
        self.ask(Command::Neighbours(request.clone()));
        self.album.asked = Some(request);
    }

    /// Whether neighbours were asked for that have not come yet.
    pub fn neighbours_awaited(&self) -> bool {
        let sheet = self.snapshot.neighbours.as_ref();
        let waits = |asked: &NeighbourRequest| !sheet.is_some_and(|sheet| sheet.request.same_image(asked));
        self.album.asked.as_ref().is_some_and(waits) || sheet.is_some_and(|sheet| sheet.outdated)
    }

    /// Shows the image whose number was typed, counted from 1: its neighbours, or its views.
    pub(super) fn submit_image(&mut self) {
        let Some(typed) = self.typed.take() else { return };
        let count = self.snapshot.images.1;
        match typed.text.parse::<usize>() {
            Ok(number) if (1..=count).contains(&number) && self.screen == Screen::Neighbours => {
                self.ask_neighbours(Album::at(number - 1));
            }
            Ok(number) if (1..=count).contains(&number) => {
                let draw = self.asked.unwrap_or_default().draw;
                self.ask_views(ViewRequest { index: number - 1, draw });
            }
            _ => {
                let error = Some(format!("“{}” is none of the held-out images: 1 – {count}", typed.text));
                self.typed = Some(Typed { error, ..typed });
            }
        }
    }
}
