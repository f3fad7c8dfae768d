//! An encoder: a backbone and, over its features, the embedding spaces.
//!
//! In LooC++ the backbone ends before its last stage: every space has a stage of its own over the backbone's
//! map, with its own BatchNorm, and V is what all the stages give, side by side: `[batch, (n+1)·F]`, Z0's
//! first (Xiao et al., 2021).

use super::{
    GENERAL, Space, StepError, Views, momentum, room,
    space::{SpaceSizes, stage_room},
};
use crate::nn::{Architecture, Backbone, HeadKind, ModelSettings, Parameters, Pass, Projection, network};
use candle_core::{Device, Tensor, bail};
type Result<T, E = candle_core::Error> = std::result::Result<T, E>;

/// The optimiser's name for the backbone, and its prefix in checkpoints.
const BACKBONE: &str = "backbone.";

/// A backbone with its spaces: Z0 first, then Zᵢ. The query encoder is one, the momentum encoder another.
pub struct Encoder {
    backbone: Box<dyn Backbone>,
    spaces: Vec<Space>,
    sizes: SpaceSizes,
    seed: u64,
    device: Device,
}

/// A network of an encoder.
pub(super) struct Room {
    /// The prefix of its names in the optimiser's state and, after the encoder's own, in checkpoints.
    pub name: String,
    pub parameters: Parameters,
    /// BatchNorm's running statistics, where there are any.
    pub buffers: Option<Parameters>,
}

/// The gradient of one network's parameters, `[count]` in their layout.
pub(super) struct Gradient {
    /// As in [`Room::name`].
    pub room: String,
    pub parameters: Parameters,
    pub flat: Tensor,
}

