//! What the keys do to the state.

use super::{
    Effect, Over, Pane, Screen, State,
    editor::{Row, number, parse, step},
    lens::Lens,
    notices::Tone,
    palette::Palette,
    typed::Typed,
};
use crate::{
    curves::SMOOTHING,
    engine::message::{Command, Phase, ViewRequest},
    tui::{
        action::Action,
        keymap::{self, Place},
    },
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::Value;
use std::time::{Duration, Instant};

/// The second Ctrl-C counts so long after the first.
const TWICE: Duration = Duration::from_secs(3);

impl State {
    /// Where the reader is, as the key table counts it.
    pub fn places(&self) -> &'static [Place] {
        match &self.over {
            Over::Question => &[Place::Question],
            Over::Help(_) | Over::Failure(_) => &[Place::Overlay],
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
        let elsewhere = self.screen == Screen::Neighbours;
        match action {
            Action::StepOnce => *phase == Phase::Paused,
            Action::PauseResume | Action::Checkpoint => matches!(phase, Phase::Paused | Phase::Training),
            Action::Resample | Action::NextImage | Action::PreviousImage | Action::AnyImage => self.answers(),
            Action::TypeValue | Action::SearchAnew if elsewhere => self.answers(),
            Action::NextClass | Action::PreviousClass => {
                let sheet = self.snapshot.neighbours.as_ref().filter(|_| self.answers());
                sheet.is_some_and(|sheet| !sheet.sets.is_empty())
            }
            Action::Toggle => matches!(row, Some(Row::Entry(_) | Row::Distinct(_))),
            Action::ToggleHead | Action::Unfold => matches!(row, Some(Row::Entry(_))),
            Action::TypeValue | Action::Increase | Action::Decrease => {
                matches!(row, Some(Row::Knob(..) | Row::Dial(_)))
            }
            Action::Undo => self.editor.can_go().0,
            Action::Redo => self.editor.can_go().1,
            Action::Baseline => self.snapshot.invariance_at_start.is_some(),
            _ => true,
        }
    }

    /// A key was pressed. Text goes to a value that is being typed.
    pub fn press(&mut self, event: &KeyEvent, now: Instant) -> Option<Effect> {
        match keymap::action(self.places(), event) {
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
        match (&mut self.over, &mut self.typed) {
            (Over::Palette(palette), _) => palette.add(text),
            (_, Some(typed)) => typed.add(text),
            _ => {}
        }
    }

    /// Does what a key asks for.
    pub fn act(&mut self, action: Action, now: Instant) -> Option<Effect> {
        if let Over::Palette(palette) = &self.over {
            return self.choose(palette.clone(), action, now);
        }
        match action {
            Action::Redraw => return Some(Effect::Redraw),
            Action::Suspend => return Some(Effect::Suspend),
            Action::Yes => return self.leave(now),
            Action::Interrupt => return self.interrupt(now),
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
            _ if self.screen == Screen::Invariance && self.roam(action) => {}
            _ if self.screen == Screen::Neighbours && self.leaf(action) => {}
            _ if self.screen == Screen::Runs && self.browse(action) => {}
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
            Action::XAxis => {
                let before = self.runs_along();
                self.along = self.along.next();
                if self.runs_along() != before {
                    self.lens = Lens::default();
                }
            }
            Action::Whole => self.lens = Lens::default(),
            Action::PointLeft | Action::PointRight | Action::Nearer => self.look(action),
            Action::Baseline if self.available(action) => self.baseline = !self.baseline,
            Action::Baseline => self.notices.say(Tone::Note, "no baseline has been measured yet", now),
            Action::NextImage | Action::PreviousImage | Action::Resample => self.other_views(action),
            Action::PauseResume | Action::Checkpoint => {
                self.notices.say(Tone::Note, "nothing is being trained now", now);
            }
            _ => self.edit(action, now),
        }
        None
    }

    /// Leaves: asks the engine to end first, unless it has ended, or has been asked before.
    fn leave(&mut self, now: Instant) -> Option<Effect> {
        if self.ended() || self.leaving.is_some() {
            return Some(Effect::Leave);
        }
        self.stop(now);
        None
    }

    pub(super) fn interrupt(&mut self, now: Instant) -> Option<Effect> {
        let again = self.interrupted.is_some_and(|first| now.duration_since(first) < TWICE);
        if again || self.leaving.is_some() || self.over == Over::Question {
            self.by_interrupt = true;
            return self.leave(now);
        }
        self.interrupted = Some(now);
        self.notices.say(Tone::Warning, "Ctrl-C again leaves; a checkpoint is written first", now);
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
            _ => self.lens.point(whole, newest, action == Action::PointRight),
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

    /// What concerns the list, a value that is typed, or what can be scrolled.
    fn edit(&mut self, action: Action, now: Instant) {
        let config = self.snapshot.config.clone();
        let at = self.editor.selected;
        match (&mut self.over, action) {
            (Over::Help(line) | Over::Failure(line), Action::Up) => *line = line.saturating_sub(1),
            (Over::Help(line) | Over::Failure(line), Action::Down) => *line += 1,
            (_, Action::Up) => self.editor.select(&config, at.saturating_sub(1)),
            (_, Action::Down) => self.editor.select(&config, at + 1),
            (_, Action::First) => self.editor.select(&config, 0),
            (_, Action::Last) => self.editor.select(&config, usize::MAX),
            (_, Action::Undo | Action::Redo) => self.go(action, now),
            (_, Action::Erase | Action::EraseAll) => {
                if let Some(typed) = &mut self.typed {
                    typed.erase(action == Action::EraseAll);
                }
            }
            (_, Action::Submit) if self.screen == Screen::Neighbours => self.submit_image(),
            (_, Action::Submit) => self.submit(now),
            _ => self.edit_row(action, now),
        }
    }

    /// Takes the last edit back, or makes it again.
    fn go(&mut self, action: Action, now: Instant) {
        if self.too_late(now) {
            return;
        }
        let (edit, none) = match action {
            Action::Undo => (self.editor.undo(), "no edit to take back"),
            _ => (self.editor.redo(), "no edit to make again"),
        };
        match edit {
            Some(edit) => self.command(Command::Edit(edit)),
            None => self.notices.say(Tone::Note, none, now),
        }
    }

    /// Nothing can be edited once training has ended. Says so.
    fn too_late(&mut self, now: Instant) -> bool {
        let late = self.ended() || self.leaving.is_some();
        if late {
            self.notices.say(Tone::Note, "training has ended: nothing can be changed any more", now);
        }
        late
    }

    fn edit_row(&mut self, action: Action, now: Instant) {
        let config = self.snapshot.config.clone();
        let Some(row) = self.editor.row(&config) else { return };
        match (row, action) {
            (Row::Entry(at), Action::Toggle) => {
                self.flip(&format!("augment.{}.enabled", config.augment[at].name()), now)
            }
            (Row::Distinct(at), Action::Toggle | Action::Increase | Action::Decrease) => {
                self.flip(&format!("augment.{}.distinct", config.augment[at].name()), now)
            }
            (Row::Entry(at), Action::ToggleHead) => {
                self.flip(&format!("augment.{}.head", config.augment[at].name()), now)
            }
            (Row::Entry(at), Action::Increase) => self.editor.unfold(&config, at, true),
            (Row::Entry(at) | Row::Knob(at, _) | Row::Distinct(at), Action::Decrease | Action::Unfold)
                if matches!(row, Row::Entry(_)) || action == Action::Unfold =>
            {
                let show = action == Action::Unfold && !self.editor.is_unfolded(config.augment[at].name());
                self.editor.unfold(&config, at, show);
            }
            (Row::Entry(at) | Row::Distinct(at), Action::TypeValue)
                if config.augment[at].settings.kind().knobs.is_empty() =>
            {
                let name = config.augment[at].name();
                self.notices.say(Tone::Note, &format!("{name} has no number to type"), now);
            }
            (Row::Entry(at), Action::TypeValue) => {
                self.editor.unfold(&config, at, true);
                self.editor.select(&config, self.editor.selected + 1);
            }
            (Row::Distinct(_), Action::TypeValue) => {}
            (_, Action::TypeValue) => self.typed = Some(Typed::default()),
            (_, Action::Increase | Action::Decrease) => {
                let direction = if action == Action::Increase { 1.0 } else { -1.0 };
                let Some((path, knob)) = number(&config, row) else { return };
                let value = self.editor.value(&config, &path).0;
                if let Some(to) = value.and_then(|value| step(&value, knob, direction)) {
                    self.change(&path, to, now);
                }
            }
            _ => {}
        }
    }

    fn submit(&mut self, now: Instant) {
        let config = self.snapshot.config.clone();
        let Some(typed) = self.typed.clone() else { return };
        let Some((path, knob)) = self.editor.row(&config).and_then(|row| number(&config, row)) else {
            self.typed = None;
            return;
        };
        let like = self.editor.value(&config, &path).0.unwrap_or(Value::Null);
        match parse(&typed.text, &like, knob) {
            Ok(value) => {
                self.typed = None;
                self.change(&path, value, now);
            }
            Err(why) => self.typed = Some(Typed { error: Some(why), ..typed }),
        }
    }

    fn flip(&mut self, path: &str, now: Instant) {
        let value = self.editor.value(&self.snapshot.config, path).0.and_then(|value| value.as_bool());
        if let Some(value) = value {
            self.change(path, Value::from(!value), now);
        }
    }

    fn change(&mut self, path: &str, to: Value, now: Instant) {
        if self.too_late(now) {
            return;
        }
        if let Some(edit) = self.editor.edit(&self.snapshot.config.clone(), path, to) {
            self.command(Command::Edit(edit));
        }
    }
}
