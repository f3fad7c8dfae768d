//! A bar on the terminal while something takes long.

use super::say;
use crate::data::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::{IsTerminal, stderr},
    ops::ControlFlow,
};

/// A bar on stderr, if that is a terminal. In a pipe it would be so much rubbish.
pub fn on_terminal(template: &str) -> Option<ProgressBar> {
    let style = ProgressStyle::with_template(template).ok().filter(|_| stderr().is_terminal())?;
    Some(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style))
}

/// A bar that is told how far things are; in a pipe, nothing but what has to be said.
pub struct Bar(Option<ProgressBar>);

impl Bar {
    pub fn new(template: &str) -> Self {
        Self(on_terminal(template))
    }

    pub fn tell(&self, what: &str, done: usize, of: usize) {
        if let Some(bar) = &self.0 {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
            bar.set_message(what.to_owned());
        }
    }

    /// A line above the bar, or alone.
    pub fn say(&self, text: &str) {
        match &self.0 {
            Some(bar) => bar.suspend(|| say(text)),
            None => say(text),
        }
    }

    pub fn is_shown(&self) -> bool {
        self.0.is_some()
    }

    pub fn end(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Does what tells how far it is, with a bar meanwhile.
pub fn while_loading<T>(work: impl FnOnce(&mut Progress) -> T) -> T {
    let bar = on_terminal("{msg} {bar:24} {pos}/{len} eta {eta}");
    let mut now = String::new();
    let done = work(&mut |what, done, of| {
        if let Some(bar) = &bar {
            if now != what {
                // The time left is that of this work, not of the one before.
                bar.reset();
                bar.set_message(what.to_owned());
                what.clone_into(&mut now);
            }
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        }
        ControlFlow::Continue(())
    });
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    done
}
