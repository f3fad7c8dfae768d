//! The plan against the same network on candle's operations, and against finite differences.

use crate::{
    nn::{
        Architecture, Backbone, BackboneKind, LAST_STAGE, ModelSettings, Optimizer, OptimizerSettings, Pass,
        PlannedResNet, ResNet, Stem, kernels::Isa,
    },
    rng::{Domain, Stream},
};
use candle_core::{Device, Result, Tensor};

fn noise(seed: u64, shape: &[usize]) -> Tensor {
    let mut stream = Stream::named(seed, Domain::Weights, "plan test");
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal()).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// The largest difference, as a share of the largest value.
fn distance(ours: &Tensor, theirs: &Tensor) -> Result<f32> {
    let largest = |t: &Tensor| t.abs()?.flatten_all()?.max(0)?.to_scalar::<f32>();
    Ok(largest(&(ours - theirs)?)? / largest(theirs)?.max(1e-6))
}

fn settings(backbone: BackboneKind, stem: Stem, width: usize, bn_splits: usize) -> ModelSettings {
    ModelSettings { backbone, stem, width, bn_splits, blocks: 1, ..ModelSettings::default() }
}

/// Both networks with the same weights, away from those of the start, where every γ is 1 and β 0. Every β
/// is about `lift`: lifted, few values are so near to ReLU's corner that rounding decides their gradient.
fn pair(settings: &ModelSettings, isa: Isa, lift: f64) -> Result<(PlannedResNet, ResNet)> {
    let ours = PlannedResNet::new(settings, 3, isa)?;
    let theirs = ResNet::new(settings, 3, &Device::Cpu)?;
    for (name, tensor) in theirs.parameters().iter() {
        let lift = if name.ends_with(".bias") { lift } else { 0.0 };
        let moved = ((tensor + lift)? + (noise(tensor.elem_count() as u64, tensor.dims()) * 0.1)?)?;
        theirs.parameters().set(name, &moved)?;
    }
    ours.parameters().copy_from(theirs.parameters())?;
    Ok((ours, theirs))
}

fn agrees(settings: &ModelSettings, shape: [usize; 3], isa: Isa, lift: f64) -> Result<()> {
    let [images, height, width] = shape;
    let (mut ours, mut theirs) = pair(settings, isa, lift)?;
    let label = format!("{settings:?} {images} of {height}x{width}, {}", isa.name());
    let x = noise(1, &[images, 3, height, width]);
    let g = noise(2, &[images, ours.features()]);
    for pass in [Pass::Learn, Pass::Key, Pass::Frozen, Pass::Learn] {
        let (a, b) = (ours.forward(&x, pass)?, theirs.forward(&x, pass)?);
        let d = distance(&a, &b)?;
        assert!(d < 1e-4, "{label}: features differ by {d} in {pass:?}");
        let d = distance(&ours.buffers().flat(), &theirs.buffers().flat())?;
        assert!(d < 1e-4, "{label}: running statistics differ by {d} after {pass:?}");
    }
    let (a, b) = (ours.backward(&g)?, theirs.backward(&g)?);
    let entries = ours.parameters().layout().entries().to_vec();
    let largest: f32 = b.abs()?.max(0)?.to_scalar()?;
    for entry in entries {
        let (a, b) = (entry.view(&a)?, entry.view(&b)?);
        let d: f32 = (a - b)?.abs()?.flatten_all()?.max(0)?.to_scalar()?;
        assert!(d < 2e-4 * largest, "{label}: the gradient of {} differs by {d} of {largest}", entry.name);
    }
    Ok(())
}

#[test]
fn basic_blocks_agree_with_candle() -> Result<()> {
    for isa in Isa::all() {
        agrees(&settings(BackboneKind::Resnet18, Stem::Cifar, 8, 1), [4, 16, 16], isa, 0.0)?;
        agrees(&settings(BackboneKind::Resnet18, Stem::Cifar, 20, 2), [6, 24, 16], isa, 0.0)?;
        agrees(&settings(BackboneKind::Resnet18, Stem::Imagenet, 16, 1), [4, 64, 32], isa, 0.0)?;
    }
    Ok(())
}

#[test]
fn bottlenecks_agree_with_candle() -> Result<()> {
    for isa in Isa::all() {
        agrees(&settings(BackboneKind::Resnet50, Stem::Cifar, 8, 1), [4, 16, 16], isa, 0.0)?;
        agrees(&settings(BackboneKind::Resnet50, Stem::Imagenet, 12, 3), [6, 64, 64], isa, 0.0)?;
    }
    Ok(())
}