impl Encoder {
    /// Without spaces; a function of `seed`. `heads`: whether its spaces are to have heads.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub(super) fn new(model: &ModelSettings, heads: bool, seed: u64, device: &Device) -> Result<Self> {
        let (dim, groups) = (heads.then_some(model.dim), model.bn_splits);
        let whole = Architecture::of(model);
        let features = whole.features;
        let (backbone, stage) = match model.heads {
            HeadKind::Mlp => (whole, None),
            HeadKind::Stage => (Architecture::trunk(model), Some((Architecture::last_stage(model), groups))),
        };
        let backbone = network(backbone, groups, (seed, ""), device)?;
        let sizes = SpaceSizes { features, dim, stage };
        Ok(Self { backbone, spaces: Vec::new(), sizes, seed, device: device.clone() })
    }

    /// Another encoder with the same weights and statistics as now.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn twin(&self) -> Result<Self> {
        let spaces = self.spaces.iter().map(Space::twin).collect::<Result<_>>()?;
        let (backbone, device) = (self.backbone.twin()?, self.device.clone());
        Ok(Self { backbone, spaces, sizes: self.sizes.clone(), seed: self.seed, device })
    }

    /// Adds a space with fresh weights.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub(super) fn add(&mut self, name: &str, generation: u64) -> Result<&Space> {
        self.spaces.push(Space::new(name, &self.sizes, self.seed, generation, &self.device)?);
        Ok(&self.spaces[self.spaces.len() - 1])
    }

    /// Adds a copy of another encoder's space.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub(super) fn adopt(&mut self, space: &Space) -> Result<()> {
        self.spaces.push(space.twin()?);
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.spaces.retain(|space| space.name != name);
    }

    /// Names of the spaces, `all` first.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.spaces.iter().map(|space| space.name.as_str())
    }

    /// The space at a place in the order of [`Self::names`].
    pub(super) fn space(&self, place: usize) -> &Space {
        &self.spaces[place]
    }

    /// The places of the spaces that have a view: Z0, then in the order of the views.
    ///
    /// # Errors
    /// [`StepError::NoSpace`].
    pub(super) fn trained(&self, views: &Views) -> Result<Vec<usize>, StepError> {
        let names = std::iter::once(GENERAL).chain(views.sharing.iter().map(|(name, _)| name.as_str()));
        names
            .map(|name| self.names().position(|it| it == name).ok_or_else(|| StepError::NoSpace(name.into())))
            .collect()
    }

    /// Features of `images: [batch, 3, height, width]` for the spaces at `places`, in this order.
    ///
    /// # Errors
    /// If the images' shape does not fit.
    pub(super) fn encode(&mut self, images: &Tensor, pass: Pass, places: &[usize]) -> Result<Encoded> {
        let output = self.backbone.forward(images, pass)?;
        if self.sizes.stage.is_none() {
            return Ok(Encoded::Shared(output));
        }
        let of = |place: &usize| match &mut self.spaces[*place] {
            Space { stage: Some(stage), .. } => stage.forward(&output, pass),
            Space { name, .. } => bail!("the space {name} has no stage"),
        };
        places.iter().map(of).collect::<Result<_>>().map(Encoded::Own)
    }

    /// The same for every space.
    fn encode_all(&mut self, images: &Tensor, pass: Pass) -> Result<Encoded> {
        let places: Vec<usize> = (0..self.spaces.len()).collect();
        self.encode(images, pass, &places)
    }

    /// Features through the head of the space at `place`.
    ///
    /// # Errors
    /// If the shape does not fit.
    pub(super) fn project(&self, place: usize, features: &Tensor) -> Result<Projection> {
        self.spaces[place].trained_head()?.project(features)
    }

    /// From the gradients of z at some places, of the last [`Pass::Learn`], to those of all weights.
    ///
    /// # Errors
    /// If no pass was kept, or a shape does not fit.
    pub(super) fn backward(&mut self, of: &[(usize, &Projection, &Tensor)]) -> Result<Vec<Gradient>> {
        let (mut features, mut gradients) = (Vec::new(), Vec::new());
        for (place, projection, gradient) in of {
            let space = &self.spaces[*place];
            let head = space.trained_head()?;
            let (of_features, flat) = head.backward(projection, gradient)?;
            features.push((*place, of_features));
            let parameters = head.parameters().clone();
            gradients.push(Gradient { room: room(&space.name), parameters, flat });
        }
        gradients.extend(self.backward_features(features)?);
        Ok(gradients)
    }

    /// From the gradients of the features at some places, of the last [`Pass::Learn`], to those of the
    /// stages and the backbone.
    ///
    /// # Errors
    /// If no pass was kept, or the shape does not fit.
    pub(super) fn backward_features(&mut self, of: Vec<(usize, Tensor)>) -> Result<Vec<Gradient>> {
        let (mut output, mut gradients) = (None::<Tensor>, Vec::new());
        for (place, gradient) in of {
            let Space { name, stage, .. } = &mut self.spaces[place];
            let gradient = match stage {
                None => gradient,
                Some(stage) => {
                    let flat = stage.backward(&gradient)?;
                    let (room, parameters) = (stage_room(name), stage.parameters().clone());
                    gradients.push(Gradient { room, parameters, flat });
                    let Some(of_map) = stage.input_gradient() else {
                        bail!("the stage of {name} gives no gradient to its map")
                    };
                    of_map
                }
            };
            output = Some(match output {
                Some(sum) => (sum + gradient)?,
                None => gradient,
            });
        }
        let Some(output) = output else { bail!("no space is trained") };
        let (flat, parameters) = (self.backbone.backward(&output)?, self.backbone.parameters().clone());
        gradients.push(Gradient { room: BACKBONE.into(), parameters, flat });
        Ok(gradients)
    }

    /// Moves towards another encoder of the same spaces: parameters only.
    ///
    /// # Errors
    /// If it is of another shape.
    pub(super) fn follow(&self, query: &Self, momentum: f64) -> Result<()> {
        for (key, query) in self.rooms().iter().zip(query.rooms()) {
            momentum::follow(&key.parameters, &query.parameters, momentum)?;
        }
        Ok(())
    }

    /// Becomes a copy of another encoder; spaces come and go with it.
    ///
    /// # Errors
    /// If it is one of another shape.
    pub fn copy_from(&mut self, other: &Self) -> Result<()> {
        if !self.names().eq(other.names()) {
            self.spaces = other.spaces.iter().map(Space::twin).collect::<Result<_>>()?;
        }
        for (own, other) in self.rooms().iter().zip(other.rooms()) {
            own.parameters.copy_from(&other.parameters)?;
            if let (Some(own), Some(other)) = (&own.buffers, &other.buffers) {
                own.copy_from(other)?;
            }
        }
        Ok(())
    }

    /// Its networks.
    pub(super) fn rooms(&self) -> Vec<Room> {
        let backbone = Room {
            name: BACKBONE.into(),
            parameters: self.backbone.parameters().clone(),
            buffers: Some(self.backbone.buffers().clone()),
        };
        let of_space = |space: &Space| {
            let stage = space.stage.as_ref().map(|stage| Room {
                name: stage_room(&space.name),
                parameters: stage.parameters().clone(),
                buffers: Some(stage.buffers().clone()),
            });
            let head = space.head().map(|head| Room {
                name: room(&space.name),
                parameters: head.parameters().clone(),
                buffers: None,
            });
            stage.into_iter().chain(head)
        };
        std::iter::once(backbone).chain(self.spaces.iter().flat_map(of_space)).collect()
    }

    /// Gives BatchNorm the statistics of these images, `[batch, 3, height, width]`. For a network at
    /// initialisation, whose running statistics are of nothing yet.
    ///
    /// # Errors
    /// If the batch cannot be split into BatchNorm's groups.
    pub fn calibrate(&mut self, images: &Tensor) -> Result<()> {
        let buffers = |it: &Self| it.rooms().into_iter().filter_map(|room| room.buffers).collect::<Vec<_>>();
        let buffers = buffers(self);
        let before = buffers.iter().map(|it| it.flat().copy()).collect::<Result<Vec<_>>>()?;
        self.encode_all(images, Pass::Key)?;
        for (after, before) in buffers.iter().zip(before) {
            // The pass left (1 − share)·before + share·batch: the batch's own part is solved for.
            let batch = ((after.flat() - (before * (1.0 - SHARE))?)? * (1.0 / SHARE))?;
            after.flat_mut().set(&batch)?;
        }
        Ok(())
    }

    /// The width of V.
    pub(super) fn width(&self) -> usize {
        let stages = self.spaces.iter().filter(|space| space.stage.is_some()).count();
        self.sizes.features * stages.max(1)
    }

    /// V: `[batch, 3, height, width]` → `[batch, F]`, in LooC++ `[batch, (n+1)·F]`, by the running
    /// statistics.
    ///
    /// # Errors
    /// If the images' shape does not fit.
    pub fn features(&mut self, images: &Tensor) -> Result<Tensor> {
        self.encode_all(images, Pass::Frozen)?.whole()
    }

    /// V, and for each space `[batch, dim]`, of unit length, by the running statistics.
    ///
    /// # Errors
    /// If the images' shape does not fit.
    pub fn represent(&mut self, images: &Tensor) -> Result<(Tensor, Vec<Tensor>)> {
        let features = self.encode_all(images, Pass::Frozen)?;
        let embed = |(place, space): (usize, &Space)| space.embed(features.of(place));
        let z = self.spaces.iter().enumerate().map(embed).collect::<Result<_>>()?;
        Ok((features.whole()?, z))
    }

    /// Where it computes.
    pub fn device(&self) -> &Device {
        &self.device
    }
}

