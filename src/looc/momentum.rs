//! The momentum average: key ← m·key + (1−m)·query (He et al., 2020, equation 2). Parameters only;
//! BatchNorm's running statistics are the key encoder's own.

use crate::nn::Parameters;
use candle_core::Result;

/// Moves `key` towards `query`.
///
/// # Errors
/// If the two differ in shape.
pub fn follow(key: &Parameters, query: &Parameters, momentum: f64) -> Result<()> {
    for ((name, key), (query_name, query)) in key.iter().zip(query.iter()) {
        debug_assert_eq!(name, query_name);
        let kept = (key.as_detached_tensor() * momentum)?;
        key.set(&(kept + (query.as_detached_tensor() * (1.0 - momentum))?)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};

    #[test]
    fn the_average_is_that_of_a_plain_loop() -> Result<()> {
        let (mut key, mut query) = (Parameters::default(), Parameters::default());
        let (mut k, q) = (vec![1.0f32, -2.0, 0.5], vec![3.0f32, 5.0, -7.0]);
        let var = Var::from_slice(&k, 3, &Device::Cpu)?;
        key.add("w", &var);
        query.add("w", &Var::from_slice(&q, 3, &Device::Cpu)?);
        for _ in 0..10 {
            follow(&key, &query, 0.9)?;
            k.iter_mut().zip(&q).for_each(|(k, q)| *k = 0.9 * *k + 0.1 * q);
        }
        for (ours, plain) in var.to_vec1::<f32>()?.iter().zip(&k) {
            assert!((ours - plain).abs() < 1e-5, "{ours} {plain}");
        }
        Ok(())
    }
}
