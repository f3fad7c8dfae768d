//! The supervised baseline: cross-entropy of a linear classifier on V, of q's views alone, with the same
//! backbone, augmentations and optimiser as the other objectives.
//!
//! There is no projection head, so that V is exactly what the classifier reads; the space `all` is V itself,
//! of unit length, and its loss is the classifier's. Augmentations own no space.

use super::{
    GENERAL, StepError, StepLosses,
    encoder::{Gradient, Room},
    loss::cross_entropy,
    objective::{Kind, Objective, Start, Step},
};
use crate::{
    nn::{Parameters, ParametersBuilder, Pass, init},
    rng::{Domain, Stream},
};
use candle_core::{Device, Var, bail};

type Result<T, E = candle_core::Error> = std::result::Result<T, E>;

pub(super) const KIND: Kind = Kind {
    name: "supervised",
    help: "a classifier of V by contrast.label, without heads: a baseline",
    heads: false,
    labelled: true,
    numbers: &[],
    make: |_, start| Ok(Box::new(Supervised::new(start))),
};

/// The optimiser's name for the classifier, and its prefix in checkpoints.
const CLASSIFIER: &str = "classifier.";

struct Supervised {
    /// `weight: [classes, F]`, `bias: [classes]`; none until the number of classes is known.
    classifier: Option<Parameters>,
    seed: u64,
    device: Device,
}

impl Supervised {
    fn new(start: Start) -> Self {
        Self { classifier: None, seed: start.seed, device: start.device.clone() }
    }
}

impl Objective for Supervised {
    fn step(&mut self, mut step: Step) -> Result<StepLosses, StepError> {
        let (Some(classifier), Some(labels)) = (&self.classifier, &step.views.labels) else {
            return Err(candle_core::Error::Msg("supervised training needs labels".into()).into());
        };
        let features = step.query.encode(&step.views.query, Pass::Learn, &[0])?;
        let features = Var::from_tensor(features.of(0))?;
        step.watch.lap();
        // There are no keys.
        step.watch.lap();
        let leaves = classifier.leaves()?;
        let [weight, bias] = &leaves[..] else {
            return Err(candle_core::Error::Msg("a classifier has two tensors".into()).into());
        };
        let loss = cross_entropy(&features.matmul(&weight.t()?)?.broadcast_add(bias)?, labels)?;
        let value = loss.to_scalar::<f32>()?;
        if !value.is_finite() {
            return Err(StepError::NotFinite { head: GENERAL.into(), value });
        }
        step.watch.lap();
        let store = loss.backward()?;
        let Some(gradient) = store.get(features.as_tensor()) else {
            return Err(candle_core::Error::Msg("the loss does not depend on the features".into()).into());
        };
        let flat = classifier.gradient(&leaves, &store)?;
        let (room, parameters) = (CLASSIFIER.into(), classifier.clone());
        let mut gradients = step.query.backward_features(vec![(0, gradient.clone())])?;
        gradients.push(Gradient { room, parameters, flat });
        step.watch.lap();
        step.update(&gradients)?;
        Ok(StepLosses { mean: value, spaces: vec![(GENERAL.into(), value)] })
    }

    /// A fresh classifier (PyTorch's default for linear layers).
    fn tell_apart(&mut self, classes: usize, features: usize) -> Result<()> {
        if let Some(known) = self.classifier.as_ref().and_then(|it| it.get("bias")) {
            let known = known.elem_count();
            return if known == classes {
                Ok(())
            } else {
                bail!("{classes} classes, not the {known} before")
            };
        }
        let mut stream = Stream::named(self.seed, Domain::Weights, CLASSIFIER);
        let mut uniform = |count| init::linear_uniform(&mut stream, count, features);
        let mut builder = ParametersBuilder::default();
        builder.add("weight", &[classes, features], &uniform(classes * features))?;
        builder.add("bias", &[classes], &uniform(classes))?;
        self.classifier = Some(builder.build(&self.device)?);
        Ok(())
    }

    fn trained(&self) -> Vec<Room> {
        let room = |it: &Parameters| Room { name: CLASSIFIER.into(), parameters: it.clone(), buffers: None };
        self.classifier.iter().map(room).collect()
    }
}

/// The name in a state by which a classifier is known to be there.
pub(super) const WEIGHT: &str = "query.classifier.weight";
