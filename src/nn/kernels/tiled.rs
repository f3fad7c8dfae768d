//! 3×3 convolutions of stride 1 by Winograd's algorithm.
//!
//! Where the transformed weights fit beside the tiles in the second-level cache, a unit of images goes
//! through transform, products and back on one thread, a group of tiles at a time. Where they do not,
//! each step is done for the whole batch before the next: the weights are then read once.

use super::{
    buffer::Buffer,
    frame::Source,
    geometry::Spec,
    lanes::{Isa, Lanes},
    narrow,
    outer::outer,
    settle::Flow,
    sweep::{Patch, Pixels, block, sweep_block},
    units::{Part, PerImage, PerPart, PerUnit},
    wide,
    winograd::{POINTS, Tiles, plane},
};

/// From so many products of channels on, a step is done for the whole batch at once.
const WIDE: usize = 128 * 128;
/// Values that the transformed tiles of a group may take.
const GROUP: usize = 64 * 1024;

/// The tiles of a layer, and the places of a plane's rows.
pub(super) struct Tiled {
    pub tiles: Tiles,
    /// Tiles that are transformed together.
    pub group: usize,
    pub wide: bool,
    /// 0, 1, 2, … times the channels: of inputs, and of outputs.
    input_rows: Vec<u32>,
    output_rows: Vec<u32>,
    images: usize,
}

/// Transformed tiles of a whole batch, for the layers that want it; shared by all of them.
#[derive(Default)]
pub struct Workspace(pub(super) [Buffer; 4]);

impl Tiled {
    pub fn new(spec: &Spec) -> Self {
        let tiles = Tiles::new(spec.out_height(), spec.out_width());
        let channels = spec.inputs() + spec.outputs();
        let wide = spec.inputs() * spec.outputs() >= WIDE;
        let group = (GROUP / (POINTS * channels)).clamp(12, 96) / 12 * 12;
        let rows = if wide { tiles.count() * spec.images } else { group };
        let of = |channels: usize| (0..rows).map(|row| (row * channels) as u32).collect();
        Self {
            tiles,
            group,
            wide,
            input_rows: of(spec.inputs()),
            output_rows: of(spec.outputs()),
            images: spec.images,
        }
    }

    /// Values of a framed input image.
    pub fn frame(&self, channels: usize) -> usize {
        self.tiles.frame(channels).size()
    }

    /// Tiles of the batch.
    pub fn all(&self) -> usize {
        self.images * self.tiles.count()
    }

    /// Fits a workspace to this layer.
    pub fn reserve(&self, spec: &Spec, workspace: &mut Workspace, backward: bool) {
        if self.wide {
            let (inputs, outputs) =
                (POINTS * plane(self.all(), spec.inputs()), POINTS * plane(self.all(), spec.outputs()));
            workspace.0[0].grow(inputs);
            workspace.0[1].grow(outputs);
            if backward {
                workspace.0[2].grow(outputs);
                workspace.0[3].grow(inputs);
            }
        }
    }

    /// z of every image; with `sums`, its moments `[unit][2][channels]`.
    pub fn forward(
        &self,
        isa: Isa,
        spec: &Spec,
        parts: &[Part],
        (weights, workspace): (&[f32], &mut Workspace),
        source: Source,
        shares: (PerImage, PerUnit),
    ) {
        let layer = Layer { spec, tiled: self, weights };
        if self.wide {
            wide::forward(isa, layer, parts, workspace, source, shares);
        } else {
            narrow::forward(isa, layer, parts, source, shares);
        }
    }

    /// dx of every image, settled, with its sums; and the parts' gradients of the transformed weights
    /// (one for all, if the layer is wide).
    pub fn backward(
        &self,
        isa: Isa,
        spec: &Spec,
        parts: &[Part],
        (weights, workspace): (&[f32], &mut Workspace),
        flow: Flow,
        shares: (PerImage, PerUnit, PerPart),
    ) {
        let layer = Layer { spec, tiled: self, weights };
        if self.wide {
            wide::backward(isa, layer, parts, workspace, flow, shares);
        } else {
            narrow::backward(isa, layer, parts, flow, shares);
        }
    }
}

/// What every pass over a layer needs.
#[derive(Clone, Copy)]
pub(super) struct Layer<'a> {
    pub spec: &'a Spec,
    pub tiled: &'a Tiled,
    pub weights: &'a [f32],
}

impl Layer<'_> {
    /// M = V·U of one of the 36 planes. `v` and `m` hold `count` tiles.
    #[inline(always)]
    pub unsafe fn product<L: Lanes>(
        &self,
        v: *const f32,
        m: *mut f32,
        point: usize,
        count: usize,
        transposed: bool,
    ) {
        let (mut rows, mut columns) = (&self.tiled.input_rows, &self.tiled.output_rows);
        let (mut depth, mut channels) = (self.spec.inputs(), self.spec.outputs());
        if transposed {
            (rows, columns) = (columns, rows);
            (depth, channels) = (channels, depth);
        }
        let block = block(channels);
        let plane = plane(depth, block);
        assert!(self.weights.len() == channels / block * POINTS * plane && rows.len() >= count);
        for first in (0..channels).step_by(block) {
            let pixels = Pixels { from: &rows[..count], to: &columns[..count] };
            let patch = Patch { segments: &[0], run: depth };
            let weights = self.weights.as_ptr().add((first / block * POINTS + point) * plane);
            sweep_block::<L>(v, m.add(first), pixels, patch, weights, block);
        }
    }

    /// dU += Vᵀ·Y of one of the 36 planes.
    #[inline(always)]
    pub unsafe fn outer<L: Lanes>(&self, v: *const f32, y: *const f32, count: usize, sum: *mut f32) {
        let pixels = Pixels { from: &self.tiled.input_rows[..count], to: &self.tiled.output_rows[..count] };
        outer::<L>(v, self.spec.inputs(), y, self.spec.outputs(), pixels, sum);
    }
}
