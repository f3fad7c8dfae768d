//! A line for each pane and each screen that says what it is for, until its reader has had enough of them.

use crate::tui::{
    state::{Pane, Screen, State},
    theme::Theme,
    widget::text::cut,
};
use ratatui::{buffer::Buffer, layout::Rect};

const PANES: [(Pane, &str); 5] = [
    (Pane::Augmentations, "Space: on or off, while it trains"),
    (Pane::Losses, "a curve a space; ▲ marks your edits; [ and ] read it"),
    (Pane::Invariance, "1 ignored, 0 told apart; low in [ ]"),
    (Pane::Views, "k1 was made with q's own color: in z1 it is pulled to q, in z0 all are"),
    (Pane::Device, "i: a minute, ten minutes, an hour"),
];
const SCREENS: [(Screen, &str); 5] = [
    (Screen::Views, "= q marks what a key shares with the query; g draws again, . shows the next image"),
    (
        Screen::Invariance,
        "every head should ignore all (1) but its own augmentation [ ]; hjkl chooses a cell",
    ),
    (
        Screen::Neighbours,
        "what each space finds alike; = marks the query's own label; . shows the next image",
    ),
    (Screen::Runs, "Space marks runs: two are compared, and their curves lie under this run's"),
    (Screen::Log, "/ shows what holds some words, w warnings only"),
];

/// What a pane is for, on its lower edge.
pub fn pane(state: &State, theme: Theme, pane: Pane, area: Rect, buffer: &mut Buffer) {
    let words = PANES.iter().find(|(it, _)| *it == pane).map(|(_, words)| *words);
    edge(state, theme, words, area, buffer);
}

/// What a screen is for, on its lower edge.
pub fn screen(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let words = SCREENS.iter().find(|(it, _)| *it == state.screen).map(|(_, words)| *words);
    edge(state, theme, words, area, buffer);
}

fn edge(state: &State, theme: Theme, words: Option<&str>, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    let (Some(words), true) = (words, state.tour && area.width > 8 && area.height > 2) else { return };
    let text = format!(" {} ", cut(words, usize::from(area.width) - 6));
    buffer.set_string(area.x + 2, area.bottom() - 1, text, theme.accent());
}
