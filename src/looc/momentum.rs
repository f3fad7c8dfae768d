//! The momentum average: key ← m·key + (1−m)·query (He et al., 2020, equation 2). Parameters only;
//! BatchNorm's running statistics are the key encoder's own.

use crate::nn::{Parameters, kernels};
use candle_core::{Result, bail};

/// Moves `key` towards `query`.
///
/// # Errors
/// If the two differ in names or shapes.
pub fn follow(key: &Parameters, query: &Parameters, momentum: f64) -> Result<()> {
    if key.layout() != query.layout() {
        bail!("the momentum encoder is of another shape");
    }
    let (key, query) = (key.flat_mut(), query.flat());
    if query.device().is_cpu() {
        return kernels::average(key, &query, momentum);
    }
    let kept = (key.as_detached_tensor() * momentum)?;
    key.set(&(kept + (query * (1.0 - momentum))?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::ParametersBuilder;
    use candle_core::Device;

    fn parameters(name: &str, values: &[f32]) -> Result<Parameters> {
        let mut builder = ParametersBuilder::default();
        builder.add(name, &[values.len()], values)?;
        builder.build(&Device::Cpu)
    }

    #[test]
    fn the_average_is_that_of_a_plain_loop() -> Result<()> {
        let (mut k, q) = (vec![1.0f32, -2.0, 0.5], vec![3.0f32, 5.0, -7.0]);
        let (key, query) = (parameters("w", &k)?, parameters("w", &q)?);
        for _ in 0..10 {
            follow(&key, &query, 0.9)?;
            k.iter_mut().zip(&q).for_each(|(k, q)| *k = 0.9 * *k + 0.1 * q);
        }
        for (ours, plain) in key.flat().to_vec1::<f32>()?.iter().zip(&k) {
            assert!((ours - plain).abs() < 1e-5, "{ours} {plain}");
        }
        assert!(follow(&key, &parameters("v", &q)?, 0.9).is_err(), "other names");
        Ok(())
    }
}
