//! A configuration as one document: read section by section, written whole, one value changed.

use super::{Config, ConfigError, TrainSettings};
use crate::augment::{Entry, KINDS, check_order};
use crate::knob::Knob;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

fn wrong(path: &str, why: impl Into<String>) -> ConfigError {
    ConfigError { path: path.into(), why: why.into() }
}

impl Config {
    pub fn load(path: Option<&std::path::Path>, overrides: &[String]) -> Result<Self, ConfigError> {
        match path {
            None => Self::parse(include_str!("../../configs/quickstart.yaml"), "quickstart", overrides),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|e| wrong("", e.to_string()))?;
                Self::parse(&text, &path.display().to_string(), overrides)
            }
        }
    }
    pub fn parse(text: &str, _name: &str, overrides: &[String]) -> Result<Self, ConfigError> {
        let mut value: Value = serde_yaml::from_str(text).map_err(|e| wrong("", e.to_string()))?;
        for over in overrides {
            let (path, v) = over.split_once('=').ok_or_else(|| wrong(over, "a.b=c"))?;
            let v: Value = serde_yaml::from_str(v).map_err(|e| wrong(path, e.to_string()))?;
            *spot(&mut value, path, true).ok_or_else(|| wrong(path, "unknown"))? = v;
        }
        Self::from_value(value)
    }
    fn from_value(value: Value) -> Result<Self, ConfigError> {
        let Value::Object(mut map) = value else { return Err(wrong("", "not a map")) };
        let mut augment = Vec::new();
        if let Some(Value::Array(items)) = map.remove("augment") {
            for item in items {
                let Value::Object(mut item) = item else { return Err(wrong("augment", "not a map")) };
                let kind = item.remove("kind").and_then(|k| k.as_str().map(String::from)).unwrap_or_default();
                let enabled = item.remove("enabled").and_then(|v| v.as_bool()).unwrap_or(true);
                let head = item.remove("head").and_then(|v| v.as_bool()).unwrap_or(false);
                let k = KINDS.iter().find(|k| k.name == kind).ok_or_else(|| wrong("augment", kind))?;
                let doc = Value::Object(item);
                ranges(&format!("augment.{}", k.name), &doc, k.knobs)?;
                let settings = (k.read)(doc).map_err(|e| wrong(k.name, e.to_string()))?;
                settings.check().map_err(|e| wrong(k.name, e.to_string()))?;
                augment.push(Entry { settings, enabled, head });
            }
        }
        check_order(&augment).map_err(|e| wrong("augment", e.to_string()))?;
        Ok(Self {
            data: section(&mut map, "data", crate::data::DataSettings::KNOBS)?,
            augment,
            model: section(&mut map, "model", crate::nn::ModelSettings::KNOBS)?,
            contrast: section(&mut map, "contrast", crate::looc::ContrastSettings::KNOBS)?,
            optimizer: section(&mut map, "optimizer", crate::nn::OptimizerSettings::KNOBS)?,
            train: section(&mut map, "train", TrainSettings::KNOBS)?,
            eval: section(&mut map, "eval", crate::eval::EvalSettings::KNOBS)?,
        })
    }
    fn value(&self) -> Value {
        let mut map = Map::new();
        fn v<T: Serialize>(t: &T) -> Value { serde_json::to_value(t).unwrap_or_default() }
        map.insert("data".into(), v(&self.data));
        let entries = self.augment.iter().map(|entry| {
            let mut m = Map::new();
            m.insert("kind".into(), entry.name().into());
            if let Ok(Value::Object(doc)) = entry.settings.document() { m.extend(doc); }
            m.insert("enabled".into(), entry.enabled.into());
            m.insert("head".into(), entry.head.into());
            Value::Object(m)
        });
        map.insert("augment".into(), Value::Array(entries.collect()));
        map.insert("model".into(), v(&self.model));
        map.insert("contrast".into(), v(&self.contrast));
        map.insert("optimizer".into(), v(&self.optimizer));
        map.insert("train".into(), v(&self.train));
        map.insert("eval".into(), v(&self.eval));
        Value::Object(map)
    }
    pub fn get(&self, path: &str) -> Option<Value> { spot(&mut self.value(), path, false).cloned() }
    pub fn edited(&self, path: &str, to: &Value) -> Result<Self, ConfigError> {
        let mut value = self.value();
        *spot(&mut value, path, false).ok_or_else(|| wrong(path, "unknown"))? = to.clone();
        Self::from_value(value)
    }
    pub fn to_yaml(&self) -> String { serde_yaml::to_string(&self.value()).unwrap_or_default() }
    pub fn hash(&self) -> String { blake3::hash(self.to_yaml().as_bytes()).to_hex()[..16].into() }
}

fn spot<'a>(value: &'a mut Value, path: &str, create: bool) -> Option<&'a mut Value> {
    path.split('.').try_fold(value, |at, part| match at {
        Value::Array(items) => match part.parse::<usize>() {
            Ok(i) => items.get_mut(i),
            Err(_) => items.iter_mut().find(|it| it["kind"] == part),
        },
        Value::Object(map) => {
            if create { Some(map.entry(part).or_insert(Value::Object(Map::new()))) } else { map.get_mut(part) }
        }
        _ => None,
    })
}

fn section<T: DeserializeOwned>(map: &mut Map<String, Value>, name: &str, knobs: &[Knob]) -> Result<T, ConfigError> {
    let value = map.remove(name).unwrap_or(Value::Object(Map::new()));
    ranges(name, &value, knobs)?;
    serde_path_to_error::deserialize(value).map_err(|e| wrong(&format!("{name}.{}", e.path()), e.inner().to_string()))
}

fn ranges(name: &str, value: &Value, knobs: &[Knob]) -> Result<(), ConfigError> {
    for knob in knobs {
        let at = spot(&mut value.clone(), knob.path, false).and_then(|v| v.as_f64());
        if let Some(at) = at && !(knob.min..=knob.max).contains(&at) {
            return Err(wrong(&format!("{name}.{}", knob.path), format!("{at} is outside {}..{}", knob.min, knob.max)));
        }
    }
    Ok(())
}

pub fn live(path: &str) -> Result<(), String> {
    let fixed = ["data.", "model.", "contrast.queue", "contrast.kind", "optimizer.kind", "train.batch", "train.seed", "train.threads", "train.epochs"];
    if fixed.iter().any(|it| path.starts_with(it)) { Err("it is fixed once a run has started".into()) } else { Ok(()) }
}
