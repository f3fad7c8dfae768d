//! Uniformity (Wang & Isola, 2020, eq. 2 with t = 2): ln of the mean, over pairs of different images, of
//! exp(−2·‖x−y‖²), on unit vectors. 0 where all are the same; evenly spread over a sphere of many dimensions it
//! nears −4; the lower, the more evenly.

use super::{
    representation::Representation,
    scores::{Exam, Figure, Reach, SPACES, Score, Unit},
};
use crate::nn::normalise;
use candle_core::{DType, Device, Result, Tensor, bail};
use rayon::prelude::*;

/// t.
const SHARPNESS: f64 = 2.0;
/// Rows of the matrix of cosines that are made at a time.
const ROWS: usize = 256;

pub(super) const SCORE: Score = Score {
    name: "uniformity",
    help: "how evenly the held-out images' unit vectors are spread",
    reach: Reach::Everywhere,
    quick: true,
    measure,
};

fn measure(_: &Exam, on: &Representation) -> Result<Vec<Figure>> {
    let value = uniformity(&on.held_out)?;
    let figure = Figure::new("uniformity", on, "uniformity", SPACES, value, Unit::Number);
    Ok(vec![figure.with("queries", on.held_out.dim(0)?).with("t", SHARPNESS)])
}

/// Of rows `[n, d]`, which are brought to unit length first.
///
/// # Errors
/// If there are fewer than two rows.
pub fn uniformity(rows: &Tensor) -> Result<f64> {
    let unit = normalise(&rows.to_device(&Device::Cpu)?.to_dtype(DType::F32)?)?;
    let (count, across) = (unit.dim(0)?, unit.t()?);
    if count < 2 {
        bail!("uniformity is of pairs of images, there is {count}");
    }
    let mut sum = 0.0;
    for first in (0..count).step_by(ROWS) {
        let rows = ROWS.min(count - first);
        let cosines = unit.narrow(0, first, rows)?.matmul(&across)?.to_vec2::<f32>()?;
        let sums: Vec<f64> = cosines
            .par_iter()
            .enumerate()
            // Each pair once. ‖x−y‖² = 2 − 2·cos.
            .map(|(row, cosines)| {
                let later = &cosines[first + row + 1..];
                later.iter().map(|cos| (-SHARPNESS * (2.0 - 2.0 * f64::from(*cos))).exp()).sum()
            })
            .collect();
        sum += sums.iter().sum::<f64>();
    }
    Ok((sum / (count * (count - 1) / 2) as f64).ln())
}
