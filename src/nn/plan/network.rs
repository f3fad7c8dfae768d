//! The planned network as a [`Backbone`].

use super::{Memory, Plan, build::Common};
use crate::nn::{
    Architecture, Backbone, ModelSettings, Parameters, Pass, fresh,
    kernels::{Isa, with_values, with_values_mut},
};
use candle_core::{DType, Device, Result, Tensor, bail};
use std::sync::{Arc, Mutex};

/// A residual network on the CPU, by static plans: one for the passes that learn, one for the others, each
/// for the shape that it saw last.
pub struct PlannedResNet {
    architecture: Architecture,
    parameters: Parameters,
    buffers: Parameters,
    groups: usize,
    isa: Isa,
    learning: Option<Plan>,
    passing: Option<Plan>,
    /// Shared with twins.
    memory: Arc<Mutex<Memory>>,
    /// The images of the last [`Pass::Learn`].
    kept: Option<Tensor>,
    /// The flat gradient, written anew by every backward pass.
    gradient: Option<Tensor>,
    /// Of the map that the last backward pass went back to.
    input_gradient: Option<Tensor>,
}

impl PlannedResNet {
    /// A network with fresh weights, a function of `seed` alone: those of [`crate::nn::ResNet`].
    ///
    /// # Errors
    /// If candle fails.
    pub fn new(settings: &ModelSettings, seed: u64, isa: Isa) -> Result<Self> {
        Self::of(Architecture::of(settings), settings.bn_splits, (seed, ""), isa)
    }

    /// The same of any architecture, with weights drawn from `(seed, scope)` (see [`fresh`]) and BatchNorm's
    /// statistics over `groups` groups of a batch.
    ///
    /// # Errors
    /// If candle fails.
    pub fn of(architecture: Architecture, groups: usize, drawn: (u64, &str), isa: Isa) -> Result<Self> {
        let (parameters, buffers) = fresh(&architecture, drawn, &Device::Cpu)?;
        Ok(Self {
            architecture,
            parameters,
            buffers,
            groups,
            isa,
            learning: None,
            passing: None,
            memory: Arc::default(),
            kept: None,
            gradient: None,
            input_gradient: None,
        })
    }

    /// Makes the plan for a pass over images of this shape, if there is none.
    fn lay_out(&mut self, [images, height, width]: [usize; 3], pass: Pass) -> Result<()> {
        // Evaluation has one set of statistics, whatever the batch.
        let groups = if pass == Pass::Frozen { 1 } else { self.groups };
        let (shape, learns) = ([images, height, width, groups], pass == Pass::Learn);
        let slot = if learns { &mut self.learning } else { &mut self.passing };
        if slot.as_ref().is_none_or(|plan| plan.shape != shape) {
            // Before the next one is made: the two would not have to fit side by side.
            *slot = None;
            let (parameters, buffers) = (self.parameters.layout(), self.buffers.layout());
            let common = Common { architecture: &self.architecture, parameters, buffers, isa: self.isa };
            *slot = Some(Plan::new(&common, shape, learns)?);
        }
        Ok(())
    }
}

impl Backbone for PlannedResNet {
    fn forward(&mut self, images: &Tensor, pass: Pass) -> Result<Tensor> {
        let (count, channels, height, width) = images.dims4()?;
        let inputs = self.architecture.inputs();
        if channels != inputs {
            let what = if self.architecture.stem.is_some() { "images" } else { "maps" };
            bail!("{what} have {inputs} channels, these have {channels}");
        }
        if pass == Pass::Learn {
            self.kept = None;
        }
        self.lay_out([count, height, width], pass)?;
        let slot = if pass == Pass::Learn { &mut self.learning } else { &mut self.passing };
        let (Some(plan), Ok(mut memory)) = (slot, self.memory.lock()) else {
            bail!("an earlier pass of this network has failed");
        };
        let shape = plan.output(self.architecture.features);
        let mut out = vec![0.0; shape.iter().product()];
        self.parameters.read(|parameters| {
            self.buffers.write(|running| {
                with_values(images, |images| {
                    plan.forward(&mut memory, parameters, running, images, pass, &mut out);
                    Ok(())
                })
            })
        })?;
        drop(memory);
        if pass == Pass::Learn {
            self.kept = Some(images.clone());
        }
        Tensor::from_vec(out, shape, &Device::Cpu)
    }

    fn backward(&mut self, gradient: &Tensor) -> Result<Tensor> {
        let (Some(images), Some(plan), Ok(mut memory)) =
            (self.kept.take(), &mut self.learning, self.memory.lock())
        else {
            bail!("backward without a forward pass that was kept");
        };
        let output = plan.output(self.architecture.features);
        if gradient.dims() != output {
            bail!("the features were {output:?}, their gradient is {:?}", gradient.dims());
        }
        let result = match self.gradient.take() {
            Some(result) => result,
            None => Tensor::zeros(self.parameters.count(), DType::F32, &Device::Cpu)?,
        };
        let is_map = self.architecture.stem.is_none();
        let mut below = vec![0.0; if is_map { images.elem_count() } else { 0 }];
        self.parameters.read(|parameters| {
            with_values(&images, |images| {
                with_values(gradient, |gradient| {
                    with_values_mut(&result, |result| {
                        plan.backward(&mut memory, parameters, images, gradient, [result, &mut below]);
                        Ok(())
                    })
                })
            })
        })?;
        self.input_gradient =
            is_map.then(|| Tensor::from_vec(below, images.shape(), &Device::Cpu)).transpose()?;
        self.gradient = Some(result.clone());
        Ok(result)
    }

    fn input_gradient(&mut self) -> Option<Tensor> {
        self.input_gradient.take()
    }

    fn twin(&self) -> Result<Box<dyn Backbone>> {
        Ok(Box::new(Self {
            architecture: self.architecture.clone(),
            parameters: self.parameters.duplicate()?,
            buffers: self.buffers.duplicate()?,
            groups: self.groups,
            isa: self.isa,
            learning: None,
            passing: None,
            memory: self.memory.clone(),
            kept: None,
            gradient: None,
            input_gradient: None,
        }))
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn buffers(&self) -> &Parameters {
        &self.buffers
    }

    fn features(&self) -> usize {
        self.architecture.features
    }
}
