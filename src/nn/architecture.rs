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

/// The stem with ReLU, the blocks, and the mean over the pixels; or a part of that: a network can be cut
/// before its last stage ([`Self::trunk`], [`Self::last_stage`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Architecture {
    /// None for a last stage: its input is the map that a trunk gives.
    pub stem: Option<ConvSpec>,
    /// Whether 3×3 max-pooling with stride 2 and padding 1 follows the stem.
    pub pooled_stem: bool,
    pub blocks: Vec<BlockSpec>,
    /// Channels of the last block.
    pub features: usize,
    /// Whether the output is the mean over the pixels, `[batch, features]`; otherwise it is the map,
    /// `[batch, features, height, width]`.
    pub pooled: bool,
}

/// The name of the last stage, with its dot: what a [`Architecture::last_stage`]'s names lack.
pub const LAST_STAGE: &str = "layer4.";

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
        let pooled_stem = settings.stem == Stem::Imagenet;
        Self { stem: Some(stem), pooled_stem, blocks, features: cin, pooled: true }
    }

    /// All but the last stage: from images to a map.
    pub fn trunk(settings: &ModelSettings) -> Self {
        let mut trunk = Self::of(settings);
        trunk.blocks.truncate(trunk.blocks.len() - settings.stage_blocks()[3]);
        trunk.features = trunk.blocks.last().map_or(settings.width, BlockSpec::features);
        trunk.pooled = false;
        trunk
    }

    /// The last stage alone: from a trunk's map to features. Its names are torchvision's without
    /// [`LAST_STAGE`].
    pub fn last_stage(settings: &ModelSettings) -> Self {
        let mut stage = Self::of(settings);
        stage.blocks.drain(..stage.blocks.len() - settings.stage_blocks()[3]);
        (stage.stem, stage.pooled_stem) = (None, false);
        for spec in
            stage.blocks.iter_mut().flat_map(|block| block.convs.iter_mut().chain(&mut block.shortcut))
        {
            for name in [&mut spec.conv, &mut spec.norm] {
                *name = name.trim_start_matches(LAST_STAGE).to_owned();
            }
        }
        stage
    }

    /// Channels of the input: 3 of images, or those of a map.
    pub fn inputs(&self) -> usize {
        self.convs().next().map_or(0, |first| first.cin)
    }

    /// Every convolution with its norm: the stem, then each block's in order, its shortcut last. The
    /// i-th has the parameters 3i to 3i+2 and the buffers 2i and 2i+1 of [`fresh`].
    pub fn convs(&self) -> impl Iterator<Item = &ConvSpec> {
        let blocks = self.blocks.iter().flat_map(|block| block.convs.iter().chain(&block.shortcut));
        self.stem.iter().chain(blocks)
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

/// Fresh weights, a function of `seed` and `scope` alone, and running statistics (mean 0, variance 1). The
/// scope stands before the convolutions' names, so that networks of the same names differ:
/// `{conv}.weight`, `{norm}.weight`, `{norm}.bias`, and `{norm}.running_mean`, `{norm}.running_var`, in
/// the order of [`Architecture::convs`].
///
/// # Errors
/// If the device has no room for them.
pub fn fresh(
    architecture: &Architecture,
    (seed, scope): (u64, &str),
    device: &Device,
) -> Result<(Parameters, Parameters)> {
    let (mut parameters, mut buffers) = (ParametersBuilder::default(), ParametersBuilder::default());
    for ConvSpec { conv, norm, cin, cout, kernel, .. } in architecture.convs() {
        let (dims, zeros, ones) = ([*cout, *cin, *kernel, *kernel], vec![0.0; *cout], vec![1.0; *cout]);
        // A stream a layer: adding one leaves the others' weights as they are.
        let mut stream = Stream::named(seed, Domain::Weights, &format!("{scope}{conv}"));
        let weight = init::he_normal(&mut stream, dims);
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
        let (parameters, _) = fresh(&architecture, (0, ""), &Device::Cpu)?;
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

    /// A trunk and a last stage have the names, the weights and the sizes of the whole, between them.
    #[test]
    fn a_cut_network_is_the_whole_one_in_two_parts() -> Result<()> {
        for backbone in [BackboneKind::Resnet18, BackboneKind::Resnet34, BackboneKind::Resnet50] {
            let settings = ModelSettings { backbone, width: 4, ..ModelSettings::default() };
            let (whole, trunk) = (Architecture::of(&settings), Architecture::trunk(&settings));
            let stage = Architecture::last_stage(&settings);
            assert_eq!((stage.inputs(), stage.features), (trunk.features, whole.features));
            let (all, _) = fresh(&whole, (3, ""), &Device::Cpu)?;
            let (first, _) = fresh(&trunk, (3, ""), &Device::Cpu)?;
            let (last, _) = fresh(&stage, (3, LAST_STAGE), &Device::Cpu)?;
            let parts = first.iter().map(|(name, it)| (name.to_owned(), it));
            let parts = parts.chain(last.iter().map(|(name, it)| (format!("{LAST_STAGE}{name}"), it)));
            let mut count = 0;
            for ((name, whole), (part, value)) in all.iter().zip(parts) {
                assert_eq!(name, part);
                assert_eq!(whole.flatten_all()?.to_vec1::<f32>()?, value.flatten_all()?.to_vec1::<f32>()?);
                count += value.elem_count();
            }
            assert_eq!(count, all.count());
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
