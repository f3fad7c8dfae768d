//! From an architecture and the shape of a batch to a plan.

use super::{Block, Entry, Layer, Needs, Places, Plan, Statistics};
use crate::nn::{
    Architecture, ConvSpec, Layout,
    kernels::{Buffer, Convolution, Isa, Map, Spec, padded, pooled},
};
use candle_core::{Result, bail};
use std::ops::Range;

/// Gradients of maps that a block's way back has in hand at most.
const GRADIENTS: usize = 4;

/// What a network's plans have in common.
pub(super) struct Common<'a> {
    pub architecture: &'a Architecture,
    pub parameters: &'a Layout,
    pub buffers: &'a Layout,
    pub isa: Isa,
}

/// Which maps are in use, and how large they are at most. A plan that learns keeps all of them.
struct Maps {
    sizes: Vec<usize>,
    free: Vec<usize>,
    keeps: bool,
}

impl Maps {
    fn take(&mut self, size: usize) -> usize {
        let map = self.free.pop().unwrap_or_else(|| {
            self.sizes.push(0);
            self.sizes.len() - 1
        });
        self.sizes[map] = self.sizes[map].max(size);
        map
    }

    fn give(&mut self, map: usize) {
        if !self.keeps {
            self.free.push(map);
        }
    }
}

/// What grows while the layers are laid out.
struct Builder<'a> {
    common: &'a Common<'a>,
    images: usize,
    groups: usize,
    learns: bool,
    maps: Maps,
    needs: Needs,
}

impl Plan {
    /// Lays a network out for batches of `images` images, `groups` of them with statistics of their own.
    pub fn new(common: &Common, [images, height, width, groups]: [usize; 4], learns: bool) -> Result<Self> {
        if groups == 0 || images == 0 || images % groups != 0 {
            bail!("a batch of {images} cannot be split into {groups} groups for BatchNorm");
        }
        let maps = Maps { sizes: Vec::new(), free: Vec::new(), keeps: learns };
        let mut builder = Builder { common, images, groups, learns, maps, needs: Needs::default() };
        let architecture = common.architecture;
        let entry = builder.entry([height, width])?;
        let (map, pooled_stem) = match &entry {
            Entry::Stem { map, pooled, .. } => (map, *pooled),
            Entry::Map(map) => (map, false),
        };
        let (mut size, mut channels) = ([map.height, map.width], map.channels);
        if pooled_stem {
            size = size.map(pooled);
        }
        let mut x = builder.maps.take(images * size[0] * size[1] * channels);
        if let Entry::Stem { layer, .. } = &entry {
            builder.maps.give(layer.z);
        }
        let mut blocks = Vec::new();
        let mut largest = map.image();
        for spec in &architecture.blocks {
            let block = builder.block(&spec.convs, spec.shortcut.as_ref(), x, size)?;
            let convs = block.layers.iter().chain(&block.shortcut);
            largest =
                convs.map(|it| it.conv.spec().input().max(it.conv.spec().output())).fold(largest, usize::max);
            (x, size, channels) = (block.y, [block.map.height, block.map.width], block.map.channels);
            blocks.push(block);
        }
        let Builder { maps, mut needs, .. } = builder;
        needs.means = images * channels;
        let kept = learns.then(|| maps.sizes.iter().map(|size| Buffer::zeros(*size)).collect());
        needs.maps = if learns { vec![images * largest; GRADIENTS] } else { maps.sizes };
        Ok(Self {
            isa: common.isa,
            shape: [images, height, width, groups],
            entry,
            blocks,
            pooled: architecture.pooled,
            kept,
            needs,
        })
    }
}

impl Builder<'_> {
    /// What takes in images, or maps, of `size` pixels.
    fn entry(&mut self, size: [usize; 2]) -> Result<Entry> {
        let architecture = self.common.architecture;
        let Some(stem) = &architecture.stem else {
            return Ok(Entry::Map(Map::new(size, architecture.inputs(), self.images, self.groups)));
        };
        let layer = Box::new(self.layer(stem, size, true)?);
        let map = self.map(&layer);
        Ok(Entry::Stem { layer, map, pooled: architecture.pooled_stem })
    }

    /// A layer whose input has `size` pixels.
    fn layer(&mut self, spec: &ConvSpec, [height, width]: [usize; 2], planar: bool) -> Result<Layer> {
        let (images, groups) = (self.images, self.groups);
        let &ConvSpec { cin, cout, kernel, stride, padding, .. } = spec;
        if (height + 2 * padding).min(width + 2 * padding) < kernel {
            bail!("images of {height}×{width} are too small for {} ({kernel}×{kernel})", spec.conv);
        }
        let conv = Convolution::new(Spec {
            cin,
            cout,
            kernel,
            stride,
            padding,
            height,
            width,
            images,
            groups,
            planar,
        });
        let pixels = conv.spec().out_height() * conv.spec().out_width();
        let norm = Statistics::new(cout, padded(cout), groups, images / groups * pixels);
        let (forward, transposed) = conv.packed();
        let channels = conv.spec().inputs().max(conv.spec().outputs());
        let needs = &mut self.needs;
        needs.sums = needs.sums.max(conv.units().count() * 2 * channels);
        needs.packed = needs.packed.max(forward);
        if self.learns {
            needs.packed = needs.packed.max(transposed);
            needs.parts = needs.parts.max(conv.gradients());
        }
        let z = self.maps.take(images * conv.spec().output());
        Ok(Layer { norm, places: self.places(spec)?, z, conv })
    }

    fn block(
        &mut self,
        convs: &[ConvSpec],
        shortcut: Option<&ConvSpec>,
        x: usize,
        size: [usize; 2],
    ) -> Result<Block> {
        let mut layers: Vec<Layer> = Vec::new();
        let mut at = size;
        for spec in convs {
            let layer = self.layer(spec, at, false)?;
            at = [layer.conv.spec().out_height(), layer.conv.spec().out_width()];
            // Only this layer has read the one before.
            if let Some(before) = layers.last() {
                self.maps.give(before.z);
            }
            layers.push(layer);
        }
        let shortcut = shortcut.map(|spec| self.layer(spec, size, false)).transpose()?;
        let Some(last) = layers.last() else { bail!("a block without convolutions") };
        let map = self.map(last);
        let y = self.maps.take(self.images * map.image());
        for z in [Some(x), Some(last.z), shortcut.as_ref().map(|it| it.z)].into_iter().flatten() {
            self.maps.give(z);
        }
        Ok(Block { map, layers, shortcut, x, y })
    }

    /// The shape of a layer's z.
    fn map(&mut self, layer: &Layer) -> Map {
        let spec = layer.conv.spec();
        let map = Map::new([spec.out_height(), spec.out_width()], spec.cout, self.images, self.groups);
        self.needs.sums = self.needs.sums.max(map.units().count() * 2 * map.channels);
        map
    }

    fn places(&self, spec: &ConvSpec) -> Result<Places> {
        let of = |layout: &Layout, name: String| match layout.get(&name) {
            Some(entry) => Ok::<Range<usize>, candle_core::Error>(entry.range()),
            None => bail!("{name} is missing"),
        };
        let Common { parameters, buffers, .. } = self.common;
        Ok(Places {
            weight: of(parameters, format!("{}.weight", spec.conv))?,
            gamma: of(parameters, format!("{}.weight", spec.norm))?,
            beta: of(parameters, format!("{}.bias", spec.norm))?,
            mean: of(buffers, format!("{}.running_mean", spec.norm))?,
            variance: of(buffers, format!("{}.running_var", spec.norm))?,
        })
    }
}
