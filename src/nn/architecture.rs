//! A residual network as data: what every implementation of it is built from.
//!
//! He et al. (2016), with torchvision's names and its version 1.5 (a bottleneck's stride is in the 3×3
//! convolution). With the ImageNet stem and the family's own blocks it is torchvision's network of
//! `width` channels; with the CIFAR stem, the variant for 32-pixel images.

use super::{BackboneKind, ModelSettings, Parameters, ParametersBuilder, Stem, init};
use crate::rng::{Domain, Stream};
use candle_core::{Device, Result};

/// A square convolution without bias, and the BatchNorm after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvSpec {
    /// The convolution's name: its weight is `{conv}.weight`, `[cout, cin, kernel, kernel]`.
    pub conv: String,
    /// The norm's name: `{norm}.weight`, `.bias`, `.running_mean`, `.running_var`, each `[cout]`.
    pub norm: String,
    pub cin: usize,
    pub cout: usize,
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

/// y = ReLU(F(x) + S(x)). F: `convs` in order with ReLU between them; S: `shortcut`, or x itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockSpec {
    pub convs: Vec<ConvSpec>,
    pub shortcut: Option<ConvSpec>,
}

/// The stem with ReLU, the blocks, and the mean over the pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Architecture {
    pub stem: ConvSpec,
    /// Whether 3×3 max-pooling with stride 2 and padding 1 follows the stem.
    pub pooled_stem: bool,
    pub blocks: Vec<BlockSpec>,
    /// Channels of the last block.
    pub features: usize,
}

impl Architecture {
    /// As the settings describe it.
    pub fn of(settings: &ModelSettings) -> Self {
        let (kernel, stride) = match settings.stem {
            Stem::Cifar => (3, 1),
            Stem::Imagenet => (7, 2),
        };
        let stem = conv("", "1", [3, settings.width], kernel, stride);
        let mut blocks = Vec::new();
        let mut cin = settings.width;
        for (stage, count) in settings.stage_blocks().into_iter().enumerate() {
            for block in 0..count {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let name = format!("layer{}.{block}.", stage + 1);
                let spec = BlockSpec::new(settings.backbone, &name, cin, settings.width << stage, stride);
                cin = spec.features();
                blocks.push(spec);
            }
        }
        Self { stem, pooled_stem: settings.stem == Stem::Imagenet, blocks, features: cin }
    }

    /// Every convolution with its norm: the stem, then each block's in order, its shortcut last. The
    /// i-th has the parameters 3i to 3i+2 and the buffers 2i and 2i+1 of [`fresh`].
    pub fn convs(&self) -> impl Iterator<Item = &ConvSpec> {
        let blocks = self.blocks.iter().flat_map(|block| block.convs.iter().chain(&block.shortcut));
        std::iter::once(&self.stem).chain(blocks)
    }
}

impl BlockSpec {
    /// `width`: channels of the 3×3 convolutions.
    fn new(kind: BackboneKind, name: &str, cin: usize, width: usize, stride: usize) -> Self {
        let convs = match kind {
            BackboneKind::Resnet18 | BackboneKind::Resnet34 => {
                vec![conv(name, "1", [cin, width], 3, stride), conv(name, "2", [width, width], 3, 1)]
            }
            BackboneKind::Resnet50 => vec![
                conv(name, "1", [cin, width], 1, 1),
                conv(name, "2", [width, width], 3, stride),
                conv(name, "3", [width, 4 * width], 1, 1),
            ],
        };
        let mut block = Self { convs, shortcut: None };
        let cout = block.features();
        block.shortcut = (stride != 1 || cin != cout).then(|| ConvSpec {
            conv: format!("{name}downsample.0"),
            norm: format!("{name}downsample.1"),
            ..conv(name, "", [cin, cout], 1, stride)
        });
        block
    }

    /// Channels of its output.
    fn features(&self) -> usize {
        self.convs.last().map_or(0, |last| last.cout)
    }
}

