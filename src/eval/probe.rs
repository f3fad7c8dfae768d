//! A linear probe: multinomial logistic regression on frozen features.
//!
//! Features are standardised by the training set; the weights minimise mean cross-entropy plus
//! `l2`/2 · ‖W‖², by full-batch gradient descent with Nesterov's momentum from zero. The problem is
//! convex, so there is one answer, and no draw in finding it.

use candle_core::{D, Result, Tensor};

/// Weight of the penalty on the squared weights.
const L2: f64 = 1e-3;
/// Steps of gradient descent.
const STEPS: usize = 400;
/// Nesterov's momentum.
const MOMENTUM: f64 = 0.9;
/// The step's length. Standardised features of width F have a largest curvature of about F/2 at most;
/// the rate falls with the width so that no step overshoots.
const RATE: f64 = 8.0;

/// Weights and the training set's moments.
pub struct Probe {
    mean: Tensor,
    deviation: Tensor,
    /// `[F, classes]`.
    weight: Tensor,
    /// `[classes]`.
    bias: Tensor,
}

impl Probe {
    /// Fits `features: [n, F]` to one class of `classes` for each row.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn fit(features: &Tensor, of: &[u16], classes: usize) -> Result<Self> {
        let mean = features.mean_keepdim(0)?;
        let centred = features.broadcast_sub(&mean)?;
        let deviation = (centred.sqr()?.mean_keepdim(0)?.sqrt()? + 1e-6)?;
        let x = centred.broadcast_div(&deviation)?;
        let (rows, width) = x.dims2()?;
        let mut wanted = vec![0f32; rows * classes];
        for (row, class) in of.iter().enumerate() {
            wanted[row * classes + usize::from(*class)] = 1.0;
        }
        let wanted = Tensor::from_vec(wanted, (rows, classes), x.device())?;
        let mut weight = Tensor::zeros((width, classes), x.dtype(), x.device())?;
        let mut bias = Tensor::zeros(classes, x.dtype(), x.device())?;
        let (mut speed, mut bias_speed) = (weight.clone(), bias.clone());
        let rate = RATE / width as f64;
        let back = x.t()?;
        for _ in 0..STEPS {
            let (ahead, bias_ahead) =
                ((&weight + (&speed * MOMENTUM)?)?, (&bias + (&bias_speed * MOMENTUM)?)?);
            let logits = x.matmul(&ahead)?.broadcast_add(&bias_ahead)?;
            let error = ((candle_nn::ops::softmax(&logits, D::Minus1)? - &wanted)? / rows as f64)?;
            let gradient = (back.matmul(&error)? + (&ahead * L2)?)?;
            speed = ((speed * MOMENTUM)? - (gradient * rate)?)?;
            bias_speed = ((bias_speed * MOMENTUM)? - (error.sum(0)? * rate)?)?;
            weight = (weight + &speed)?;
            bias = (bias + &bias_speed)?;
        }
        Ok(Self { mean, deviation, weight, bias })
    }

    /// The share of rows whose largest logit is that of their class, 0–1.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn accuracy(&self, features: &Tensor, of: &[u16]) -> Result<f32> {
        let x = features.broadcast_sub(&self.mean)?.broadcast_div(&self.deviation)?;
        let found = x.matmul(&self.weight)?.broadcast_add(&self.bias)?.argmax(D::Minus1)?.to_vec1::<u32>()?;
        let right = found.iter().zip(of).filter(|(found, class)| **found == u32::from(**class)).count();
        Ok(right as f32 / of.len().max(1) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Stream};
    use candle_core::Device;

    /// Three clouds in four dimensions, far apart: every point is told. With shuffled classes: chance.
    #[test]
    fn what_is_linear_is_found_and_nothing_else() -> Result<()> {
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
        let noise: Vec<u16> = of.iter().map(|_| stream.below(3) as u16).collect();
        let by_chance = Probe::fit(&x, &noise, classes)?.accuracy(&x, &of)?;
        assert!(by_chance < 0.7, "{by_chance}");
        Ok(())
    }

    /// Where the gradient is zero is the only minimum: the fit is compared with the condition itself.
    #[test]
    fn the_fit_is_a_minimum() -> Result<()> {
        let mut stream = Stream::named(2, Domain::Evaluation, "probe");
        let values: Vec<f32> = (0..200 * 8).map(|_| stream.normal()).collect();
        let x = Tensor::from_vec(values, (200, 8), &Device::Cpu)?;
        let of: Vec<u16> = (0..200).map(|i| (i % 3) as u16).collect();
        let probe = Probe::fit(&x, &of, 3)?;
        let z = x.broadcast_sub(&probe.mean)?.broadcast_div(&probe.deviation)?;
        let p = candle_nn::ops::softmax(&z.matmul(&probe.weight)?.broadcast_add(&probe.bias)?, D::Minus1)?;
        let wanted: Vec<f32> =
            of.iter().flat_map(|class| (0..3).map(move |c| f32::from(u8::from(c == *class)))).collect();
        let error = ((p - Tensor::from_vec(wanted, (200, 3), &Device::Cpu)?)? / 200.0)?;
        let gradient = (z.t()?.matmul(&error)? + (&probe.weight * L2)?)?;
        let largest: f32 = gradient.abs()?.flatten_all()?.max(0)?.to_scalar()?;
        assert!(largest < 1e-4, "{largest}");
        Ok(())
    }
}
