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
    stem: ConvNorm,
    pooled_stem: bool,
    blocks: Vec<Block>,
    features: usize,
    parameters: Parameters,
    buffers: Parameters,
    settings: ModelSettings,
    /// Of the last [`Pass::Learn`]: the weights it computed with, and the features with their graph.
    kept: Option<(Vec<Var>, Tensor)>,
}

impl ResNet {
    /// A network with fresh weights, a function of `seed` alone.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn new(settings: &ModelSettings, seed: u64, device: &Device) -> Result<Self> {
        let architecture = Architecture::of(settings);
        let (parameters, buffers) = fresh(&architecture, seed, device)?;
        let mut running = buffers.views().chunks_exact(2).enumerate();
        // Called in the order of `Architecture::convs`.
        let mut layer = |spec: &ConvSpec| -> Result<ConvNorm> {
            let Some((place, [mean, variance])) = running.next() else {
                bail!("{} has no running statistics", spec.norm)
            };
            let norm = Norm::new(settings.bn_splits, mean, variance);
            Ok(ConvNorm { place, stride: spec.stride, padding: spec.padding, norm })
        };
        let stem = layer(&architecture.stem)?;
        let mut blocks = Vec::new();
        for spec in &architecture.blocks {
            let convs = spec.convs.iter().map(&mut layer).collect::<Result<_>>()?;
            blocks.push(Block { convs, shortcut: spec.shortcut.as_ref().map(&mut layer).transpose()? });
        }
        let (pooled_stem, features) = (architecture.pooled_stem, architecture.features);
        let settings = settings.clone();
        Ok(Self { stem, pooled_stem, blocks, features, parameters, buffers, settings, kept: None })
    }

    fn run(&self, images: &Tensor, weights: &[Tensor], pass: Pass) -> Result<Tensor> {
        let mut x = self.stem.forward(images, weights, pass, true)?;
        if self.pooled_stem {
            x = max_pool(&x)?;
        }
        for block in &self.blocks {
            x = block.forward(&x, weights, pass)?;
        }
        x.mean((2, 3))
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
        let features = self.run(images, &weights, pass)?;
        self.kept = Some((leaves, features.clone()));
        Ok(features.detach())
    }

    fn backward(&mut self, gradient: &Tensor) -> Result<Tensor> {
        let Some((leaves, features)) = self.kept.take() else {
            bail!("backward without a forward pass that was kept");
        };
        let store = (features * gradient.detach())?.sum_all()?.backward()?;
        self.parameters.gradient(&leaves, &store)
    }

    fn twin(&self) -> Result<Box<dyn Backbone>> {
        let twin = Self::new(&self.settings, 0, self.parameters.flat().device())?;
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
        self.features
    }
}
