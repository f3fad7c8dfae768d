//! The one table of keys: it drives the dispatch, the hint bar and the help.

use super::action::Action;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

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

/// A key, as it is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    code: KeyCode,
    ctrl: bool,
}

const fn ch(c: char) -> Key {
    Key { code: KeyCode::Char(c), ctrl: false }
}
const fn ctrl(c: char) -> Key {
    Key { code: KeyCode::Char(c), ctrl: true }
}
const fn key(code: KeyCode) -> Key {
    Key { code, ctrl: false }
}

impl Key {
    /// Whether this key was pressed. Shift is part of a character already.
    pub fn is(self, event: &KeyEvent) -> bool {
        self.code == event.code
            && self.ctrl == event.modifiers.contains(KeyModifiers::CONTROL)
            && !event.modifiers.contains(KeyModifiers::ALT)
    }

    /// The name that is shown.
    pub fn name(self) -> String {
        let bare = match self.code {
            KeyCode::Char(c) if self.ctrl => c.to_ascii_uppercase().to_string(),
            KeyCode::Char(c) if c != ' ' => c.to_string(),
            KeyCode::F(n) => format!("F{n}"),
            code => {
                let named = NAMED.iter().find(|(_, known)| *known == code);
                named.map_or_else(|| code.to_string(), |(name, _)| (*name).to_owned())
            }
        };
        if self.ctrl { format!("Ctrl-{bare}") } else { bare }
    }
}

impl std::str::FromStr for Key {
    type Err = String;

    /// A key by its name, as [`Key::name`] tells it: `p`, `Space`, `Ctrl-U`, `F5`, `S-Tab`, `Up`.
    fn from_str(name: &str) -> Result<Self, String> {
        if let Some(letter) = name.strip_prefix("Ctrl-") {
            let mut letters = letter.chars();
            return match (letters.next(), letters.next()) {
                (Some(c), None) => Ok(ctrl(c.to_ascii_lowercase())),
                _ => Err(format!("“{name}”: behind Ctrl- stands one letter")),
            };
        }
        let known = NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, code)| *code);
        let number = name.strip_prefix('F').and_then(|n| n.parse().ok()).filter(|n| (1..=12).contains(n));
        let mut letters = name.chars();
        match (known, number, letters.next(), letters.next()) {
            (Some(code), ..) => Ok(key(code)),
            (_, Some(n), ..) => Ok(key(KeyCode::F(n))),
            (_, _, Some(c), None) if !c.is_control() => Ok(ch(c)),
            _ => Err(format!(
                "“{name}” is no key; keys are letters, Ctrl-U, F5, Space, Enter, Esc, Up, PageUp …"
            )),
        }
    }
}

/// Keys that have names.
const NAMED: &[(&str, KeyCode)] = &[
    ("Space", KeyCode::Char(' ')),
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("S-Tab", KeyCode::BackTab),
    ("Backspace", KeyCode::Backspace),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Insert", KeyCode::Insert),
    ("Delete", KeyCode::Delete),
    ("↑", KeyCode::Up),
    ("↓", KeyCode::Down),
    ("←", KeyCode::Left),
    ("→", KeyCode::Right),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
];

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

const fn bind(
    place: Place,
    action: Action,
    keys: &'static [Key],
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { action, keys, place, hint, help }
}

