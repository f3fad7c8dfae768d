//! How invariant each embedding space is to each augmentation.
//!
//! For head h and augmentation a: the mean, over held-out images x, of the cosine of z_h(T(x)) and
//! z_h(T′(x)), where T and T′ have equal parameters but for a's, which differ. T has every augmentation
//! that is on, and a itself even if it is off (see `pairs.rs`). The draws are the same at every
//! measurement, so that what changes is the model.

use super::{
    representation::Representation,
    scores::{Exam, Figure, Reach, Score, Unit},
};
use crate::nn::normalise;
use candle_core::{Result, Tensor};

pub(super) const SCORE: Score = Score {
    name: "invariance",
    help: "cosine of two views that differ in one augmentation, raw and rescaled; selectivity of a head",
    reach: Reach::Everywhere,
    quick: true,
    measure,
};

/// The figures of the training screen for any representation, brought to unit length.
fn measure(_: &Exam, on: &Representation) -> Result<Vec<Figure>> {
    let rows = |rows: &Tensor| normalise(rows)?.to_vec2::<f32>();
    let names: Vec<String> = on.pairs.iter().map(|(name, ..)| name.clone()).collect();
    let mut figures = Vec::new();
    let mut sums = Sums::new(1, names.len(), on.base.dim(1)?);
    for z in rows(&on.base)? {
        sums.image();
        sums.embedding(0, &z);
    }
    for (column, (_, first, other)) in on.pairs.iter().enumerate() {
        for (z, other) in rows(first)?.iter().zip(rows(other)?) {
            sums.pair(0, column, z, &other);
        }
    }
    let head = on.head.clone().unwrap_or_default();
    let report = sums.report(0, vec![head], names.clone());
    let images = on.base.dim(0)?;
    for (score, table, values) in
        [("invariance_raw", RAW, &report.raw[0]), ("invariance", RESCALED, &report.rescaled[0])]
    {
        for ((name, value), (_, first, _)) in names.iter().zip(values).zip(&on.pairs) {
            let figure = Figure::new(score, on, name, table, f64::from(*value), Unit::Number);
            figures.push(figure.with("images", images).with("pairs", first.dim(0)?));
        }
    }
    figures.extend(report.selectivity[0].map(|value| {
        let value = f64::from(value);
        Figure::new("selectivity", on, "selectivity", RESCALED, value, Unit::Number).with("images", images)
    }));
    Ok(figures)
}

const RAW: &str = "invariance, raw: mean cosine of T(x) and T′(x)";
const RESCALED: &str = "invariance, rescaled: 0 = two different images, 1 = identical";

/// Heads × augmentations.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct InvarianceReport {
    /// The step of the model that was measured.
    pub step: u64,
    /// Rows: `all`, then each augmentation that owns a head.
    pub heads: Vec<String>,
    /// Columns: every augmentation of the list whose parameters can differ.
    pub augmentations: Vec<String>,
    /// Mean cosine, `[head][augmentation]`.
    #[serde(deserialize_with = "crate::figure::rows")]
    pub raw: Vec<Vec<f32>>,
    /// The same with 0 = the mean cosine of two different images and 1 = identical. NaN in a collapsed
    /// space, where different images are as close as equal ones.
    #[serde(deserialize_with = "crate::figure::rows")]
    pub rescaled: Vec<Vec<f32>>,
    /// Per head: mean rescaled invariance to the other augmentations − that to its own; none for `all`
    /// and where there is nothing to compare.
    pub selectivity: Vec<Option<f32>>,
}

/// Below this distance from 1, the mean cosine of different images counts as collapsed.
const COLLAPSED: f64 = 1e-6;

/// Sums over images, in f64.
pub(super) struct Sums {
    /// `[head][augmentation]`, of cosines.
    cosines: Vec<Vec<f64>>,
    /// Pairs of each augmentation: an image whose parameters could not be made to differ has none.
    pairs: Vec<usize>,
    /// `[head][dim]`, of the embeddings of T(x).
    embeddings: Vec<Vec<f64>>,
    images: usize,
}

impl Sums {
    pub(super) fn new(heads: usize, augmentations: usize, dim: usize) -> Self {
        Self {
            cosines: vec![vec![0.0; augmentations]; heads],
            pairs: vec![0; augmentations],
            embeddings: vec![vec![0.0; dim]; heads],
            images: 0,
        }
    }