/// `conv{number}` and `bn{number}` after `prefix`; as many zeros around the image as keep its size.
fn conv(prefix: &str, number: &str, [cin, cout]: [usize; 2], kernel: usize, stride: usize) -> ConvSpec {
    let (conv, norm) = (format!("{prefix}conv{number}"), format!("{prefix}bn{number}"));
    ConvSpec { conv, norm, cin, cout, kernel, stride, padding: kernel / 2 }
}

/// Fresh weights, a function of `seed` alone, and running statistics (mean 0, variance 1):
/// `{conv}.weight`, `{norm}.weight`, `{norm}.bias`, and `{norm}.running_mean`, `{norm}.running_var`, in
/// the order of [`Architecture::convs`].
///
/// # Errors
/// If the device has no room for them.
pub fn fresh(architecture: &Architecture, seed: u64, device: &Device) -> Result<(Parameters, Parameters)> {
    let (mut parameters, mut buffers) = (ParametersBuilder::default(), ParametersBuilder::default());
    for ConvSpec { conv, norm, cin, cout, kernel, .. } in architecture.convs() {
        let (dims, zeros, ones) = ([*cout, *cin, *kernel, *kernel], vec![0.0; *cout], vec![1.0; *cout]);
        // A stream a layer: adding one leaves the others' weights as they are.
        let weight = init::he_normal(&mut Stream::named(seed, Domain::Weights, conv), dims);
        parameters.add(format!("{conv}.weight"), &dims, &weight)?;
        parameters.add(format!("{norm}.weight"), &[*cout], &ones)?;
        parameters.add(format!("{norm}.bias"), &[*cout], &zeros)?;
        buffers.add(format!("{norm}.running_mean"), &[*cout], &zeros)?;
        buffers.add(format!("{norm}.running_var"), &[*cout], &ones)?;
    }
    Ok((parameters.build(device)?, buffers.build(device)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(backbone: BackboneKind, width: usize, stem: Stem) -> Result<(usize, usize)> {
        let settings = ModelSettings { backbone, width, stem, ..ModelSettings::default() };
        let architecture = Architecture::of(&settings);
        let (parameters, _) = fresh(&architecture, 0, &Device::Cpu)?;
        Ok((parameters.count(), architecture.features))
    }

    /// torchvision's networks of 64 channels without `fc`: 11 689 512 − 513 000, 21 797 672 − 513 000,
    /// 25 557 032 − 2 049 000.
    #[test]
    fn the_families_have_torchvisions_sizes() -> Result<()> {
        for (kind, expected) in [
            (BackboneKind::Resnet18, (11_176_512, 512)),
            (BackboneKind::Resnet34, (21_284_672, 512)),
            (BackboneKind::Resnet50, (23_508_032, 2048)),
        ] {
            assert_eq!(counted(kind, 64, Stem::Imagenet)?, expected, "{kind:?}");
        }
        Ok(())
    }

    #[test]
    fn a_bottlenecks_names_are_torchvisions() {
        let settings = ModelSettings { backbone: BackboneKind::Resnet50, ..ModelSettings::default() };
        let architecture = Architecture::of(&settings);
        let names: Vec<_> =
            architecture.convs().map(|spec| (spec.conv.as_str(), spec.norm.as_str())).collect();
        assert_eq!(names.len(), 53);
        assert_eq!(
            names[..6],
            [
                ("conv1", "bn1"),
                ("layer1.0.conv1", "layer1.0.bn1"),
                ("layer1.0.conv2", "layer1.0.bn2"),
                ("layer1.0.conv3", "layer1.0.bn3"),
                ("layer1.0.downsample.0", "layer1.0.downsample.1"),
                ("layer1.1.conv1", "layer1.1.bn1"),
            ]
        );
        let strides: Vec<_> =
            architecture.convs().filter(|spec| spec.stride == 2).map(|spec| &spec.conv).collect();
        assert_eq!(strides.len(), 6);
        assert!(strides.iter().all(|name| name.ends_with("0.conv2") || name.ends_with("downsample.0")));
    }
}
