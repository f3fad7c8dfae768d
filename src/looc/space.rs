//! One embedding space: the query's head, the momentum encoder's head, and the queue of its keys.

use super::Queue;
use crate::{
    nn::Head,
    rng::{Domain, Stream},
};
use candle_core::{Device, Result};

/// The name of the space that is invariant to everything.
pub const GENERAL: &str = "all";

/// Z0, or Zᵢ under the name of its augmentation.
pub struct Space {
    /// `all`, or the augmentation that it stays sensitive to.
    pub name: String,
    /// Trained.
    pub query: Head,
    /// Follows [`Self::query`].
    pub key: Head,
    /// Past keys, through [`Self::key`].
    pub queue: Queue,
}

/// The sizes of a space.
#[derive(Clone, Copy, Debug)]
pub struct SpaceSizes {
    /// F, the width of the features.
    pub features: usize,
    /// Dimensions of the space.
    pub dim: usize,
    /// Keys in the queue.
    pub queue: usize,
}

impl Space {
    /// Fresh weights, equal in both heads, and a queue of random directions: as at the start of a run.
    /// `generation` tells a space from an earlier one of the same name.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn new(name: &str, sizes: SpaceSizes, seed: u64, generation: u64, device: &Device) -> Result<Self> {
        let stream = |domain| Stream::named(seed, domain, &format!("{name}#{generation}"));
        let query = Head::new(&mut stream(Domain::Weights), sizes.features, sizes.dim, device)?;
        let key = Head::new(&mut stream(Domain::Weights), sizes.features, sizes.dim, device)?;
        let queue = Queue::random(&mut stream(Domain::Queue), sizes.queue, sizes.dim, device)?;
        Ok(Self { name: name.into(), query, key, queue })
    }
}
