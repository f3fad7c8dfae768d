//! The backward pass: from the features' gradient to the parameters', block after block.
//!
//! g is always the gradient at the output of a BatchNorm, ReLU already behind it. When it is made, the sums
//! that BatchNorm's own gradient needs are taken with it; the next layer down then reads it as
//! a·g + b·z + c.

use super::{Block, Entry, Layer, Memory, Plan};
use crate::nn::kernels::{Buffer, Flow, Isa, Map, Settle, Source, Unit, Workspace};
use std::mem::take;

/// What every layer of a pass shares.
struct Stage<'a> {
    isa: Isa,
    workspace: &'a mut Workspace,
    packed: &'a mut [f32],
    sums: &'a mut [f64],
    parameters: &'a [f32],
    maps: &'a [Buffer],
    parts: &'a mut [f32],
    /// The flat gradient of all parameters.
    result: &'a mut [f32],
}

/// What lies below a block: whose BatchNorm its input's gradient belongs to.
enum Below<'a> {
    Block(&'a mut Layer),
    /// The stem, and whether pooling is between.
    Stem {
        layer: &'a mut Layer,
        pooled: bool,
    },
    /// A map that was given.
    Map,
}

impl Plan {
    /// `gradient`, of what the last forward pass gave from these `images`; to the flat gradient of all
    /// parameters in `result`, and to that of a map in `below`, if the plan was given one.
    pub fn backward(
        &mut self,
        memory: &mut Memory,
        parameters: &[f32],
        images: &[f32],
        gradient: &[f32],
        [result, below]: [&mut [f32]; 2],
    ) {
        memory.fit(self);
        let Self { isa, entry, blocks, pooled, kept: Some(maps), .. } = self else { return };
        let Memory { maps: gradients, workspace, packed, sums, means, parts } = memory;
        let mut stage = Stage { isa: *isa, workspace, packed, sums, parameters, maps, parts, result };
        let Some(mut g) = gradients.pop() else { return };
        if let Some(last) = blocks.last_mut() {
            if *pooled {
                stage.spread(last, gradient, means, &mut g);
            } else {
                last.map.from_planes_where(gradient, &stage.maps[last.y], &mut g[..last.map.size()]);
            }
            if let Some(layer) = last.layers.last_mut() {
                stage.norm_sums(layer, &last.map, &g);
            }
        }
        let mut rest = &mut blocks[..];
        while let Some((block, before)) = take(&mut rest).split_last_mut() {
            let below = match before.last_mut().and_then(|it| it.layers.last_mut()) {
                Some(layer) => Below::Block(layer),
                None => match entry {
                    Entry::Stem { layer, pooled, .. } => Below::Stem { layer, pooled: *pooled },
                    Entry::Map(_) => Below::Map,
                },
            };
            g = stage.block(block, below, g, gradients);
            rest = before;
        }
        match entry {
            Entry::Stem { layer, map, pooled } => {
                if *pooled && let Some(mut out) = gradients.pop() {
                    let affine = [&layer.norm.scale[..], &layer.norm.shift[..]];
                    map.unpool(stage.isa, &g, &stage.maps[layer.z], affine, &mut out[..map.size()]);
                    stage.norm_sums(layer, map, &out);
                    gradients.push(std::mem::replace(&mut g, out));
                }
                stage.layer(layer, Source::Planar(images), &g, Settle::Raw, &mut []);
            }
            Entry::Map(map) => map.to_planes(&g[..map.size()], below),
        }
        gradients.push(g);
    }
}

