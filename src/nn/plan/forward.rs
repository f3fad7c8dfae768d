//! The forward pass.

use super::{Block, Entry, Layer, Memory, Plan, statistics::Affine};
use crate::nn::{
    Pass,
    kernels::{Buffer, Isa, Map, Shortcut, Source, Workspace},
};
use std::mem::take;

/// What every layer of a pass shares.
struct Stage<'a> {
    isa: Isa,
    workspace: &'a mut Workspace,
    packed: &'a mut [f32],
    sums: &'a mut [f64],
    parameters: &'a [f32],
    running: &'a mut [f32],
    pass: Pass,
}

impl Plan {
    /// `images: [n, 3, h, w]`, or maps, to `features: [n, F]`, or maps. `running` are the running
    /// statistics, which [`Pass::Learn`] and [`Pass::Key`] move.
    pub fn forward(
        &mut self,
        memory: &mut Memory,
        parameters: &[f32],
        running: &mut [f32],
        images: &[f32],
        pass: Pass,
        features: &mut [f32],
    ) {
        memory.fit(self);
        let Self { isa, entry, blocks, pooled, kept, .. } = self;
        let Memory { maps, workspace, packed, sums, means, .. } = memory;
        let (isa, maps) = (*isa, kept.as_mut().unwrap_or(maps));
        let mut stage = Stage { isa, workspace, packed, sums, parameters, running, pass };
        if let Some(first) = blocks.first() {
            stage.enter(entry, first, images, maps);
        }
        for block in blocks.iter_mut() {
            stage.block(block, maps);
        }
        match blocks.last() {
            Some(Block { map, y, .. }) if *pooled => {
                let means = &mut means[..map.images * map.channels];
                map.mean(isa, &maps[*y], means);
                copy_features(map, means, features);
            }
            Some(Block { map, y, .. }) => map.to_planes(&maps[*y], features),
            None => {}
        }
    }
}

/// Without the padding of the channels.
fn copy_features(map: &Map, means: &[f32], features: &mut [f32]) {
    let width = features.len() / map.images;
    for (features, means) in features.chunks_exact_mut(width).zip(means.chunks_exact(map.channels)) {
        features.copy_from_slice(&means[..width]);
    }
}

impl Stage<'_> {
    /// From images, or maps, to the first block's x.
    fn enter(&mut self, entry: &mut Entry, first: &Block, images: &[f32], maps: &mut [Buffer]) {
        let mut x = take(&mut maps[first.x]);
        match entry {
            Entry::Stem { layer, map, pooled } => {
                let mut z = take(&mut maps[layer.z]);
                self.layer(layer, Source::Planar(images), &mut z);
                let affine = [&layer.norm.scale[..], &layer.norm.shift[..]];
                if *pooled {
                    let size = first.layers[0].conv.spec().input() * map.images;
                    map.pool(self.isa, &z, affine, &mut x[..size]);
                } else {
                    map.join(self.isa, &z, affine, Shortcut::None, &mut x[..map.size()]);
                }
                maps[layer.z] = z;
            }
            Entry::Map(map) => map.from_planes(images, &mut x[..map.size()]),
        }
        maps[first.x] = x;
    }

    fn block(&mut self, block: &mut Block, maps: &mut [Buffer]) {
        let Block { layers, shortcut, x, y, map } = block;
        for at in 0..layers.len() {
            let (before, rest) = layers.split_at_mut(at);
            let before = before.last();
            let layer = &mut rest[0];
            let mut z = take(&mut maps[layer.z]);
            let source = before.map_or(Source::Plain(&maps[*x]), |before| before.activated(maps));
            self.layer(layer, source, &mut z);
            maps[layer.z] = z;
        }
        if let Some(shortcut) = shortcut {
            let mut z = take(&mut maps[shortcut.z]);
            self.layer(shortcut, Source::Plain(&maps[*x]), &mut z);
            maps[shortcut.z] = z;
        }
        let mut out = take(&mut maps[*y]);
        let shortcut = match shortcut {
            None => Shortcut::Identity(&maps[*x]),
            Some(it) => Shortcut::Projection { z: &maps[it.z], scale: &it.norm.scale, shift: &it.norm.shift },
        };
        if let Some(last) = layers.last() {
            let affine = [&last.norm.scale[..], &last.norm.shift[..]];
            map.join(self.isa, &maps[last.z], affine, shortcut, &mut out[..map.size()]);
        }
        maps[*y] = out;
    }

    /// z of one layer, and its statistics.
    fn layer(&mut self, layer: &mut Layer, source: Source, z: &mut [f32]) {
        let Layer { conv, norm, places, .. } = layer;
        let spec = *conv.spec();
        let packed = &mut self.packed[..conv.packed().0];
        conv.pack(self.isa, &self.parameters[places.weight.clone()], packed);
        let z = &mut z[..spec.images * spec.output()];
        let affine = Affine {
            weight: &self.parameters[places.gamma.clone()],
            bias: &self.parameters[places.beta.clone()],
        };
        if self.pass == Pass::Frozen {
            conv.forward(self.isa, packed, self.workspace, source, z, None);
            let running = [&self.running[places.mean.clone()], &self.running[places.variance.clone()]];
            norm.freeze(affine, running);
            return;
        }
        let sums = &mut self.sums[..conv.units().count() * 2 * spec.outputs()];
        conv.forward(self.isa, packed, self.workspace, source, z, Some(sums));
        // The two lie side by side, in this order.
        let running = &mut self.running[places.mean.start..places.variance.end];
        let (mean, variance) = running.split_at_mut(places.mean.len());
        norm.measure(conv.units(), (z, spec.output()), sums, affine, [mean, variance]);
    }
}

impl Layer {
    /// What the next layer of a block reads: z through BatchNorm and ReLU.
    pub(super) fn activated<'m>(&'m self, maps: &'m [Buffer]) -> Source<'m> {
        Source::Activated { z: &maps[self.z], scale: &self.norm.scale, shift: &self.norm.shift }
    }
}
