//! Weighted k nearest neighbours on frozen features (Wu et al., 2018, section 3.4).

use super::{
    representation::Representation,
    scores::{Exam, Figure, LabelSet, Reach, Score, Unit},
};
use crate::nn::normalise;
use candle_core::{Result, Tensor};
use rayon::prelude::*;

pub(super) const SCORE: Score = Score {
    name: "knn",
    help: "weighted k nearest neighbours for every set of labels",
    reach: Reach::Trained,
    quick: true,
    measure,
};

fn measure(exam: &Exam, on: &Representation) -> Result<Vec<Figure>> {
    let figure = |labels: &LabelSet| {
        let k = NEIGHBOURS.min(labels.bank.len());
        let value = accuracy(&on.bank, &labels.bank, &on.held_out, &labels.held_out, labels.classes)?;
        let table = format!("weighted kNN, k = {k}, τ = {TEMPERATURE}");
        let figure = Figure::new("knn", on, &labels.name, table, f64::from(value), Unit::Accuracy);
        Ok(figure
            .with("classes", labels.classes)
            .with("train", labels.bank.len())
            .with("test", labels.held_out.len())
            .with("k", k)
            .with("temperature", (f64::from(TEMPERATURE) * 1e6).round() / 1e6))
    };
    exam.labels.iter().map(figure).collect()
}

/// Neighbours that vote, at most.
pub const NEIGHBOURS: usize = 200;
/// τ of a vote's weight, exp(cos/τ).
pub const TEMPERATURE: f32 = 0.07;
/// Queries whose cosines are in memory at a time.
const CHUNK: usize = 256;

/// The share of queries whose class wins the vote of the `min(200, bank)` nearest of the bank by cosine.
///
/// `bank: [m, F]`, `queries: [q, F]`, one class of `classes` for each row. 0–1; the lower class wins a tie.
///
/// # Errors
/// If shapes do not fit.
pub fn accuracy(
    bank: &Tensor,
    bank_classes: &[u16],
    queries: &Tensor,
    query_classes: &[u16],
    classes: usize,
) -> Result<f32> {
    let (queries, bank) = (normalise(queries)?, normalise(bank)?.t()?);
    let mut right = 0;
    for (chunk, of) in query_classes.chunks(CHUNK).enumerate() {
        let cosines = queries.narrow(0, chunk * CHUNK, of.len())?.matmul(&bank)?.to_vec2::<f32>()?;
        let voted = cosines.par_iter().zip(of);
        right += voted
            .filter(|(cosines, class)| vote(cosines, bank_classes, classes) == usize::from(**class))
            .count();
    }
    Ok(right as f32 / query_classes.len().max(1) as f32)
}

/// The places of the `k` largest cosines, the largest first; of equals the first.
pub(super) fn nearest(cosines: &[f32], k: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..cosines.len()).collect();
    let nearer = |a: &usize, b: &usize| cosines[*b].total_cmp(&cosines[*a]).then(a.cmp(b));
    if k < order.len() {
        order.select_nth_unstable_by(k, nearer);
        order.truncate(k);
    }
    order.sort_unstable_by(nearer);
    order
}

/// The class that the nearest of the bank vote for.
fn vote(cosines: &[f32], bank_classes: &[u16], classes: usize) -> usize {
    let mut votes = vec![0.0f32; classes.max(1)];
    // A sum in a fixed order: the same bits every time.
    for at in nearest(cosines, NEIGHBOURS) {
        // Relative to the largest possible cosine, so that nothing overflows.
        votes[usize::from(bank_classes[at])] += ((cosines[at] - 1.0) / TEMPERATURE).exp();
    }
    let best = votes.iter().enumerate().max_by(|(i, a), (j, b)| a.total_cmp(b).then(j.cmp(i)));
    best.map_or(0, |(class, _)| class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Stream};
    use candle_core::Device;

    /// Against every neighbour voting in a plain loop, on random features.
    #[test]
    fn the_vote_is_that_of_a_plain_loop() -> Result<()> {
        let mut stream = Stream::named(5, Domain::Evaluation, "neighbours");
        let mut rows = |count: usize| -> Vec<Vec<f32>> {
            (0..count).map(|_| (0..4).map(|_| stream.normal()).collect()).collect()
        };
        let (bank, queries) = (rows(40), rows(30));
        let class = |i: usize| (i * 7 % 3) as u16;
        let unit = |row: &[f32]| {
            let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            row.iter().map(|v| v / length).collect::<Vec<f32>>()
        };
        let mut right = 0;
        for (i, query) in queries.iter().enumerate() {
            let mut votes = [0.0f64; 3];
            for (j, row) in bank.iter().enumerate() {
                let cosine: f32 = unit(query).iter().zip(unit(row)).map(|(a, b)| a * b).sum();
                votes[usize::from(class(j))] += f64::from(cosine / TEMPERATURE).exp();
            }
            let best = (0..3).max_by(|a, b| votes[*a].total_cmp(&votes[*b])).unwrap();
            right += usize::from(best == usize::from(class(i)));
        }
        let tensor = |rows: Vec<Vec<f32>>| Tensor::from_vec(rows.concat(), (rows.len(), 4), &Device::Cpu);
        let classes = |count| (0..count).map(class).collect::<Vec<u16>>();
        let ours = accuracy(&tensor(bank)?, &classes(40), &tensor(queries)?, &classes(30), 3)?;
        assert_eq!(ours, right as f32 / 30.0);
        Ok(())
    }

    #[test]
    fn only_the_nearest_two_hundred_vote() {
        // Two hundred near ones of class 0; a thousand of class 1 a little farther.
        let cosines: Vec<f32> = (0..1200).map(|i| if i < 200 { 0.5 } else { 0.49 }).collect();
        let classes: Vec<u16> = (0..1200).map(|i| u16::from(i >= 200)).collect();
        assert_eq!(vote(&cosines, &classes, 2), 0);
    }
}
