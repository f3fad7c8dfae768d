//! A list from which one is chosen by a few letters of its name: of all actions, of presets, of checkpoints.

use super::{
    Effect, Over, State,
    forking::{self, ForkPoints},
};
use crate::{
    config::Preset,
    engine::At,
    tui::{action::Action, keymap::Bound},
};
use std::{sync::Arc, time::Instant};

/// Longest text.
const LONGEST: usize = 40;

/// What there is to choose from.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Offers {
    /// What can be done here and now.
    #[default]
    Actions,
    /// Configurations to take values from.
    Presets(Arc<Vec<Preset>>),
    /// Checkpoints to make a run of its own from.
    ForkPoints(Arc<ForkPoints>),
}

/// What was typed, and which of the offers is chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Palette {
    pub offers: Offers,
    pub text: String,
    pub chosen: usize,
}

/// One line of the list.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Its keys, or its name.
    pub name: String,
    pub words: String,
    does: Does,
}

#[derive(Clone, Copy, Debug)]
enum Does {
    Act(Action),
    /// By its place among the presets.
    Load(usize),
    Fork(At),
}

impl State {
    /// What matches the text, the best match first.
    pub fn offers(&self, palette: &Palette) -> Vec<Offer> {
        let all = match &palette.offers {
            Offers::Actions => self.actions(),
            Offers::Presets(presets) => self.presets(presets),
            Offers::ForkPoints(points) => fork_points(points),
        };
        let matching =
            all.into_iter().filter_map(|(words, offer)| Some((distance(&palette.text, &words)?, offer)));
        let mut offers: Vec<(usize, Offer)> = matching.collect();
        // Stable: of equals in the order of the table.
        offers.sort_by_key(|(distance, _)| *distance);
        offers.into_iter().map(|(_, offer)| offer).collect()
    }

    /// With the words that each is found by.
    fn actions(&self) -> Vec<(String, Offer)> {
        let wanted =
            |binding: &&Bound| binding.action != Action::OpenPalette && self.available(binding.action);
        let offer = |binding: &Bound| {
            let words = format!("{} {}", binding.hint, binding.help);
            let does = Does::Act(binding.action);
            (words, Offer { name: binding.names(), words: binding.help.into(), does })
        };
        self.keymap.bindings(self.places_below()).filter(wanted).map(offer).collect()
    }

    fn presets(&self, presets: &[Preset]) -> Vec<(String, Offer)> {
        let offer = |(at, preset): (usize, &Preset)| {
            let differing = self.differing(&preset.config);
            let words = match (differing.live.len(), differing.fixed.len()) {
                (0, 0) => "as it is".into(),
                (live, 0) => format!("{live} other values"),
                (live, fixed) => format!("{live} other values; {fixed} more only in a run of their own"),
            };
            (preset.name.clone(), Offer { name: preset.name.clone(), words, does: Does::Load(at) })
        };
        presets.iter().enumerate().map(offer).collect()
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
                return match (offers.get(palette.chosen.min(last))?.does, palette.offers) {
                    (Does::Load(at), Offers::Presets(presets)) => {
                        self.load(presets.get(at)?, now);
                        None
                    }
                    (Does::Fork(at), Offers::ForkPoints(points)) => {
                        self.fork(&points.run, at, now);
                        None
                    }
                    (Does::Act(action), _) => self.act(action, now),
                    (Does::Load(_) | Does::Fork(_), _) => None,
                };
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

fn fork_points(points: &ForkPoints) -> Vec<(String, Offer)> {
    let offer = |point| {
        let (name, words) = forking::words(point);
        (format!("{name} {words}"), Offer { name, words, does: Does::Fork(point.at) })
    };
    points.points.iter().map(offer).collect()
}

impl Palette {
    /// Of presets.
    pub fn of_presets(presets: Vec<Preset>) -> Self {
        Self { offers: Offers::Presets(Arc::new(presets)), ..Self::default() }
    }

    /// Adds to the text.
    pub fn add(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.chars().count());
        self.text.extend(text.chars().filter(|c| !c.is_control()).take(room));
        self.chosen = 0;
    }
}

/// How far words are from a text: where they hold the text at once, or else how far apart its letters lie in
/// order. None if they do not.
fn distance(text: &str, words: &str) -> Option<usize> {
    let words = words.to_lowercase();
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
