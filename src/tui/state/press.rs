//! What the keys do to the state.

use super::{
    Effect, Over, Pane, Screen, State,
    lens::Lens,
    notices::Tone,
    palette::Palette,
    rows::Row,
    typed::{Purpose, Typed},
};
use crate::{
    curves::SMOOTHING,
    engine::message::{Command, Phase, ViewRequest},
    tui::{action::Action, keymap::Place},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::time::{Duration, Instant};

/// The second Ctrl-C counts so long after the first.
const TWICE: Duration = Duration::from_secs(3);
/// A key moves what the curves show by this share of it.
const PAN: f64 = 0.25;

impl State {
    /// Where the reader is, as the key table counts it.
    pub fn places(&self) -> &'static [Place] {
        match &self.over {
            Over::Question | Over::Resume(..) => &[Place::Question],
            Over::Help(_) | Over::Failure(_) | Over::Page(..) => &[Place::Overlay],
            Over::Palette(_) => &[Place::Palette],
            Over::Nothing => self.places_below(),
        }
    }

    /// The same without what lies on top.
    pub fn places_below(&self) -> &'static [Place] {
        use Place::*;
        match (self.typed.is_some(), self.screen, self.focus) {
            (true, ..) => &[Typing],
            (_, Screen::Views, _) => &[Tiles, Away, Everywhere],
            (_, Screen::Invariance, _) => &[InvarianceScreen, Curves, Away, Everywhere],
            (_, Screen::Neighbours, _) => &[NeighboursScreen, Away, Everywhere],
            (_, Screen::Runs, _) => &[RunsScreen, Away, Everywhere],
            (_, Screen::Log, _) => &[LogScreen, Away, Everywhere],
            (.., Pane::Augmentations) => &[Augmentations, Train, Curves, Everywhere],
            (.., Pane::Views) => &[ViewsPane, Tiles, Train, Curves, Everywhere],
            _ => &[Train, Curves, Everywhere],
        }
    }

    /// Whether an action would do something now: what would not is not offered.
    pub fn available(&self, action: Action) -> bool {
        let phase = &self.snapshot.phase;
        let row = self.editor.row(&self.snapshot.config);
        let elsewhere = self.screen != Screen::Train || self.focus == Pane::Views;
        match action {
            Action::Detach => {
                !self.remote && !self.ended() && self.snapshot.run.is_some() && self.asks_to_leave()
            }
            Action::StopRun => self.remote && !self.ended() && self.asks_to_leave(),
            Action::StepOnce => *phase == Phase::Paused,
            Action::PauseResume | Action::Checkpoint => matches!(phase, Phase::Paused | Phase::Training),
            Action::Resample | Action::NextImage | Action::PreviousImage | Action::AnyImage => self.answers(),
            Action::Freeze => self.answers(),
            Action::Differences => self.snapshot.run.is_some(),
            Action::SaveAs | Action::Export => self.folder.is_some() && self.snapshot.run.is_some(),
            Action::Presets => !self.ended(),
            Action::Fork => self.to_fork().is_some(),
            Action::Mark | Action::Open | Action::ResumeRun => self.catalogue.chosen().is_some(),
            Action::TypeValue | Action::SearchAnew if elsewhere => self.answers(),
            Action::NextClass | Action::PreviousClass => {
                let sheet = self.snapshot.neighbours.as_ref().filter(|_| self.answers());
                sheet.is_some_and(|sheet| !sheet.sets.is_empty())
            }
            Action::Toggle => match &row {
                Some(Row::Value(it)) => {
                    self.editor.value(&self.snapshot.config, &it.path).0.is_some_and(|it| it.is_boolean())
                }
                row => matches!(row, Some(Row::Entry(_))),
            },
            Action::ToggleHead => matches!(row, Some(Row::Entry(_))),
            Action::Unfold => matches!(row, Some(Row::Entry(_) | Row::Schedule)),
            Action::TypeValue => matches!(row, Some(Row::Value(_))),
            Action::Increase | Action::Decrease => matches!(row, Some(Row::Value(it)) if it.knob.is_some()),
            Action::Undo => self.editor.can_go().0,
            Action::Redo => self.editor.can_go().1,
            Action::Baseline => self.snapshot.invariance_at_start.is_some(),
            _ => true,
        }
    }

    /// A key was pressed. Text goes to a value that is being typed.
    pub fn press(&mut self, event: &KeyEvent, now: Instant) -> Option<Effect> {
        if let Some(guest) = &mut self.guest {
            let effect = guest.press(event, now);
            return self.of_guest(effect, now);
        }
        match self.keymap.action(self.places(), event) {
            Some(action) => self.act(action, now),
            None => {
                if let KeyCode::Char(c) = event.code
                    && !event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
                {
                    self.type_text(c.encode_utf8(&mut [0; 4]));
                }
                None
            }
        }
    }

    /// Adds to what is being typed, if something is.
    pub fn type_text(&mut self, text: &str) {
        if let Some(guest) = &mut self.guest {
            return guest.type_text(text);
        }
        match (&mut self.over, &mut self.typed) {
            (Over::Palette(palette), _) => palette.add(text),
            (_, Some(typed)) => typed.add(text),
            _ => return,
        }
        self.typed_more();
    }

    /// Does what a key asks for.
    pub fn act(&mut self, action: Action, now: Instant) -> Option<Effect> {
        if let Over::Palette(palette) = &self.over {
            return self.choose(palette.clone(), action, now);
        }
        match action {
            Action::Redraw => return Some(Effect::Redraw),
            Action::Suspend => return Some(Effect::Suspend),
            Action::Yes => return self.agree(now),
            Action::Detach | Action::StopRun => {
                if self.available(action) {
                    self.detaching = action == Action::Detach;
                    self.stop(now);
                }
            }
            Action::Interrupt => return self.interrupt(now),
            Action::Quit if self.of_the_past() => return Some(Effect::Leave),
            Action::Quit => self.over = Over::Question,
            Action::No => self.over = Over::Nothing,
            Action::Help => self.over = Over::Help(0),
            Action::OpenPalette => self.over = Over::Palette(Palette::default()),
            Action::Close => self.close(),
            Action::ShowTrain => self.screen = Screen::Train,
            Action::ShowViews => self.screen = Screen::Views,
            Action::ShowInvariance => self.screen = Screen::Invariance,
            Action::ShowNeighbours => self.open_album(),
            Action::ShowRuns | Action::ReadRuns => self.open_catalogue(now),
            Action::ShowLog => self.screen = Screen::Log,
            Action::Mouse => {
                self.mouse = !self.mouse;
                let text = if self.mouse { "the mouse points here" } else { "the mouse selects text" };
                self.notices.say(Tone::Note, &format!("{text}; m changes that"), now);
                return Some(Effect::Mouse(self.mouse));
            }
            Action::Tour => {
                self.tour = !self.tour;
                return Some(Effect::Tour(self.tour));
            }
            Action::Copy => return self.copy(now),
            Action::Export => self.export(now),
            Action::Differences => self.open_differences(now),
            Action::SaveAs => self.ask_file(now),
            Action::Presets => self.open_presets(now),
            Action::Fork => self.ask_fork_points(now),
            _ if self.screen == Screen::Invariance && self.roam(action) => {}
            _ if self.screen == Screen::Neighbours && self.leaf(action) => {}
            _ if self.screen == Screen::Runs && self.browse(action, now) => {}
            _ if self.screen == Screen::Log && self.scroll(action) => {}
            Action::NextPane => self.move_focus(1),
            Action::PreviousPane => self.move_focus(Pane::ALL.len() - 1),
            Action::PauseResume if self.snapshot.phase == Phase::Paused => self.command(Command::Resume),
            Action::PauseResume if self.available(action) => self.command(Command::Pause),
            Action::StepOnce if self.available(action) => self.command(Command::StepOnce),
            Action::StepOnce => self.notices.say(Tone::Note, "pause first (p); then n makes one step", now),
            Action::Checkpoint if self.available(action) => {
                self.command(Command::Checkpoint);
                self.notices.say(Tone::Note, "checkpoint asked for …", now);
            }
            Action::Smoothing => self.smoothing = (self.smoothing + 1) % SMOOTHING.len(),
            Action::LogY => self.log = !self.log,
            Action::Window => self.device.window = self.device.window.next(),
            Action::Grid => self.grid = !self.grid,
            Action::XAxis => {
                let before = self.runs_along();
                self.along = self.along.next();
                if self.runs_along() != before {
                    self.lens = Lens::default();
                }
            }
            Action::Whole => self.lens = Lens::default(),
            Action::PointLeft | Action::PointRight | Action::Nearer | Action::PanLeft | Action::PanRight => {
                self.look(action);
            }
            Action::Baseline if self.available(action) => self.baseline = !self.baseline,
            Action::Baseline => self.notices.say(Tone::Note, "no baseline has been measured yet", now),
            Action::NextImage | Action::PreviousImage | Action::Resample => self.other_views(action),
            Action::Freeze if self.available(action) => self.freeze(),
            Action::Original => self.original = !self.original,
            Action::TypeValue if self.shows_tiles() && self.available(action) => {
                self.typed = Some(Typed::new(Purpose::Image, ""));
            }
            Action::PauseResume | Action::Checkpoint => {
                self.notices.say(Tone::Note, "nothing is being trained now", now);
            }
            _ => self.edit(action, now),
        }
        None
    }

    fn asks_to_leave(&self) -> bool {
        self.over == Over::Question && self.leaving.is_none()
    }

    /// Leaves: asks the engine to end first, unless it is another process's, has ended, or has been asked before.
    pub(super) fn leave(&mut self, now: Instant) -> Option<Effect> {
        if self.remote || self.ended() || self.leaving.is_some() {
            return Some(Effect::Leave);
        }
        self.stop(now);
        None
    }

    /// The question that was asked is answered with yes.
    fn agree(&mut self, now: Instant) -> Option<Effect> {
        if let Over::Resume(run, _) = std::mem::take(&mut self.over) {
            self.next_run = Some(run);
        }
        self.leave(now)
    }

    pub(super) fn interrupt(&mut self, now: Instant) -> Option<Effect> {
        let again = self.interrupted.is_some_and(|first| now.duration_since(first) < TWICE);
        if again || self.leaving.is_some() || self.over == Over::Question {
            self.by_interrupt = true;
            self.next_run = None;
            return self.leave(now);
        }
        self.interrupted = Some(now);
        let then = if self.remote { "training goes on" } else { "a checkpoint is written first" };
        self.notices.say(Tone::Warning, &format!("Ctrl-C again leaves; {then}"), now);
        None
    }

    fn close(&mut self) {
        self.over = Over::Nothing;
        self.typed = None;
    }

    fn move_focus(&mut self, by: usize) {
        let at = Pane::ALL.iter().position(|pane| *pane == self.focus).unwrap_or(0);
        self.focus = Pane::ALL[(at + by) % Pane::ALL.len()];
    }

    /// Reads the curves off, or looks nearer.
    fn look(&mut self, action: Action) {
        let Some((whole, newest)) = self.whole() else { return };
        match action {
            Action::Nearer => self.lens.nearer(whole, newest),
            Action::PanLeft => self.lens.pan(whole, -PAN),
            Action::PanRight => self.lens.pan(whole, PAN),
            _ => self.lens.point(whole, newest, action == Action::PointRight),
        }
    }

    /// Whether views are what the keys are about.
    fn shows_tiles(&self) -> bool {
        self.screen == Screen::Views || self.screen == Screen::Train && self.focus == Pane::Views
    }

    /// Keeps the views as they are while the model moves on; or follows it again.
    fn freeze(&mut self) {
        self.frozen = !self.frozen;
        if let Some(asked) = self.asked.filter(|_| !self.frozen) {
            self.ask_views(asked);
        }
    }

    fn other_views(&mut self, action: Action) {
        if !self.available(action) {
            return;
        }
        let now = self.asked.unwrap_or_default();
        let count =
            self.snapshot.images.1.max(self.snapshot.views.as_ref().map_or(0, |sheet| sheet.count)).max(1);
        self.ask_views(match action {
            Action::NextImage => ViewRequest { index: (now.index + 1) % count, draw: now.draw },
            Action::PreviousImage => ViewRequest { index: (now.index + count - 1) % count, draw: now.draw },
            _ => ViewRequest { draw: now.draw + 1, ..now },
        });
    }
}
