//! Residual networks of basic blocks (He et al., 2016), on candle's operations and our CPU kernels.
//!
//! The parameters have torchvision's names: `conv1.weight`, `bn1.running_mean`,
//! `layer2.0.downsample.0.weight`, … With `blocks: 2` and the ImageNet stem it is torchvision's
//! ResNet-18 of `width` channels; with the CIFAR stem, the variant for 32-pixel images.

use super::{Backbone, ModelSettings, Norm, Parameters, Pass, Stem, conv::conv2d, init};
use crate::rng::{Domain, Stream};
use candle_core::{Device, Result, Tensor, Var};

/// A convolution and the BatchNorm after it.
struct ConvNorm {
    weight: Var,
    norm: Norm,
    stride: usize,
    padding: usize,
}

/// Two 3×3 convolutions, and the shortcut around them.
struct Block {
    first: ConvNorm,
    second: ConvNorm,
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
    /// The features of the last [`Pass::Learn`], with their graph.
    kept: Option<Tensor>,
}

/// Makes layers, draws their weights and notes their names.
struct Builder<'a> {
    seed: u64,
    bn_splits: usize,
    device: &'a Device,
    parameters: Parameters,
    buffers: Parameters,
}

impl Builder<'_> {
    /// A `kernel`×`kernel` convolution named `conv` and its norm named `norm`.
    fn conv_norm(
        &mut self,
        conv: &str,
        norm: &str,
        cin: usize,
        cout: usize,
        kernel: usize,
        stride: usize,
    ) -> Result<ConvNorm> {
        let mut stream = Stream::named(self.seed, Domain::Weights, conv);
        let weight = init::he_normal(&mut stream, (cout, cin, kernel, kernel), self.device)?;
        let layer = Norm::new(cout, self.bn_splits, self.device)?;
        self.parameters.add(format!("{conv}.weight"), &weight);
        self.parameters.add(format!("{norm}.weight"), &layer.weight);
        self.parameters.add(format!("{norm}.bias"), &layer.bias);
        self.buffers.add(format!("{norm}.running_mean"), &layer.running_mean);
        self.buffers.add(format!("{norm}.running_var"), &layer.running_variance);
        Ok(ConvNorm { weight, norm: layer, stride, padding: kernel / 2 })
    }

    fn block(&mut self, name: &str, cin: usize, cout: usize, stride: usize) -> Result<Block> {
        let first = self.conv_norm(&format!("{name}.conv1"), &format!("{name}.bn1"), cin, cout, 3, stride)?;
        let second = self.conv_norm(&format!("{name}.conv2"), &format!("{name}.bn2"), cout, cout, 3, 1)?;
        let shortcut = if stride != 1 || cin != cout {
            let (conv, norm) = (format!("{name}.downsample.0"), format!("{name}.downsample.1"));
            Some(self.conv_norm(&conv, &norm, cin, cout, 1, stride)?)
        } else {
            None
        };
        Ok(Block { first, second, shortcut })
    }
}

impl ResNet {
    /// A network with fresh weights, a function of `seed` alone.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn new(settings: &ModelSettings, seed: u64, device: &Device) -> Result<Self> {
        let (parameters, buffers) = Default::default();
        let mut builder = Builder { seed, bn_splits: settings.bn_splits, device, parameters, buffers };
        let (kernel, stride) = match settings.stem {
            Stem::Cifar => (3, 1),
            Stem::Imagenet => (7, 2),
        };
        let stem = builder.conv_norm("conv1", "bn1", 3, settings.width, kernel, stride)?;
        let mut blocks = Vec::new();
        let mut cin = settings.width;
        for stage in 0..4 {
            let cout = settings.width << stage;
            for block in 0..settings.blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                blocks.push(builder.block(&format!("layer{}.{block}", stage + 1), cin, cout, stride)?);
                cin = cout;
            }
        }
        Ok(Self {
            stem,
            pooled_stem: settings.stem == Stem::Imagenet,
            blocks,
            features: cin,
            parameters: builder.parameters,
            buffers: builder.buffers,
            kept: None,
        })
    }
}

impl ConvNorm {
    fn forward(&self, x: &Tensor, pass: Pass, relu: bool) -> Result<Tensor> {
        let weight = match pass {
            Pass::Learn => self.weight.as_tensor().clone(),
            Pass::Key | Pass::Frozen => self.weight.as_detached_tensor(),
        };
        self.norm.forward(&conv2d(x, &weight, self.stride, self.padding)?, pass, relu)
    }
}

impl Block {
    fn forward(&self, x: &Tensor, pass: Pass) -> Result<Tensor> {
        let residual = self.second.forward(&self.first.forward(x, pass, true)?, pass, false)?;
        let shortcut = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x, pass, false)?,
            None => x.clone(),
        };
        (residual + shortcut)?.relu()
    }
}

/// 3×3 max-pooling, stride 2, of values that are not negative (ReLU precedes it), so that zeros may
/// stand for the border. As maxima over rows and then over columns, because candle's own pooling has
/// no gradient where kernel and stride differ.
fn max_pool(x: &Tensor) -> Result<Tensor> {
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
        let mut x = self.stem.forward(images, pass, true)?;
        if self.pooled_stem {
            x = max_pool(&x)?;
        }
        for block in &self.blocks {
            x = block.forward(&x, pass)?;
        }
        let features = x.mean((2, 3))?;
        if pass == Pass::Learn {
            self.kept = Some(features.clone());
        }
        Ok(features.detach())
    }

    fn backward(&mut self, gradient: &Tensor) -> Result<Vec<Tensor>> {
        let Some(features) = self.kept.take() else {
            candle_core::bail!("backward without a forward pass that was kept");
        };
        let store = (features * gradient.detach())?.sum_all()?.backward()?;
        self.parameters.gradients(&store)
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
