//! The planned network's steady state: a pass allocates its features' tensor, and nothing for its work.
//!
//! Every allocation of the process is counted, on whatever thread; there is one test here, so that no other
//! allocates beside it.

mod counting;

use candle_core::{Device, Result, Tensor};
use looc::nn::{Backbone, BackboneKind, ModelSettings, Pass, PlannedResNet, Stem, kernels::Isa};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::{Barrier, Mutex};

/// What a pass may allocate, whatever its shape. Of the features' tensor: the values, candle's two shared
/// boxes (storage and tensor), the lists of sizes and strides. For the buffer that a pass writes in place (the
/// running statistics, the gradient), candle makes one list more. That is six for a forward pass and one for
/// a backward pass; the rest is left for another version of candle.
const CALLS_A_PASS: usize = 8;
/// Of these bytes all but the features' values are few.
const BYTES_BESIDE_VALUES: usize = 1024;
const PASSES: usize = 50;
const IMAGES: usize = 8;
const THREADS: usize = 2;

#[test]
fn a_pass_allocates_its_features_and_nothing_that_grows() -> Result<()> {
    let pool = ThreadPoolBuilder::new().num_threads(THREADS).build().unwrap();
    for isa in Isa::all() {
        for (backbone, stem, side) in
            [(BackboneKind::Resnet18, Stem::Cifar, 16), (BackboneKind::Resnet50, Stem::Imagenet, 32)]
        {
            let model =
                ModelSettings { backbone, stem, width: 16, blocks: 1, bn_splits: 2, ..Default::default() };
            steady(&pool, &model, side, isa)?;
        }
    }
    Ok(())
}

/// A network that learns, its twin that makes keys, and what they are given.
struct Pair {
    net: PlannedResNet,
    twin: Box<dyn Backbone>,
    images: Tensor,
    gradient: Tensor,
}

impl Pair {
    fn new(model: &ModelSettings, side: usize, isa: Isa) -> Result<Self> {
        let net = PlannedResNet::new(model, 0, isa)?;
        let images = Tensor::randn(0f32, 1f32, (IMAGES, 3, side, side), &Device::Cpu)?;
        let gradient = Tensor::randn(0f32, 1f32, (IMAGES, net.features()), &Device::Cpu)?;
        Ok(Self { twin: net.twin()?, net, images, gradient })
    }

    /// Calls and bytes of one forward pass that learns, its way back, and one for keys.
    fn step(&mut self) -> Result<[[usize; 2]; 3]> {
        let (result, learn) = counting::of_process(|| self.net.forward(&self.images, Pass::Learn));
        result?;
        let (result, back) = counting::of_process(|| self.net.backward(&self.gradient));
        result?;
        let (result, key) = counting::of_process(|| self.twin.forward(&self.images, Pass::Key));
        result?;
        Ok([learn, back, key])
    }
}

/// Lays the plans out, and lets each thread do all of a step alone while the others sleep: so the memory of
/// every thread has met the largest layer, whatever it happens to be given later.
fn warm(pool: &ThreadPool, pair: &Mutex<Pair>) {
    let turn = Barrier::new(THREADS);
    pool.broadcast(|thread| {
        for index in 0..THREADS {
            turn.wait();
            if thread.index() == index {
                pair.lock().unwrap().step().unwrap();
            }
            turn.wait();
        }
    });
}

fn steady(pool: &ThreadPool, model: &ModelSettings, side: usize, isa: Isa) -> Result<()> {
    let pair = Mutex::new(Pair::new(model, side, isa)?);
    warm(pool, &pair);
    let mut pair = pair.into_inner().unwrap();
    let seen: Vec<_> = pool.install(|| (0..PASSES).map(|_| pair.step()).collect::<Result<_>>())?;
    let label = format!("{:?}, {}", model.backbone, isa.name());
    println!("{label}: calls and bytes of forward, backward, key: {:?}", seen[PASSES - 1]);
    let values = IMAGES * pair.net.features() * size_of::<f32>();
    for (pass, [learn, back, key]) in seen.iter().enumerate() {
        for (name, [calls, bytes], result) in
            [("forward", learn, values), ("backward", back, 0), ("key", key, values)]
        {
            assert!(*calls <= CALLS_A_PASS, "{label}: {calls} allocations in {name} {pass}");
            let beside = bytes - result;
            assert!(
                beside <= BYTES_BESIDE_VALUES,
                "{label}: {beside} bytes beside the result in {name} {pass}"
            );
        }
    }
    assert_eq!(seen[0], seen[PASSES - 1], "{label}: the last passes allocate as the first");
    Ok(())
}
