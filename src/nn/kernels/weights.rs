//! Weights as the kernels read them, and gradients back to `[cout, cin, k, k]`, torchvision's order.
//!
//! Channels beyond the real ones have weights of zero, so that what is padded stays zero.

use super::{
    geometry::{Phase, Spec},
    lanes::{Isa, Kernel, LANES, Lanes},
    sweep::block,
    units::each_chunk,
    winograd::{POINTS, plane, weight, weight_gradient},
};

/// Input channels that are brought into another order together: what is read and written meanwhile stays in
/// the first-level cache.
const CHUNK: usize = 16;

/// `[block][K][block]` for the outputs' direct products.
pub(super) fn pack_direct(spec: &Spec, phase: &Phase, weights: &[f32], packed: &mut [f32]) {
    let (inputs, block, squares) = (spec.inputs(), block(spec.outputs()), spec.kernel * spec.kernel);
    each_chunk(&mut packed[..phase.depth() * spec.outputs()], phase.depth() * block, 0, &|at, packed| {
        let lanes = block.min(spec.cout.saturating_sub(at * block));
        if lanes < block || spec.cin < inputs {
            packed.fill(0.0);
        }
        let weights = &weights[at * block * spec.taps()..][..lanes * spec.taps()];
        for first in (0..spec.cin).step_by(CHUNK) {
            let size = CHUNK.min(spec.cin - first);
            for (lane, weights) in weights.chunks_exact(spec.taps()).enumerate() {
                let kernels = weights[first * squares..][..size * squares].chunks_exact(squares);
                for (cin, kernel) in kernels.enumerate() {
                    for (tap, weight) in kernel.iter().enumerate() {
                        packed[(tap * inputs + first + cin) * block + lane] = *weight;
                    }
                }
            }
        }
    });
}

/// The same for a phase of the data gradient, whose outputs are the inputs' channels.
pub(super) fn pack_transposed(spec: &Spec, phase: &Phase, weights: &[f32], packed: &mut [f32]) {
    let (outputs, block, squares) = (spec.outputs(), block(spec.inputs()), spec.kernel * spec.kernel);
    let packed = &mut packed[phase.weights..][..phase.depth() * spec.inputs()];
    if packed.is_empty() {
        return;
    }
    each_chunk(packed, phase.depth() * block, 0, &|at, packed| {
        let lanes = block.min(spec.cin.saturating_sub(at * block));
        if lanes < block || spec.cout < outputs {
            packed.fill(0.0);
        }
        for (cout, weights) in weights.chunks_exact(spec.taps()).enumerate() {
            let weights = &weights[at * block * squares..][..lanes * squares];
            let rows = phase.kernel_rows.iter();
            let taps = rows
                .flat_map(|row| phase.kernel_columns.iter().map(move |column| row * spec.kernel + column));
            for (place, tap) in taps.enumerate() {
                let packed = &mut packed[(place * outputs + cout) * block..][..lanes];
                if squares == 1 {
                    packed.copy_from_slice(weights);
                    continue;
                }
                for (to, weight) in packed.iter_mut().zip(weights[tap..].iter().step_by(squares)) {
                    *to = *weight;
                }
            }
        }
    });
}

/// Sums the parts' `[K][cout]` and puts them in torchvision's order.
pub(super) fn unpack_direct(spec: &Spec, parts: &[f32], gradient: &mut [f32]) {
    // Sixteen output channels at a time: theirs are neighbours in the parts.
    let size = LANES * spec.taps();
    let whole = spec.cout / LANES;
    let (even, rest) = gradient.split_at_mut(whole * size);
    each_chunk(even, size, 0, &|at, gradient| unpack_lanes(spec, parts, at * LANES, gradient));
    if !rest.is_empty() {
        unpack_lanes(spec, parts, whole * LANES, rest);
    }
}

/// At most sixteen output channels, from `first` on.
fn unpack_lanes(spec: &Spec, parts: &[f32], first: usize, gradient: &mut [f32]) {
    let (inputs, outputs, squares) = (spec.inputs(), spec.outputs(), spec.kernel * spec.kernel);
    for cin in 0..spec.cin {
        for tap in 0..squares {
            let at = (tap * inputs + cin) * outputs + first;
            let mut sums = [0.0f32; LANES];
            for part in parts.chunks_exact(squares * inputs * outputs) {
                for (sum, value) in sums.iter_mut().zip(&part[at..at + LANES]) {
                    *sum += value;
                }
            }
            for (gradient, sum) in gradient.chunks_exact_mut(spec.taps()).zip(sums) {
                gradient[cin * squares + tap] = sum;
            }
        }
    }
}

/// Values of [`pack_tiled`]'s result.
pub(super) fn tiled_weights(rows: usize, channels: usize) -> usize {
    channels / block(channels) * POINTS * plane(rows, block(channels))
}

