//! Whether a space has collapsed.
//!
//! The deviation is the mean, over dimensions, of the standard deviation of unit vectors (Chen & He, 2021,
//! section 4): 0 where every image has the same embedding, 1/√d where embeddings are spread evenly. RankMe
//! (Garrido et al., 2023, eq. 1, without its ε) is exp(−Σ p·ln p) with p = σ/Σσ of the singular values σ of the rows as
//! they are: how many directions are in use.

use super::{
    representation::Representation,
    scores::{Exam, Figure, Reach, SPACES, Score, Unit},
};
use crate::nn::normalise;
use candle_core::{DType, Device, Result, Tensor};
use nalgebra::DMatrix;

pub(super) const SCORE: Score = Score {
    name: "collapse",
    help: "deviation by dimension (of unit vectors, in units of 1/√d), and RankMe",
    reach: Reach::Everywhere,
    quick: true,
    measure,
};

/// A space whose deviation is below this share of 1/√d is told of as collapsing.
pub const COLLAPSED: f64 = 0.1;

/// Whether a mean deviation is that of a collapsing space of so many dimensions.
pub fn is_collapsed(deviation: f64, dim: usize) -> bool {
    deviation * (dim as f64).sqrt() < COLLAPSED
}

fn measure(_: &Exam, on: &Representation) -> Result<Vec<Figure>> {
    let (rows, dim) = on.held_out.dims2()?;
    let figure = |score, label, value| {
        Figure::new(score, on, label, SPACES, value, Unit::Number).with("queries", rows).with("dim", dim)
    };
    let std = deviation(&on.held_out)?;
    let (scaled, collapsed) = (std * (dim as f64).sqrt(), is_collapsed(std, dim));
    Ok(vec![
        figure("std", "std·√d", scaled).with("std", std).with("collapsed", collapsed),
        figure("rankme", "RankMe", rank_me(&on.held_out)?),
    ])
}

/// The mean over dimensions of the standard deviation (of a sample, n − 1) of rows `[n, d]`, which are
/// brought to unit length first.
///
/// # Errors
/// If candle fails.
pub fn deviation(rows: &Tensor) -> Result<f64> {
    let unit = normalise(&rows.to_device(&Device::Cpu)?.to_dtype(DType::F64)?)?;
    let rows = unit.dim(0)?;
    let centred = unit.broadcast_sub(&unit.mean_keepdim(0)?)?;
    let variances = (centred.sqr()?.sum(0)? / rows.saturating_sub(1).max(1) as f64)?;
    variances.sqrt()?.mean_all()?.to_scalar()
}

/// RankMe of rows `[n, d]`: between 1 and d; NaN if all are zero, or some are not finite.
///
/// # Errors
/// If candle fails.
pub fn rank_me(rows: &Tensor) -> Result<f64> {
    let singular = singular_values(rows)?;
    let sum: f64 = singular.iter().sum();
    let entropy: f64 = singular.iter().map(|value| value / sum).map(|p| -p * p.ln()).sum();
    Ok(if sum > 0.0 { entropy.exp() } else { f64::NAN })
}

/// Those above rounding: as the square roots of the eigenvalues of the smaller Gram matrix.
fn singular_values(rows: &Tensor) -> Result<Vec<f64>> {
    let rows = rows.to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
    let (count, dim) = rows.dims2()?;
    let across = rows.t()?;
    let gram = if dim <= count { across.matmul(&rows)? } else { rows.matmul(&across)? };
    let size = dim.min(count);
    let gram = DMatrix::from_vec(size, size, gram.flatten_all()?.to_vec1::<f64>()?);
    // The iteration that finds eigenvalues ends for numbers only.
    if gram.iter().any(|value| !value.is_finite()) {
        return Ok(Vec::new());
    }
    let squares = gram.symmetric_eigenvalues();
    let noise = squares.max() * size as f64 * f64::EPSILON;
    Ok(squares.iter().filter(|square| **square > noise).map(|square| square.sqrt()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[[f32; 3]]) -> Result<Tensor> {
        Tensor::from_vec(values.concat(), (values.len(), 3), &Device::Cpu)
    }

    #[test]
    fn rank_is_the_number_of_directions_in_use() -> Result<()> {
        let axes = rows(&[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])?;
        let one = rows(&[[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.5, 1.0, 1.5]])?;
        let two = rows(&[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])?;
        assert!((rank_me(&one)? - 1.0).abs() < 1e-9);
        assert!((rank_me(&two)? - 2.0).abs() < 1e-9, "fewer rows than columns");
        // σ = 1, 1, √2.
        let sum = 2.0 + 2f64.sqrt();
        let p = [1.0 / sum, 1.0 / sum, 2f64.sqrt() / sum];
        let by_hand = (-p.iter().map(|p| p * p.ln()).sum::<f64>()).exp();
        assert!((rank_me(&axes)? - by_hand).abs() < 1e-9);
        assert!(rank_me(&rows(&[[0.0; 3]; 4])?)?.is_nan());
        Ok(())
    }

    #[test]
    fn a_collapsed_space_has_no_deviation() -> Result<()> {
        assert!(deviation(&rows(&[[1.0, 2.0, 3.0]; 5])?)? < 1e-12);
        let spread = rows(&[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])?;
        assert!((deviation(&spread)? - (1.0f64 / 3.0).sqrt()).abs() < 1e-9);
        Ok(())
    }
}
