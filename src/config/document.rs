//! A configuration as a document: read from one, written as one, one value changed.

use super::{
    Config, ConfigError, QUICKSTART, TrainSettings,
    check::{self, Section, allowed, section},
    error::Wrong,
    source::Source,
    words,
};
use crate::{
    augment::{Entry, KINDS},
    data::DataSettings,
    eval::EvalSettings,
    knob::Knob,
    looc::{ContrastSettings, OBJECTIVES},
    nn::{ModelSettings, OptimizerSettings},
};
use serde::Serialize;
use serde_json::{Map, Value};

/// The sections in the order in which they are written, with the ranges of their numbers.
pub(super) const SECTIONS: &[(&str, &[Knob])] = &[
    ("data", DataSettings::KNOBS),
    ("augment", &[]),
    ("model", ModelSettings::KNOBS),
    ("contrast", ContrastSettings::KNOBS),
    ("optimizer", OptimizerSettings::KNOBS),
    ("train", TrainSettings::KNOBS),
    ("eval", EvalSettings::KNOBS),
];

/// Keys that every entry of the list of augmentations has beside its own.
const OF_EVERY_ENTRY: [&str; 3] = ["kind", "enabled", "head"];
/// A key of those whose values are few.
const DISTINCT: &str = "distinct";

/// A configuration from a document; what is left out has its default.
pub(super) fn from_value(value: Value) -> Result<Config, Wrong> {
    let top = Section { at: String::new(), path: String::new(), knobs: &[] };
    let mut map = top.map(value)?;
    let names: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
    top.keys(&map, &names)?;
    let augment = match map.remove("augment") {
        Some(list) => entries(list)?,
        None => Config::quickstart().augment,
    };
    let mut config = Config {
        data: section(&mut map, "data", DataSettings::KNOBS)?,
        augment,
        model: section(&mut map, "model", ModelSettings::KNOBS)?,
        contrast: section(&mut map, "contrast", ContrastSettings::KNOBS)?,
        optimizer: section(&mut map, "optimizer", OptimizerSettings::KNOBS)?,
        train: section(&mut map, "train", TrainSettings::KNOBS)?,
        eval: section(&mut map, "eval", EvalSettings::KNOBS)?,
    };
    if !config.contrast.kind.heads {
        // So that the objective of any configuration can be switched by one value.
        config.augment.iter_mut().for_each(|entry| entry.head = false);
    }
    check::together(&config)?;
    Ok(config)
}

/// The list of augmentations.
fn entries(list: Value) -> Result<Vec<Entry>, Wrong> {
    let whole = Section { at: "augment".into(), path: "augment".into(), knobs: &[] };
    let Value::Array(items) = list else {
        return Err(whole.wrong("", "here belongs a list of augmentations, as in `- { kind: flip, p: 0.5 }`"));
    };
    items.into_iter().enumerate().map(|(place, item)| one_entry(place, item)).collect()
}

fn one_entry(place: usize, item: Value) -> Result<Entry, Wrong> {
    let (at, kinds) = (format!("augment.{place}"), KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>());
    let unnamed = Section { path: at.clone(), at: at.clone(), knobs: &[] };
    let mut map = unnamed.map(item)?;
    let kind = match map.remove("kind") {
        Some(Value::String(kind)) => kind,
        _ => {
            let why = format!("an augmentation needs a kind, as in `kind: {}`", kinds[0]);
            return Err(Wrong {
                help: Some(format!("allowed: {}", words::list(&kinds))),
                ..unnamed.wrong("", why)
            });
        }
    };
    let Some(kind) = KINDS.iter().find(|known| known.name == kind) else {
        let (why, help) = words::unknown("augmentation", &kind, &kinds);
        return Err(Wrong { help: Some(help), ..unnamed.wrong("kind", why) });
    };
    let section = Section { at, path: format!("augment.{}", kind.name), knobs: kind.knobs };
    let defaults = (kind.read)(Value::Object(Map::new())).map_err(|error| section.type_error(&error))?;
    let defaults = defaults.document().unwrap_or_default();
    let own = defaults.as_object().into_iter().flat_map(Map::keys).map(String::as_str);
    let distinct = kind.discrete.then_some(DISTINCT);
    let known: Vec<&str> = OF_EVERY_ENTRY.into_iter().chain(distinct).chain(own).collect();
    section.keys(&map, &known)?;
    let mut flag = |key: &str, default: bool| match map.remove(key) {
        None => Ok(default),
        Some(Value::Bool(flag)) => Ok(flag),
        Some(other) => Err(section.wrong(key, format!("expected true or false, but found {other}"))),
    };
    let (enabled, head, distinct) = (flag("enabled", true)?, flag("head", false)?, flag(DISTINCT, false)?);
    let settings = (kind.read)(Value::Object(map.clone())).map_err(|error| section.type_error(&error))?;
    section.ranges(&map)?;
    settings.check().map_err(|invalid| section.invalid(invalid))?;
    Ok(Entry { settings, enabled, head, distinct })
}