    /// Counts one more image.
    pub(super) fn image(&mut self) {
        self.images += 1;
    }

    /// Adds the embedding of an image's T(x).
    pub(super) fn embedding(&mut self, head: usize, z: &[f32]) {
        for (sum, z) in self.embeddings[head].iter_mut().zip(z) {
            *sum += f64::from(*z);
        }
    }

    /// Adds a pair of views.
    pub(super) fn pair(&mut self, head: usize, augmentation: usize, z: &[f32], other: &[f32]) {
        let cosine: f64 = z.iter().zip(other).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        self.cosines[head][augmentation] += cosine;
        if head == 0 {
            self.pairs[augmentation] += 1;
        }
    }

    pub(super) fn report(
        &self,
        step: u64,
        heads: Vec<String>,
        augmentations: Vec<String>,
    ) -> InvarianceReport {
        let m = self.images as f64;
        let mean = |(sum, pairs): (&f64, &usize)| sum / *pairs as f64;
        let raw: Vec<Vec<f64>> =
            self.cosines.iter().map(|row| row.iter().zip(&self.pairs).map(mean).collect()).collect();
        let rescaled: Vec<Vec<f64>> = raw
            .iter()
            .zip(&self.embeddings)
            .map(|(row, sum)| {
                // Σ_{x≠y} z_x·z_y = ‖Σz‖² − m, for unit vectors.
                let base = (sum.iter().map(|s| s * s).sum::<f64>() - m) / (m * (m - 1.0));
                let room = if 1.0 - base > COLLAPSED { 1.0 - base } else { f64::NAN };
                row.iter().map(|raw| (raw - base) / room).collect()
            })
            .collect();
        let selectivity =
            heads.iter().zip(&rescaled).map(|(head, row)| selectivity(head, row, &augmentations)).collect();
        let single =
            |rows: Vec<Vec<f64>>| rows.into_iter().map(|row| row.into_iter().map(|v| v as f32).collect());
        InvarianceReport {
            step,
            heads,
            augmentations,
            raw: single(raw).collect(),
            rescaled: single(rescaled).collect(),
            selectivity,
        }
    }
}

fn selectivity(head: &str, row: &[f64], augmentations: &[String]) -> Option<f32> {
    let own = augmentations.iter().position(|name| name == head)?;
    let others = row.len().checked_sub(1).filter(|others| *others > 0)?;
    let mean = (row.iter().sum::<f64>() - row[own]) / others as f64;
    Some((mean - row[own]) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three images in the plane, by hand.
    #[test]
    fn rescaled_is_zero_for_strangers_and_one_for_twins() {
        let unit = |degrees: f32| [degrees.to_radians().cos(), degrees.to_radians().sin()];
        let images = [unit(0.0), unit(90.0), unit(210.0)];
        let mut sums = Sums::new(2, 2, 2);
        for (i, z) in images.iter().enumerate() {
            sums.image();
            for head in 0..2 {
                sums.embedding(head, z);
                sums.pair(head, 0, z, z); // a twin
                sums.pair(head, 1, z, &images[(i + 1) % 3]); // a stranger: each pair once, both ways equal
            }
        }
        let names = |names: [&str; 2]| names.map(String::from).to_vec();
        let report = sums.report(7, names(["all", "b"]), names(["a", "b"]));
        let strangers = (0.0f32 + (120f32).to_radians().cos() + (210f32).to_radians().cos()) / 3.0;
        for head in 0..2 {
            assert!((report.raw[head][0] - 1.0).abs() < 1e-6);
            assert!((report.raw[head][1] - strangers).abs() < 1e-6);
            assert!((report.rescaled[head][0] - 1.0).abs() < 1e-6);
            assert!(report.rescaled[head][1].abs() < 1e-6, "{:?}", report.rescaled);
        }
        assert_eq!(report.selectivity[0], None);
        assert!((report.selectivity[1].unwrap() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_collapsed_space_has_no_rescaled_figures() {
        let mut sums = Sums::new(1, 1, 2);
        for _ in 0..4 {
            sums.image();
            sums.embedding(0, &[1.0, 0.0]);
            sums.pair(0, 0, &[1.0, 0.0], &[1.0, 0.0]);
        }
        let report = sums.report(0, vec!["all".into()], vec!["color".into()]);
        assert!(report.rescaled[0][0].is_nan());
    }
}
