//! Whole training steps against PyTorch (`tests/fixtures/method/make.py`), and what a step may not do.

use candle_core::{Device, Result, Tensor, safetensors};
use looc::{
    looc::{ContrastSettings, Hyper, Learner, LearnerState, Views},
    nn::{ModelSettings, OptimizerSettings},
    rng::{Domain, Stream},
};
use std::collections::HashMap;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/method/step.safetensors");
const STEPS: u64 = 3;

fn fixture() -> Result<HashMap<String, Tensor>> {
    safetensors::load(FIXTURE, &Device::Cpu)
}

fn model(bn_splits: usize) -> ModelSettings {
    ModelSettings { width: 4, blocks: 1, bn_splits, dim: 6, ..ModelSettings::default() }
}

fn contrast() -> ContrastSettings {
    ContrastSettings { temperature: 0.2, queue: 20, momentum: 0.9, ..ContrastSettings::default() }
}

/// A learner that begins where PyTorch began.
fn learner(tensors: &HashMap<String, Tensor>, bn_splits: usize) -> Result<Learner> {
    let mut learner = Learner::new(&model(bn_splits), &contrast(), &["color", "rotation"], 0, &Device::Cpu)?;
    let mut state = LearnerState::default();
    for (name, tensor) in tensors {
        if let Some(name) = name.strip_prefix("start.") {
            state.tensors.insert(name.into(), tensor.clone());
        }
    }
    learner.restore(&state)?;
    Ok(learner)
}

fn views(tensors: &HashMap<String, Tensor>, step: u64) -> Views {
    let view = |i: usize| tensors[&format!("step{step}.view{i}")].clone();
    let sharing = vec![("color".into(), view(2)), ("rotation".into(), view(3))];
    Views { step, query: view(0), general: view(1), sharing, labels: None }
}

/// The losses of a step.
fn step(learner: &mut Learner, views: &Views) -> Vec<f32> {
    let optimizer = OptimizerSettings { momentum: 0.9, weight_decay: 0.01, ..OptimizerSettings::default() };
    let hyper = Hyper { contrast: &contrast(), optimizer: &optimizer, lr: 0.05 };
    let losses = learner.step(views, hyper).unwrap();
    losses.spaces.into_iter().map(|(_, loss)| loss).collect()
}

fn largest_difference(a: &Tensor, b: &Tensor) -> Result<f32> {
    (a - b)?.abs()?.flatten_all()?.max(0)?.to_scalar()
}

/// Every loss, every weight of both encoders, every statistic and every queue after three steps.
#[test]
fn three_steps_are_those_of_pytorch() -> Result<()> {
    let tensors = fixture()?;
    let mut learner = learner(&tensors, 1)?;
    for at in 0..STEPS {
        let losses = Tensor::new(step(&mut learner, &views(&tensors, at)), &Device::Cpu)?;
        let difference = largest_difference(&losses, &tensors[&format!("step{at}.losses")])?;
        assert!(difference < 1e-4, "step {at}: the losses differ by {difference}");
    }
    let state = learner.state()?;
    let mut compared = 0;
    for (name, theirs) in tensors.iter().filter_map(|(name, it)| Some((name.strip_prefix("end.")?, it))) {
        let difference = largest_difference(&state.tensors[name], theirs)?;
        assert!(difference < 2e-4, "{name} differs by {difference}");
        compared += 1;
    }
    let ours = state.tensors.keys().filter(|name| !name.starts_with("optimizer.")).count();
    assert_eq!(compared, ours, "all that was learned is compared");
    assert_eq!(state.counts["queue.color"], (STEPS * 8) % 20);
    Ok(())
}

/// The fixture can tell: with the sharing switched off, another loss and another queue come out.
#[test]
fn a_key_that_shares_something_else_is_seen() -> Result<()> {
    let tensors = fixture()?;
    let mut swapped = views(&tensors, 0);
    let (color, rotation) = (swapped.sharing[0].1.clone(), swapped.sharing[1].1.clone());
    (swapped.sharing[0].1, swapped.sharing[1].1) = (rotation, color);
    let mut unshared = views(&tensors, 0);
    unshared.sharing[0].1 = unshared.general.clone();
    for wrong in [swapped, unshared] {
        let losses = Tensor::new(step(&mut learner(&tensors, 1)?, &wrong), &Device::Cpu)?;
        let difference = largest_difference(&losses, &tensors["step0.losses"])?;
        assert!(difference > 1e-3, "a mistake goes unseen ({difference})");
    }
    Ok(())
}