/// What `contrast.kind` is, and what else it may be.
fn objective(contrast: &ContrastSettings) -> String {
    let names: Vec<&str> = OBJECTIVES.iter().map(|kind| kind.name).collect();
    format!("{}; allowed: {}", contrast.kind.help, words::list(&names))
}

/// The list of augmentations as a document.
pub(super) fn augment(config: &Config) -> Value {
    let entries = config.augment.iter().map(|entry| {
        let mut map = Map::new();
        map.insert("kind".into(), entry.name().into());
        map.extend(entry.settings.document().ok().and_then(|it| it.as_object().cloned()).unwrap_or_default());
        map.insert("enabled".into(), entry.enabled.into());
        map.insert("head".into(), entry.head.into());
        if entry.settings.kind().discrete {
            map.insert(DISTINCT.into(), entry.distinct.into());
        }
        Value::Object(map)
    });
    Value::Array(entries.collect())
}

/// Where a list's entry is: by its number, or by its kind.
pub(super) fn entry(items: &[Value], part: &str) -> Option<usize> {
    match part.parse::<usize>() {
        Ok(place) => (place < items.len()).then_some(place),
        Err(_) => items.iter().position(|item| item.get("kind").is_some_and(|kind| kind == part)),
    }
}

/// The value at a path of a document, such as `augment.color.p`.
pub fn value_at<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(document, |at, part| match at {
        Value::Array(items) => entry(items, part).and_then(|place| items.get(place)),
        Value::Object(map) => map.get(part),
        _ => None,
    })
}

fn spot<'a>(value: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.').try_fold(value, |at, part| match at {
        Value::Array(items) => entry(items, part).and_then(|place| items.get_mut(place)),
        Value::Object(map) => map.get_mut(part),
        _ => None,
    })
}

impl Config {
    /// The settings of a run without a file (`configs/quickstart.yaml`, compiled in).
    pub fn quickstart() -> Self {
        let source = Source::parse("quickstart.yaml", QUICKSTART).map(|source| source.value);
        // The file is a part of the program, and a test reads it.
        source.ok().and_then(|value| from_value(value).ok()).unwrap_or_default()
    }

    /// The whole configuration as a document.
    pub fn value(&self) -> Value {
        fn of<T: Serialize>(settings: &T) -> Value {
            // Settings are plain structs of numbers and names: they always have a document.
            serde_json::to_value(settings).unwrap_or_default()
        }
        let parts = [
            of(&self.data),
            augment(self),
            of(&self.model),
            of(&self.contrast),
            of(&self.optimizer),
            of(&self.train),
            of(&self.eval),
        ];
        Value::Object(
            SECTIONS.iter().zip(parts).map(|((name, _), part)| ((*name).to_owned(), part)).collect(),
        )
    }

    /// One value, such as `augment.color.p`.
    pub fn get(&self, path: &str) -> Option<Value> {
        value_at(&self.value(), path).cloned()
    }

    /// The configuration with one value changed.
    ///
    /// # Errors
    /// There is no such value, or it cannot be this.
    pub fn edited(&self, path: &str, to: &Value) -> Result<Self, ConfigError> {
        let mut value = self.value();
        let Some(spot) = spot(&mut value, path) else {
            return Err(ConfigError::plain(path, "there is no such value"));
        };
        *spot = to.clone();
        let kind = self.contrast.kind;
        if !kind.heads && path.ends_with(".head") && *to == Value::Bool(true) {
            return Err(ConfigError::plain(path, format!("contrast.kind: {} trains no heads", kind.name)));
        }
        Ok(from_value(value)?)
    }

    /// The whole configuration; reading it gives the same.
    pub fn to_yaml(&self) -> String {
        serde_yaml::to_string(&self.value()).unwrap_or_default()
    }

    /// [`Config::to_yaml`], with what each number means and its range beside it.
    pub fn annotated(&self) -> String {
        let (mut knobs, mut section): (&[Knob], &str) = (&[], "");
        let mut text = String::new();
        for line in self.to_yaml().lines() {
            let key = line.trim_start_matches([' ', '-']).split(':').next().unwrap_or_default();
            if let Some(found) = SECTIONS.iter().find(|(name, _)| line == format!("{name}:")) {
                (section, knobs) = *found;
            }
            if let Some(kind) = line.strip_prefix("- kind: ") {
                knobs = KINDS.iter().find(|it| it.name == kind).map_or(&[], |kind| kind.knobs);
            }
            let note = match knobs.iter().find(|knob| knob.path == key) {
                Some(knob) => Some(allowed(knob)),
                None if (section, key) == ("contrast", "kind") => Some(objective(&self.contrast)),
                None => None,
            };
            match note {
                Some(note) => text += &format!("{line:30} # {note}\n"),
                None => text += &format!("{line}\n"),
            }
        }
        text
    }

    /// Of the whole configuration, for telling two of them apart.
    pub fn hash(&self) -> String {
        hash_of(&self.to_yaml())
    }
}

/// [`Config::hash`] of a configuration that is there as text.
pub fn hash_of(yaml: &str) -> String {
    blake3::hash(yaml.as_bytes()).to_hex()[..16].into()
}
