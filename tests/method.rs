//! The loss and its gradient against PyTorch (`tests/fixtures/method/make.py`).

use candle_core::{Device, Result, Tensor, Var, safetensors};
use looc::{
    looc::{GeneralPositives, general, leave_one_out},
    nn::init,
    rng::{Domain, Stream},
};
use std::collections::HashMap;

const TAU: f64 = 0.2;
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/method/loss.safetensors");

struct Case {
    n: usize,
    tensors: HashMap<String, Tensor>,
}

impl Case {
    fn all() -> Result<Vec<Self>> {
        let tensors = safetensors::load(FIXTURE, &Device::Cpu)?;
        Ok([0, 1, 3].map(|n| Self { n, tensors: tensors.clone() }).into())
    }

    fn get(&self, name: &str) -> &Tensor {
        &self.tensors[&format!("n{}.{name}", self.n)]
    }

    /// k0, k1, … through one head.
    fn keys(&self, space: usize) -> Result<Vec<Tensor>> {
        (0..=self.n).map(|view| self.get("keys").get(space)?.get(view)).collect()
    }
}

/// The losses of every space, from the queries through every head; `keys(space)` says whose keys.
fn losses(case: &Case, query: &Tensor, keys: impl Fn(usize) -> Result<Vec<Tensor>>) -> Result<Vec<Tensor>> {
    (0..=case.n)
        .map(|space| {
            let (query, queue, keys) = (query.get(space)?, case.get("queue").get(space)?, keys(space)?);
            match space {
                0 => general(&query, &keys, &queue, TAU, GeneralPositives::K0),
                own => leave_one_out(&query, &keys, own, &queue, TAU),
            }
        })
        .collect()
}

fn largest_difference(a: &Tensor, b: &Tensor) -> Result<f32> {
    (a - b)?.abs()?.flatten_all()?.max(0)?.to_scalar()
}

#[test]
fn losses_and_gradients_are_those_of_pytorch() -> Result<()> {
    for case in Case::all()? {
        let query = Var::from_tensor(case.get("query"))?;
        let losses = losses(&case, query.as_tensor(), |space| case.keys(space))?;
        let losses = Tensor::stack(&losses, 0)?;
        assert!(largest_difference(&losses, case.get("losses"))? < 1e-5, "n = {}: {losses}", case.n);
        let store = losses.mean_all()?.backward()?;
        let gradient = store.get(query.as_tensor()).expect("the loss depends on the query");
        let difference = largest_difference(gradient, case.get("gradient"))?;
        assert!(difference < 1e-5, "n = {}: the gradient differs by {difference}", case.n);
    }
    Ok(())
}

#[test]
fn every_key_as_a_positive_of_the_general_space() -> Result<()> {
    for case in Case::all()? {
        let (query, queue) = (case.get("query").get(0)?, case.get("queue").get(0)?);
        let loss = general(&query, &case.keys(0)?, &queue, TAU, GeneralPositives::All)?;
        assert!(largest_difference(&loss.reshape(1)?, case.get("all"))? < 1e-5, "n = {}", case.n);
    }
    Ok(())
}

/// The fixtures can tell: with Z0's embeddings among Zi's negatives, or another key as the positive,
/// the losses are others.
#[test]
fn mistakes_of_the_method_are_seen() -> Result<()> {
    for case in Case::all()?.into_iter().filter(|case| case.n > 0) {
        let query = case.get("query");
        let foreign = losses(&case, query, |space| {
            let (mut keys, general) = (case.keys(space)?, case.keys(0)?);
            keys[0] = general[0].clone();
            Ok(keys)
        })?;
        let swapped = losses(&case, query, |space| {
            let mut keys = case.keys(space)?;
            keys.swap(0, space);
            Ok(keys)
        })?;
        for wrong in [foreign, swapped] {
            let difference = largest_difference(&Tensor::stack(&wrong, 0)?, case.get("losses"))?;
            assert!(difference > 1e-2, "n = {}: a mistake goes unseen ({difference})", case.n);
        }
    }
    Ok(())
}

/// Of vectors that know nothing of one another, L0 ≈ ln(1+K) and Li ≈ ln(1+n+K).
#[test]
fn ignorance_costs_the_logarithm_of_the_candidates() -> Result<()> {
    let (batch, dim, length, n) = (64, 128, 4096, 3);
    let unit = |rows: usize, name: &str| {
        let mut stream = Stream::named(1, Domain::Queue, name);
        init::unit_rows(&mut stream, rows, dim, &Device::Cpu)
    };
    let (query, queue) = (unit(batch, "query")?, unit(length, "queue")?);
    let keys: Vec<Tensor> = (0..=n).map(|i| unit(batch, &format!("key {i}"))).collect::<Result<_>>()?;
    // At a high temperature chance similarities do not count.
    let general = general(&query, &keys, &queue, 5.0, GeneralPositives::K0)?.to_scalar::<f32>()?;
    let own = leave_one_out(&query, &keys, 2, &queue, 5.0)?.to_scalar::<f32>()?;
    assert!((general - (1.0 + length as f32).ln()).abs() < 5e-3, "{general}");
    assert!((own - (1.0 + (n + length) as f32).ln()).abs() < 5e-3, "{own}");
    assert!((own - general - (n as f32 / length as f32)).abs() < 5e-3);
    Ok(())
}
