//! What the gradient of a layer's input goes through before it is the gradient of the layer before.

use super::{
    frame::{Frame, Source, fill},
    geometry::Spec,
    lanes::Lanes,
    pointwise::{self, through_join, through_relu},
    units::Unit,
};

/// See the functions of `pointwise`; statistics are `[groups, channels]`.
#[derive(Clone, Copy)]
pub enum Settle<'a> {
    /// Nothing: it is added to another one later.
    Raw,
    /// Another gradient is added to it.
    Add { other: &'a [f32] },
    /// The ReLU after a BatchNorm, whose input was z.
    Relu { z: &'a [f32], scale: &'a [f32], shift: &'a [f32], mean: &'a [f32] },
    /// The ReLU after the sum of a residual and its shortcut: `other` is the gradient that comes along the
    /// next block's shortcut, y the ReLU's output, z the input of the residual's last BatchNorm.
    Join { other: &'a [f32], y: &'a [f32], z: &'a [f32], mean: &'a [f32] },
}

impl<'a> Settle<'a> {
    /// Whether sums for a BatchNorm come out of it.
    pub(super) fn sums(&self) -> bool {
        matches!(self, Self::Relu { .. } | Self::Join { .. })
    }

    /// The same of a unit; `size` values an image, of `channels`.
    pub(super) fn part(self, unit: &Unit, size: usize, channels: usize) -> Self {
        let of = |values: &'a [f32]| unit.of(values, size);
        let row = |values: &'a [f32]| unit.row(values, channels);
        match self {
            Self::Raw => Self::Raw,
            Self::Add { other } => Self::Add { other: of(other) },
            Self::Relu { z, scale, shift, mean } => {
                Self::Relu { z: of(z), scale: row(scale), shift: row(shift), mean: row(mean) }
            }
            Self::Join { other, y, z, mean } => {
                Self::Join { other: of(other), y: of(y), z: of(z), mean: row(mean) }
            }
        }
    }

    /// # Safety
    /// The processor has the instruction set of `L`.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(self, g: &mut [f32], sums: &mut [f64]) {
        sums.fill(0.0);
        match self {
            Self::Raw => {}
            Self::Add { other } => pointwise::add::<L>(g, other),
            Self::Relu { z, scale, shift, mean } => through_relu::<L>(g, z, [scale, shift, mean], sums),
            Self::Join { other, y, z, mean } => through_join::<L>(g, other, y, z, mean, sums),
        }
    }
}

/// What one backward pass reads: the layer's input, the gradient of its output, and what the input's
/// gradient goes through.
#[derive(Clone, Copy)]
pub struct Flow<'a> {
    pub x: Source<'a>,
    pub gradient: Source<'a>,
    pub settle: Settle<'a>,
}

impl Flow<'_> {
    /// Frames a unit's input and the gradient of its output.
    ///
    /// # Safety
    /// The processor has the instruction set of `L`.
    #[inline(always)]
    pub(super) unsafe fn fill<L: Lanes>(
        &self,
        spec: &Spec,
        unit: &Unit,
        frames: [&Frame; 2],
        [x, gradient]: [&mut [f32]; 2],
    ) {
        fill::<L>(self.x.part(unit, spec.input(), spec.inputs()), frames[0], unit.images, x);
        let source = self.gradient.part(unit, spec.output(), spec.outputs());
        fill::<L>(source, frames[1], unit.images, gradient);
    }

    /// Settles a unit's gradient of the input.
    ///
    /// # Safety
    /// The processor has the instruction set of `L`.
    #[inline(always)]
    pub(super) unsafe fn settle<L: Lanes>(&self, spec: &Spec, unit: &Unit, dx: &mut [f32], sums: &mut [f64]) {
        self.settle.part(unit, spec.input(), spec.inputs()).run::<L>(dx, sums);
    }
}
