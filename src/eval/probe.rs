//! A linear probe: multinomial logistic regression on frozen features.
//!
//! Features are standardised by the training set. The weights minimise scikit-learn's objective for
//! `LogisticRegression(C=1)`, mean cross-entropy + ‖W‖² / (2·C·n) without a penalty on the bias, by
//! L-BFGS from zero until no part of the gradient is larger than [`TOLERANCE`]. The problem is
//! convex, so there is one answer, and no draw in finding it.

use super::lbfgs::{Minimum, minimise};
use candle_core::{D, DType, Device, Result, Tensor, bail};
use rayon::prelude::*;

/// The inverse weight of the penalty, as in scikit-learn.
pub const C: f64 = 1.0;
/// The largest part of the gradient where a fit ends; scikit-learn's is ten times larger.
pub const TOLERANCE: f64 = 1e-5;
/// Steps of a fit, at most.
const STEPS: usize = 2000;
/// A feature whose deviation is a smaller share of its mean is one that never changes.
const CONSTANT: f64 = 1e-6;
/// Rows that one sum of the loss is over: sums are added in order, so that their bits do not depend on threads.
const ROWS: usize = 256;

/// Weights and the training set's moments.
pub struct Probe {
    mean: Tensor,
    deviation: Tensor,
    /// `[F, classes]`.
    weight: Tensor,
    /// `[classes]`.
    bias: Tensor,
    /// Steps that the fit took.
    pub steps: usize,
    /// Whether it ended where the gradient vanishes, not where patience did.
    pub converged: bool,
}

impl Probe {
    /// Fits `features: [n, F]` to one class of `classes` for each row, with C = [`C`]. Computes on the CPU.
    ///
    /// # Errors
    /// If shapes do not fit, a class is not below `classes`, or features are not finite.
    pub fn fit(features: &Tensor, of: &[u16], classes: usize) -> Result<Self> {
        let (rows, width) = features.dims2()?;
        if rows != of.len() || rows == 0 || of.iter().any(|class| usize::from(*class) >= classes) {
            bail!("a probe of {classes} classes cannot be fitted to {rows} rows with {} labels", of.len());
        }
        let features = features.to_device(&Device::Cpu)?.to_dtype(DType::F32)?;
        let mean = features.mean_keepdim(0)?;
        let centred = features.broadcast_sub(&mean)?;
        let deviation = centred.sqr()?.mean_keepdim(0)?.sqrt()?;
        // A feature that never changes but for rounding stays zero, as in scikit-learn's StandardScaler.
        let changes = deviation.gt(&(mean.abs()? * CONSTANT)?)?;
        let deviation = changes.where_cond(&deviation, &deviation.ones_like()?)?;
        let x = centred.broadcast_div(&deviation)?;
        let problem = Problem { back: x.t()?, x, of, classes, penalty: 1.0 / (C * rows as f64) };
        let start = vec![0.0; (width + 1) * classes];
        let Minimum { at, steps, gradient } =
            minimise(start, TOLERANCE, STEPS, |at, gradient| problem.evaluate(at, gradient))?;
        let (weight, bias) = problem.parts(&at)?;
        let bias = Tensor::from_vec(bias.iter().map(|b| *b as f32).collect(), classes, &Device::Cpu)?;
        Ok(Self { mean, deviation, weight, bias, steps, converged: gradient <= TOLERANCE })
    }

    /// The share of rows whose largest logit is that of their class, 0–1.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn accuracy(&self, features: &Tensor, of: &[u16]) -> Result<f32> {
        let features = features.to_device(&Device::Cpu)?.to_dtype(DType::F32)?;
        let x = features.broadcast_sub(&self.mean)?.broadcast_div(&self.deviation)?;
        let found = x.matmul(&self.weight)?.broadcast_add(&self.bias)?.argmax(D::Minus1)?.to_vec1::<u32>()?;
        if found.len() != of.len() {
            bail!("{} rows have {} labels", found.len(), of.len());
        }
        let right = found.iter().zip(of).filter(|(found, class)| **found == u32::from(**class)).count();
        Ok(right as f32 / of.len().max(1) as f32)
    }
}

/// The objective, over the weights `[F, classes]` and behind them the bias `[classes]`.
struct Problem<'a> {
    /// `[n, F]`, standardised, and its transpose.
    x: Tensor,
    back: Tensor,
    of: &'a [u16],
    classes: usize,
    /// 1 / (C·n).
    penalty: f64,
}

impl Problem<'_> {
    fn parts<'a>(&self, at: &'a [f64]) -> Result<(Tensor, &'a [f64])> {
        let (weight, bias) = at.split_at(at.len() - self.classes);
        let single: Vec<f32> = weight.iter().map(|w| *w as f32).collect();
        let width = weight.len() / self.classes;
        Ok((Tensor::from_vec(single, (width, self.classes), &Device::Cpu)?, bias))
    }

    /// Products in f32, sums over rows in f64.
    fn evaluate(&self, at: &[f64], gradient: &mut [f64]) -> Result<f64> {
        let (classes, rows) = (self.classes, self.of.len() as f64);
        let (weight, bias) = self.parts(at)?;
        let mut logits = self.x.matmul(&weight)?.flatten_all()?.to_vec1::<f32>()?;
        let sums: Vec<(f64, Vec<f64>)> = logits
            .par_chunks_mut(ROWS * classes)
            .zip(self.of.par_chunks(ROWS))
            .map(|(logits, of)| errors(logits, of, bias))
            .collect();
        let error = Tensor::from_vec(logits, (self.of.len(), classes), &Device::Cpu)?;
        let product = self.back.matmul(&error)?.flatten_all()?.to_vec1::<f32>()?;
        let (of_weight, of_bias) = gradient.split_at_mut(product.len());
        let mut squares = 0.0;
        for ((gradient, product), w) in of_weight.iter_mut().zip(product).zip(at) {
            *gradient = f64::from(product) / rows + self.penalty * w;
            squares += w * w;
        }
        of_bias.fill(0.0);
        let mut loss = 0.0;
        for (part, errors) in sums {
            loss += part;
            of_bias.iter_mut().zip(errors).for_each(|(sum, error)| *sum += error / rows);
        }
        Ok(loss / rows + self.penalty * squares / 2.0)
    }
}

