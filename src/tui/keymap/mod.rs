//! The one table of keys: it drives the dispatch, the hint bar and the help.

mod key;
mod table;

pub use key::Key;
pub use table::{BINDINGS, STACKS};

use super::action::Action;
use crossterm::event::KeyEvent;

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// On every screen, unless something lies on top.
    Everywhere,
    /// On the training screen.
    Train,
    /// Wherever curves are drawn.
    Curves,
    /// On the screen of invariance.
    InvarianceScreen,
    /// On the screen of neighbours.
    NeighboursScreen,
    /// In the list of runs.
    RunsScreen,
    /// In the log.
    LogScreen,
    /// On every screen but that of training.
    Away,
    /// In the list of augmentations.
    Augmentations,
    /// Wherever views are shown.
    Tiles,
    /// In the training screen's pane of views.
    ViewsPane,
    /// While a value is typed.
    Typing,
    /// At the question whether to leave.
    Question,
    /// In the list of actions.
    Palette,
    /// In the help, or in a message that lies on top.
    Overlay,
}

impl Place {
    /// The heading in the help.
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Train => "training screen",
            Self::Curves => "curves",
            Self::InvarianceScreen => "invariance screen",
            Self::NeighboursScreen => "neighbours screen",
            Self::RunsScreen => "runs",
            Self::LogScreen => "log",
            Self::Away => "back",
            Self::Augmentations => "augmentations",
            Self::Tiles => "views",
            Self::ViewsPane => "views pane",
            Self::Typing => "while typing",
            Self::Question => "at the question",
            Self::Palette => "in the list of actions",
            Self::Overlay => "here",
        }
    }
}

/// A line of the table.
#[derive(Debug)]
pub struct Binding {
    pub action: Action,
    pub keys: &'static [Key],
    pub place: Place,
    /// A word or two for the hint bar; empty: it stands in the help only.
    pub hint: &'static str,
    /// A line for the help.
    pub help: &'static str,
}

/// A line of the table with the keys that it has now.
#[derive(Clone, Debug)]
pub struct Bound {
    binding: &'static Binding,
    pub keys: Vec<Key>,
}

impl std::ops::Deref for Bound {
    type Target = Binding;

    fn deref(&self) -> &Binding {
        self.binding
    }
}

impl Bound {
    /// Its keys for the reader.
    pub fn names(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(|key| key.name()).collect();
        keys.join(" ")
    }
}

/// The table as it is in force: the one above, with the keys that the reader has given.
#[derive(Clone, Debug)]
pub struct Keymap(Vec<Bound>);

impl Default for Keymap {
    fn default() -> Self {
        Self(BINDINGS.iter().map(|binding| Bound { binding, keys: binding.keys.to_vec() }).collect())
    }
}

impl Keymap {
    /// With other keys for some actions, wherever they hold; but where text is typed, keys stay as they are.
    ///
    /// # Errors
    /// A key would mean two things in one place.
    pub fn with(changes: &[(Action, Vec<Key>)]) -> Result<Self, String> {
        let mut map = Self::default();
        for bound in map.0.iter_mut().filter(|it| !matches!(it.place, Place::Typing | Place::Palette)) {
            if let Some((_, keys)) = changes.iter().find(|(action, _)| *action == bound.action) {
                bound.keys.clone_from(keys);
            }
        }
        for stack in STACKS {
            let mut seen: Vec<(Key, &Bound)> = Vec::new();
            for bound in map.bindings(stack) {
                for key in &bound.keys {
                    if let Some((_, other)) = seen.iter().find(|(known, _)| known == key) {
                        return Err(format!(
                            "{} would mean two things ({}): “{}” and “{}”",
                            key.name(),
                            bound.place.title(),
                            other.help,
                            bound.help
                        ));
                    }
                    seen.push((*key, bound));
                }
            }
        }
        Ok(map)
    }

    /// The bindings that hold in any of `places`.
    pub fn bindings(&self, places: &[Place]) -> impl Iterator<Item = &Bound> {
        self.0.iter().filter(move |binding| places.contains(&binding.place))
    }

    /// What a key asks for where `places` hold.
    pub fn action(&self, places: &[Place], event: &KeyEvent) -> Option<Action> {
        self.bindings(places).find(|it| it.keys.iter().any(|key| key.is(event))).map(|it| it.action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for stack in STACKS {
            let mut seen: Vec<Key> = Vec::new();
            for key in Keymap::default().bindings(stack).flat_map(|binding| binding.keys.clone()) {
                assert!(!seen.contains(&key), "{} is bound twice in {stack:?}", key.name());
                seen.push(key);
            }
        }
    }

    #[test]
    fn every_binding_is_reachable_and_explained() {
        for binding in BINDINGS {
            assert!(!binding.keys.is_empty() && !binding.help.is_empty(), "{:?}", binding.action);
            let stack = STACKS.iter().find(|stack| stack.contains(&binding.place));
            let stack = stack.unwrap_or_else(|| panic!("{:?} never holds", binding.place));
            for key in binding.keys {
                let modifiers = if key.ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
                let event = KeyEvent::new(key.code, modifiers);
                assert_eq!(Keymap::default().action(stack, &event), Some(binding.action));
                assert_eq!(key.name().parse(), Ok(*key), "a key's name is read as the key");
            }
        }
    }

    #[test]
    fn keys_are_given_and_never_mean_two_things() {
        let key = |name: &str| name.parse::<Key>().unwrap();
        let map = Keymap::with(&[(Action::PauseResume, vec![key("F5"), key("Ctrl-P")])]);
        let map = map.unwrap();
        let pressed = |code, modifiers| map.action(&[Place::Everywhere], &KeyEvent::new(code, modifiers));
        assert_eq!(pressed(KeyCode::F(5), KeyModifiers::NONE), Some(Action::PauseResume));
        assert_eq!(pressed(KeyCode::Char('p'), KeyModifiers::CONTROL), Some(Action::PauseResume));
        assert_eq!(pressed(KeyCode::Char('p'), KeyModifiers::NONE), None);
        let twice = Keymap::with(&[(Action::PauseResume, vec![key("q")])]).unwrap_err();
        assert!(twice.contains("q would mean two things"), "{twice}");
        // Letters are text where text is typed, whatever they are elsewhere.
        let map = Keymap::with(&[(Action::Up, vec![key("i")]), (Action::Window, vec![key("F2")])]).unwrap();
        assert_eq!(map.action(&[Place::Palette], &KeyEvent::from(KeyCode::Char('i'))), None);
        assert_eq!(map.action(&[Place::Palette], &KeyEvent::from(KeyCode::Up)), Some(Action::Up));
        for wrong in ["", "Ctrl-", "F99", "abc", "\u{1b}"] {
            assert!(wrong.parse::<Key>().is_err(), "{wrong:?}");
        }
    }
}
