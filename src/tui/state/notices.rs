//! What the reader is told in one line.

use super::plain::plain_line;
use std::time::{Duration, Instant};

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// For the record.
    Note,
    /// Something asked for is done.
    Done,
    /// To be noticed.
    Warning,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
    since: Instant,
}

/// The newest notice, until it is old.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    newest: Option<Notice>,
}

impl Notices {
    /// Says something. A note never hides a warning that is still shown.
    pub fn say(&mut self, tone: Tone, text: &str, now: Instant) {
        let hidden = self.newest.as_ref().is_some_and(|old| {
            old.tone == Tone::Warning && tone == Tone::Note && now.duration_since(old.since) < old.life()
        });
        if !hidden {
            self.newest = Some(Notice { tone, text: plain_line(text), since: now });
        }
    }

    /// Drops what is old. True if something disappeared.
    pub fn expire(&mut self, now: Instant) -> bool {
        let old = self.newest.as_ref().is_some_and(|it| now.duration_since(it.since) >= it.life());
        if old {
            self.newest = None;
        }
        old
    }

    /// What to show.
    pub fn newest(&self) -> Option<&Notice> {
        self.newest.as_ref()
    }
}

impl Notice {
    fn life(&self) -> Duration {
        Duration::from_secs(if self.tone == Tone::Warning { 30 } else { 8 })
    }
}
