//! What the engine tells: into the notice, the log, and under the curves.

use super::{MARKS, State, notices::Tone, plain::plain_line};
use crate::{curves::Mark, engine::message::Event, run::Turn};
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
                let [path, from, to] = [path, from, to].map(|text| plain_line(&text));
                let whole = self.mark(step, Turn::Edit { path, from, to });
                self.tell(Tone::Done, &format!("step {step}: {whole}"), now);
            }
            Event::Recalled { step, turn } => {
                // The figures that came before it say when it was.
                self.take_records();
                let turn = match turn {
                    Turn::Edit { path, from, to } => {
                        let [path, from, to] = [path, from, to].map(|text| plain_line(&text));
                        Turn::Edit { path, from, to }
                    }
                    Turn::Fork { of } => Turn::Fork { of: plain_line(&of) },
                };
                let whole = self.mark(step, turn);
                self.log_lines.add(step, Tone::Done, &whole);
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

    /// Marks a turn under the curves; what it is in words.
    fn mark(&mut self, step: u64, turn: Turn) -> String {
        let mark = Mark { step, time: self.series.time_at(step), turn };
        let whole = mark.whole();
        if self.marks.len() >= MARKS {
            self.marks.remove(0);
        }
        self.marks.push(mark);
        whole
    }

    /// Something about the run: shown for a while, and kept in the log.
    fn tell(&mut self, tone: Tone, text: &str, now: Instant) {
        self.notices.say(tone, text, now);
        self.log_lines.add(self.snapshot.step, tone, text);
    }
}
