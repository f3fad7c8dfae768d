//! One embedding space of an encoder.

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
    head: Head,
}

/// What a space is made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpaceSizes {
    /// F, the width of the features.
    pub features: usize,
    /// Dimensions of the space.
    pub dim: usize,
}

impl Space {
    /// Fresh weights, as at the start of a run. `generation` tells a space from an earlier one of the
    /// same name.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub(super) fn new(
        name: &str,
        sizes: SpaceSizes,
        seed: u64,
        generation: u64,
        device: &Device,
    ) -> Result<Self> {
        let mut stream = stream(Domain::Weights, name, seed, generation);
        let head = Head::new(&mut stream, sizes.features, sizes.dim, device)?;
        Ok(Self { name: name.into(), head })
    }

    /// Another space with the same weights as now, which shares nothing with this one.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub(super) fn twin(&self) -> Result<Self> {
        Ok(Self { name: self.name.clone(), head: self.head.twin()? })
    }

    /// The space's MLP.
    pub(super) fn head(&self) -> &Head {
        &self.head
    }
}

/// The random stream of a space of that name.
pub(super) fn stream(domain: Domain, name: &str, seed: u64, generation: u64) -> Stream {
    Stream::named(seed, domain, &format!("{name}#{generation}"))
}

/// The prefix of a space's parameters in the optimiser's state and in checkpoints.
pub fn room(space: &str) -> String {
    format!("head.{space}.")
}
