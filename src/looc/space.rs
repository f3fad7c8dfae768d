//! One embedding space of an encoder.

use crate::{
    nn::{Head, normalise},
    rng::{Domain, Stream},
};
use candle_core::{Device, Result, Tensor, bail};

/// The name of the space that is invariant to everything.
pub const GENERAL: &str = "all";

/// Z0, or Zᵢ under the name of its augmentation.
pub struct Space {
    /// `all`, or the augmentation that it stays sensitive to.
    pub name: String,
    /// None where the space is V, of unit length.
    head: Option<Head>,
}

/// What a space is made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpaceSizes {
    /// F, the width of the features.
    pub features: usize,
    /// Dimensions of the space; none where it has no head.
    pub dim: Option<usize>,
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
        let head = sizes.dim.map(|dim| Head::new(&mut stream, sizes.features, dim, device)).transpose()?;
        Ok(Self { name: name.into(), head })
    }

    /// Another space with the same weights as now, which shares nothing with this one.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub(super) fn twin(&self) -> Result<Self> {
        Ok(Self { name: self.name.clone(), head: self.head.as_ref().map(Head::twin).transpose()? })
    }

    /// The space's MLP, where there is one.
    pub(super) fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// The MLP of a space that is trained.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn trained_head(&self) -> Result<&Head> {
        match &self.head {
            Some(head) => Ok(head),
            None => bail!("the space {} has no head", self.name),
        }
    }

    /// z of features, `[batch, dim]`, of unit length.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub(super) fn embed(&self, features: &Tensor) -> Result<Tensor> {
        match &self.head {
            Some(head) => Ok(head.project(features)?.z),
            None => normalise(features),
        }
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