/// Every binding, in the order in which the hint bar shows them.
pub const BINDINGS: &[Binding] = {
    use Action::*;
    use Place::*;
    &[
        bind(Augmentations, Up, &[ch('k'), key(KeyCode::Up)], "", "the row above"),
        bind(Augmentations, Down, &[ch('j'), key(KeyCode::Down)], "", "the row below"),
        bind(Augmentations, First, &[key(KeyCode::Home)], "", "the first row"),
        bind(Augmentations, Last, &[key(KeyCode::End)], "", "the last row"),
        bind(Augmentations, Toggle, &[ch(' ')], "on/off", "switch the augmentation on or off"),
        bind(
            Augmentations,
            ToggleHead,
            &[ch('o')],
            "own head",
            "give it an embedding space of its own, or take it away",
        ),
        bind(
            Augmentations,
            Decrease,
            &[ch('h'), key(KeyCode::Left)],
            "less",
            "a step down; on an augmentation: fold",
        ),
        bind(
            Augmentations,
            Increase,
            &[ch('l'), key(KeyCode::Right)],
            "more",
            "a step up; on an augmentation: unfold",
        ),
        bind(Augmentations, Unfold, &[key(KeyCode::Enter)], "knobs", "show or hide its knobs"),
        bind(Augmentations, TypeValue, &[ch('e')], "type", "type a value"),
        bind(Augmentations, Undo, &[ch('u')], "undo", "take the last edit back"),
        bind(Augmentations, Redo, &[ch('U')], "redo", "make it again"),
        bind(Augmentations, Differences, &[ch('d')], "changed", "what was changed since the run started"),
        bind(Augmentations, SaveAs, &[ch('w')], "write", "write the configuration as it is now into a file"),
        bind(Augmentations, Presets, &[ch('L')], "presets", "take over the values of another configuration"),
        bind(ViewsPane, ShowViews, &[key(KeyCode::Enter)], "large", "show the views large"),
        bind(
            Tiles,
            PreviousImage,
            &[ch(','), ch('h'), key(KeyCode::Left)],
            "image before",
            "the held-out image before",
        ),
        bind(
            Tiles,
            NextImage,
            &[ch('.'), ch('l'), key(KeyCode::Right)],
            "next image",
            "the next held-out image",
        ),
        bind(Tiles, Resample, &[ch('g')], "draw again", "draw the views' parameters anew"),
        bind(Tiles, TypeValue, &[ch('e')], "number", "type an image's number"),
        bind(Tiles, Original, &[ch('o')], "original", "the image itself beside its views"),
        bind(Tiles, Freeze, &[ch('f')], "freeze", "keep these views while the model moves on"),
        bind(InvarianceScreen, Left, &[ch('h'), key(KeyCode::Left)], "", "the column at the left"),
        bind(InvarianceScreen, Down, &[ch('j'), key(KeyCode::Down)], "", "the head below"),
        bind(InvarianceScreen, Up, &[ch('k'), key(KeyCode::Up)], "", "the head above"),
        bind(InvarianceScreen, Right, &[ch('l'), key(KeyCode::Right)], "cell", "the column at the right"),
        bind(InvarianceScreen, Raw, &[ch('v')], "raw", "plain cosines; or 0 = strangers, 1 = identical"),
        bind(
            InvarianceScreen,
            NextFilling,
            &[ch('f')],
            "spaces",
            "of the spaces: deviation, RankMe, or uniformity",
        ),
        bind(InvarianceScreen, NextPane, &[key(KeyCode::Tab)], "chart", "the next chart"),
        bind(InvarianceScreen, PreviousPane, &[key(KeyCode::BackTab)], "", "the chart before"),
        bind(
            NeighboursScreen,
            PreviousImage,
            &[ch(','), ch('h'), key(KeyCode::Left)],
            "before",
            "the held-out image before",
        ),
        bind(NeighboursScreen, NextImage, &[ch('.'), ch('l'), key(KeyCode::Right)], "next", "the next one"),
        bind(NeighboursScreen, AnyImage, &[ch('g')], "any", "one by chance"),
        bind(NeighboursScreen, NextClass, &[ch('v')], "class", "images of the next class only"),
        bind(NeighboursScreen, PreviousClass, &[ch('V')], "", "images of the class before only"),
        bind(NeighboursScreen, TypeValue, &[ch('e')], "number", "type an image's number"),
        bind(NeighboursScreen, Up, &[ch('k'), key(KeyCode::Up)], "", "the space above"),
        bind(NeighboursScreen, Down, &[ch('j'), key(KeyCode::Down)], "space", "the space below"),
        bind(
            NeighboursScreen,
            Enlarge,
            &[ch('z'), key(KeyCode::Enter)],
            "enlarge",
            "pictures of the chosen space only, but large",
        ),
        bind(NeighboursScreen, SearchAnew, &[ch('a')], "anew", "search again, by the model as it is now"),
        bind(RunsScreen, Up, &[ch('k'), key(KeyCode::Up)], "", "the run above"),
        bind(RunsScreen, Down, &[ch('j'), key(KeyCode::Down)], "run", "the run below"),
        bind(RunsScreen, First, &[ch('g'), key(KeyCode::Home)], "", "the first run"),
        bind(RunsScreen, Last, &[ch('G'), key(KeyCode::End)], "", "the last run"),
        bind(
            RunsScreen,
            Mark,
            &[ch(' ')],
            "mark",
            "mark it: two are compared, and curves of marked runs lie under this run's",
        ),
        bind(RunsScreen, Open, &[key(KeyCode::Enter)], "open", "look at it while this run trains on"),
        bind(RunsScreen, ResumeRun, &[ch('R')], "go on with", "leave this run and go on with that one"),
        bind(RunsScreen, Sort, &[ch('s')], "sort", "by name, state, step, loss, rotation probe"),
        bind(RunsScreen, Filter, &[ch('/')], "filter", "only runs whose line holds some words"),
        bind(RunsScreen, ReadRuns, &[ch('a')], "anew", "read the runs' files again"),
        bind(LogScreen, Up, &[ch('k'), key(KeyCode::Up)], "back", "a line back"),
        bind(LogScreen, Down, &[ch('j'), key(KeyCode::Down)], "forward", "a line forward"),
        bind(LogScreen, PageUp, &[ctrl('u'), key(KeyCode::PageUp)], "", "ten lines back"),
        bind(LogScreen, PageDown, &[ctrl('d'), key(KeyCode::PageDown)], "", "ten lines forward"),
        bind(LogScreen, First, &[ch('g'), key(KeyCode::Home)], "", "the oldest"),
        bind(LogScreen, Last, &[ch('G'), key(KeyCode::End)], "newest", "the newest, and what comes"),
        bind(LogScreen, Filter, &[ch('/')], "filter", "only lines that hold some words"),
        bind(LogScreen, Sift, &[ch('w')], "warnings", "nothing but warnings, or everything"),
        bind(Away, ShowTrain, &[key(KeyCode::Esc)], "back", "back to the training screen"),
        bind(Everywhere, Help, &[ch('?')], "help", "what the keys do here"),
        bind(Everywhere, OpenPalette, &[ch(':')], "actions", "any action by its name"),
        bind(Train, NextPane, &[key(KeyCode::Tab)], "pane", "the next pane"),
        bind(Train, PreviousPane, &[key(KeyCode::BackTab)], "", "the pane before"),
        bind(Everywhere, PauseResume, &[ch('p')], "pause", "rest before the next step; go on"),
        bind(Everywhere, StepOnce, &[ch('n')], "one step", "while paused: one step"),
        bind(Everywhere, Checkpoint, &[ch('c')], "checkpoint", "write a checkpoint now"),
        bind(Train, Smoothing, &[ch('s')], "smooth", "smoothing of the curves: none, .6, .9, .99"),
        bind(Train, Grid, &[ch('t')], "grid", "a chart for every head, or all heads in one"),
        bind(Train, LogY, &[ch('y')], "log y", "logarithmic or linear losses"),
        bind(Curves, XAxis, &[ch('x')], "x axis", "along the curves: step, epoch, time"),
        bind(Curves, PointLeft, &[ch('[')], "read", "a crosshair reads every curve; to the left"),
        bind(Curves, PointRight, &[ch(']')], "", "the crosshair to the right"),
        bind(Curves, Nearer, &[ch('z')], "zoom", "half of what the curves show, around the crosshair"),
        bind(Curves, PanLeft, &[ch('{')], "", "what lies before the part that is shown"),
        bind(Curves, PanRight, &[ch('}')], "", "what comes after it"),
        bind(Curves, Whole, &[ch('Z')], "", "the whole run, without a crosshair"),
        bind(Train, Window, &[ch('i')], "", "the machine over a minute, ten minutes, an hour"),
        bind(Train, Baseline, &[ch('b')], "baseline", "invariance now, or at random initialisation"),
        bind(Everywhere, ShowTrain, &[ch('1')], "", "the training screen"),
        bind(Everywhere, ShowViews, &[ch('2')], "", "the screen of views"),
        bind(Everywhere, ShowInvariance, &[ch('3')], "", "the screen of invariance"),
        bind(Everywhere, ShowNeighbours, &[ch('4')], "", "the screen of neighbours"),
        bind(Everywhere, ShowRuns, &[ch('5')], "", "the runs beside this one"),
        bind(Everywhere, ShowLog, &[ch('6')], "", "what has happened"),
        bind(Everywhere, Copy, &[ch('Y')], "", "copy what is looked at (OSC 52)"),
        bind(
            Everywhere,
            Export,
            &[ch('E')],
            "",
            "write the curves that are shown as SVG, PNG and CSV into this folder",
        ),
        bind(Everywhere, Mouse, &[ch('m')], "", "the mouse points here, or selects text in the terminal"),
        bind(Everywhere, Tour, &[ch('T')], "", "explain each pane in a line, or no longer"),
        bind(Everywhere, Redraw, &[ch('r'), ctrl('l')], "", "paint everything again"),
        bind(Everywhere, Quit, &[ch('q')], "quit", "leave; asks first, and a checkpoint is written"),
        bind(Everywhere, Interrupt, &[ctrl('c')], "", "twice: leave; a checkpoint is written"),
        bind(Everywhere, Suspend, &[ctrl('z')], "", "back to the shell; `fg` returns"),
        bind(Typing, Submit, &[key(KeyCode::Enter)], "set", "send the value"),
        bind(Typing, Close, &[key(KeyCode::Esc)], "cancel", "leave it as it was"),
        bind(Typing, Erase, &[key(KeyCode::Backspace)], "", "erase a character"),
        bind(Typing, EraseAll, &[ctrl('u')], "", "erase everything"),
        bind(Typing, Interrupt, &[ctrl('c')], "", "twice: leave"),
        bind(Question, Yes, &[ch('y'), key(KeyCode::Enter)], "yes", "leave"),
        bind(Question, No, &[ch('n'), key(KeyCode::Esc), ch('q')], "no", "stay"),
        bind(Question, Interrupt, &[ctrl('c')], "", "leave"),
        bind(Palette, Up, &[key(KeyCode::Up), ctrl('p')], "", "the action above"),
        bind(Palette, Down, &[key(KeyCode::Down), ctrl('n')], "choose", "the action below"),
        bind(Palette, Submit, &[key(KeyCode::Enter)], "do", "do it"),
        bind(Palette, Close, &[key(KeyCode::Esc)], "close", "close the list"),
        bind(Palette, Erase, &[key(KeyCode::Backspace)], "", "erase a character"),
        bind(Palette, EraseAll, &[ctrl('u')], "", "erase everything"),
        bind(Palette, Interrupt, &[ctrl('c')], "", "twice: leave"),
        bind(
            Overlay,
            Close,
            &[key(KeyCode::Esc), ch('?'), ch('q'), key(KeyCode::Enter)],
            "close",
            "close it",
        ),
        bind(Overlay, Up, &[ch('k'), key(KeyCode::Up)], "", "a line up"),
        bind(Overlay, Down, &[ch('j'), key(KeyCode::Down)], "scroll", "a line down"),
        bind(Overlay, Interrupt, &[ctrl('c')], "", "twice: leave"),
        bind(Overlay, Suspend, &[ctrl('z')], "", "back to the shell"),
    ]
};

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

/// Every combination of places that can hold at once.
pub const STACKS: &[&[Place]] = &[
    &[Place::Augmentations, Place::Train, Place::Curves, Place::Everywhere],
    &[Place::Train, Place::Curves, Place::Everywhere],
    &[Place::ViewsPane, Place::Tiles, Place::Train, Place::Curves, Place::Everywhere],
    &[Place::Tiles, Place::Away, Place::Everywhere],
    &[Place::InvarianceScreen, Place::Curves, Place::Away, Place::Everywhere],
    &[Place::NeighboursScreen, Place::Away, Place::Everywhere],
    &[Place::RunsScreen, Place::Away, Place::Everywhere],
    &[Place::LogScreen, Place::Away, Place::Everywhere],
    &[Place::Typing],
    &[Place::Question],
    &[Place::Palette],
    &[Place::Overlay],
];

#[cfg(test)]
mod tests {
    use super::*;

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
