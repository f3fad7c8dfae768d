//! The checks of a section: known keys, types, ranges; and of what the sections say together.

use super::{
    Config,
    error::{Where, Wrong},
    words,
};
use crate::{
    augment::check_order,
    data::DATASETS,
    knob::{Invalid, Knob},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// One map of the document: where it stands, and its path for people.
pub(super) struct Section<'a> {
    /// List entries by number.
    pub at: String,
    /// List entries by name.
    pub path: String,
    pub knobs: &'a [Knob],
}

impl Section<'_> {
    /// Something wrong with a value of the section.
    pub fn wrong(&self, key: &str, why: impl Into<String>) -> Wrong {
        let help = self.knobs.iter().find(|knob| knob.path == key).map(allowed);
        Wrong { at: Where::Value(below(&self.at, key)), path: below(&self.path, key), why: why.into(), help }
    }

    pub fn invalid(&self, invalid: Invalid) -> Wrong {
        self.wrong(&invalid.path, invalid.why)
    }

    /// The section as a map: an empty one if nothing stands there.
    pub fn map(&self, value: Value) -> Result<Map<String, Value>, Wrong> {
        match value {
            Value::Object(map) => Ok(map),
            Value::Null => Ok(Map::new()),
            _ => Err(self.wrong("", "here belong keys and values, as in `key: value`")),
        }
    }

    /// Refuses a key that is not among the known ones.
    pub fn keys(&self, map: &Map<String, Value>, known: &[&str]) -> Result<(), Wrong> {
        let Some(key) = map.keys().find(|key| !known.contains(&key.as_str())) else { return Ok(()) };
        let (why, help) = words::unknown("key", key, known);
        Err(Wrong { at: Where::Key(below(&self.at, key)), path: self.path.clone(), why, help: Some(help) })
    }

    /// Refuses a number outside its range.
    pub fn ranges(&self, map: &Map<String, Value>) -> Result<(), Wrong> {
        for knob in self.knobs {
            let mut parts = knob.path.split('.');
            let first = parts.next().and_then(|key| map.get(key));
            let value = parts.try_fold(first, |at, part| {
                Some(at.and_then(|list| part.parse::<usize>().ok().and_then(|i| list.get(i))))
            });
            let Some(value) = value.flatten().and_then(Value::as_f64) else { continue };
            if value < knob.min {
                return Err(self.wrong(knob.path, format!("{value} is less than {}", knob.min)));
            }
            if value > knob.max {
                return Err(self.wrong(knob.path, format!("{value} is more than {}", knob.max)));
            }
        }
        Ok(())
    }

    /// What serde says of a value.
    pub fn type_error(&self, error: &serde_path_to_error::Error<serde_json::Error>) -> Wrong {
        let path = error.path().to_string().replace('[', ".").replace(']', "");
        let path = if path == "." { "" } else { path.trim_start_matches('.') };
        self.wrong(path, words::plain(&error.inner().to_string()))
    }
}

/// A knob's meaning and range.
pub(super) fn allowed(knob: &Knob) -> String {
    format!("{}; allowed: {} to {}", knob.help, knob.min, knob.max)
}

fn below(path: &str, key: &str) -> String {
    match (path, key) {
        (path, "") => path.to_owned(),
        ("", key) => key.to_owned(),
        (path, key) => format!("{path}.{key}"),
    }
}

/// A section's settings; what is left out has its default.
pub(super) fn section<T>(map: &mut Map<String, Value>, name: &str, knobs: &[Knob]) -> Result<T, Wrong>
where
    T: Default + Serialize + DeserializeOwned,
{
    let section = Section { at: name.into(), path: name.into(), knobs };
    let given = section.map(map.remove(name).unwrap_or_default())?;
    let defaults = serde_json::to_value(T::default()).unwrap_or_default();
    let known: Vec<&str> = defaults.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
    section.keys(&given, &known)?;
    let read = serde_path_to_error::deserialize(Value::Object(given.clone()));
    let settings = read.map_err(|error| section.type_error(&error))?;
    section.ranges(&given)?;
    Ok(settings)
}

/// What no section can say alone.
pub(super) fn together(config: &Config) -> Result<(), Wrong> {
    let wrong =
        |at: &str, why: String| Err(Wrong { at: Where::Value(at.into()), path: at.into(), why, help: None });
    let kinds: Vec<&str> = DATASETS.iter().map(|dataset| dataset.name).collect();
    let Some(dataset) = DATASETS.iter().find(|dataset| dataset.name == config.data.kind) else {
        let (why, help) = words::unknown("data set", &config.data.kind, &kinds);
        return Err(Wrong {
            at: Where::Value("data.kind".into()),
            path: "data.kind".into(),
            why,
            help: Some(help),
        });
    };
    if dataset.on_disk && config.data.path.is_none() {
        let kind = dataset.name;
        return wrong("data.path", format!("{kind} needs a path: give the folder that it is in"));
    }
    if let Err(invalid) = config.data.check() {
        return wrong(&format!("data.{}", invalid.path), invalid.why);
    }
    if let Some(place) = config.augment.iter().position(|entry| entry.settings.takes_twins())
        && config.data.style_bank.is_none()
    {
        let why = "it takes the images' stylised twins, but data.style_bank names no folder of them: set it";
        return wrong(&format!("augment.{place}.method"), why.into());
    }
    if let Err(invalid) = check_order(&config.augment) {
        return wrong(&invalid.path, invalid.why);
    }
    if let Err(invalid) = config.optimizer.check() {
        return wrong(&format!("optimizer.{}", invalid.path), invalid.why);
    }
    let (batch, splits) = (config.train.batch, config.model.bn_splits);
    if batch % splits != 0 || batch / splits < 2 {
        let near = (batch / splits).max(2) * splits;
        return wrong(
            "train.batch",
            format!(
                "{batch} images cannot be split into model.bn_splits: {splits} groups of equal size and at least 2: \
                 try a batch of {near}, or other bn_splits"
            ),
        );
    }
    if !dataset.on_disk && batch > config.data.train {
        return wrong(
            "train.batch",
            format!("{batch} is more than data.train: {} images", config.data.train),
        );
    }
    Ok(())
}
