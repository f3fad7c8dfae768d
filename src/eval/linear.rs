//! Linear probes for every set of labels, fitted on the training images and read on the held-out ones.

use super::{
    probe::{C, Probe},
    representation::Representation,
    scores::{Exam, Figure, Reach, Score, Unit},
};
use candle_core::{Result, Tensor};

pub(super) const SCORE: Score = Score {
    name: "probe",
    help: "linear probe (multinomial logistic regression) for every set of labels",
    reach: Reach::Trained,
    quick: true,
    measure,
};

fn measure(exam: &Exam, on: &Representation) -> Result<Vec<Figure>> {
    let one = |labels: &super::scores::LabelSet| {
        figure(
            "probe",
            on,
            &labels.name,
            [&on.bank, &on.held_out],
            [&labels.bank, &labels.held_out],
            labels.classes,
        )
    };
    exam.labels.iter().map(one).collect()
}

/// Fits a probe on the first rows and classes, and reads it on the second.
pub(super) fn figure(
    score: &'static str,
    on: &Representation,
    label: &str,
    [bank, queries]: [&Tensor; 2],
    [bank_classes, classes_of]: [&[u16]; 2],
    classes: usize,
) -> Result<Figure> {
    let probe = Probe::fit(bank, bank_classes, classes)?;
    let value = f64::from(probe.accuracy(queries, classes_of)?);
    let figure = Figure::new(score, on, label, TABLE, value, Unit::Accuracy);
    Ok(figure
        .with("classes", classes)
        .with("train", bank_classes.len())
        .with("test", classes_of.len())
        .with("C", C)
        .with("steps", probe.steps)
        .with("converged", probe.converged))
}

const TABLE: &str = "linear probe";
