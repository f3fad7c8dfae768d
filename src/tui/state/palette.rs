//! Any action by its name: what is typed narrows the list of what can be done here.

use super::{Effect, Over, State};
use crate::tui::{
    action::Action,
    keymap::{self, Binding},
};
use std::time::Instant;

/// Longest text.
const LONGEST: usize = 40;

/// What was typed, and which of the offers is chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Palette {
    pub text: String,
    pub chosen: usize,
}

impl State {
    /// What can be done here and now and matches the text, the best match first.
    pub fn offers(&self, palette: &Palette) -> Vec<&'static Binding> {
        let wanted =
            |binding: &&Binding| binding.action != Action::OpenPalette && self.available(binding.action);
        let mut offers: Vec<(usize, &Binding)> = keymap::bindings(self.places_below())
            .filter(wanted)
            .filter_map(|binding| Some((distance(&palette.text, binding)?, binding)))
            .collect();
        // Stable: of equals in the order of the table.
        offers.sort_by_key(|(distance, _)| *distance);
        offers.into_iter().map(|(_, binding)| binding).collect()
    }

    /// A key while the palette is open.
    pub(super) fn choose(&mut self, mut palette: Palette, action: Action, now: Instant) -> Option<Effect> {
        let offers = self.offers(&palette);
        let last = offers.len().saturating_sub(1);
        match action {
            Action::Up => palette.chosen = palette.chosen.min(last).saturating_sub(1),
            Action::Down => palette.chosen = (palette.chosen + 1).min(last),
            Action::Erase => _ = palette.text.pop(),
            Action::EraseAll => palette.text.clear(),
            Action::Interrupt => return self.interrupt(now),
            Action::Submit => {
                self.over = Over::Nothing;
                let chosen = offers.get(palette.chosen.min(last)).map(|binding| binding.action);
                return chosen.and_then(|action| self.act(action, now));
            }
            _ => {
                self.over = Over::Nothing;
                return None;
            }
        }
        self.over = Over::Palette(palette);
        None
    }
}

impl Palette {
    /// Adds to the text.
    pub fn add(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.chars().count());
        self.text.extend(text.chars().filter(|c| !c.is_control()).take(room));
        self.chosen = 0;
    }
}

/// How far a binding is from a text: where its words hold the text at once, or else how far apart its letters
/// lie in order. None if they do not.
fn distance(text: &str, binding: &Binding) -> Option<usize> {
    let words = format!("{} {}", binding.hint, binding.help).to_lowercase();
    let text = text.trim().to_lowercase();
    if let Some(at) = words.find(&text) {
        let starts_a_word = at == 0 || !words[..at].ends_with(char::is_alphanumeric);
        return Some(if starts_a_word { 0 } else { 1 });
    }
    let (mut rest, mut apart) = (words.chars(), 2);
    for wanted in text.chars() {
        apart += rest.by_ref().position(|c| c == wanted)?;
    }
    Some(apart)
}
