//! The network and the optimisers against PyTorch (`tests/fixtures/method/make.py`): the one on candle's
//! operations, and the plan on every instruction set that this processor has.

use candle_core::{Device, Result, Tensor, safetensors};
use looc::{
    nn::{
        Backbone, BackboneKind, ModelSettings, Optimizer, OptimizerKind, OptimizerSettings, Parameters,
        ParametersBuilder, Pass, PlannedResNet, ResNet, Stem, kernels::Isa,
    },
    rng::{Domain, Stream},
};
use std::collections::HashMap;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/method/network.safetensors");
const BOTTLENECK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/method/bottleneck.safetensors");

fn largest_difference(a: &Tensor, b: &Tensor) -> Result<f32> {
    (a - b)?.abs()?.flatten_all()?.max(0)?.to_scalar()
}

/// The fixture's tensors of one set, as parameters.
fn set(tensors: &HashMap<String, Tensor>, prefix: &str) -> Result<Parameters> {
    let mut parameters = ParametersBuilder::default();
    for (name, tensor) in tensors {
        if let Some(name) = name.strip_prefix(prefix) {
            parameters.add(name, tensor.dims(), &tensor.flatten_all()?.to_vec1::<f32>()?)?;
        }
    }
    parameters.build(&Device::Cpu)
}

/// Every network that these settings can be: the reference, and a plan an instruction set.
fn networks(model: &ModelSettings, seed: u64) -> Result<Vec<(String, Box<dyn Backbone>)>> {
    let mut all: Vec<(String, Box<dyn Backbone>)> =
        vec![("candle".into(), Box::new(ResNet::new(model, seed, &Device::Cpu)?))];
    for isa in Isa::all() {
        all.push((isa.name().into(), Box::new(PlannedResNet::new(model, seed, isa)?)));
    }
    Ok(all)
}

/// Two steps of SGD from PyTorch's weights: features in training, weights and running statistics
/// after, features in evaluation.
fn two_steps(file: &str, name: &str, model: ModelSettings) -> Result<()> {
    let tensors = safetensors::load(file, &Device::Cpu)?;
    let model = ModelSettings { width: 4, blocks: 1, ..model };
    for (kind, mut net) in networks(&model, 0)? {
        two_steps_of(&mut *net, &tensors, name, &format!("{name} by {kind}"))?;
    }
    Ok(())
}

fn two_steps_of(
    net: &mut dyn Backbone,
    tensors: &HashMap<String, Tensor>,
    name: &str,
    label: &str,
) -> Result<()> {
    let get = |what: &str| &tensors[&format!("{name}.{what}")];
    let start = set(tensors, &format!("{name}.start."))?;
    net.parameters().copy_from(&start)?;
    net.buffers().copy_from(&start)?;
    let sgd = OptimizerSettings { momentum: 0.9, weight_decay: 0.01, ..OptimizerSettings::default() };
    let mut optimizer = Optimizer::new();
    for step in ["features1", "features2"] {
        let features = net.forward(get("x"), Pass::Learn)?;
        let difference = largest_difference(&features, get(step))?;
        assert!(difference < 1e-4, "{label}, {step}: {difference}");
        let gradient = net.backward(get("weight"))?;
        optimizer.update("", net.parameters(), &gradient, &sgd, 0.05)?;
    }
    let end = set(tensors, &format!("{name}.end."))?;
    let mut compared = 0;
    for (name, ours) in net.parameters().iter().chain(net.buffers().iter()) {
        let theirs = end.get(name).expect(name);
        let difference = largest_difference(ours, theirs)?;
        assert!(difference < 1e-4, "{label}: {name} differs by {difference}");
        compared += 1;
    }
    assert_eq!(compared, end.iter().len(), "{label}: every name of torchvision's is compared");
    // After two steps the running statistics are far from the data's: the features are in the thousands.
    let scale: f32 = get("frozen").abs()?.flatten_all()?.max(0)?.to_scalar()?;
    let difference = largest_difference(&net.forward(get("x"), Pass::Frozen)?, get("frozen"))? / scale;
    assert!(difference < 1e-4, "{label}, frozen: {difference} of {scale}");
    Ok(())
}

#[test]
fn the_small_stem_with_split_statistics_is_pytorchs() -> Result<()> {
    let model = ModelSettings { stem: Stem::Cifar, bn_splits: 2, ..ModelSettings::default() };
    two_steps(FIXTURE, "cifar", model)
}

