//! `--set a.b=c`: single values of the command line, on top of a file's.

use super::{
    Config, ConfigError, document,
    error::{Place, Where},
    source::Source,
};
use serde_json::{Map, Value};

/// One change that has been made, and where its words stand.
pub(super) struct Change {
    text: String,
    /// The key path, list entries by number.
    path: String,
    /// Bytes before the value in the text.
    before: usize,
}

impl Change {
    /// Where a key or value stands, if this change gave it.
    pub fn place(&self, what: &Where) -> Option<Place> {
        let below = what.path().strip_prefix(&self.path)?;
        if !below.is_empty() && !below.starts_with('.') {
            return None;
        }
        let key = matches!(what, Where::Key(_)) && below.is_empty();
        let span = if key { 0..self.before - 1 } else { self.before..self.text.len() };
        Some(Place { name: "--set".into(), text: self.text.as_str().into(), span })
    }
}

/// Makes the changes, in order.
pub(super) fn apply(mut value: Value, overrides: &[String]) -> Result<(Value, Vec<Change>), ConfigError> {
    let mut changes = Vec::new();
    for text in overrides {
        let (path, given) = assignment(text)?;
        let resolved = put(&mut value, &path, given)
            .map_err(|why| ConfigError::plain(&path, why).placed(whole(text, path.len())))?;
        changes.push(Change { text: text.clone(), path: resolved, before: text.len() - after(text) });
    }
    Ok((value, changes))
}

/// What a change `a.b=c` says, as an edit: its path and its value.
///
/// # Errors
/// The value is missing, or is no YAML.
pub fn assignment(text: &str) -> Result<(String, Value), ConfigError> {
    let Some((path, given)) = text.split_once('=') else {
        let why = format!("--set {text}: the value is missing");
        return Err(ConfigError::plain("", why).helped("as in --set augment.color.head=false"));
    };
    Ok((path.trim().into(), Source::parse("--set", given)?.value))
}

/// Bytes of the value.
fn after(text: &str) -> usize {
    text.split_once('=').map_or(0, |(_, value)| value.len())
}

fn whole(text: &str, end: usize) -> Place {
    Place { name: "--set".into(), text: text.into(), span: 0..end }
}

/// Puts a value at a path and gives the path with list entries by number. Sections that are not in the
/// document begin with nothing in them, the list of augmentations with the one that holds without it.
fn put(document: &mut Value, path: &str, given: Value) -> Result<String, String> {
    if document.is_null() {
        *document = Value::Object(Map::new());
    }
    let mut at = document;
    let mut resolved: Vec<String> = Vec::new();
    for part in path.split('.') {
        let parent = resolved.join(".");
        at = match at {
            Value::Object(map) => {
                resolved.push(part.into());
                map.entry(part).or_insert_with(|| {
                    if resolved == ["augment"] {
                        document::augment(&Config::quickstart())
                    } else {
                        Value::Object(Map::new())
                    }
                })
            }
            Value::Array(items) => {
                let place = document::entry(items, part).ok_or_else(|| missing(&parent, items, part))?;
                resolved.push(place.to_string());
                &mut items[place]
            }
            _ => return Err(format!("`{parent}` is a single value: nothing stands below it")),
        };
    }
    *at = given;
    Ok(resolved.join("."))
}

/// What a list holds instead.
fn missing(parent: &str, items: &[Value], part: &str) -> String {
    let names: Vec<String> = items
        .iter()
        .enumerate()
        .map(|(i, item)| match item.get("kind") {
            Some(Value::String(kind)) => kind.clone(),
            _ => i.to_string(),
        })
        .collect();
    format!("there is no `{part}` in the list {parent}: it holds {}", names.join(", "))
}
