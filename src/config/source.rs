//! A YAML text: its values, and where each of them stands.
//!
//! serde_yaml gives the values. The places come from a second reading by events, which also refuses
//! what a configuration has no use for and an attacker has: anchors, tags, depth, keys given twice.

use super::{
    ConfigError,
    error::{Place, Where},
};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use serde_json::Value;
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// Bytes of the longest text that is read.
pub const LONGEST: usize = 1 << 20;
/// Lists and maps within one another.
const DEEPEST: usize = 16;

/// A text that has been read.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: Arc<str>,
    pub value: Value,
    /// By key path; list entries by number.
    places: BTreeMap<String, Stretch>,
}

#[derive(Clone, Debug)]
struct Stretch {
    key: Range<usize>,
    value: Range<usize>,
}

impl Source {
    /// Reads a text; `name` stands for it in messages.
    pub fn parse(name: &str, text: &str) -> Result<Self, ConfigError> {
        let text: Arc<str> = text.trim_start_matches('\u{feff}').into();
        let places = Reader::new(name, text.clone()).read()?;
        let value = serde_yaml::from_str(&text).map_err(|error| {
            let at = error.location().map_or(0, |location| location.index().min(text.len()));
            let place = Place { name: name.into(), text: text.clone(), span: at..at };
            ConfigError::plain("", error.to_string()).placed(place)
        })?;
        Ok(Self { name: name.into(), text, value, places })
    }

    /// Where a key or a value stands; of one that is left out, where the nearest one around it stands.
    pub fn place(&self, what: &Where) -> Option<Place> {
        let mut path = what.path();
        loop {
            if let Some(stretch) = self.places.get(path) {
                let whole = path == what.path();
                let span = match what {
                    Where::Value(_) if whole => stretch.value.clone(),
                    // The first line of what surrounds a missing value is enough.
                    _ => stretch.key.clone(),
                };
                return Some(Place { name: self.name.clone(), text: self.text.clone(), span });
            }
            path = &path[..path.rfind('.')?];
        }
    }
}

/// One list or map that is being read.
enum Level {
    List { path: String, next: usize },
    Map { path: String, key: Option<(String, Range<usize>)> },
}

struct Reader {
    name: String,
    text: Arc<str>,
    /// The byte of each character: the parser counts characters.
    bytes: Vec<usize>,
    levels: Vec<Level>,
    places: BTreeMap<String, Stretch>,
    documents: usize,
}

impl Reader {
    fn new(name: &str, text: Arc<str>) -> Self {
        let bytes = text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
        Self { name: name.into(), text, bytes, levels: Vec::new(), places: BTreeMap::new(), documents: 0 }
    }

    fn read(mut self) -> Result<BTreeMap<String, Stretch>, ConfigError> {
        let text = self.text.clone();
        for event in Parser::new_from_str(&text) {
            let (event, span) = event.map_err(|error| self.broken(&error))?;
            self.take(event, self.range(span))?;
        }
        Ok(self.places)
    }

    fn take(&mut self, event: Event<'_>, span: Range<usize>) -> Result<(), ConfigError> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(self.refuse(span, "a second document begins here", "keep one in a file"));
                }
            }
            Event::Alias(_) => return Err(self.unwanted(span, "an alias")),
            Event::Scalar(text, style, anchor, tag) => {
                self.plain(anchor, tag.is_some(), &span)?;
                self.scalar(&text, style, span)?;
            }
            Event::SequenceStart(anchor, tag) => {
                self.plain(anchor, tag.is_some(), &span)?;
                let path = self.value(span)?;
                self.deeper(Level::List { path, next: 0 })?;
            }
            Event::MappingStart(anchor, tag) => {
                self.plain(anchor, tag.is_some(), &span)?;
                let path = self.value(span)?;
                self.deeper(Level::Map { path, key: None })?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.levels.pop();
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    /// A key, or a single value.
    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Range<usize>) -> Result<(), ConfigError> {
        if let Some(Level::Map { path, key: key @ None }) = self.levels.last_mut() {
            let full = joined(path, text);
            *key = Some((text.to_owned(), span.clone()));
            if self.places.contains_key(&full) {
                return Err(self.refuse(
                    span,
                    &format!("`{text}` stands here a second time"),
                    "keep one of them",
                ));
            }
            return Ok(());
        }
        let number = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
        if style == ScalarStyle::Plain && matches!(number.as_str(), ".nan" | ".inf") {
            return Err(self.refuse(
                span,
                &format!("{text} is no number to compute with"),
                "give a finite number",
            ));
        }
        self.value(span).map(|_| ())
    }

    /// Notes where a value stands, and gives its path.
    fn value(&mut self, span: Range<usize>) -> Result<String, ConfigError> {
        let (path, key) = match self.levels.last_mut() {
            None => (String::new(), span.clone()),
            Some(Level::List { path, next }) => {
                *next += 1;
                (joined(path, &(*next - 1).to_string()), span.clone())
            }
            Some(Level::Map { path, key }) => match key.take() {
                Some((name, at)) => (joined(path, &name), at),
                None => return Err(self.refuse(span, "a list or a map cannot be a key", "use a name")),
            },
        };
        let value = self.first_line(span);
        self.places.insert(path.clone(), Stretch { key: self.first_line(key), value });
        Ok(path)
    }

    fn deeper(&mut self, level: Level) -> Result<(), ConfigError> {
        self.levels.push(level);
        if self.levels.len() <= DEEPEST {
            return Ok(());
        }
        let deep = format!("lists and maps stand more than {DEEPEST} deep in one another");
        Err(ConfigError::plain("", format!("{}: {deep}, which no configuration needs", self.name)))
    }

    fn plain(&self, anchor: usize, tagged: bool, span: &Range<usize>) -> Result<(), ConfigError> {
        match (anchor, tagged) {
            (0, false) => Ok(()),
            (0, true) => Err(self.unwanted(span.clone(), "a tag")),
            _ => Err(self.unwanted(span.clone(), "an anchor")),
        }
    }

    fn unwanted(&self, span: Range<usize>, what: &str) -> ConfigError {
        self.refuse(span, &format!("{what} is not read here"), "write the value out")
    }

    fn refuse(&self, span: Range<usize>, why: &str, help: &str) -> ConfigError {
        let place = Place { name: self.name.clone(), text: self.text.clone(), span: self.first_line(span) };
        ConfigError::plain("", why).helped(help).placed(place)
    }

    fn broken(&self, error: &ScanError) -> ConfigError {
        let at = self.byte(error.marker().index());
        let place = Place { name: self.name.clone(), text: self.text.clone(), span: at..at };
        ConfigError::plain("", format!("this is no YAML: {}", error.info())).placed(place)
    }

    fn range(&self, span: Span) -> Range<usize> {
        self.byte(span.start.index())..self.byte(span.end.index())
    }

    fn byte(&self, character: usize) -> usize {
        self.bytes.get(character).copied().unwrap_or(self.text.len())
    }

    /// The part of a stretch that stands in its first line, without blanks at its end.
    fn first_line(&self, span: Range<usize>) -> Range<usize> {
        let text = self.text.get(span.clone()).unwrap_or_default();
        let line = text.split('\n').next().unwrap_or_default().trim_end();
        span.start..span.start + line.len()
    }
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
