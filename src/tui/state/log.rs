//! What has happened since the screen was opened.

use super::{notices::Tone, plain::plain_line};
use std::collections::VecDeque;

/// So many lines are kept.
const KEPT: usize = 10_000;

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Line {
    /// The step that the screen knew of then.
    pub step: u64,
    pub tone: Tone,
    pub text: String,
}

/// The lines, and where the reader is among them.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: VecDeque<Line>,
    /// Lines below those that are shown; 0 follows what comes.
    pub below: usize,
    /// Nothing but warnings.
    pub warnings: bool,
    /// Words that a line has to hold.
    pub filter: String,
}

impl Log {
    /// Adds a line; a reader who looks back keeps looking at the same ones.
    pub fn add(&mut self, step: u64, tone: Tone, text: &str) {
        if self.lines.len() >= KEPT {
            self.lines.pop_front();
        }
        let line = Line { step, tone, text: plain_line(text) };
        if self.below > 0 && self.shows(&line) {
            self.below += 1;
        }
        self.lines.push_back(line);
    }

    /// The lines that are wanted, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().rev().filter(|line| self.shows(line))
    }

    /// Further back by so many lines, or forward.
    pub fn scroll(&mut self, back: isize) {
        let last = self.newest_first().count().saturating_sub(1);
        self.below = self.below.saturating_add_signed(back).min(last);
    }

    /// Everything, or nothing but warnings.
    pub fn sift(&mut self) {
        (self.warnings, self.below) = (!self.warnings, 0);
    }

    /// Shows only lines that hold these words.
    pub fn narrow(&mut self, words: &str) {
        (self.filter, self.below) = (words.to_owned(), 0);
    }

    fn shows(&self, line: &Line) -> bool {
        let holds = || {
            let text = line.text.to_lowercase();
            self.filter.to_lowercase().split_whitespace().all(|word| text.contains(word))
        };
        (!self.warnings || line.tone == Tone::Warning) && holds()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(log: &Log) -> Vec<&str> {
        log.newest_first().skip(log.below).map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn it_follows_what_comes_unless_the_reader_looks_back() {
        let mut log = Log::default();
        for (i, tone) in [Tone::Note, Tone::Warning, Tone::Done].into_iter().enumerate() {
            log.add(i as u64, tone, &format!("line {i}"));
        }
        assert_eq!(texts(&log), ["line 2", "line 1", "line 0"]);
        log.scroll(1);
        log.add(3, Tone::Note, "line 3");
        assert_eq!(texts(&log)[0], "line 1", "what is looked at stays where it is");
        log.scroll(99);
        assert_eq!(texts(&log), ["line 0"]);
        log.scroll(-99);
        log.sift();
        assert_eq!(texts(&log), ["line 1"]);
    }

    #[test]
    fn it_is_bounded_and_plain() {
        let mut log = Log::default();
        (0..KEPT + 5).for_each(|i| log.add(i as u64, Tone::Note, "a\u{1b}[2Jb"));
        assert_eq!(log.newest_first().count(), KEPT);
        assert!(log.newest_first().all(|line| !line.text.contains('\u{1b}')));
    }
}
