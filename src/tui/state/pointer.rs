//! What the mouse does. The view notes where it has drawn what can be pointed at; a click, the wheel and a drag
//! find it there again.

use super::{Effect, Over, Pane, Screen, State};
use crate::tui::action::Action;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};
use std::{cell::RefCell, time::Instant};

/// A turn of the wheel moves a list by so many lines.
const LINES: usize = 3;

/// Something that can be pointed at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spot {
    Screen(Screen),
    Pane(Pane),
    /// A row of the editor, by its place.
    Row(usize),
    /// The switch of that row.
    Switch(usize),
    /// A run, by its place in the table.
    Run(usize),
    /// A space among the neighbours.
    Space(usize),
    /// Row and column of the matrix.
    Cell(usize, usize),
    /// A line of the palette.
    Offer(usize),
    /// What lies on top.
    Sheet,
    /// Curves between two positions along the run.
    Plot(f64, f64),
}

/// Where things were drawn last.
#[derive(Debug, Default)]
pub struct Spots(RefCell<Vec<(Rect, Spot)>>);

impl Spots {
    /// A new frame.
    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// Something is drawn here, above what was drawn before.
    pub fn note(&self, area: Rect, spot: Spot) {
        self.0.borrow_mut().push((area, spot));
    }

    fn at(&self, column: u16, row: u16) -> Option<(Rect, Spot)> {
        let spots = self.0.borrow();
        spots.iter().rev().find(|(area, _)| area.contains(Position::new(column, row))).copied()
    }
}

/// A drag over curves: where it is, what was there, and what was shown.
#[derive(Clone, Copy, Debug)]
pub struct Drag {
    column: u16,
    plot: Rect,
    from: f64,
    to: f64,
}

impl State {
    /// The mouse was pressed, moved or turned.
    pub fn point(&mut self, event: &MouseEvent, now: Instant) -> Option<Effect> {
        if let Some(guest) = &mut self.guest {
            let effect = guest.point(event, now);
            return self.of_guest(effect, now);
        }
        let found = self.spots.at(event.column, event.row);
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => self.click(found?, event.column, now),
            MouseEventKind::Drag(MouseButton::Left) => {
                self.drag_to(event.column);
                None
            }
            MouseEventKind::Up(_) => {
                self.drag = None;
                None
            }
            MouseEventKind::ScrollUp => self.wheel(found?, event.column, true, now),
            MouseEventKind::ScrollDown => self.wheel(found?, event.column, false, now),
            _ => None,
        }
    }

    fn click(&mut self, (area, spot): (Rect, Spot), column: u16, now: Instant) -> Option<Effect> {
        if self.over != Over::Nothing {
            return match (&mut self.over, spot) {
                (Over::Palette(palette), Spot::Offer(line)) => {
                    palette.chosen = line;
                    self.act(Action::Submit, now)
                }
                (Over::Question | Over::Resume(..), _) | (_, Spot::Sheet) => None,
                _ => self.act(Action::Close, now),
            };
        }
        // What is being typed is about what was chosen before.
        self.typed = None;
        match spot {
            Spot::Screen(screen) => return self.act(show(screen), now),
            Spot::Pane(pane) => self.focus = pane,
            Spot::Row(row) | Spot::Switch(row) => {
                self.focus = Pane::Augmentations;
                self.editor.select(&self.snapshot.config.clone(), row);
                if let Spot::Switch(_) = spot {
                    return self.act(Action::Toggle, now);
                }
            }
            Spot::Run(place) if self.catalogue.place() == place => return self.act(Action::Open, now),
            Spot::Run(place) => self.catalogue.choose(place),
            Spot::Space(space) => self.album.space = space,
            Spot::Cell(row, column) => self.matrix.choose(row, column),
            Spot::Plot(from, to) => {
                if self.screen == Screen::Train {
                    self.focus = Pane::Losses;
                }
                let at = along(area, (from, to), column);
                self.lens.cross = self.whole().map(|(whole, _)| at.clamp(whole.0, whole.1));
                self.drag = Some(Drag { column, plot: area, from, to });
            }
            Spot::Offer(_) | Spot::Sheet => {}
        }
        None
    }

    /// Moves the part of the run that is shown with the mouse; where all is shown, the crosshair.
    fn drag_to(&mut self, column: u16) {
        let (Some(drag), Some((whole, _))) = (self.drag, self.whole()) else { return };
        if self.lens.window.is_none() {
            self.lens.cross = Some(along(drag.plot, (drag.from, drag.to), column).clamp(whole.0, whole.1));
            return;
        }
        let width = drag.to - drag.from;
        let moved = (f64::from(drag.column) - f64::from(column)) / f64::from(drag.plot.width.max(1)) * width;
        let start = (drag.from + moved).clamp(whole.0, (whole.1 - width).max(whole.0));
        self.lens.window = Some((start, start + width));
    }

    fn wheel(&mut self, (area, spot): (Rect, Spot), column: u16, up: bool, now: Instant) -> Option<Effect> {
        let (back, forth) = (Action::Up, Action::Down);
        match spot {
            _ if !matches!(self.over, Over::Nothing) => {
                return self.act(if up { back } else { forth }, now);
            }
            Spot::Plot(from, to) => {
                if let Some((whole, _)) = self.whole() {
                    self.lens.around(whole, along(area, (from, to), column), if up { 0.5 } else { 2.0 });
                }
            }
            Spot::Row(_) | Spot::Switch(_) | Spot::Pane(Pane::Augmentations) => {
                self.focus = Pane::Augmentations;
                return self.act(if up { back } else { forth }, now);
            }
            _ if matches!(self.screen, Screen::Runs | Screen::Log) => {
                for _ in 0..LINES {
                    self.act(if up { back } else { forth }, now);
                }
            }
            Spot::Space(_) => return self.act(if up { back } else { forth }, now),
            _ => {}
        }
        None
    }
}

/// Where along the run a column of a plot is.
fn along(plot: Rect, (from, to): (f64, f64), column: u16) -> f64 {
    let share = (f64::from(column) + 0.5 - f64::from(plot.x)) / f64::from(plot.width.max(1));
    from + (to - from) * share.clamp(0.0, 1.0)
}

fn show(screen: Screen) -> Action {
    match screen {
        Screen::Train => Action::ShowTrain,
        Screen::Views => Action::ShowViews,
        Screen::Invariance => Action::ShowInvariance,
        Screen::Neighbours => Action::ShowNeighbours,
        Screen::Runs => Action::ShowRuns,
        Screen::Log => Action::ShowLog,
    }
}
