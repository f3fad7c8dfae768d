//! The screen: what is shown of a run, and what keys ask of it.
//!
//! `state` knows nothing of the terminal, `view` nothing of keys; `run` is the loop between them.

pub mod action;
#[cfg(test)]
mod any_keys;
mod clipboard;
pub mod figures;
pub mod glyphs;
mod input;
pub mod keymap;
pub mod pictures;
#[cfg(test)]
mod played;
mod probe;
mod run;
pub mod settings;
pub mod state;
mod terminal;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_editor;
#[cfg(test)]
mod tests_forks;
#[cfg(test)]
mod tests_matrix;
#[cfg(test)]
mod tests_pointer;
#[cfg(test)]
mod tests_runs;
pub mod theme;
pub mod tour;
mod view;
mod widget;

pub use run::run;
pub use terminal::Stage;

use crate::engine::message::Event;
use glyphs::Glyphs;
use keymap::Keymap;
use pictures::Images;
use std::sync::Arc;
use theme::{Colours, Depth, Ground};

/// How the screen is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// How images are shown; none: as the terminal can.
    pub images: Option<Images>,
    /// How many colours there are.
    pub depth: Depth,
    /// Which characters there are.
    pub glyphs: Glyphs,
    /// What the terminal draws on; none: as it says itself.
    pub ground: Option<Ground>,
    /// Colours in the place of the ground's own.
    pub colours: Colours,
    /// Whether the mouse points here from the start.
    pub mouse: bool,
    /// A recording is played: there is nothing to lose.
    pub demo: bool,
    /// The run is another process's: leaving the screen leaves it training.
    pub remote: bool,
    /// Whether every pane is explained.
    pub tour: bool,
    pub keymap: Arc<Keymap>,
}

/// Told of every event, such as by a log; its first error is shown and ends it.
pub type Listener = Box<dyn FnMut(&Event) -> std::io::Result<()>>;

/// What the terminal says of itself, a line each.
pub struct Said {
    /// What it can show.
    pub images: String,
    /// What it draws on.
    pub ground: String,
}

/// Asks the terminal.
///
/// # Errors
/// If it cannot be asked.
pub fn ask_terminal() -> std::io::Result<Said> {
    crossterm::terminal::enable_raw_mode()?;
    let answers = probe::ask();
    crossterm::terminal::disable_raw_mode()?;
    let answers = answers?;
    let tmux = std::env::var_os("TMUX").is_some();
    let way = answers.images(tmux);
    let way = Images::NAMES.iter().find(|(_, known)| *known == way).map_or("none", |(name, _)| name);
    let name = answers.name.as_deref().unwrap_or("a terminal without a name");
    let tmux = if tmux { ", inside tmux" } else { "" };
    let images = format!("{way}: {name}{tmux}; Kitty graphics {}, sixel {}", answers.kitty, answers.sixel);
    let said = answers.ground.map(|ground| format!("{ground:?}, as the terminal says"));
    let set = || environment().map(|ground| format!("{ground:?}, as COLORFGBG says"));
    let ground = said.or_else(set).unwrap_or_else(|| "unknown: taken for dark".into());
    Ok(Said { images, ground })
}

/// What the environment says of the ground.
fn environment() -> Option<Ground> {
    Ground::of_environment(|name| std::env::var(name).ok())
}

/// How the reader left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Left {
    /// By a signal, or because the terminal went away; not by a key.
    pub signalled: bool,
    /// By the loss of the terminal, without having been asked to.
    pub hung_up: bool,
    /// The run is to go on without a screen.
    pub detached: bool,
    /// By Ctrl-C, twice.
    pub interrupted: bool,
    /// Why training had ended, if it could not go on.
    pub failure: Option<String>,
    /// The run to go on with now.
    pub next: Option<std::path::PathBuf>,
}

/// What can go wrong with the screen itself.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// Input or output is a file or a pipe.
    #[error("this is no terminal: to train without a screen, use `looc-tui train`")]
    NoTerminal,
    /// TERM=dumb.
    #[error("TERM is dumb: such a terminal has no screen to draw on; use `looc-tui train`")]
    Dumb,
    /// Reading from the terminal, or writing to it.
    #[error("the terminal fails: {0}")]
    Terminal(#[from] std::io::Error),
}
