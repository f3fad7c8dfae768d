//! A convolution of the plan: it chooses the algorithm, and knows how weights and work are laid out.

use super::{
    direct::Direct,
    frame::Source,
    geometry::{Geometry, Phase, Spec},
    lanes::Isa,
    settle::Flow,
    tiled::{Tiled, Workspace},
    units::{Part, PerImage, PerPart, PerUnit, Unit, parts, units},
    weights::{pack_direct, pack_tiled, pack_transposed, tiled_weights, unpack_direct, unpack_tiled},
    winograd::{POINTS, TILE, plane},
};

/// Values that a unit's framed images may take: so they stay in the second-level cache.
const UNIT: usize = 40 * 1024;
/// A batch has at least so many units, if it has the images.
const UNITS: usize = 16;
/// A unit has at least so many pixels (or tiles), if the batch has them: a product of fewer rows would leave
/// the micro-kernel half empty, and the weights would be read for each of them.
const ROWS: usize = 32;
/// Values that all parts' gradients of the weights may take.
const GRADIENTS: usize = 4 * 1024 * 1024;

/// How a convolution is computed.
enum Method {
    Direct(Direct),
    Tiled(Tiled),
}

/// A convolution without bias, of one batch's shape.
pub struct Convolution {
    spec: Spec,
    method: Method,
    /// Every part one unit: where nothing is summed over units.
    single: Vec<Part>,
    /// Parts with a gradient of the weights each.
    parts: Vec<Part>,
}

impl Convolution {
    /// Chooses Winograd's algorithm where it saves products.
    pub fn new(spec: Spec) -> Self {
        let (height, width) = (spec.out_height(), spec.out_width());
        // Of small images the tiles are mostly border.
        let saves = height * width >= 8 * height.div_ceil(4) * width.div_ceil(4);
        Self::with(spec, saves)
    }

    /// As [`Self::new`], with Winograd's algorithm if it is `wanted` and possible.
    pub fn with(spec: Spec, wanted: bool) -> Self {
        let possible = spec.kernel == 3 && spec.stride == 1 && spec.padding == 1 && !spec.planar;
        let tiled = (wanted && possible).then(|| Tiled::new(&spec));
        let (height, width) = (spec.out_height(), spec.out_width());
        let one = Geometry::new(&spec, 1);
        let frame = match &tiled {
            Some(tiled) => tiled.frame(spec.inputs()).max(tiled.frame(spec.outputs())),
            None => one.input.size().max(one.gradient.size()),
        };
        let most = (UNIT / frame).clamp(1, spec.images.div_ceil(UNITS));
        let rows = if tiled.is_some() { TILE * TILE * ROWS / 2 } else { ROWS };
        let most = most.max(rows.div_ceil(height * width)).min(spec.images / spec.groups);
        let units = units(spec.images, spec.groups, most);
        // As if it were tiled: that is the larger one, up to kernels of 5×5.
        let gradient = POINTS * spec.inputs() * spec.outputs();
        let parts_of = |most: usize| parts(&units, most);
        let (single, parts) = (parts_of(units.len()), parts_of((GRADIENTS / gradient).clamp(2, 16)));
        let method = match tiled {
            Some(tiled) => Method::Tiled(tiled),
            None => Method::Direct(Direct { geometry: Geometry::new(&spec, most) }),
        };
        Self { spec, method, single, parts }
    }

    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Units of a batch: so many sums come out of a pass.
    pub fn units(&self) -> impl Iterator<Item = Unit> {
        self.single.iter().map(|part| part.units[0])
    }

    /// Values of the packed weights: of the forward pass, of the data gradient.
    pub fn packed(&self) -> (usize, usize) {
        let (inputs, outputs) = (self.spec.inputs(), self.spec.outputs());
        match &self.method {
            Method::Tiled(_) => (tiled_weights(inputs, outputs), tiled_weights(outputs, inputs)),
            Method::Direct(direct) => {
                let Geometry { forward, backward, .. } = &direct.geometry;
                let depth = backward.iter().map(Phase::depth).sum::<usize>();
                (forward.depth() * outputs, depth * inputs)
            }
        }
    }

