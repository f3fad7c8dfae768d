//! The planned network as a [`Backbone`].

use super::{Plan, build::Common};
use crate::nn::{
    Architecture, Backbone, ModelSettings, Parameters, Pass, fresh,
    kernels::{Isa, with_values, with_values_mut},
};
use candle_core::{DType, Device, Result, Tensor, bail};

/// A residual network on the CPU, by static plans: one for the passes that learn, one for the others, each
/// for the shape that it saw last.
pub struct PlannedResNet {
    architecture: Architecture,
    parameters: Parameters,
    buffers: Parameters,
    groups: usize,
    isa: Isa,
    learning: Option<Packed>,
    passing: Option<Packed>,
    /// The images of the last [`Pass::Learn`].
    kept: Option<Tensor>,
    /// The flat gradient, written anew by every backward pass.
    gradient: Tensor,
}

/// A plan, and which version of the weights it has packed.
struct Packed {
    plan: Plan,
    version: Option<u64>,
}

impl PlannedResNet {
    /// A network with fresh weights, a function of `seed` alone: those of [`crate::nn::ResNet`].
    ///
    /// # Errors
    /// If candle fails.
    pub fn new(settings: &ModelSettings, seed: u64, isa: Isa) -> Result<Self> {
        let architecture = Architecture::of(settings);
        let (parameters, buffers) = fresh(&architecture, seed, &Device::Cpu)?;
        let gradient = Tensor::zeros(parameters.count(), DType::F32, &Device::Cpu)?;
        let groups = settings.bn_splits;
        let (learning, passing, kept) = (None, None, None);
        Ok(Self { architecture, parameters, buffers, groups, isa, learning, passing, kept, gradient })
    }

    /// The plan for a pass over images of this shape, made if there is none, with the weights of now.
    fn plan(&mut self, [images, height, width]: [usize; 3], pass: Pass) -> Result<&mut Plan> {
        // Evaluation has one set of statistics, whatever the batch.
        let groups = if pass == Pass::Frozen { 1 } else { self.groups };
        let (shape, learns) = ([images, height, width, groups], pass == Pass::Learn);
        let slot = if learns { &mut self.learning } else { &mut self.passing };
        let packed = match slot.take() {
            Some(packed) if packed.plan.shape == shape => packed,
            _ => {
                let (parameters, buffers) = (self.parameters.layout(), self.buffers.layout());
                let common = Common { architecture: &self.architecture, parameters, buffers, isa: self.isa };
                Packed { plan: Plan::new(&common, shape, learns)?, version: None }
            }
        };
        let packed = slot.insert(packed);
        let version = Some(self.parameters.version());
        if packed.version != version {
            self.parameters.read(|parameters| {
                packed.plan.pack(parameters);
                Ok(())
            })?;
            packed.version = version;
        }
        Ok(&mut packed.plan)
    }
}

impl Backbone for PlannedResNet {
    fn forward(&mut self, images: &Tensor, pass: Pass) -> Result<Tensor> {
        let (count, channels, height, width) = images.dims4()?;
        if channels != 3 {
            bail!("images have 3 channels, these have {channels}");
        }
        let (parameters, buffers, features) =
            (self.parameters.clone(), self.buffers.clone(), self.architecture.features);
        let plan = self.plan([count, height, width], pass)?;
        let mut out = vec![0.0; count * features];
        parameters.read(|parameters| {
            buffers.write(|running| {
                with_values(images, |images| {
                    plan.forward(parameters, running, images, pass, &mut out);
                    Ok(())
                })
            })
        })?;
        if pass == Pass::Learn {
            self.kept = Some(images.clone());
        }
        Tensor::from_vec(out, (count, features), &Device::Cpu)
    }

    fn backward(&mut self, gradient: &Tensor) -> Result<Tensor> {
        let (Some(images), Some(packed)) = (self.kept.take(), &mut self.learning) else {
            bail!("backward without a forward pass that was kept");
        };
        let [count, ..] = packed.plan.shape;
        if gradient.dims() != [count, self.architecture.features] {
            bail!(
                "the features were [{count}, {}], their gradient is {:?}",
                self.architecture.features,
                gradient.dims()
            );
        }
        self.parameters.read(|parameters| {
            with_values(&images, |images| {
                with_values(gradient, |gradient| {
                    with_values_mut(&self.gradient, |result| {
                        packed.plan.backward(parameters, images, gradient, result);
                        Ok(())
                    })
                })
            })
        })?;
        Ok(self.gradient.clone())
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
