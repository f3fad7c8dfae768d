//! Winograd's algorithm a unit of images at a time: transform, products and back on one thread, in groups
//! of tiles, for layers whose transformed weights stay in the second-level cache meanwhile.

use super::{
    buffer::with_scratch,
    frame::{Source, fill},
    lanes::{Isa, Kernel, Lanes},
    pointwise::moments,
    settle::Flow,
    tiled::Layer,
    units::{Part, PerImage, PerPart, PerUnit, Unit, each_part},
    winograd::{POINTS, Planes, gradient_tiles, input_tiles, output_tiles, plane},
};

pub(super) fn forward(isa: Isa, layer: Layer, parts: &[Part], source: Source, shares: (PerImage, PerUnit)) {
    let Layer { spec, tiled, .. } = layer;
    let (ins, outs) = (spec.inputs(), spec.outputs());
    let (inputs, outputs) = (POINTS * plane(tiled.group, ins), POINTS * plane(tiled.group, outs));
    each_part(parts, shares, &|part, (z, sums)| {
        part.each(z, sums, |unit, z, sums| {
            with_scratch([unit.images * tiled.frame(ins), inputs, outputs], |scratch| {
                isa.run(Forward { layer, unit, source, scratch, z, sums });
            });
        });
    });
}

pub(super) fn backward(
    isa: Isa,
    layer: Layer,
    parts: &[Part],
    flow: Flow,
    shares: (PerImage, PerUnit, PerPart),
) {
    let Layer { spec, tiled, .. } = layer;
    let (ins, outs) = (spec.inputs(), spec.outputs());
    let (inputs, outputs) = (POINTS * plane(tiled.group, ins), POINTS * plane(tiled.group, outs));
    each_part(parts, shares, &|part, (dx, sums, weight_gradient)| {
        weight_gradient.0.fill(0.0);
        part.each(dx, sums, |unit, dx, sums| {
            let frames = [unit.images * tiled.frame(ins), unit.images * tiled.frame(outs)];
            with_scratch([frames[0], frames[1], inputs, outputs], |scratch| {
                let weight_gradient = &mut *weight_gradient.0;
                isa.run(Backward { layer, unit, flow, scratch, dx, sums, weight_gradient });
            });
        });
    });
}

/// A unit's whole way, a group of tiles at a time.
struct Forward<'a> {
    layer: Layer<'a>,
    unit: Unit,
    source: Source<'a>,
    scratch: [&'a mut [f32]; 3],
    z: &'a mut [f32],
    sums: &'a mut [f64],
}

impl Kernel for Forward<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Layer { spec, tiled, .. } = self.layer;
        let images = self.unit.images;
        let [framed, v, m] = self.scratch;
        assert!(self.z.len() == images * spec.output());
        let source = self.source.part(&self.unit, spec.input(), spec.inputs());
        fill::<L>(source, &tiled.tiles.frame(spec.inputs()), images, framed);
        let (inputs, outputs) = (plane(tiled.group, spec.inputs()), plane(tiled.group, spec.outputs()));
        let total = images * tiled.tiles.count();
        for start in (0..total).step_by(tiled.group) {
            let count = tiled.group.min(total - start);
            let to = Planes { values: v.as_mut_ptr(), plane: inputs, channels: spec.inputs() };
            // SAFETY: `framed` holds the frames of all tiles below `total`; `v` and `m` hold 36 planes of
            // `tiled.group` tiles, `z` the outputs of `images` images.
            input_tiles::<L>(&tiled.tiles, framed.as_ptr(), (start, count), to);
            for point in 0..POINTS {
                let (v, m) = (v.as_ptr().add(point * inputs), m.as_mut_ptr().add(point * outputs));
                self.layer.product::<L>(v, m, point, count, false);
            }
            let from = Planes { values: m.as_mut_ptr(), plane: outputs, channels: spec.outputs() };
            output_tiles::<L>(&tiled.tiles, from, 0, (start, count), self.z.as_mut_ptr());
        }
        moments::<L>(self.z, spec.outputs(), self.sums);
    }
}

/// A unit's way back, and its part of the weights' gradient.
struct Backward<'a> {
    layer: Layer<'a>,
    unit: Unit,
    flow: Flow<'a>,
    scratch: [&'a mut [f32]; 4],
    dx: &'a mut [f32],
    sums: &'a mut [f64],
    weight_gradient: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Layer { spec, tiled, .. } = self.layer;
        let images = self.unit.images;
        let (ins, outs) = (spec.inputs(), spec.outputs());
        let [x, gradient, v, y] = self.scratch;
        assert!(self.dx.len() == images * spec.input());
        assert!(self.weight_gradient.len() == POINTS * plane(ins, outs));
        let tiles = &tiled.tiles;
        self.flow.fill::<L>(spec, &self.unit, [&tiles.frame(ins), &tiles.frame(outs)], [x, gradient]);
        let (inputs, outputs) = (plane(tiled.group, ins), plane(tiled.group, outs));
        let total = images * tiles.count();
        for start in (0..total).step_by(tiled.group) {
            let count = tiled.group.min(total - start);
            let v_planes = Planes { values: v.as_mut_ptr(), plane: inputs, channels: ins };
            let y_planes = Planes { values: y.as_mut_ptr(), plane: outputs, channels: outs };
            // SAFETY: the frames hold all tiles below `total`; `v` and `y` hold 36 planes of
            // `tiled.group` tiles of their channels, `dx` the pixels of `images` images.
            input_tiles::<L>(tiles, x.as_ptr(), (start, count), v_planes);
            gradient_tiles::<L>(tiles, gradient.as_ptr(), (start, count), y_planes);
            for (point, sum) in self.weight_gradient.chunks_exact_mut(plane(ins, outs)).enumerate() {
                let (v, y) = (v.as_ptr().add(point * inputs), y.as_ptr().add(point * outputs));
                self.layer.outer::<L>(v, y, count, sum.as_mut_ptr());
            }
            input_tiles::<L>(tiles, gradient.as_ptr(), (start, count), y_planes);
            for point in 0..POINTS {
                let (y, v) = (y.as_ptr().add(point * outputs), v.as_mut_ptr().add(point * inputs));
                self.layer.product::<L>(y, v, point, count, true);
            }
            output_tiles::<L>(tiles, v_planes, 0, (start, count), self.dx.as_mut_ptr());
        }
        self.flow.settle::<L>(spec, &self.unit, self.dx, self.sums);
    }
}