/// Wide layers take another way through the Winograd kernels.
#[test]
fn wide_layers_agree_with_candle() -> Result<()> {
    for isa in Isa::all() {
        agrees(&settings(BackboneKind::Resnet18, Stem::Cifar, 32, 2), [4, 32, 32], isa, 3.0)?;
    }
    Ok(())
}

/// A network cut before its last stage: each part agrees with candle's, and the two together with the whole.
#[test]
fn trunks_and_last_stages_agree_with_candle() -> Result<()> {
    for isa in Isa::all() {
        for (kind, stem, width, splits, shape) in [
            (BackboneKind::Resnet18, Stem::Cifar, 8, 1, [4, 16, 16]),
            (BackboneKind::Resnet18, Stem::Cifar, 20, 2, [6, 24, 16]),
            (BackboneKind::Resnet50, Stem::Cifar, 8, 2, [4, 16, 8]),
            (BackboneKind::Resnet18, Stem::Imagenet, 8, 1, [4, 64, 32]),
        ] {
            let mut settings = settings(kind, stem, width, splits);
            // Blocks with and without a shortcut's convolution.
            settings.blocks = 2;
            in_parts(&settings, shape, isa)?;
        }
    }
    Ok(())
}

fn in_parts(settings: &ModelSettings, [images, height, width]: [usize; 3], isa: Isa) -> Result<()> {
    let label = format!("{settings:?} {images} of {height}x{width}, {}", isa.name());
    let (mut whole, values) = pair(settings, isa, 3.0)?;
    let (trunk, stage) = (Architecture::trunk(settings), Architecture::last_stage(settings));
    let planned = |it: &Architecture| PlannedResNet::of(it.clone(), settings.bn_splits, (9, ""), isa);
    let on_candle = |it: &Architecture| ResNet::of(it.clone(), settings.bn_splits, (9, ""), &Device::Cpu);
    let mut ours: [Box<dyn Backbone>; 2] = [Box::new(planned(&trunk)?), Box::new(planned(&stage)?)];
    let mut theirs: [Box<dyn Backbone>; 2] = [Box::new(on_candle(&trunk)?), Box::new(on_candle(&stage)?)];
    for [first, last] in [&ours, &theirs] {
        for (part, prefix) in [(first, ""), (last, LAST_STAGE)] {
            for (name, _) in part.parameters().iter() {
                let value = values.parameters().get(&format!("{prefix}{name}")).unwrap();
                part.parameters().set(name, value)?;
            }
        }
    }
    let x = noise(1, &[images, 3, height, width]);
    for pass in [Pass::Learn, Pass::Key, Pass::Frozen, Pass::Learn] {
        let (map, expected) = (ours[0].forward(&x, pass)?, theirs[0].forward(&x, pass)?);
        assert_eq!(map.dims(), expected.dims());
        assert!(distance(&map, &expected)? < 1e-4, "{label}: the maps differ in {pass:?}");
        // Both stages have the same input, so that errors do not add up.
        let (features, expected) = (ours[1].forward(&map, pass)?, theirs[1].forward(&map, pass)?);
        assert!(distance(&features, &expected)? < 1e-4, "{label}: the features differ in {pass:?}");
        let d = distance(&features, &whole.forward(&x, pass)?)?;
        assert!(d < 1e-5, "{label}: {d} from the whole in {pass:?}");
    }
    let g = noise(2, &[images, whole.features()]);
    let close = |a: &Tensor, b: &Tensor, what: &str| -> Result<()> {
        let d = distance(a, b)?;
        assert!(d < 2e-4, "{label}: the gradients of {what} are {d} apart");
        Ok(())
    };
    let (last, expected) = (ours[1].backward(&g)?, theirs[1].backward(&g)?);
    close(&last, &expected, "the stage")?;
    let (Some(of_map), Some(expected)) = (ours[1].input_gradient(), theirs[1].input_gradient()) else {
        panic!("{label}: a stage gives the gradient of its map")
    };
    close(&of_map, &expected, "the map")?;
    assert!(ours[1].input_gradient().is_none(), "it is given once");
    let (first, expected) = (ours[0].backward(&of_map)?, theirs[0].backward(&of_map)?);
    close(&first, &expected, "the trunk")?;
    assert!(ours[0].input_gradient().is_none() && theirs[0].input_gradient().is_none());
    close(&Tensor::cat(&[first, last], 0)?, &whole.backward(&g)?, "both parts")
}