    /// Values of one part's gradient of the weights.
    fn gradient(&self) -> usize {
        let (inputs, outputs) = (self.spec.inputs(), self.spec.outputs());
        match &self.method {
            Method::Tiled(_) => POINTS * plane(inputs, outputs),
            Method::Direct(_) => self.spec.kernel * self.spec.kernel * inputs * outputs,
        }
    }

    /// Values of the parts' gradients. A wide layer has one for all parts.
    pub fn gradients(&self) -> usize {
        let wide = matches!(&self.method, Method::Tiled(tiled) if tiled.wide);
        self.gradient() * if wide { 1 } else { self.parts.len() }
    }

    /// Fits a workspace to this layer.
    pub fn reserve(&self, workspace: &mut Workspace, backward: bool) {
        if let Method::Tiled(tiled) = &self.method {
            tiled.reserve(&self.spec, workspace, backward);
        }
    }

    /// Weights `[cout, cin, k, k]` as the forward pass reads them.
    pub fn pack(&self, isa: Isa, weights: &[f32], packed: &mut [f32]) {
        assert!(weights.len() == self.spec.cout * self.spec.taps());
        match &self.method {
            Method::Direct(it) => pack_direct(&self.spec, &it.geometry.forward, weights, packed),
            Method::Tiled(_) => pack_tiled(isa, &self.spec, false, weights, packed),
        }
    }

    /// Weights `[cout, cin, k, k]` as the data gradient reads them.
    pub fn pack_transposed(&self, isa: Isa, weights: &[f32], packed: &mut [f32]) {
        assert!(weights.len() == self.spec.cout * self.spec.taps());
        match &self.method {
            Method::Direct(it) => {
                for phase in &it.geometry.backward {
                    pack_transposed(&self.spec, phase, weights, packed);
                }
            }
            Method::Tiled(_) => pack_tiled(isa, &self.spec, true, weights, packed),
        }
    }

    /// z of every image; with `sums`, Σ(z−s) and Σ(z−s)² of every unit, `[unit][2][channels]`, where s is
    /// the unit's first pixel.
    pub fn forward(
        &self,
        isa: Isa,
        weights: &[f32],
        workspace: &mut Workspace,
        source: Source,
        z: &mut [f32],
        sums: Option<&mut [f64]>,
    ) {
        let z = PerImage(z, self.spec.output());
        let sums = match sums {
            Some(sums) => PerUnit(sums, 2 * self.spec.outputs()),
            None => PerUnit(&mut [], 0),
        };
        match &self.method {
            Method::Direct(it) => it.forward(isa, &self.spec, &self.single, weights, source, (z, sums)),
            Method::Tiled(it) => {
                it.forward(isa, &self.spec, &self.single, (weights, workspace), source, (z, sums));
            }
        }
    }

    /// The gradients: of the input, settled, with its sums `[unit][2][channels]` (not for a planar
    /// input), and of the weights, `[cout, cin, k, k]`. `parts` is memory of [`Self::gradients`] values.
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        isa: Isa,
        weights: &[f32],
        workspace: &mut Workspace,
        flow: Flow,
        dx: &mut [f32],
        sums: &mut [f64],
        parts: &mut [f32],
        weight_gradient: &mut [f32],
    ) {
        let spec = &self.spec;
        let (image, sum) = if spec.planar { (0, 0) } else { (spec.input(), 2 * spec.inputs()) };
        let parts = &mut parts[..self.gradients()];
        let size = self.gradient();
        let sums = if flow.settle.sums() { PerUnit(sums, sum) } else { PerUnit(&mut [], 0) };
        let shares = (PerImage(dx, image), sums, PerPart(parts, size));
        match &self.method {
            Method::Direct(it) => {
                it.backward(isa, spec, &self.parts, weights, flow, shares);
                unpack_direct(spec, parts, weight_gradient);
            }
            Method::Tiled(it) => {
                let units = if it.wide { &self.single } else { &self.parts };
                it.backward(isa, spec, units, (weights, workspace), flow, shares);
                unpack_tiled(isa, spec, parts, weight_gradient);
            }
        }
    }
}
