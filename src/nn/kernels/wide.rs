//! Winograd's algorithm for the whole batch at once, step after step: for layers whose transformed weights
//! are larger than the second-level cache. They are then read once a pass.

use super::{
    buffer::with_scratch,
    frame::{Source, fill},
    lanes::{Isa, Kernel, Lanes},
    pointwise::moments,
    settle::{Flow, Settle},
    tiled::{Layer, Workspace},
    units::{Part, PerImage, PerPart, PerUnit, Unit, each_chunk, each_part},
    winograd::{POINTS, Planes, gradient_tiles, input_tiles, output_tiles, plane},
};

pub(super) fn forward(
    isa: Isa,
    layer: Layer,
    parts: &[Part],
    workspace: &mut Workspace,
    source: Source,
    shares: (PerImage, PerUnit),
) {
    let Layer { spec, tiled, .. } = layer;
    let (ins, outs) = (spec.inputs(), spec.outputs());
    let (inputs, outputs) = (plane(tiled.all(), ins), plane(tiled.all(), outs));
    let [v, m, ..] = &mut workspace.0;
    let (v, m) = (Planes::of(v, inputs, ins), &mut m[..POINTS * outputs]);
    each_part(parts, (), &|part, ()| {
        for unit in &part.units {
            with_scratch([unit.images * tiled.frame(ins)], |[framed]| {
                let to = [Some(v.after(unit.first * tiled.tiles.count())), None];
                isa.run(Transform { layer, unit: *unit, source, channels: ins, framed, to });
            });
        }
    });
    each_chunk(m, outputs, 0, &|point, m| {
        isa.run(Product { layer, v: v.plane(point), m, point, transposed: false });
    });
    finish(isa, layer, parts, Planes::of(m, outputs, outs), None, shares);
}

pub(super) fn backward(
    isa: Isa,
    layer: Layer,
    parts: &[Part],
    workspace: &mut Workspace,
    Flow { x, gradient, settle }: Flow,
    (dx, sums, weight_gradient): (PerImage, PerUnit, PerPart),
) {
    let Layer { spec, tiled, .. } = layer;
    let (ins, outs) = (spec.inputs(), spec.outputs());
    let (inputs, outputs) = (plane(tiled.all(), ins), plane(tiled.all(), outs));
    let [v, y, d, m] = &mut workspace.0;
    let (v, m) = (Planes::of(v, inputs, ins), &mut m[..POINTS * inputs]);
    let (y, d) = (Planes::of(y, outputs, outs), Planes::of(d, outputs, outs));
    each_part(parts, (), &|part, ()| {
        for unit in &part.units {
            let (unit, first) = (*unit, unit.first * tiled.tiles.count());
            with_scratch([unit.images * tiled.frame(ins.max(outs))], |[framed]| {
                let to = [Some(v.after(first)), None];
                isa.run(Transform { layer, unit, source: x, channels: ins, framed, to });
                let to = [Some(d.after(first)), Some(y.after(first))];
                isa.run(Transform { layer, unit, source: gradient, channels: outs, framed, to });
            });
        }
    });
    each_chunk(weight_gradient.0, plane(ins, outs), 0, &|point, sum| {
        sum.fill(0.0);
        isa.run(Outer { layer, v: v.plane(point), y: y.plane(point), sum });
    });
    each_chunk(m, inputs, 0, &|point, m| {
        isa.run(Product { layer, v: d.plane(point), m, point, transposed: true });
    });
    finish(isa, layer, parts, Planes::of(m, inputs, ins), Some(settle), (dx, sums));
}

/// From the products' planes to the outputs of every unit.
fn finish(
    isa: Isa,
    layer: Layer,
    parts: &[Part],
    from: Planes,
    settle: Option<Settle>,
    shares: (PerImage, PerUnit),
) {
    each_part(parts, shares, &|part, (out, sums)| {
        part.each(out, sums, |unit, out, sums| {
            isa.run(Finish { layer, unit, from, out, settle, sums });
        });
    });
}

/// A unit into its place among the transformed tiles of the batch.
struct Transform<'a> {
    layer: Layer<'a>,
    unit: Unit,
    source: Source<'a>,
    channels: usize,
    framed: &'a mut [f32],
    /// As inputs of a product; as a gradient of outputs.
    to: [Option<Planes>; 2],
}

impl Kernel for Transform<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let images = self.unit.images;
        let (spec, tiles) = (self.layer.spec, &self.layer.tiled.tiles);
        // The image's size: stride 1 leaves height and width as they are.
        let size = spec.height * spec.width * self.channels;
        let source = self.source.part(&self.unit, size, self.channels);
        fill::<L>(source, &tiles.frame(self.channels), images, self.framed);
        let all = (0, images * tiles.count());
        // SAFETY: `framed` holds the unit's frames. The planes begin at the unit's first tile and end
        // after its last; no other unit has those tiles.
        if let Some(to) = self.to[0] {
            input_tiles::<L>(tiles, self.framed.as_ptr(), all, to);
        }
        if let Some(to) = self.to[1] {
            gradient_tiles::<L>(tiles, self.framed.as_ptr(), all, to);
        }
    }
}

/// One of the 36 products, of the whole batch.
struct Product<'a> {
    layer: Layer<'a>,
    v: *const f32,
    m: &'a mut [f32],
    point: usize,
    transposed: bool,
}

impl Kernel for Product<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let count = self.layer.tiled.all();
        // SAFETY: `v` and `m` are whole planes of the batch's tiles.
        self.layer.product::<L>(self.v, self.m.as_mut_ptr(), self.point, count, self.transposed);
    }
}

/// One of the 36 sums of outer products, of the whole batch.
struct Outer<'a> {
    layer: Layer<'a>,
    v: *const f32,
    y: *const f32,
    sum: &'a mut [f32],
}

impl Kernel for Outer<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: `v` and `y` are whole planes of the batch's tiles, `sum` one product of channels.
        self.layer.outer::<L>(self.v, self.y, self.layer.tiled.all(), self.sum.as_mut_ptr());
    }
}

/// A unit's outputs from the products of the whole batch.
struct Finish<'a> {
    layer: Layer<'a>,
    unit: Unit,
    from: Planes,
    out: &'a mut [f32],
    /// What a gradient still goes through; without it the moments are taken.
    settle: Option<Settle<'a>>,
    sums: &'a mut [f64],
}

impl Kernel for Finish<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Unit { first, images, .. } = self.unit;
        let (spec, tiles, channels) = (self.layer.spec, &self.layer.tiled.tiles, self.from.channels);
        let size = spec.height * spec.width * channels;
        assert!(self.out.len() == images * size);
        let all = (0, images * tiles.count());
        // SAFETY: the planes hold all tiles of the batch, `out` the pixels of `images` images.
        output_tiles::<L>(tiles, self.from, first * tiles.count(), all, self.out.as_mut_ptr());
        match self.settle {
            Some(settle) => settle.part(&self.unit, size, channels).run::<L>(self.out, self.sums),
            None => moments::<L>(self.out, channels, self.sums),
        }
    }
}
