//! Few-shot linear probes: fitted on a few training images of each class, read on all held-out images.
//!
//! The images are drawn anew for each trial; the draws are functions of the seed, the set of labels, the
//! number of shots and the trial alone, so that two models are asked with the same images. The interval
//! is Student's, of the trials.

use super::{
    probe::{C, Probe},
    representation::Representation,
    scores::{Exam, Figure, LabelSet, Reach, Score, Unit},
};
use crate::rng::{Domain, Stream};
use candle_core::{Result, Tensor};

pub(super) const SCORE: Score = Score {
    name: "few-shot",
    help: "linear probes of 5 and of 10 images a class, mean of 10 trials with its 95% interval",
    reach: Reach::Features,
    quick: false,
    measure,
};

/// Images of each class.
const SHOTS: [usize; 2] = [5, 10];
const TRIALS: usize = 10;
/// Student's t for 9 degrees of freedom, two-sided 95%.
const T: f64 = 2.262_157_162_740_992;

fn measure(exam: &Exam, on: &Representation) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for shots in SHOTS {
        for labels in &exam.labels {
            figures.push(few_shot(exam.seed, on, labels, shots)?);
        }
    }
    Ok(figures)
}

fn few_shot(seed: u64, on: &Representation, labels: &LabelSet, shots: usize) -> Result<Figure> {
    let (mut found, mut train) = (Vec::with_capacity(TRIALS), 0);
    for trial in 0..TRIALS {
        let at = draw(seed, labels, shots, trial);
        let classes: Vec<u16> = at.iter().map(|i| labels.bank[*i as usize]).collect();
        train = at.len();
        let rows = on.bank.index_select(&Tensor::from_vec(at, train, on.bank.device())?, 0)?;
        let probe = Probe::fit(&rows, &classes, labels.classes)?;
        found.push(f64::from(probe.accuracy(&on.held_out, &labels.held_out)?));
    }
    let (mean, interval) = interval(&found);
    let table = format!("few-shot probe, {shots} images a class, mean of {TRIALS} trials ± 95% interval");
    let figure = Figure::new("few-shot", on, &labels.name, table, mean, Unit::Accuracy);
    Ok(Figure { interval: Some(interval), ..figure }
        .with("shots", shots)
        .with("trials", TRIALS)
        .with("classes", labels.classes)
        .with("train", train)
        .with("test", labels.held_out.len())
        .with("C", C))
}

/// Rows of the bank: `shots` of each class, or all of a class that has fewer.
fn draw(seed: u64, labels: &LabelSet, shots: usize, trial: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..labels.bank.len() as u32).collect();
    let name = format!("few-shot/{}/{shots}/{trial}", labels.name);
    Stream::named(seed, Domain::Evaluation, &name).shuffle(&mut order);
    let mut drawn = vec![0; labels.classes];
    order.retain(|row| {
        let count = &mut drawn[usize::from(labels.bank[*row as usize])];
        *count += 1;
        *count <= shots
    });
    order
}

/// The mean, and half of its 95% interval.
fn interval(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, T * (variance / count).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_drawn_as_often_and_every_trial_anew() {
        let bank: Vec<u16> = (0..100).map(|row| if row < 3 { 2 } else { row % 2 }).collect();
        let labels = LabelSet { name: "class".into(), classes: 4, bank, held_out: Vec::new() };
        let drawn = draw(1, &labels, 5, 0);
        let of = |class: u16| drawn.iter().filter(|row| labels.bank[**row as usize] == class).count();
        assert_eq!([of(0), of(1), of(2), of(3)], [5, 5, 3, 0]);
        assert_eq!(drawn, draw(1, &labels, 5, 0));
        assert!(drawn != draw(1, &labels, 5, 1) && drawn != draw(2, &labels, 5, 0));
    }

    /// By hand: 0.1 … 1.0 has the deviation 0.30277.
    #[test]
    fn the_interval_is_students() {
        let values: Vec<f64> = (1..=10).map(|i| f64::from(i) / 10.0).collect();
        let (mean, half) = interval(&values);
        assert!((mean - 0.55).abs() < 1e-12 && (half - 0.216_585).abs() < 1e-5, "{half}");
    }
}
