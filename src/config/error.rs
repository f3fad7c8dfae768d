//! What is wrong with a configuration, with the line where it stands.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::{fmt, ops::Range, sync::Arc};

/// What is wrong within a document, before it is known where in a text it stands.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    /// The key path, list entries by number, for finding the place; [`Where`] says of what.
    pub at: Where,
    /// The key path as people write it, list entries by name.
    pub path: String,
    pub why: String,
    pub help: Option<String>,
}

/// The part of the text that is meant.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Where {
    /// A key itself: it is unknown.
    Key(String),
    /// The value at a key.
    Value(String),
}

impl Where {
    pub fn path(&self) -> &str {
        match self {
            Self::Key(path) | Self::Value(path) => path,
        }
    }
}

/// A stretch of a text.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The file's name, or `--set`.
    pub name: String,
    pub text: Arc<str>,
    /// Bytes.
    pub span: Range<usize>,
}

/// What is wrong with a configuration: the key path, why, what is allowed, and the line of the file.
#[derive(Clone, Debug)]
pub struct ConfigError {
    /// The key path, such as `augment.color.p`; empty for the document as a whole.
    pub path: String,
    /// What is wrong there.
    pub why: String,
    /// What to do instead.
    pub help: Option<String>,
    place: Option<Box<Place>>,
}

impl ConfigError {
    pub(super) fn plain(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self { path: path.into(), why: why.into(), help: None, place: None }
    }

    pub(super) fn helped(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    pub(super) fn placed(self, place: Place) -> Self {
        Self { place: Some(Box::new(place)), ..self }
    }

    /// In one line, without the place: for whoever sees the place already.
    pub fn in_short(&self) -> String {
        match &self.help {
            Some(help) => format!("{}; {help}", self.why),
            None => self.why.clone(),
        }
    }

    fn title(&self) -> String {
        if self.path.is_empty() { self.why.clone() } else { format!("{}: {}", self.path, self.why) }
    }
}

/// A sentence, whatever it quotes: of what is too long to be read, both ends.
fn shortened(text: String) -> String {
    let count = text.chars().count();
    if count <= 2 * END {
        return text;
    }
    let start: String = text.chars().take(END).collect();
    let end: String = text.chars().skip(count - END).collect();
    format!("{start} … {end}")
}

/// Characters of either end.
const END: usize = 150;

impl From<Wrong> for ConfigError {
    fn from(wrong: Wrong) -> Self {
        Self { path: wrong.path, why: wrong.why, help: wrong.help, place: None }
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    /// One line without a place; the file, the line, a caret and the help with one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = crate::text::printable(&shortened(self.title()));
        let help = self.help.as_deref().map(crate::text::printable);
        let Some(place) = &self.place else {
            f.write_str(&title)?;
            return help.map_or(Ok(()), |help| write!(f, " ({help})"));
        };
        let snippet = Snippet::source(&*place.text)
            .path(place.name.as_str())
            .annotation(AnnotationKind::Primary.span(place.span.clone()));
        let mut group: Group<'_> = Level::ERROR.primary_title(title.as_str()).element(snippet);
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        f.write_str(&Renderer::plain().render(&[group]))
    }
}
