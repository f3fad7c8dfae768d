//! Alignment (Wang & Isola, 2020, eq. 1 with α = 2): the mean of ‖x−y‖² over positives, on unit vectors. 0
//! where the two views of an image are the same, 2 where they might as well be two directions by lot.
//!
//! Positives are those of the training: q and k₀; in the space of an augmentation that is on, q and the key
//! that shares it.

use super::{
    representation::Representation,
    scores::{Exam, Figure, Reach, SPACES, Score, Unit},
};
use crate::nn::normalise;
use candle_core::{DType, Device, Result, Tensor};

pub(super) const SCORE: Score = Score {
    name: "alignment",
    help: "how far apart the two views of a positive pair are",
    reach: Reach::Everywhere,
    quick: true,
    measure,
};

fn measure(_: &Exam, on: &Representation) -> Result<Vec<Figure>> {
    let (query, key) = &on.positives;
    let value = alignment(query, key)?;
    let figure = Figure::new("alignment", on, "alignment", SPACES, value, Unit::Number);
    Ok(vec![figure.with("queries", query.dim(0)?).with("alpha", 2)])
}

/// Of the rows of two views, `[n, d]` each, which are brought to unit length first.
///
/// # Errors
/// If shapes do not fit.
pub fn alignment(query: &Tensor, key: &Tensor) -> Result<f64> {
    let unit = |rows: &Tensor| normalise(&rows.to_device(&Device::Cpu)?.to_dtype(DType::F64)?);
    (unit(query)? - unit(key)?)?.sqr()?.sum(1)?.mean_all()?.to_scalar()
}