impl Stage<'_> {
    /// From the gradient of the features to g at the end of the last block.
    fn spread(&mut self, last: &Block, gradient: &[f32], means: &mut [f32], g: &mut [f32]) {
        let (map, width) = (&last.map, gradient.len() / last.map.images);
        let means = &mut means[..map.images * map.channels];
        for (means, gradient) in means.chunks_exact_mut(map.channels).zip(gradient.chunks_exact(width)) {
            means[..width].copy_from_slice(gradient);
        }
        map.spread(self.isa, means, &self.maps[last.y], &mut g[..map.size()]);
    }

    /// From g at the end of a block to that at the end of what lies below it.
    fn block(&mut self, block: &mut Block, below: Below, g: Buffer, free: &mut Vec<Buffer>) -> Buffer {
        let Block { layers, shortcut, x, map, .. } = block;
        let maps = self.maps;
        let x = &maps[*x];
        let other = shortcut.as_mut().map(|shortcut| {
            self.norm_sums(shortcut, map, &g);
            let mut other = free.pop().unwrap_or_default();
            self.layer(shortcut, Source::Plain(x), &g, Settle::Raw, &mut other);
            other
        });
        let mut carried: Option<Buffer> = None;
        for at in (1..layers.len()).rev() {
            let (before, rest) = layers.split_at_mut(at);
            let before = &mut before[at - 1];
            let mut out = free.pop().unwrap_or_default();
            let settle = Settle::Relu {
                z: &maps[before.z],
                scale: &before.norm.scale,
                shift: &before.norm.shift,
                mean: &before.norm.mean,
            };
            let carried_g = carried.as_ref().unwrap_or(&g);
            self.layer(&rest[0], before.activated(maps), carried_g, settle, &mut out);
            self.norm(before, rest[0].conv.units());
            free.extend(carried.replace(out));
        }
        let mut out = free.pop().unwrap_or_default();
        let along = other.as_ref().unwrap_or(&g);
        let first = &mut layers[0];
        let carried_g = carried.as_ref().unwrap_or(&g);
        match below {
            Below::Stem { pooled: true, .. } | Below::Map => {
                self.layer(first, Source::Plain(x), carried_g, Settle::Add { other: along }, &mut out);
            }
            Below::Block(layer) | Below::Stem { layer, .. } => {
                let settle = Settle::Join { other: along, y: x, z: &maps[layer.z], mean: &layer.norm.mean };
                self.layer(first, Source::Plain(x), carried_g, settle, &mut out);
                self.norm(layer, first.conv.units());
            }
        }
        free.extend([Some(g), other, carried].into_iter().flatten());
        out
    }

    /// One layer's gradients: of its weights, and of its input into `dx`, settled, whose sums are left.
    fn layer(&mut self, layer: &Layer, x: Source, g: &[f32], settle: Settle, dx: &mut [f32]) {
        let Layer { conv, norm, places, .. } = layer;
        let spec = conv.spec();
        let packed = &mut self.packed[..conv.packed().1];
        conv.pack_transposed(self.isa, &self.parameters[places.weight.clone()], packed);
        let gradient = Source::Normed { g, z: &self.maps[layer.z], a: &norm.a, b: &norm.b, c: &norm.c };
        let weights = &mut self.result[places.weight.clone()];
        let dx = if spec.planar { dx } else { &mut dx[..spec.images * spec.input()] };
        conv.backward(
            self.isa,
            packed,
            self.workspace,
            Flow { x, gradient, settle },
            dx,
            &mut self.sums[..],
            self.parts,
            weights,
        );
    }

    /// The sums of g that a layer's BatchNorm needs, where no kernel left them, and what follows.
    fn norm_sums(&mut self, layer: &mut Layer, map: &Map, g: &[f32]) {
        map.sums(self.isa, g, &self.maps[layer.z], &layer.norm.mean, self.sums);
        self.norm(layer, map.units());
    }

    /// A layer's BatchNorm, after its sums.
    fn norm(&mut self, layer: &mut Layer, units: impl Iterator<Item = Unit>) {
        let Layer { norm, places, .. } = layer;
        // The two lie side by side, in this order.
        let gradients = &mut self.result[places.gamma.start..places.beta.end];
        let (gamma, beta) = gradients.split_at_mut(places.gamma.len());
        norm.backward(units, self.sums, &self.parameters[places.gamma.clone()], [gamma, beta]);
    }
}
