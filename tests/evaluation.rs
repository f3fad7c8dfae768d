//! The scores against scikit-learn, SciPy, NumPy and PyTorch (`tests/fixtures/evaluation/make.py`).

use candle_core::{DType, Device, Result, Tensor, safetensors};
use looc::{
    eval::{
        alignment::alignment,
        collapse::{deviation, rank_me},
        mahalanobis::Whitening,
        neighbours,
        probe::Probe,
        uniformity::uniformity,
    },
    nn::normalise,
};
use serde_json::Value;
use std::collections::HashMap;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/evaluation");
const CLASSES: usize = 5;

struct Fixture {
    tensors: HashMap<String, Tensor>,
    scores: Value,
}

impl Fixture {
    fn load() -> Self {
        let text = std::fs::read_to_string(format!("{FOLDER}/scores.json")).unwrap();
        let tensors = safetensors::load(format!("{FOLDER}/features.safetensors"), &Device::Cpu).unwrap();
        Self { tensors, scores: serde_json::from_str(&text).unwrap() }
    }

    fn rows(&self, name: &str) -> &Tensor {
        &self.tensors[name]
    }

    fn classes(&self, name: &str) -> Vec<u16> {
        self.tensors[name].to_vec1::<f32>().unwrap().iter().map(|class| *class as u16).collect()
    }

    fn score(&self, name: &str) -> f64 {
        self.scores[name].as_f64().unwrap_or_else(|| panic!("no {name}"))
    }

    /// To five digits behind the point.
    fn equals(&self, name: &str, ours: f64) {
        let theirs = self.score(name);
        assert!((ours - theirs).abs() < 1e-5, "{name}: {ours}, and by the reference {theirs}");
    }
}

#[test]
fn neighbours_vote_exactly_as_in_pytorch() -> Result<()> {
    let it = Fixture::load();
    let (bank, queries) = (it.rows("bank"), it.rows("queries"));
    let (bank_of, of) = (it.classes("bank.of"), it.classes("queries.of"));
    let ours = neighbours::accuracy(bank, &bank_of, queries, &of, CLASSES)?;
    assert_eq!(f64::from(ours), it.score("knn"));
    Ok(())
}

/// To half a point; also where there is nothing to learn.
#[test]
fn a_probe_is_scikit_learns_logistic_regression() -> Result<()> {
    let it = Fixture::load();
    for (labels, score) in [("bank.of", "probe"), ("lots", "probe_random_labels")] {
        let probe = Probe::fit(it.rows("bank"), &it.classes(labels), CLASSES)?;
        let ours = f64::from(probe.accuracy(it.rows("queries"), &it.classes("queries.of"))?);
        assert!(probe.converged, "{score}: {} steps", probe.steps);
        assert!((ours - it.score(score)).abs() <= 0.005, "{score}: {ours}, not {}", it.score(score));
    }
    Ok(())
}

#[test]
fn whitened_cosines_are_those_of_ssl_invariances() -> Result<()> {
    let it = Fixture::load();
    let whitening = Whitening::of(it.rows("bank"))?;
    let unit = |name| normalise(&whitening.apply(it.rows(name))?.to_dtype(DType::F64)?);
    it.equals("mahalanobis", (unit("queries")? * unit("other")?)?.sum(1)?.mean_all()?.to_scalar()?);
    Ok(())
}

#[test]
fn how_a_space_is_filled_is_as_by_numpy() -> Result<()> {
    let it = Fixture::load();
    let queries = it.rows("queries");
    it.equals("rank_me", rank_me(queries)?);
    it.equals("rank_me_wide", rank_me(it.rows("wide"))?);
    it.equals("uniformity", uniformity(queries)?);
    it.equals("alignment", alignment(queries, it.rows("other"))?);
    it.equals("deviation", deviation(queries)?);
    Ok(())
}
