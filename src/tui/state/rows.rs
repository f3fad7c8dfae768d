//! The rows of the editor: augmentations, each with its values, and the values of the schedule below.

use crate::{
    config::{Config, LiveValue},
    knob::Knob,
};

/// Stands in the list of what is unfolded; no augmentation is called so.
pub const SCHEDULE: &str = "schedule";
/// Values of the schedule that are always there, with their names here.
const FIRST: [(&str, &str); 3] =
    [("optimizer.lr", "lr"), ("contrast.temperature", "temperature"), ("contrast.momentum", "momentum")];
/// Names of others, where the field's own would not be understood without its section.
const NAMES: [(&str, &str); 4] = [
    ("optimizer.momentum", "sgd momentum"),
    ("contrast.general_positives", "positives of z0"),
    ("eval.every", "measure every"),
    ("eval.images", "measure images"),
];

/// One row of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// An augmentation, by its place in the list.
    Entry(usize),
    /// A value: of an augmentation, or of the schedule.
    Value(Setting),
    /// Unfolds what of the schedule is changed less often.
    Schedule,
}

/// A value that can be changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// As in `--set`.
    pub path: String,
    pub label: String,
    /// Its range, if it is a number.
    pub knob: Option<&'static Knob>,
    /// The augmentation it belongs to, by its place.
    pub of: Option<usize>,
}

impl Setting {
    fn of_augmentation(at: usize, value: LiveValue) -> Self {
        let label = value.path.splitn(3, '.').last().unwrap_or_default().to_owned();
        Self { label, path: value.path, knob: value.knob, of: Some(at) }
    }

    fn of_schedule(value: LiveValue) -> Self {
        let field = value.path.split_once('.').map_or("", |(_, field)| field);
        let name = FIRST.iter().chain(&NAMES).find(|(path, _)| *path == value.path);
        let label = name.map_or(field, |(_, name)| name).to_owned();
        Self { label, path: value.path, knob: value.knob, of: None }
    }
}

/// All rows, with the values of what is unfolded.
pub fn rows(config: &Config, unfolded: &[&str]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (at, entry) in config.augment.iter().enumerate() {
        rows.push(Row::Entry(at));
        if unfolded.contains(&entry.name()) {
            let values = config.live_of_augmentation(at).into_iter();
            rows.extend(values.map(|value| Row::Value(Setting::of_augmentation(at, value))));
        }
    }
    let values = config.live_of_schedule().into_iter().map(Setting::of_schedule);
    let (first, others): (Vec<_>, Vec<_>) =
        values.partition(|it| FIRST.iter().any(|(path, _)| *path == it.path));
    let mut first = first;
    first.sort_by_key(|it| FIRST.iter().position(|(path, _)| *path == it.path));
    rows.extend(first.into_iter().map(Row::Value));
    rows.push(Row::Schedule);
    if unfolded.contains(&SCHEDULE) {
        rows.extend(others.into_iter().map(Row::Value));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(config: &Config, unfolded: &[&str]) -> Vec<String> {
        let words = |row| match row {
            Row::Entry(at) => config.augment[at].name().to_uppercase(),
            Row::Value(it) => it.label,
            Row::Schedule => "…".into(),
        };
        rows(config, unfolded).into_iter().map(words).collect()
    }

    #[test]
    fn everything_has_a_row_once_it_is_unfolded() {
        let config = Config::quickstart();
        let folded = ["CROP", "FLIP", "COLOR", "BLUR", "ROTATION", "lr", "temperature", "momentum", "…"];
        assert_eq!(labels(&config, &[]), folded);
        let turns = labels(&config, &["rotation"]);
        assert_eq!(turns[5..7], ["angles", "distinct"]);
        let schedule = labels(&config, &[SCHEDULE]);
        for wanted in
            ["sgd momentum", "weight_decay", "schedule", "warmup", "checkpoint_every", "measure every"]
        {
            assert!(schedule.contains(&wanted.to_owned()), "{wanted} is missing: {schedule:?}");
        }
        let paths: Vec<_> = rows(&config, &["crop", "color", SCHEDULE])
            .into_iter()
            .filter_map(|row| if let Row::Value(it) = row { Some(it.path) } else { None })
            .collect();
        let mut once = paths.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), paths.len());
    }
}
