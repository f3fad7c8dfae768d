//! Residual networks (see [`Architecture`]) on candle's operations: what runs on other devices than the
//! CPU, and the reference of what runs on it.

use super::{Architecture, Backbone, ConvSpec, ModelSettings, Norm, Parameters, Pass, fresh};
use candle_core::{Device, Result, Tensor, Var, bail};

/// A convolution and the BatchNorm after it.
struct ConvNorm {
    /// Its place among the network's: the parameters are the three from 3·place.
    place: usize,
    stride: usize,
    padding: usize,
    norm: Norm,
}

/// A chain of convolutions, and the shortcut around them.
struct Block {
    convs: Vec<ConvNorm>,
    shortcut: Option<ConvNorm>,
}

/// The network. See [`Backbone`].
pub struct ResNet {
    architecture: Architecture,
    groups: usize,
    stem: Option<ConvNorm>,
    blocks: Vec<Block>,
    parameters: Parameters,
    buffers: Parameters,
    kept: Option<Kept>,
    /// Of the map that the last backward pass went back to.
    input_gradient: Option<Tensor>,
}

/// Of the last [`Pass::Learn`].
struct Kept {
    /// The weights it computed with.
    leaves: Vec<Var>,
    /// The map that it was given, if it was one.
    input: Option<Var>,
    /// What came out, with its graph.
    output: Tensor,
}

impl ResNet {
    /// A network with fresh weights, a function of `seed` alone.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn new(settings: &ModelSettings, seed: u64, device: &Device) -> Result<Self> {
        Self::of(Architecture::of(settings), settings.bn_splits, (seed, ""), device)
    }

    /// The same of any architecture, with weights drawn from `(seed, scope)` (see [`fresh`]) and BatchNorm's
    /// statistics over `groups` groups of a batch.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn of(
        architecture: Architecture,
        groups: usize,
        drawn: (u64, &str),
        device: &Device,
    ) -> Result<Self> {
        let (parameters, buffers) = fresh(&architecture, drawn, device)?;
        let mut running = buffers.views().chunks_exact(2).enumerate();
        // Called in the order of `Architecture::convs`.
        let mut layer = |spec: &ConvSpec| -> Result<ConvNorm> {
            let Some((place, [mean, variance])) = running.next() else {
                bail!("{} has no running statistics", spec.norm)
            };
            let norm = Norm::new(groups, mean, variance);
            Ok(ConvNorm { place, stride: spec.stride, padding: spec.padding, norm })
        };
        let stem = architecture.stem.as_ref().map(&mut layer).transpose()?;
        let mut blocks = Vec::new();
        for spec in &architecture.blocks {
            let convs = spec.convs.iter().map(&mut layer).collect::<Result<_>>()?;
            blocks.push(Block { convs, shortcut: spec.shortcut.as_ref().map(&mut layer).transpose()? });
        }
        let (kept, input_gradient) = (None, None);
        Ok(Self { architecture, groups, stem, blocks, parameters, buffers, kept, input_gradient })
    }

    fn run(&self, images: &Tensor, weights: &[Tensor], pass: Pass) -> Result<Tensor> {
        let mut x = match &self.stem {
            Some(stem) => stem.forward(images, weights, pass, true)?,
            None => images.clone(),
        };
        if self.architecture.pooled_stem {
            x = max_pool(&x)?;
        }
        for block in &self.blocks {
            x = block.forward(&x, weights, pass)?;
        }
        if self.architecture.pooled { x.mean((2, 3)) } else { Ok(x) }
    }
}

impl ConvNorm {
    /// `weights`: those of the whole network.
    fn forward(&self, x: &Tensor, weights: &[Tensor], pass: Pass, relu: bool) -> Result<Tensor> {
        let [weight, scale, shift] = &weights[3 * self.place..][..3] else { bail!("a layer has no weights") };
        let y = x.conv2d(weight, self.padding, self.stride, 1, 1)?;
        self.norm.forward(&y, scale, shift, pass, relu)
    }
}

impl Block {
    fn forward(&self, x: &Tensor, weights: &[Tensor], pass: Pass) -> Result<Tensor> {
        let mut residual = x.clone();
        for (i, conv) in self.convs.iter().enumerate() {
            residual = conv.forward(&residual, weights, pass, i + 1 < self.convs.len())?;
        }
        let shortcut = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x, weights, pass, false)?,
            None => x.clone(),
        };
        (residual + shortcut)?.relu()
    }
}

/// 3×3 max-pooling, stride 2, of values that are not negative (ReLU precedes it), so that zeros may
/// stand for the border. As maxima over rows and then over columns, because candle's own pooling has
/// no gradient where kernel and stride differ.
pub(super) fn max_pool(x: &Tensor) -> Result<Tensor> {
    let mut x = x.pad_with_zeros(2, 1, 1)?.pad_with_zeros(3, 1, 1)?;
    for dim in [2, 3] {
        let out = (x.dim(dim)? - 3) / 2 + 1;
        let shifted = |shift: usize| {
            let at: Vec<u32> = (0..out).map(|i| (2 * i + shift) as u32).collect();
            x.contiguous()?.index_select(&Tensor::from_vec(at, out, x.device())?, dim)
        };
        x = shifted(0)?.maximum(&shifted(1)?)?.maximum(&shifted(2)?)?;
    }
    Ok(x)
}

impl Backbone for ResNet {
    fn forward(&mut self, images: &Tensor, pass: Pass) -> Result<Tensor> {
        if pass != Pass::Learn {
            return self.run(images, self.parameters.views(), pass);
        }
        let leaves = self.parameters.leaves()?;
        let weights: Vec<Tensor> = leaves.iter().map(|leaf| leaf.as_tensor().clone()).collect();
        let input = self.stem.is_none().then(|| Var::from_tensor(images)).transpose()?;
        let output = self.run(input.as_ref().map_or(images, |input| input.as_tensor()), &weights, pass)?;
        self.kept = Some(Kept { leaves, input, output: output.clone() });
        Ok(output.detach())
    }

    fn backward(&mut self, gradient: &Tensor) -> Result<Tensor> {
        let Some(Kept { leaves, input, output }) = self.kept.take() else {
            bail!("backward without a forward pass that was kept");
        };
        let store = (output * gradient.detach())?.sum_all()?.backward()?;
        self.input_gradient = input.and_then(|input| store.get(input.as_tensor()).cloned());
        self.parameters.gradient(&leaves, &store)
    }

    fn input_gradient(&mut self) -> Option<Tensor> {
        self.input_gradient.take()
    }

    fn twin(&self) -> Result<Box<dyn Backbone>> {
        let device = self.parameters.flat().device().clone();
        let twin = Self::of(self.architecture.clone(), self.groups, (0, ""), &device)?;
        twin.parameters.copy_from(&self.parameters)?;
        twin.buffers.copy_from(&self.buffers)?;
        Ok(Box::new(twin))
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
