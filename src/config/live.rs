//! Which values can be changed while a run trains.

use super::{Config, document::SECTIONS};
use crate::knob::Knob;
use serde_json::Value;

/// Sections and the values in them that are read anew at every step.
const LIVE: &[(&str, &[&str])] = &[
    ("contrast", &["temperature", "momentum", "general_positives"]),
    ("optimizer", &["lr", "momentum", "weight_decay", "betas", "eps", "schedule", "warmup", "milestones"]),
    ("train", &["checkpoint_every"]),
    ("eval", &["every", "images"]),
];

/// A value that can be changed while a run trains.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveValue {
    /// As in `--set`: `augment.color.p`, `augment.crop.scale.0`, `optimizer.schedule`.
    pub path: String,
    /// Its range, if it is a number.
    pub knob: Option<&'static Knob>,
}

/// Whether a value can be changed while a run trains: everything of an augmentation but its kind and
/// its place in the list, and the numbers that every step reads anew.
///
/// # Errors
/// Why not, in words.
pub fn live(path: &str) -> Result<(), String> {
    let (section, rest) = path.split_once('.').unwrap_or((path, ""));
    if section == "augment" {
        return match rest.split_once('.') {
            Some((_, "kind")) | None => {
                Err("the list of augmentations and its order are fixed once a run has started".into())
            }
            Some(_) => Ok(()),
        };
    }
    let value = rest.split('.').next().unwrap_or_default();
    let known = LIVE.iter().any(|(name, values)| *name == section && values.contains(&value));
    if known { Ok(()) } else { Err("it is fixed once a run has started".into()) }
}

impl Config {
    /// What an augmentation, by its place, can be changed in beside being on and owning a head.
    pub fn live_of_augmentation(&self, at: usize) -> Vec<LiveValue> {
        let Some(entry) = self.augment.get(at) else { return Vec::new() };
        let kind = entry.settings.kind();
        let document = entry.settings.document().unwrap_or_default();
        let own = document.as_object().into_iter().flatten();
        let start = format!("augment.{}", kind.name);
        let mut values: Vec<LiveValue> =
            own.flat_map(|(field, value)| parts(&start, field, value, kind.knobs)).collect();
        values.extend(kind.discrete.then(|| LiveValue { path: format!("{start}.distinct"), knob: None }));
        values
    }

    /// What can be changed outside the augmentations, as far as anything reads it as the run is configured.
    pub fn live_of_schedule(&self) -> Vec<LiveValue> {
        let document = self.value();
        let mut values = Vec::new();
        for (section, fields) in LIVE {
            let knobs = SECTIONS.iter().find(|(name, _)| name == section).map_or(&[][..], |(_, knobs)| knobs);
            for field in fields.iter().filter(|field| self.reads(section, field)) {
                values.extend(parts(section, field, &document[*section][*field], knobs));
            }
        }
        values
    }

    /// Whether a value of a section does anything: objectives and optimisers do not read every number.
    fn reads(&self, section: &str, field: &str) -> bool {
        match section {
            "contrast" => self.contrast.kind.numbers.contains(&field),
            "optimizer" => self.optimizer.reads(field),
            _ => true,
        }
    }
}

/// A field as one value, or as its elements where these have ranges of their own.
fn parts(start: &str, field: &str, value: &Value, knobs: &'static [Knob]) -> Vec<LiveValue> {
    let of = |field: &str| LiveValue {
        path: format!("{start}.{field}"),
        knob: knobs.iter().find(|knob| knob.path == field),
    };
    let elements = (0..value.as_array().map_or(0, Vec::len)).map(|i| of(&format!("{field}.{i}")));
    let elements: Vec<LiveValue> = elements.filter(|it| it.knob.is_some()).collect();
    if elements.is_empty() { vec![of(field)] } else { elements }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(values: &[LiveValue]) -> Vec<&str> {
        values.iter().map(|it| &*it.path).collect()
    }

    #[test]
    fn every_value_that_is_offered_is_there_and_live() {
        let config = Config::quickstart();
        let all = (0..config.augment.len()).flat_map(|at| config.live_of_augmentation(at));
        for it in all.chain(config.live_of_schedule()) {
            assert!(config.get(&it.path).is_some() && live(&it.path).is_ok(), "{}", it.path);
            assert_eq!(it.knob.is_some(), config.get(&it.path).unwrap().is_number(), "{}", it.path);
        }
        let crop = config.live_of_augmentation(0);
        assert_eq!(paths(&crop)[..2], ["augment.crop.scale.0", "augment.crop.scale.1"]);
        let turns = config.live_of_augmentation(4);
        assert_eq!(paths(&turns), ["augment.rotation.angles", "augment.rotation.distinct"]);
    }

    #[test]
    fn what_nothing_reads_is_not_offered() {
        let offered = |overrides: &[&str]| {
            let overrides: Vec<String> = overrides.iter().map(|it| (*it).to_owned()).collect();
            Config::load(None, &overrides).unwrap().live_of_schedule()
        };
        let moco = offered(&[]);
        for wanted in ["contrast.general_positives", "optimizer.momentum", "optimizer.schedule", "eval.every"]
        {
            assert!(paths(&moco).contains(&wanted), "{wanted}");
        }
        assert!(!paths(&moco).iter().any(|path| path.contains("betas") || path.contains("milestones")));
        let adamw = offered(&["optimizer.kind=adamw", "optimizer.schedule=step", "contrast.kind=simclr"]);
        assert!(
            paths(&adamw).contains(&"optimizer.betas.1") && paths(&adamw).contains(&"optimizer.milestones")
        );
        assert!(!paths(&adamw).iter().any(|path| path.ends_with("momentum")));
    }
}