/// With groups in BatchNorm the order of the keys matters, and it changes from step to step; with one
/// group it does not.
#[test]
fn keys_are_shuffled_between_the_groups() -> Result<()> {
    let tensors = fixture()?;
    let losses_at = |bn_splits: usize, at: u64| {
        let views = Views { step: at, ..views(&tensors, 0) };
        Ok::<_, candle_core::Error>(step(&mut learner(&tensors, bn_splits)?, &views))
    };
    let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart(&losses_at(1, 0)?, &losses_at(1, 1)?) < 1e-4);
    assert!(apart(&losses_at(2, 0)?, &losses_at(2, 1)?) > 1e-3);
    assert_eq!(losses_at(2, 5)?, losses_at(2, 5)?);
    Ok(())
}

/// A head without a key rests: nothing of it moves, and the rest goes on.
#[test]
fn a_resting_head_stays_as_it_is() -> Result<()> {
    let tensors = fixture()?;
    let mut learner = learner(&tensors, 1)?;
    let mut resting = views(&tensors, 0);
    resting.sharing.remove(0);
    assert_eq!(step(&mut learner, &resting).len(), 2);
    let (state, mut moved) = (learner.state()?, 0);
    for (name, start) in tensors.iter().filter_map(|(name, it)| Some((name.strip_prefix("start.")?, it))) {
        let difference = largest_difference(&state.tensors[name], start)?;
        match (name.starts_with("query.head.color.") || name == "queue.color", name.starts_with("query.")) {
            (true, _) => assert_eq!(difference, 0.0, "{name} moved"),
            (_, true) => moved += usize::from(difference > 0.0),
            _ => {}
        }
    }
    assert!(moved > 20, "only {moved} tensors moved");
    Ok(())
}

/// The optimiser's memory is kept by the names of the parameters, and goes on where it was.
#[test]
fn a_restored_learner_goes_on_as_the_original() -> Result<()> {
    let tensors = fixture()?;
    let mut original = learner(&tensors, 1)?;
    step(&mut original, &views(&tensors, 0));
    let state = original.state()?;
    assert_eq!(state.tensors["optimizer.first.backbone.conv1.weight"].dims(), [4, 3, 3, 3]);
    assert_eq!(state.tensors["optimizer.first.head.color.2.bias"].dims(), [6]);
    assert_eq!(state.counts["optimizer.backbone.layer4.0.bn2.bias"], 1);

    let mut restored = learner(&tensors, 1)?;
    let mut torn = state.clone();
    torn.tensors.remove("optimizer.first.head.color.2.bias");
    let before = restored.state()?.tensors["query.backbone.conv1.weight"].clone();
    let message = restored.restore(&torn).unwrap_err().to_string();
    assert!(message.contains("optimizer.first.head.color. has 3 tensors of 4"), "{message}");
    assert_eq!(largest_difference(&before, &restored.state()?.tensors["query.backbone.conv1.weight"])?, 0.0);

    restored.restore(&state)?;
    for learner in [&mut original, &mut restored] {
        step(learner, &views(&tensors, 1));
    }
    let (ours, theirs) = (restored.state()?, original.state()?);
    assert_eq!((ours.counts, ours.tensors.len()), (theirs.counts, theirs.tensors.len()));
    for (name, tensor) in &ours.tensors {
        assert_eq!(largest_difference(tensor, &theirs.tensors[name])?, 0.0, "{name}");
    }
    Ok(())
}

/// Two steps of a network whose layers take every way through the kernels, in pools of other sizes: losses,
/// weights, statistics, queues and the optimiser's memory are the same to the last bit.
#[test]
fn the_number_of_threads_changes_no_bit() -> Result<()> {
    let model = ModelSettings { width: 20, blocks: 1, bn_splits: 3, dim: 24, ..ModelSettings::default() };
    let contrast = ContrastSettings { queue: 700, ..contrast() };
    let view = |seed: u64| {
        let mut stream = Stream::named(seed, Domain::Views, "step test");
        let values: Vec<f32> = (0..36 * 3 * 32 * 32).map(|_| stream.normal()).collect();
        Tensor::from_vec(values, (36, 3, 32, 32), &Device::Cpu)
    };
    let sharing = vec![("color".into(), view(2)?), ("rotation".into(), view(3)?)];
    let mut views = Views { step: 0, query: view(0)?, general: view(1)?, sharing, labels: None };
    let mut run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| -> Result<_> {
            let mut learner = Learner::new(&model, &contrast, &["color", "rotation"], 5, &Device::Cpu)?;
            let mut bits = Vec::new();
            for at in 0..2 {
                views.step = at;
                bits.extend(step(&mut learner, &views).into_iter().map(f32::to_bits));
            }
            for tensor in learner.state()?.tensors.values() {
                bits.extend(tensor.flatten_all()?.to_vec1::<f32>()?.into_iter().map(f32::to_bits));
            }
            Ok(bits)
        })
    };
    let one = run(1)?;
    for threads in [2, 3, 4] {
        assert!(run(threads)? == one, "{threads} threads");
    }
    Ok(())
}