/// ⟨∇L, d⟩ = dL/dt along p + t·d, for L = Σ features·w.
#[test]
fn gradients_are_those_of_finite_differences() -> Result<()> {
    let settings = settings(BackboneKind::Resnet18, Stem::Cifar, 16, 2);
    let (mut net, _) = pair(&settings, Isa::preferred().unwrap(), 0.0)?;
    let (x, w) = (noise(5, &[8, 3, 16, 16]), noise(6, &[8, net.features()]));
    net.forward(&x, Pass::Learn)?;
    let gradient = net.backward(&w)?.copy()?;
    let start = net.parameters().flat().copy()?;
    for seed in 10..16 {
        // Along the gradient's own signs, so that the slope is far from the rounding of the loss.
        let direction = (noise(seed, start.dims()).abs()? * gradient.sign()?)?;
        let slope: f32 = (&gradient * &direction)?.sum_all()?.to_scalar()?;
        let step = 2e-5;
        let mut loss = |t: f64| -> Result<f64> {
            net.parameters().flat_mut().set(&(&start + (&direction * t)?)?)?;
            let features = net.forward(&x, Pass::Learn)?;
            let values = (features * &w)?.flatten_all()?.to_vec1::<f32>()?;
            Ok(values.iter().map(|v| f64::from(*v)).sum())
        };
        let measured = (loss(step)? - loss(-step)?) / (2.0 * step);
        let error = (measured - f64::from(slope)).abs() / f64::from(slope).abs();
        assert!(error < 0.02, "direction {seed}: {measured} measured, {slope} by the gradient");
    }
    Ok(())
}

/// What rounding makes of the same training after 100 steps.
#[test]
fn a_hundred_steps_stay_beside_candles() -> Result<()> {
    let settings = settings(BackboneKind::Resnet18, Stem::Cifar, 4, 1);
    let (mut ours, mut theirs) = pair(&settings, Isa::preferred().unwrap(), 2.0)?;
    let sgd = OptimizerSettings::default();
    let mut optimizers = [Optimizer::new(), Optimizer::new()];
    let target = noise(7, &[16, ours.features()]);
    for step in 0..100 {
        let x = noise(100 + step % 4, &[16, 3, 8, 8]);
        let nets: [&mut dyn Backbone; 2] = [&mut ours, &mut theirs];
        for (net, optimizer) in nets.into_iter().zip(&mut optimizers) {
            // Towards the target: the gradient of |features − target|²/2, a mean over the batch.
            let gradient = ((net.forward(&x, Pass::Learn)? - &target)? / 16.0)?;
            let gradient = net.backward(&gradient)?;
            optimizer.update("", net.parameters(), &gradient, &sgd, 0.01)?;
        }
    }
    let start = PlannedResNet::new(&settings, 3, Isa::preferred().unwrap())?;
    let moved = distance(&start.parameters().flat(), &theirs.parameters().flat())?;
    let apart = distance(&ours.parameters().flat(), &theirs.parameters().flat())?;
    assert!(moved > 0.1, "the weights hardly moved: {moved}");
    assert!(apart < 1e-3, "after 100 steps the weights are {apart} apart");
    Ok(())
}

#[test]
fn the_number_of_threads_changes_no_bit() -> Result<()> {
    let settings = settings(BackboneKind::Resnet18, Stem::Cifar, 32, 2);
    let x = noise(1, &[12, 3, 32, 32]);
    let run = |threads: usize| -> Result<(Vec<f32>, Vec<f32>, Vec<f32>)> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut net = PlannedResNet::new(&settings, 3, Isa::preferred().unwrap())?;
            let features = net.forward(&x, Pass::Learn)?;
            let gradient = net.backward(&noise(2, features.dims()))?.to_vec1()?;
            let key = net.forward(&x, Pass::Key)?.flatten_all()?.to_vec1()?;
            Ok((features.flatten_all()?.to_vec1()?, gradient, key))
        })
    };
    let one = run(1)?;
    for threads in [2, 3, 5] {
        assert!(run(threads)? == one, "{threads} threads");
    }
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error_and_leaves_the_network_usable() -> Result<()> {
    let mut net = PlannedResNet::new(
        &settings(BackboneKind::Resnet18, Stem::Cifar, 4, 4),
        0,
        Isa::preferred().unwrap(),
    )?;
    let x = noise(1, &[8, 3, 8, 8]);
    let refused = net.forward(&noise(1, &[6, 3, 8, 8]), Pass::Learn).unwrap_err().to_string();
    assert!(refused.contains("a batch of 6 cannot be split into 4 groups"), "{refused}");
    assert!(net.forward(&noise(1, &[8, 1, 8, 8]), Pass::Key).is_err());
    assert!(net.backward(&noise(1, &[8, net.features()])).is_err(), "backward before forward");
    let features = net.forward(&x, Pass::Learn)?;
    assert!(net.backward(&noise(1, &[7, net.features()])).is_err());
    let again = net.forward(&x, Pass::Learn)?;
    assert_eq!(features.to_vec2::<f32>()?, again.to_vec2::<f32>()?);
    net.backward(&again)?;
    Ok(())
}
