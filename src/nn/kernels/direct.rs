//! Convolutions of any kernel and stride, directly.

use super::{
    buffer::with_scratch,
    frame::{Source, fill},
    geometry::{Geometry, Phase, Spec},
    lanes::{Isa, Kernel, Lanes},
    outer::outer,
    pointwise::moments,
    settle::Flow,
    sweep::{Patch, Pixels, sweep},
    units::{Part, PerImage, PerPart, PerUnit, Unit, each_part},
};

/// The lists of a layer.
pub(super) struct Direct {
    pub geometry: Geometry,
}

/// All of one pass over a unit needs.
#[derive(Clone, Copy)]
struct Layer<'a> {
    spec: &'a Spec,
    geometry: &'a Geometry,
    weights: &'a [f32],
}

impl Phase {
    fn pixels(&self, images: usize) -> Pixels<'_> {
        let count = images * self.pixels;
        Pixels { from: &self.from[..count], to: &self.to[..count] }
    }
    fn patch(&self) -> Patch<'_> {
        Patch { segments: &self.segments, run: self.run }
    }
}

impl Direct {
    /// z of every image; with `sums`, its moments `[unit][2][channels]`.
    pub fn forward(
        &self,
        isa: Isa,
        spec: &Spec,
        parts: &[Part],
        weights: &[f32],
        source: Source,
        (z, sums): (PerImage, PerUnit),
    ) {
        let layer = Layer { spec, geometry: &self.geometry, weights };
        each_part(parts, (z, sums), &|part, (z, sums)| {
            part.each(z, sums, |unit, z, sums| {
                with_scratch([unit.images * self.geometry.input.size()], |[framed]| {
                    isa.run(Forward { layer, unit, source, framed, z, sums });
                });
            });
        });
    }

    /// dx of every image, settled, with its sums; and each part's gradient of the weights.
    pub fn backward(
        &self,
        isa: Isa,
        spec: &Spec,
        parts: &[Part],
        weights: &[f32],
        flow: Flow,
        shares: (PerImage, PerUnit, PerPart),
    ) {
        let layer = Layer { spec, geometry: &self.geometry, weights };
        let Geometry { input, gradient: output, .. } = &self.geometry;
        each_part(parts, shares, &|part, (dx, sums, weight_gradient)| {
            weight_gradient.0.fill(0.0);
            part.each(dx, sums, |unit, dx, sums| {
                with_scratch([unit.images * input.size(), unit.images * output.size()], |framed| {
                    let weight_gradient = &mut *weight_gradient.0;
                    isa.run(Backward { layer, unit, flow, framed, dx, sums, weight_gradient });
                });
            });
        });
    }
}

struct Forward<'a> {
    layer: Layer<'a>,
    unit: Unit,
    source: Source<'a>,
    framed: &'a mut [f32],
    z: &'a mut [f32],
    sums: &'a mut [f64],
}

impl Kernel for Forward<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Layer { spec, geometry, weights } = self.layer;
        let images = self.unit.images;
        let phase = &geometry.forward;
        assert!(self.z.len() == images * spec.output() && weights.len() >= phase.depth() * spec.outputs());
        let source = self.source.part(&self.unit, spec.input(), spec.inputs());
        fill::<L>(source, &geometry.input, images, self.framed);
        // SAFETY: `Geometry::new` keeps every patch within `images` frames, every output within
        // `images` outputs; their lengths have been checked.
        sweep::<L>(
            self.framed.as_ptr(),
            self.z.as_mut_ptr(),
            phase.pixels(images),
            phase.patch(),
            weights.as_ptr(),
            spec.outputs(),
        );
        moments::<L>(self.z, spec.outputs(), self.sums);
    }
}

struct Backward<'a> {
    layer: Layer<'a>,
    unit: Unit,
    flow: Flow<'a>,
    framed: [&'a mut [f32]; 2],
    dx: &'a mut [f32],
    sums: &'a mut [f64],
    weight_gradient: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Layer { spec, geometry, weights } = self.layer;
        let images = self.unit.images;
        let (inputs, outputs) = (spec.inputs(), spec.outputs());
        let run = geometry.forward.run;
        assert!(self.weight_gradient.len() == geometry.forward.depth() * outputs);
        let [x, gradient] = self.framed;
        self.flow.fill::<L>(spec, &self.unit, [&geometry.input, &geometry.gradient], [x, gradient]);
        let count = images * geometry.forward.pixels;
        let pixels = Pixels { from: &geometry.forward.from[..count], to: &geometry.gradients[..count] };
        for (segment, sum) in
            geometry.forward.segments.iter().zip(self.weight_gradient.chunks_exact_mut(run * outputs))
        {
            // SAFETY: `Geometry::new` keeps every patch and every gradient within the frames of
            // `images` images; `sum` is one segment's part of a matrix whose length was checked.
            let x = x.as_ptr().add(*segment as usize);
            outer::<L>(x, run, gradient.as_ptr(), outputs, pixels, sum.as_mut_ptr());
        }
        if spec.planar {
            return;
        }
        assert!(self.dx.len() == images * spec.input());
        for phase in &geometry.backward {
            assert!(weights.len() >= phase.weights + phase.depth() * inputs);
            // SAFETY: as for the forward pass; a phase without taps writes zeros.
            sweep::<L>(
                gradient.as_ptr(),
                self.dx.as_mut_ptr(),
                phase.pixels(images),
                phase.patch(),
                weights.as_ptr().add(phase.weights),
                inputs,
            );
        }
        self.flow.settle::<L>(spec, &self.unit, self.dx, self.sums);
    }
}