/// Of a layer in Winograd's form: `G g Gᵀ` as `[block][36][in][block]`, in planes; transposed, for the data
/// gradient, with the kernels turned by 180° and inputs and outputs exchanged.
pub(super) fn pack_tiled(isa: Isa, spec: &Spec, transposed: bool, weights: &[f32], packed: &mut [f32]) {
    let (rows, channels) =
        if transposed { (spec.outputs(), spec.inputs()) } else { (spec.inputs(), spec.outputs()) };
    let block = block(channels);
    let packed = &mut packed[..tiled_weights(rows, channels)];
    each_chunk(packed, POINTS * plane(rows, block), 0, &|at, packed| {
        isa.run(PackBlock { spec, transposed, weights, packed, first: at * block, block, rows });
    });
}

/// One block of output channels.
struct PackBlock<'a> {
    spec: &'a Spec,
    transposed: bool,
    weights: &'a [f32],
    packed: &'a mut [f32],
    first: usize,
    block: usize,
    rows: usize,
}

impl PackBlock<'_> {
    /// The nine weights from input channel `row` to the sixteen output channels from `channel` on.
    #[inline(always)]
    fn gather(&self, row: usize, channel: usize) -> [[f32; LANES]; 9] {
        let mut taps = [[0.0; LANES]; 9];
        let (ins, outs) =
            if self.transposed { (self.spec.cout, self.spec.cin) } else { (self.spec.cin, self.spec.cout) };
        if row < ins {
            for lane in 0..LANES.min(outs.saturating_sub(channel)) {
                let (cout, cin) = if self.transposed { (row, channel + lane) } else { (channel + lane, row) };
                let kernel = &self.weights[(cout * self.spec.cin + cin) * 9..][..9];
                for (tap, weight) in kernel.iter().enumerate() {
                    taps[if self.transposed { 8 - tap } else { tap }][lane] = *weight;
                }
            }
        }
        taps
    }
}

impl Kernel for PackBlock<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let plane = plane(self.rows, self.block);
        assert!(self.packed.len() == POINTS * plane && self.block.is_multiple_of(LANES));
        for row in 0..self.rows {
            for lane in (0..self.block).step_by(LANES) {
                let taps = self.gather(row, self.first + lane);
                let mut half = [[L::splat(0.0); 3]; 6];
                for x in 0..3 {
                    let column = [0, 1, 2].map(|y| L::load(taps[y * 3 + x].as_ptr()));
                    let column = weight(column);
                    for y in 0..6 {
                        half[y][x] = column[y];
                    }
                }
                for y in 0..6 {
                    let line = weight(half[y]);
                    for x in 0..6 {
                        let at = (y * 6 + x) * plane + row * self.block + lane;
                        line[x].store(self.packed.as_mut_ptr().add(at));
                    }
                }
            }
        }
    }
}

/// Sums the parts' `[36][cin][cout]` (in planes), applies `Gᵀ·G`, and puts it in torchvision's order.
pub(super) fn unpack_tiled(isa: Isa, spec: &Spec, parts: &[f32], gradient: &mut [f32]) {
    // Sixteen output channels at a time: theirs are neighbours in the gradient.
    let size = LANES * spec.taps();
    let whole = spec.cout / LANES;
    let (even, rest) = gradient.split_at_mut(whole * size);
    let run =
        |at: usize, gradient: &mut [f32]| isa.run(UnpackBlock { spec, parts, gradient, first: at * LANES });
    each_chunk(even, size, 0, &run);
    if !rest.is_empty() {
        run(whole, rest);
    }
}

/// At most sixteen output channels.
struct UnpackBlock<'a> {
    spec: &'a Spec,
    parts: &'a [f32],
    gradient: &'a mut [f32],
    first: usize,
}

impl Kernel for UnpackBlock<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let (inputs, outputs) = (self.spec.inputs(), self.spec.outputs());
        let plane = plane(inputs, outputs);
        let size = POINTS * plane;
        assert!(self.parts.len().is_multiple_of(size) && self.first + LANES <= outputs);
        for cin in 0..self.spec.cin {
            let mut half = [[L::splat(0.0); 6]; 3];
            for x in 0..6 {
                let mut column = [L::splat(0.0); 6];
                for y in 0..6 {
                    let at = (y * 6 + x) * plane + cin * outputs + self.first;
                    for part in (at..self.parts.len()).step_by(size) {
                        column[y] = column[y] + L::load(self.parts.as_ptr().add(part));
                    }
                }
                let column = weight_gradient(column);
                for y in 0..3 {
                    half[y][x] = column[y];
                }
            }
            for y in 0..3 {
                let line = weight_gradient(half[y]);
                for x in 0..3 {
                    let mut values = [0.0f32; LANES];
                    line[x].store(values.as_mut_ptr());
                    for (gradient, value) in self.gradient.chunks_exact_mut(self.spec.taps()).zip(values) {
                        gradient[cin * 9 + y * 3 + x] = value;
                    }
                }
            }
        }
    }
}
