//! One embedding space of an encoder: an MLP head, before which LooC++ has a last stage of the space's own.

use crate::{
    nn::{Architecture, Backbone, Head, LAST_STAGE, network, normalise},
    rng::{Domain, Stream},
};
use candle_core::{Device, Result, Tensor, bail};

/// The name of the space that is invariant to everything.
pub const GENERAL: &str = "all";

/// Z0, or Zᵢ under the name of its augmentation.
pub struct Space {
    /// `all`, or the augmentation that it stays sensitive to.
    pub name: String,
    /// Of the backbone's map, in LooC++.
    pub(super) stage: Option<Box<dyn Backbone>>,
    /// None where the space is V, of unit length.
    head: Option<Head>,
}

/// What a space is made from.
#[derive(Clone, Debug)]
pub(super) struct SpaceSizes {
    /// F, the width of the features.
    pub features: usize,
    /// Dimensions of the space; none where it has no head.
    pub dim: Option<usize>,
    /// The stage that a space has for its own, and BatchNorm's groups in it.
    pub stage: Option<(Architecture, usize)>,
}

impl Space {
    /// Fresh weights, as at the start of a run. `generation` tells a space from an earlier one of the
    /// same name.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub(super) fn new(
        name: &str,
        sizes: &SpaceSizes,
        seed: u64,
        generation: u64,
        device: &Device,
    ) -> Result<Self> {
        let mut stream = stream(Domain::Weights, name, seed, generation);
        let head = sizes.dim.map(|dim| Head::new(&mut stream, sizes.features, dim, device)).transpose()?;
        // Z0's is drawn as the whole backbone's would be: without other heads, LooC++ is the plain network.
        let scope = match name {
            GENERAL => LAST_STAGE.into(),
            name => format!("{name}#{generation}.{LAST_STAGE}"),
        };
        let fresh =
            |(stage, groups): &(Architecture, usize)| network(stage.clone(), *groups, (seed, &scope), device);
        let stage = sizes.stage.as_ref().map(fresh).transpose()?;
        Ok(Self { name: name.into(), stage, head })
    }

    /// Another space with the same weights as now, which shares nothing with this one.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub(super) fn twin(&self) -> Result<Self> {
        let stage = self.stage.as_ref().map(|stage| stage.twin()).transpose()?;
        Ok(Self { name: self.name.clone(), stage, head: self.head.as_ref().map(Head::twin).transpose()? })
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

/// The prefix of those of its stage.
pub(super) fn stage_room(space: &str) -> String {
    format!("head.{space}.{LAST_STAGE}")
}