/// Turns logits without their bias into softmax − target; the sum of the losses, and of the errors by class.
fn errors(logits: &mut [f32], of: &[u16], bias: &[f64]) -> (f64, Vec<f64>) {
    let (mut loss, mut sums) = (0.0, vec![0.0; bias.len()]);
    let mut row = vec![0.0f64; bias.len()];
    for (logits, class) in logits.chunks_exact_mut(bias.len()).zip(of) {
        row.iter_mut()
            .zip(&*logits)
            .zip(bias)
            .for_each(|((row, logit), bias)| *row = f64::from(*logit) + bias);
        let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let own = row[usize::from(*class)];
        row.iter_mut().for_each(|logit| *logit = (*logit - top).exp());
        let sum: f64 = row.iter().sum();
        loss += top + sum.ln() - own;
        for (place, (p, error)) in row.iter().zip(logits).enumerate() {
            let difference = p / sum - f64::from(u8::from(place == usize::from(*class)));
            sums[place] += difference;
            *error = difference as f32;
        }
    }
    (loss, sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Stream};

    fn noise(stream: &mut Stream, rows: usize, width: usize) -> Result<Tensor> {
        let values = (0..rows * width).map(|_| stream.normal()).collect();
        Tensor::from_vec(values, (rows, width), &Device::Cpu)
    }

    /// Three clouds in four dimensions, far apart: every point is told.
    #[test]
    fn what_is_linear_is_found() -> Result<()> {
        let mut stream = Stream::named(1, Domain::Evaluation, "probe");
        let (count, classes) = (300, 3);
        let of: Vec<u16> = (0..count).map(|i| (i % classes) as u16).collect();
        let mut rows = Vec::new();
        for class in &of {
            for axis in 0..4 {
                let centre = if axis == usize::from(*class) { 50.0 } else { 7.0 };
                rows.push(centre + stream.normal());
            }
        }
        let x = Tensor::from_vec(rows, (count, 4), &Device::Cpu)?;
        assert_eq!(Probe::fit(&x, &of, classes)?.accuracy(&x, &of)?, 1.0);
        Ok(())
    }

    /// Labels drawn by lot cannot be told on other rows: within four deviations of one in five.
    #[test]
    fn random_labels_stay_at_chance() -> Result<()> {
        let mut stream = Stream::named(4, Domain::Evaluation, "probe");
        let (bank, queries) = (noise(&mut stream, 1000, 32)?, noise(&mut stream, 2000, 32)?);
        let mut lots = |count| (0..count).map(|_| stream.below(5) as u16).collect::<Vec<_>>();
        let (of, wanted) = (lots(1000), lots(2000));
        let right = Probe::fit(&bank, &of, 5)?.accuracy(&queries, &wanted)?;
        assert!((right - 0.2).abs() < 4.0 * (0.2f32 * 0.8 / 2000.0).sqrt(), "{right}");
        Ok(())
    }

    /// Where the gradient is zero is the only minimum: the fit is compared with the condition itself. One
    /// feature never changes, and one class never comes.
    #[test]
    fn the_fit_is_a_minimum() -> Result<()> {
        let mut stream = Stream::named(2, Domain::Evaluation, "probe");
        let x = Tensor::cat(&[noise(&mut stream, 200, 8)?, noise(&mut stream, 1, 1)?.repeat((200, 1))?], 1)?;
        let of: Vec<u16> = (0..200).map(|i| (i % 3) as u16).collect();
        let probe = Probe::fit(&x, &of, 4)?;
        assert!(probe.converged, "{} steps", probe.steps);
        let z = x.broadcast_sub(&probe.mean)?.broadcast_div(&probe.deviation)?;
        let logits = z.matmul(&probe.weight)?.broadcast_add(&probe.bias)?;
        let p = candle_nn::ops::softmax(&logits, D::Minus1)?;
        let wanted: Vec<f32> =
            of.iter().flat_map(|class| (0..4).map(move |c| f32::from(u8::from(c == *class)))).collect();
        let error = ((p - Tensor::from_vec(wanted, (200, 4), &Device::Cpu)?)? / 200.0)?;
        let gradient = (z.t()?.matmul(&error)? + (&probe.weight * (1.0 / (C * 200.0)))?)?;
        let largest: f32 = gradient.abs()?.flatten_all()?.max(0)?.to_scalar()?;
        assert!(largest < 2e-5, "{largest}");
        Ok(())
    }

    #[test]
    fn labels_that_do_not_fit_are_refused() -> Result<()> {
        let x = noise(&mut Stream::named(3, Domain::Evaluation, "probe"), 4, 2)?;
        assert!(Probe::fit(&x, &[0, 1, 2, 3], 3).is_err());
        assert!(Probe::fit(&x, &[0, 1], 3).is_err());
        Ok(())
    }
}
