//! What the engine tells: into the notice, the log, and under the curves.

use super::{EditMark, MARKS, State, notices::Tone, plain::plain_line};
use crate::engine::message::Event;
use std::time::Instant;

impl State {
    pub(super) fn event(&mut self, event: Event, now: Instant) -> bool {
        if let Some(listener) = &mut self.listener
            && let Err(error) = listener(&event)
        {
            self.listener = None;
            let text = format!("the log cannot be written any more: {error}");
            self.tell(Tone::Warning, &text, now);
        }
        match event {
            Event::Edited { step, path, from, to } => {
                self.editor.answered(&path, true);
                let (path, from, to) = (plain_line(&path), plain_line(&from), plain_line(&to));
                let text = mark_text(&path, &from, &to);
                self.tell(Tone::Done, &format!("step {step}: {path} {from} → {to}"), now);
                if self.marks.len() >= MARKS {
                    self.marks.remove(0);
                }
                self.marks.push(EditMark { step, time: self.last_time, text });
            }
            Event::Refused { path, why } => {
                self.editor.answered(&path, false);
                self.tell(Tone::Warning, &format!("{path} stays as it was: {why}"), now);
            }
            Event::Saved { step, path } => {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
                self.tell(Tone::Done, &format!("checkpoint of step {step} saved: {name}"), now);
            }
            Event::Note(text) => self.tell(Tone::Note, &text, now),
            Event::Warning(text) => self.tell(Tone::Warning, &text, now),
        }
        true
    }

    /// Something about the run: shown for a while, and kept in the log.
    fn tell(&mut self, tone: Tone, text: &str, now: Instant) {
        self.notices.say(tone, text, now);
        self.log_lines.add(self.snapshot.step, tone, text);
    }
}

/// An edit in a few words: `color off`, `color.p .5→.8`.
fn mark_text(path: &str, from: &str, to: &str) -> String {
    let path = path.strip_prefix("augment.").unwrap_or(path);
    let path = path.strip_prefix("optimizer.").or(path.strip_prefix("contrast.")).unwrap_or(path);
    match (path.strip_suffix(".enabled"), path.strip_suffix(".head"), to) {
        (Some(name), _, "true") => format!("{name} on"),
        (Some(name), ..) => format!("{name} off"),
        (_, Some(name), "true") => format!("{name} head"),
        (_, Some(name), _) => format!("{name} no head"),
        _ => format!("{path} {from}→{to}"),
    }
}
