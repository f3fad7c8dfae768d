//! How a reader wants the screen: colours, characters, the mouse and the keys, from a file of their own.

use super::{
    action::Action,
    glyphs::Glyphs,
    keymap::{BINDINGS, Key, Keymap},
    pictures::Images,
    theme::{Colours, Ground},
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// A file that is longer is none of these.
const LONGEST: u64 = 64 << 10;

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}", path = path.display())]
pub struct SettingsError {
    path: PathBuf,
    why: String,
}

/// What was found in it; what it does not say is as without it.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub images: Option<Images>,
    pub glyphs: Option<Glyphs>,
    pub ground: Option<Ground>,
    pub colours: Colours,
    /// Whether the mouse points here from the start.
    pub mouse: Option<bool>,
    pub keymap: Keymap,
}

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Document {
    images: Option<String>,
    glyphs: Option<Characters>,
    ground: Option<Background>,
    colours: Colours,
    mouse: Option<bool>,
    keys: BTreeMap<String, Keys>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Characters {
    Unicode,
    Ascii,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Background {
    Dark,
    Light,
}

/// One key, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Keys {
    One(String),
    Some(Vec<String>),
}

/// Where the file is looked for: `looc-tui/settings.yaml` in `XDG_CONFIG_HOME`, or in `.config` at home.
pub fn default_path() -> Option<PathBuf> {
    Some(crate::home::folder("XDG_CONFIG_HOME", ".config")?.join("settings.yaml"))
}

impl Settings {
    /// Reads the named file, or the one at [`default_path`], which need not be there.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn load(named: Option<&Path>) -> Result<Self, SettingsError> {
        let Some(path) = named.map(Path::to_owned).or_else(default_path) else { return Ok(Self::default()) };
        let wrong = |why: String| SettingsError { path: path.clone(), why };
        match fs::metadata(&path) {
            Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(wrong(error.to_string())),
            Ok(file) if !file.is_file() => return Err(wrong("this is no file".into())),
            Ok(file) if file.len() > LONGEST => return Err(wrong("longer than any settings".into())),
            Ok(_) => {}
        }
        let text = fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
        Self::parse(&text).map_err(wrong)
    }

    /// From a file's text.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let reader = serde_yaml::Deserializer::from_str(text);
        let document: Document = serde_path_to_error::deserialize(reader).map_err(|error| {
            let at = error.path().to_string();
            let why = crate::text::printable(&error.into_inner().to_string());
            if at == "." { why } else { format!("{at}: {why}") }
        })?;
        let images = document.images.map(|name| name.parse().map_err(|why| format!("images: {why}")));
        let changes = document.keys.iter().map(|(name, keys)| given(name, keys));
        let changes = changes.collect::<Result<Vec<_>, String>>()?;
        Ok(Self {
            images: images.transpose()?,
            glyphs: document.glyphs.map(|it| match it {
                Characters::Unicode => Glyphs::Unicode,
                Characters::Ascii => Glyphs::Ascii,
            }),
            ground: document.ground.map(|it| match it {
                Background::Dark => Ground::Dark,
                Background::Light => Ground::Light,
            }),
            colours: document.colours,
            mouse: document.mouse,
            keymap: Keymap::with(&changes).map_err(|why| format!("keys: {why}"))?,
        })
    }
}

/// The keys that an action is given.
fn given(name: &str, keys: &Keys) -> Result<(Action, Vec<Key>), String> {
    let action = Action::named(name).filter(|action| BINDINGS.iter().any(|it| it.action == *action));
    let action = action.ok_or_else(|| {
        let name = crate::text::printable(name);
        let nearest = BINDINGS.iter().map(|it| it.action.name());
        let nearest = nearest.min_by_key(|known| strsim::damerau_levenshtein(known, &name));
        format!("keys.{name}: there is no such action; is it {}?", nearest.unwrap_or_default())
    })?;
    let keys = match keys {
        Keys::One(key) => std::slice::from_ref(key),
        Keys::Some(keys) => keys,
    };
    if keys.is_empty() {
        return Err(format!("keys.{name}: an action without a key could not be done; name one"));
    }
    let keys = keys.iter().map(|key| key.parse().map_err(|why| format!("keys.{name}: {why}")));
    Ok((action, keys.collect::<Result<_, String>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keymap::Place;
    use crossterm::event::{KeyCode, KeyEvent};

    /// The file of the documentation.
    #[test]
    fn the_example_is_read() {
        let text = include_str!("../../docs/settings.md");
        let example = text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let settings = Settings::parse(example).unwrap();
        assert_eq!((settings.images, settings.mouse), (Some(Images::Half), Some(false)));
        assert_eq!(settings.ground, Some(Ground::Light));
        assert_eq!(settings.colours.accent.unwrap().0, (0, 95, 135));
        let pressed = |code| settings.keymap.action(&[Place::Everywhere], &KeyEvent::from(code));
        assert_eq!(pressed(KeyCode::F(5)), Some(Action::PauseResume));
        assert_eq!(pressed(KeyCode::Char('c')), None);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, wanted) in [
            ("mause: true", "unknown field `mause`"),
            ("ground: blue", "ground: unknown variant `blue`"),
            ("images: paint", "images: “paint” is no way to show images"),
            ("colours: { accent: red }", "“red” is no colour; one is as in \"#0072b2\""),
            ("colours: { heads: [] }", "colours.heads"),
            ("keys: { pause_resum: p }", "keys.pause_resum: there is no such action; is it pause_resume?"),
            ("keys: { copy: [] }", "keys.copy: an action without a key"),
            ("keys: { copy: Ctrl-Alt-X }", "keys.copy: “Ctrl-Alt-X”"),
            ("keys: { copy: q }", "q would mean two things"),
            ("mouse: [1, 2", "line 1"),
        ] {
            let why = Settings::parse(text).unwrap_err();
            assert!(why.contains(wanted), "{text}: {why}");
        }
        assert!(Settings::parse("").is_ok() && Settings::parse(" \n").is_ok());
        assert!(Settings::load(Some(Path::new("/nowhere/at/all.yaml"))).is_err());
    }
}