#[test]
fn the_large_stem_with_pooling_is_pytorchs() -> Result<()> {
    let model = ModelSettings { stem: Stem::Imagenet, bn_splits: 1, ..ModelSettings::default() };
    two_steps(FIXTURE, "imagenet", model)
}

#[test]
fn bottlenecks_are_pytorchs() -> Result<()> {
    let (backbone, stem) = (BackboneKind::Resnet50, Stem::Imagenet);
    let model = ModelSettings { backbone, stem, bn_splits: 1, ..ModelSettings::default() };
    two_steps(BOTTLENECK, "bottleneck", model)
}

fn noise(name: &str, shape: [usize; 4]) -> Result<Tensor> {
    let mut stream = Stream::named(7, Domain::Weights, name);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal()).collect();
    Tensor::from_vec(values, &shape, &Device::Cpu)
}

/// A checkpoint of any network is one of every other: the same names and shapes in the same order, and the
/// same features once the values are taken over.
#[test]
fn what_one_network_has_learned_the_others_can_take_over() -> Result<()> {
    let tiny = ModelSettings { width: 8, blocks: 1, bn_splits: 2, ..ModelSettings::default() };
    let models = [
        (ModelSettings { backbone: BackboneKind::Resnet18, stem: Stem::Cifar, ..tiny.clone() }, 16),
        (ModelSettings { backbone: BackboneKind::Resnet50, stem: Stem::Imagenet, ..tiny }, 64),
    ];
    for (model, side) in models {
        let x = noise("images", [4, 3, side, side])?;
        let names = |it: &Parameters| -> Vec<(String, Vec<usize>)> {
            it.iter().map(|(name, value)| (name.to_owned(), value.dims().to_vec())).collect()
        };
        let kinds = networks(&model, 0)?.len();
        for (from, to) in (0..kinds).flat_map(|from| (0..kinds).map(move |to| (from, to))) {
            // Of different seeds: what is equal afterwards has been copied.
            let (giver, mut giving) = networks(&model, 1)?.swap_remove(from);
            let (taker, mut taking) = networks(&model, 2)?.swap_remove(to);
            let label = format!("{:?} from {giver} to {taker}", model.backbone);
            assert_eq!(names(giving.parameters()), names(taking.parameters()), "{label}");
            assert_eq!(names(giving.buffers()), names(taking.buffers()), "{label}");
            // So that the statistics have moved from where they start.
            let apart =
                largest_difference(&giving.forward(&x, Pass::Learn)?, &taking.forward(&x, Pass::Key)?)?;
            assert!(apart > 1e-2, "{label}: seeds made the same network");
            taking.parameters().copy_from(giving.parameters())?;
            taking.buffers().copy_from(giving.buffers())?;
            for pass in [Pass::Frozen, Pass::Learn] {
                let (given, taken) = (giving.forward(&x, pass)?, taking.forward(&x, pass)?);
                let scale: f32 = given.abs()?.flatten_all()?.max(0)?.to_scalar()?;
                let difference = largest_difference(&given, &taken)? / scale;
                assert!(difference < 1e-4, "{label}, {pass:?}: features differ by {difference}");
            }
        }
    }
    Ok(())
}

#[test]
fn adamw_is_pytorchs() -> Result<()> {
    let tensors = safetensors::load(FIXTURE, &Device::Cpu)?;
    let start: Vec<f32> = (0..6).map(|i| -1.0 + 0.4 * i as f32).collect();
    let mut parameters = ParametersBuilder::default();
    parameters.add("p", &[6], &start)?;
    let parameters = parameters.build(&Device::Cpu)?;
    let settings = OptimizerSettings {
        kind: OptimizerKind::Adamw,
        betas: [0.8, 0.95],
        eps: 1e-6,
        weight_decay: 0.05,
        ..OptimizerSettings::default()
    };
    let mut optimizer = Optimizer::new();
    for step in 0..3 {
        let gradient: Vec<f32> = (0..6).map(|i| ((i + step) as f32).sin()).collect();
        let gradient = Tensor::from_vec(gradient, 6, &Device::Cpu)?;
        optimizer.update("", &parameters, &gradient, &settings, 0.1)?;
    }
    assert!(largest_difference(&parameters.flat(), &tensors["adamw"])? < 1e-6);
    Ok(())
}
