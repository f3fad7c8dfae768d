//! Mahalanobis invariance: the mean cosine of T(x) and T′(x) (see [`super::invariance`]) after whitening by the
//! covariance of clean features.
//!
//! The cosine of two whitened rows is ⟨a−μ, b−μ⟩ / (‖a−μ‖·‖b−μ‖) in the metric of Σ⁻¹, with μ and Σ the
//! mean and the covariance of clean features (Ericsson et al., 2021, "Why do self-supervised models transfer?",
//! and their ssl-invariances): directions in which features hardly differ count as much as those in which
//! they differ most. Σ is the unbiased estimate plus [`RIDGE`] of its mean variance on the diagonal: an
//! embedding space fills few of its dimensions, and without it the rounding of the others would be what is
//! measured.

use super::{
    representation::Representation,
    scores::{Exam, Figure, Reach, Score, Unit},
};
use crate::nn::normalise;
use candle_core::{DType, Device, Result, Tensor, bail};
use nalgebra::DMatrix;

/// The share of the mean variance that is added to every variance.
pub const RIDGE: f64 = 1e-4;
/// Added in any case, so that features that are all the same can be whitened: those of ssl-invariances.
const FLOOR: f64 = 1e-10;

pub(super) const SCORE: Score = Score {
    name: "mahalanobis",
    help: "invariance to each augmentation, after whitening by the clean training images' covariance",
    reach: Reach::Everywhere,
    quick: true,
    measure,
};

fn measure(_: &Exam, on: &Representation) -> Result<Vec<Figure>> {
    let whitening = Whitening::of(&on.bank)?;
    let figure = |(name, first, other): &(String, Tensor, Tensor)| {
        let unit = |rows| normalise(&whitening.apply(rows)?);
        let value = (unit(first)? * unit(other)?)?.sum(1)?.mean_all()?.to_scalar::<f32>()?;
        let figure = Figure::new("mahalanobis", on, name, TABLE, f64::from(value), Unit::Number);
        Ok(figure.with("pairs", first.dim(0)?).with("bank", on.bank.dim(0)?).with("ridge", RIDGE))
    };
    on.pairs.iter().map(figure).collect()
}

const TABLE: &str = "invariance, Mahalanobis: mean cosine of T(x) and T′(x) after whitening";

/// The mean of clean features, and the square root of their precision.
pub struct Whitening {
    /// `[1, d]`.
    mean: Tensor,
    /// `[d, d]`: L⁻ᵀ with Σ = L·Lᵀ.
    root: Tensor,
}

impl Whitening {
    /// Of clean features, `[n, d]`.
    ///
    /// # Errors
    /// If there are fewer than two rows, or they are not finite.
    pub fn of(clean: &Tensor) -> Result<Self> {
        let clean = clean.to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
        let (rows, dim) = clean.dims2()?;
        if rows < 2 {
            bail!("a covariance needs two rows, there are {rows}");
        }
        let mean = clean.mean_keepdim(0)?;
        let centred = clean.broadcast_sub(&mean)?;
        let covariance = (centred.t()?.matmul(&centred)? / (rows - 1) as f64)?;
        let mut covariance = DMatrix::from_vec(dim, dim, covariance.flatten_all()?.to_vec1::<f64>()?);
        let ridge = RIDGE * covariance.trace() / dim as f64 + FLOOR;
        (0..dim).for_each(|i| covariance[(i, i)] += ridge);
        let Some(factor) = covariance.cholesky() else {
            bail!("the covariance of the features cannot be inverted: are they finite?")
        };
        let mut root = DMatrix::identity(dim, dim);
        if !factor.l().solve_lower_triangular_mut(&mut root) {
            bail!("the covariance of the features cannot be inverted");
        }
        // nalgebra goes column by column: its L⁻¹ is our L⁻ᵀ, row by row.
        let root = Tensor::from_slice(root.as_slice(), (dim, dim), &Device::Cpu)?;
        Ok(Self { mean, root })
    }

    /// `[n, d]` → `[n, d]`, f32: in this space the clean features have covariance 1.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn apply(&self, rows: &Tensor) -> Result<Tensor> {
        let rows = rows.to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
        rows.broadcast_sub(&self.mean)?.matmul(&self.root)?.to_dtype(DType::F32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Stream};

    /// Correlated features come out uncorrelated, all of one variance.
    #[test]
    fn whitened_features_have_no_covariance() -> Result<()> {
        let mut stream = Stream::named(8, Domain::Evaluation, "whitening");
        let values: Vec<f32> = (0..400 * 5).map(|_| stream.normal()).collect();
        let mix = |i: usize| if i.is_multiple_of(6) { 1.0 } else { 0.3 * stream.normal() };
        let mix: Vec<f32> = (0..25).map(mix).collect();
        let rows = Tensor::from_vec(values, (400, 5), &Device::Cpu)?;
        let rows = (rows.matmul(&Tensor::from_vec(mix, (5, 5), &Device::Cpu)?)? + 3.0)?;
        let white = Whitening::of(&rows)?.apply(&rows)?;
        let covariance = (white.t()?.matmul(&white)? / 399.0)?.to_vec2::<f32>()?;
        for (i, row) in covariance.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                let wanted = if i == j { 1.0 } else { 0.0 };
                assert!((value - wanted).abs() < 0.02, "{covariance:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn features_that_are_all_the_same_are_no_error() -> Result<()> {
        let rows = Tensor::ones((6, 3), DType::F32, &Device::Cpu)?;
        let white = Whitening::of(&rows)?.apply(&rows)?.flatten_all()?.to_vec1::<f32>()?;
        assert_eq!(white, vec![0.0; 18]);
        assert!(Whitening::of(&rows.narrow(0, 0, 1)?).is_err());
        Ok(())
    }
}