/// Features of the same images for some spaces, each `[batch, F]`.
pub(super) enum Encoded {
    /// The spaces have them in common.
    Shared(Tensor),
    /// LooC++: each has its own, in order.
    Own(Vec<Tensor>),
}

impl Encoded {
    /// Those of the space at a place in that order.
    pub fn of(&self, place: usize) -> &Tensor {
        match self {
            Self::Shared(features) => features,
            Self::Own(features) => &features[place],
        }
    }

    /// V, `[batch, F]`, or of LooC++ `[batch, spaces · F]`.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn whole(&self) -> Result<Tensor> {
        match self {
            Self::Shared(features) => Ok(features.clone()),
            Self::Own(features) => Tensor::cat(features, 1),
        }
    }

    /// Each of them changed.
    ///
    /// # Errors
    /// Those of `change`.
    pub fn map(&self, change: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Self> {
        Ok(match self {
            Self::Shared(features) => Self::Shared(change(features)?),
            Self::Own(features) => Self::Own(features.iter().map(change).collect::<Result<_>>()?),
        })
    }

    /// Those of several batches, for the same spaces, as of one.
    ///
    /// # Errors
    /// If they do not fit together.
    pub fn cat(batches: &[Self]) -> Result<Self> {
        let at =
            |place: usize| Tensor::cat(&batches.iter().map(|batch| batch.of(place)).collect::<Vec<_>>(), 0);
        Ok(match batches.first() {
            Some(Self::Own(features)) => Self::Own((0..features.len()).map(at).collect::<Result<_>>()?),
            _ => Self::Shared(at(0)?),
        })
    }
}

/// The share of a new batch in BatchNorm's running statistics, as in `nn::Norm`.
const SHARE: f64 = 0.1;
