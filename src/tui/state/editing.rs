//! What the keys do to the list of augmentations and to what is typed.

use super::{
    Over, Screen, State,
    editor::{parse, step},
    notices::Tone,
    rows::{Row, Setting},
    typed::{Purpose, Typed},
};
use crate::{
    engine::message::{Command, Edit, OWN_SCREEN},
    tui::action::Action,
};
use serde_json::Value;
use std::time::Instant;

impl State {
    /// What concerns the list, what is typed, or what can be scrolled.
    pub(super) fn edit(&mut self, action: Action, now: Instant) {
        let config = self.snapshot.config.clone();
        let at = self.editor.selected;
        match (&mut self.over, action) {
            (Over::Help(line) | Over::Failure(line) | Over::Page(_, line), Action::Up) => {
                *line = line.saturating_sub(1);
            }
            (Over::Help(line) | Over::Failure(line) | Over::Page(_, line), Action::Down) => *line += 1,
            (_, Action::Up) => self.editor.select(&config, at.saturating_sub(1)),
            (_, Action::Down) => self.editor.select(&config, at + 1),
            (_, Action::First) => self.editor.select(&config, 0),
            (_, Action::Last) => self.editor.select(&config, usize::MAX),
            (_, Action::Undo | Action::Redo) => self.go(action, now),
            (_, Action::Erase | Action::EraseAll) => {
                if let Some(typed) = &mut self.typed {
                    typed.erase(action == Action::EraseAll);
                }
                self.typed_more();
            }
            (_, Action::Submit) => self.submit(now),
            _ => self.edit_row(action, now),
        }
    }

    /// Takes the last edit back, or makes it again.
    fn go(&mut self, action: Action, now: Instant) {
        if self.too_late(now) {
            return;
        }
        let (edits, none) = match action {
            Action::Undo => (self.editor.undo(), "no edit to take back"),
            _ => (self.editor.redo(), "no edit to make again"),
        };
        if edits.is_empty() {
            self.notices.say(Tone::Note, none, now);
        }
        self.send(edits);
    }

    /// Asks for edits of what this screen shows: if another editor has changed it meanwhile, the engine refuses them.
    fn send(&self, edits: Vec<Edit>) {
        let base = self.snapshot.revision;
        for edit in edits {
            self.command(Command::EditAt { edit, base, editor: OWN_SCREEN });
        }
    }

    /// Nothing can be edited once training has ended. Says so.
    pub(super) fn too_late(&mut self, now: Instant) -> bool {
        let late = self.ended() || self.leaving.is_some();
        if late {
            self.notices.say(Tone::Note, "training has ended: nothing can be changed any more", now);
        }
        late
    }

    fn edit_row(&mut self, action: Action, now: Instant) {
        let config = self.snapshot.config.clone();
        let Some(row) = self.editor.row(&config) else { return };
        match (&row, action) {
            (Row::Entry(at), Action::Toggle) => {
                self.flip(&format!("augment.{}.enabled", config.augment[*at].name()), now)
            }
            (Row::Entry(at), Action::ToggleHead) => {
                self.flip(&format!("augment.{}.head", config.augment[*at].name()), now)
            }
            (Row::Entry(_) | Row::Schedule, Action::Increase) => self.editor.unfold(&config, &row, true),
            (Row::Entry(_) | Row::Schedule, Action::Decrease) => self.editor.unfold(&config, &row, false),
            (Row::Entry(at), Action::Unfold) => {
                let shown = self.editor.is_unfolded(config.augment[*at].name());
                self.editor.unfold(&config, &row, !shown);
            }
            (Row::Schedule, Action::Unfold | Action::Toggle) => {
                let shown = self.editor.is_unfolded(super::rows::SCHEDULE);
                self.editor.unfold(&config, &row, !shown);
            }
            (Row::Entry(_) | Row::Schedule, Action::TypeValue) => {
                self.editor.unfold(&config, &row, true);
                self.editor.select(&config, self.editor.selected + 1);
            }
            (Row::Value(it), Action::TypeValue) => self.type_value(it),
            (Row::Value(it), Action::Increase) => self.step_value(it, 1.0, now),
            (Row::Value(it), Action::Decrease) => self.step_value(it, -1.0, now),
            (Row::Value(it), Action::Toggle) => self.flip(&it.path, now),
            (Row::Value(Setting { of: Some(at), .. }), Action::Unfold) => {
                self.editor.unfold(&config, &Row::Entry(*at), false);
            }
            _ => {}
        }
    }

    /// Begins to type a value. A list or a name is changed from what it is, a number is typed anew.
    fn type_value(&mut self, setting: &Setting) {
        let now = self.editor.value(&self.snapshot.config, &setting.path).0;
        let text = match now {
            _ if setting.knob.is_some() => String::new(),
            Some(Value::String(text)) => text,
            Some(value) => value.to_string(),
            None => String::new(),
        };
        self.typed = Some(Typed::new(Purpose::Value, text));
    }

    fn step_value(&mut self, setting: &Setting, direction: f64, now: Instant) {
        let Some(value) = self.editor.value(&self.snapshot.config, &setting.path).0 else { return };
        match setting.knob {
            Some(knob) => {
                if let Some(to) = step(&value, knob, direction) {
                    self.change(&setting.path, to, now);
                }
            }
            None if value.is_boolean() => self.flip(&setting.path, now),
            None => self.notices.say(Tone::Note, &format!("{}: e types another value", setting.label), now),
        }
    }

    /// What was typed is done, if it can be.
    fn submit(&mut self, now: Instant) {
        match self.typed.as_ref().map(|typed| typed.purpose) {
            Some(Purpose::Image) => self.submit_image(),
            Some(Purpose::File) => self.submit_file(now),
            Some(Purpose::Filter) => self.typed = None,
            Some(Purpose::Value) => self.submit_value(now),
            None => {}
        }
    }

    fn submit_value(&mut self, now: Instant) {
        let config = self.snapshot.config.clone();
        let (Some(typed), Some(Row::Value(setting))) = (self.typed.take(), self.editor.row(&config)) else {
            return;
        };
        let like = self.editor.value(&config, &setting.path).0.unwrap_or(Value::Null);
        let read = parse(&typed.text, &like, setting.knob).and_then(|value| {
            // What the value is with the others: all that the engine would say is said here already.
            let fits = config.edited(&setting.path, &value).map_err(|error| error.in_short());
            fits.map(|_| value)
        });
        match read {
            Ok(value) => self.change(&setting.path, value, now),
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
        self.change_all(&[(path.to_owned(), to)], now);
    }

    /// Changes several values as one edit, as far as taking it back is concerned.
    pub(super) fn change_all(&mut self, changes: &[(String, Value)], now: Instant) {
        if self.too_late(now) {
            return;
        }
        let edits = self.editor.edit(&self.snapshot.config.clone(), changes);
        self.send(edits);
    }

    /// Something was typed: what is narrowed by it follows at once.
    pub(super) fn typed_more(&mut self) {
        let Some(typed) = self.typed.as_ref().filter(|it| it.purpose == Purpose::Filter) else { return };
        match self.screen {
            Screen::Runs => self.catalogue.narrow(&typed.text),
            _ => self.log_lines.narrow(&typed.text),
        }
    }
}
