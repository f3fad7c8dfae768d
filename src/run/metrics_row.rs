//! One line of `metrics.jsonl`, parsed without a tree between: a long run has a million figures.

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use std::{fmt, sync::Arc};

/// The figures of one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub step: u64,
    /// Seconds since the run's start.
    pub time: f64,
    pub values: Vec<(Arc<str>, f32)>,
}

impl Row {
    /// The figure of a tag.
    pub fn figure(&self, tag: &str) -> Option<f32> {
        self.values.iter().find(|(known, _)| **known == *tag).map(|(_, value)| *value)
    }
}

/// Parses one line. `tags` holds every tag once; new ones are added.
pub(super) fn parse(line: &[u8], tags: &mut Vec<Arc<str>>) -> Result<Row, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(line);
    let row = RowSeed(tags).deserialize(&mut json)?;
    json.end()?;
    Ok(row)
}

struct RowSeed<'a>(&'a mut Vec<Arc<str>>);

impl<'de> DeserializeSeed<'de> for RowSeed<'_> {
    type Value = Row;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Row, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowSeed<'_> {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of figures")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        let (mut step, mut time, mut values) = (None, 0.0, Vec::new());
        while let Some(key) = map.next_key_seed(KeySeed(self.0, values.len()))? {
            match key {
                Key::Step => step = Some(map.next_value()?),
                Key::Time => time = map.next_value()?,
                Key::Tag(tag) => values.push((tag, map.next_value_seed(Figure)?)),
            }
        }
        let step = step.ok_or_else(|| de::Error::missing_field("step"))?;
        Ok(Row { step, time, values })
    }
}

enum Key {
    Step,
    Time,
    Tag(Arc<str>),
}

/// The known tags, and where the next one probably is: lines repeat the order of the line before.
struct KeySeed<'a>(&'a mut Vec<Arc<str>>, usize);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tag")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Key, E> {
        let Self(tags, guess) = self;
        Ok(match key {
            "step" => Key::Step,
            "time" => Key::Time,
            key => {
                let guessed = tags.get(guess).filter(|tag| ***tag == *key);
                match guessed.or_else(|| tags.iter().find(|tag| ***tag == *key)) {
                    Some(tag) => Key::Tag(tag.clone()),
                    None => {
                        tags.push(key.into());
                        Key::Tag(key.into())
                    }
                }
            }
        })
    }
}

/// A number, or one of the three marks.
struct Figure;

impl<'de> DeserializeSeed<'de> for Figure {
    type Value = f32;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<f32, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Figure {
    type Value = f32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, \"NaN\", \"inf\" or \"-inf\"")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<f32, E> {
        Ok(value as f32)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<f32, E> {
        Ok(value as f32)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<f32, E> {
        Ok(value as f32)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<f32, E> {
        match value {
            "NaN" => Ok(f32::NAN),
            "inf" => Ok(f32::INFINITY),
            "-inf" => Ok(f32::NEG_INFINITY),
            other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
        }
    }
}
