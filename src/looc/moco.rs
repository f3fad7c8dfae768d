//! LooC over MoCo (Xiao et al., 2021; He et al., 2020; Chen et al., 2020, MoCo v2): the keys come from a
//! momentum encoder, the negatives from a queue of past keys for each space. With no leave-one-out
//! space it is MoCo v2.

use super::{
    ContrastSettings, GENERAL, Queue, Space, StepError, StepLosses, Views,
    encoder::{Encoded, Encoder},
    loss,
    objective::{Kind, Objective, Start, Step},
    shuffle::Shuffle,
    space::stream,
    space_loss::{SpaceLoss, gradients, report},
};
use crate::{nn::Pass, rng::Domain};
use candle_core::{Device, Tensor};
type Result<T, E = candle_core::Error> = std::result::Result<T, E>;

pub(super) const KIND: Kind = Kind {
    name: "moco",
    help: "momentum encoder and queues (He et al., 2020)",
    heads: true,
    labelled: false,
    numbers: &["temperature", "queue", "momentum", "general_positives"],
    make: |query, start| Ok(Box::new(Moco::new(query, start)?)),
};

/// The momentum encoder and the queues.
struct Moco {
    key: Encoder,
    /// One for each space, in their order.
    queues: Vec<(String, Queue)>,
    /// Of a queue: `[length, dim]`.
    shape: [usize; 2],
    seed: u64,
    device: Device,
}

impl Moco {
    fn new(query: &Encoder, start: Start) -> Result<Self> {
        Ok(Self {
            // It starts as a copy.
            key: query.twin()?,
            queues: Vec::new(),
            shape: [start.contrast.queue, start.model.dim],
            seed: start.seed,
            device: start.device.clone(),
        })
    }

    /// `[space][view]`: every key view through every trained space's momentum head. The views go through the
    /// backbone one by one, because BatchNorm must not see them together, and shuffled, because it
    /// must not see a key among the same images as its query; through a head they go together.
    fn keys(&mut self, views: &Views, trained: &[usize]) -> Result<Vec<Vec<Tensor>>> {
        let mut features = Vec::new();
        let sharing = views.sharing.iter().map(|(name, view)| (name.as_str(), view));
        for (name, view) in std::iter::once((GENERAL, &views.general)).chain(sharing) {
            let shuffle = Shuffle::at(self.seed, views.step, name, view.dim(0)?, &self.device)?;
            let encoded = self.key.encode(&shuffle.shuffled(view)?, Pass::Key, trained)?;
            features.push(encoded.map(|features| shuffle.restored(features))?);
        }
        let (all, views) = (Encoded::cat(&features)?, features.len());
        let of_space =
            |(own, place): (usize, &usize)| self.key.project(*place, all.of(own))?.z.chunk(views, 0);
        trained.iter().enumerate().map(of_space).collect()
    }

    fn losses(
        &self,
        query: &Encoder,
        features: &Encoded,
        keys: &[Vec<Tensor>],
        trained: &[usize],
        contrast: &ContrastSettings,
    ) -> Result<Vec<SpaceLoss>> {
        let of = |(own, (place, keys)): (usize, (&usize, &Vec<Tensor>))| {
            let (queue, temperature) = (self.queues[*place].1.view(), contrast.temperature);
            SpaceLoss::new(query, *place, features.of(own), |z| match own {
                0 => loss::general(z, keys, queue, temperature, contrast.general_positives),
                own => loss::leave_one_out(z, keys, own, queue, temperature),
            })
        };
        trained.iter().zip(keys).enumerate().map(of).collect()
    }
}

impl Objective for Moco {
    /// Momentum, keys, loss, backward, optimiser, queues: in MoCo's order.
    fn step(&mut self, mut step: Step) -> Result<StepLosses, StepError> {
        let trained = step.query.trained(step.views)?;
        let features = step.query.encode(&step.views.query, Pass::Learn, &trained)?;
        step.watch.lap();
        self.key.follow(step.query, step.hyper.contrast.momentum)?;
        let keys = self.keys(step.views, &trained)?;
        step.watch.lap();
        let losses = self.losses(step.query, &features, &keys, &trained, step.hyper.contrast)?;
        let told = report(&losses, step.query)?;
        step.watch.lap();
        let gradients = gradients(&losses, step.query)?;
        step.watch.lap();
        step.update(&gradients)?;
        step.watch.lap();
        for (keys, (own, place)) in keys.iter().zip(trained.iter().enumerate()) {
            self.queues[*place].1.enqueue(&keys[own])?;
        }
        Ok(told)
    }

    /// A copy of its head for the keys, and a queue of random directions.
    fn space_added(&mut self, space: &Space, generation: u64) -> Result<()> {
        let mut stream = stream(Domain::Queue, &space.name, self.seed, generation);
        let [length, dim] = self.shape;
        self.queues.push((space.name.clone(), Queue::random(&mut stream, length, dim, &self.device)?));
        self.key.adopt(space)
    }

    fn space_removed(&mut self, name: &str) {
        self.queues.retain(|(known, _)| known != name);
        self.key.remove(name);
    }

    fn key(&self) -> Option<&Encoder> {
        Some(&self.key)
    }

    fn queues(&self) -> &[(String, Queue)] {
        &self.queues
    }

    fn queues_mut(&mut self) -> &mut [(String, Queue)] {
        &mut self.queues
    }
}
