//! The table of a study: a row a variant, a column a figure, each the mean over the seeds.

use super::{Evaluations, Study, StudyError, cell::Cell};
use serde_json::Value;

/// The figures of one variant in one column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Per cent, in the order of the seeds that are done.
    pub values: Vec<f64>,
}

impl Entry {
    /// Their mean; none of nothing.
    pub fn mean(&self) -> Option<f64> {
        let count = self.values.len();
        (count > 0).then(|| self.values.iter().sum::<f64>() / count as f64)
    }

    /// Their deviation (n − 1); none of fewer than two.
    pub fn deviation(&self) -> Option<f64> {
        let mean = self.mean().filter(|_| self.values.len() > 1)?;
        let squares: f64 = self.values.iter().map(|value| (value - mean).powi(2)).sum();
        Some((squares / (self.values.len() - 1) as f64).sqrt())
    }
}

/// Rows and columns, with their names.
#[derive(Clone, Debug)]
pub struct Table {
    pub variants: Vec<String>,
    pub columns: Vec<String>,
    /// The place of the variant that the others are compared with.
    pub baseline: usize,
    pub seeds: Vec<u64>,
    /// `[variant][column]`.
    pub entries: Vec<Vec<Entry>>,
}

impl Table {
    /// Of the cells that are done.
    ///
    /// # Errors
    /// If not one of the study's columns was measured.
    pub fn of(study: &Study, cells: &[Cell], evaluations: &Evaluations) -> Result<Self, StudyError> {
        let mut columns: Vec<String> = Vec::new();
        let mut found: Vec<(usize, String, f64)> = Vec::new();
        for (cell, evaluation) in cells.iter().zip(evaluations) {
            let Some(evaluation) = evaluation else { continue };
            for column in &study.columns {
                for figure in evaluation["figures"].as_array().into_iter().flatten() {
                    let text = |key: &str| figure[key].as_str().unwrap_or_default();
                    let wanted =
                        column.labels.is_empty() || column.labels.iter().any(|it| it == text("label"));
                    let ours = text("model") == "trained"
                        && text("score") == column.score
                        && text("on") == column.on;
                    let (true, Some(value)) = (wanted && ours, accuracy(figure)) else { continue };
                    let name = name(figure, column.on != "V");
                    if !columns.contains(&name) {
                        columns.push(name.clone());
                    }
                    found.push((cell.variant, name, value));
                }
            }
        }
        if columns.is_empty() && evaluations.iter().any(Option::is_some) {
            return Err(StudyError::NoColumn);
        }
        let mut entries = vec![vec![Entry::default(); columns.len()]; study.variants.len()];
        for (variant, name, value) in found {
            if let Some(column) = columns.iter().position(|known| *known == name) {
                entries[variant][column].values.push(value);
            }
        }
        let variants = study.variants.iter().map(|variant| variant.name.clone()).collect();
        Ok(Self { variants, columns, baseline: study.baseline, seeds: study.seeds.clone(), entries })
    }

    /// A mean less the baseline's; none for the baseline itself.
    pub fn delta(&self, variant: usize, column: usize) -> Option<f64> {
        let mean = |variant: usize| self.entries[variant][column].mean();
        (variant != self.baseline).then(|| Some(mean(variant)? - mean(self.baseline)?))?
    }
}

/// Per cent, of a figure that is a share.
fn accuracy(figure: &Value) -> Option<f64> {
    figure["value"].as_f64().filter(|_| figure["accuracy"] == true).map(|value| 100.0 * value)
}

/// `probe shape`, `rotation`, `few-shot 5 shape`, `knn class z:all`.
fn name(figure: &Value, elsewhere: bool) -> String {
    let text = |key: &str| figure[key].as_str().unwrap_or_default().to_owned();
    let mut words = vec![text("score")];
    words.extend(figure["shots"].as_u64().map(|shots| shots.to_string()));
    words.extend(Some(text("label")).filter(|label| *label != text("score")));
    words.extend(elsewhere.then(|| text("on")));
    words.join(" ")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::study::{Column, Variant};
    use serde_json::json;

    /// Two variants, two seeds; the second seed of the second variant is not done yet.
    pub(in crate::study) fn table() -> Table {
        let variant =
            |name: &str| Variant { name: name.into(), slug: name.into(), config: Default::default() };
        let column = |score: &str, labels: &[&str]| Column {
            score: score.into(),
            on: "V".into(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        };
        let study = Study {
            variants: vec![variant("MoCo"), variant("LooC | both")],
            seeds: vec![0, 1],
            baseline: 0,
            columns: vec![column("rotation", &[]), column("few-shot", &["shape"])],
        };
        let cells = study.cells(std::path::Path::new("out")).unwrap();
        assert_eq!(
            cells.iter().map(|cell| cell.name.as_str()).collect::<Vec<_>>()[..2],
            ["MoCo-0", "LooC | both-0"]
        );
        let figure = |model: &str, score: &str, label: &str, value: f64| json!({"model": model, "score": score, "on": "V", "label": label, "value": value, "accuracy": true});
        let evaluation = |rotation: f64, shape: f64| {
            let mut few = figure("trained", "few-shot", "shape", shape);
            few["shots"] = 5.into();
            Some(json!({"figures": [
                figure("trained", "rotation", "rotation", rotation),
                figure("initialisation", "rotation", "rotation", 0.25),
                few,
                figure("trained", "few-shot", "color", 0.99),
                json!({"model": "trained", "score": "uniformity", "on": "V", "label": "", "value": -2.0}),
            ]}))
        };
        let evaluations = vec![evaluation(0.5, 0.8), evaluation(0.625, 0.8), evaluation(0.6, 0.7), None];
        Table::of(&study, &cells, &evaluations).unwrap()
    }

    #[test]
    fn figures_are_means_over_the_seeds_that_are_done() {
        let table = table();
        assert_eq!(table.columns, ["rotation", "few-shot 5 shape"]);
        assert_eq!(table.entries[0][0].values, [50.0, 60.0]);
        assert_eq!(table.entries[0][0].mean(), Some(55.0));
        assert!((table.entries[0][0].deviation().unwrap() - 50f64.sqrt()).abs() < 1e-9);
        assert_eq!(table.entries[1][0].deviation(), None, "one seed has no deviation");
        assert_eq!((table.delta(0, 0), table.delta(1, 0)), (None, Some(7.5)));
    }
}
