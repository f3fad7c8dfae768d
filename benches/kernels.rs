//! `cargo bench --bench kernels`: the CPU kernels, layer by layer, on every instruction set that is here.
//!
//! An item is a floating-point operation, so Gitem/s are GF/s. They are those of the direct algorithm,
//! 2·n·h·w·cout·cin·k² forward and twice that backward, whichever algorithm computes: Winograd's may pass
//! what the processor could do directly. What a training step does with a layer is timed: weights are
//! packed, BatchNorm and ReLU are part of the copy into frames, sums for BatchNorm are taken. All cores
//! compute; RAYON_NUM_THREADS says otherwise.

use divan::{Bencher, counter::ItemsCount};
use looc::nn::kernels::{Buffer, Convolution, Flow, Isa, Settle, Source, Spec, Workspace};
use std::fmt;

const IMAGES: usize = 64;

/// The layers of a ResNet of width 16 on images of 32×32: cin, cout, stride, pixels of a side.
const LAYERS: [[usize; 4]; 6] =
    [[3, 16, 1, 32], [16, 16, 1, 32], [16, 32, 2, 32], [32, 32, 1, 16], [64, 64, 1, 8], [128, 128, 1, 4]];

fn main() {
    divan::main();
}

/// A layer on an instruction set.
struct Case {
    spec: Spec,
    isa: Isa,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spec { cin, cout, height, stride, planar, .. } = self.spec;
        let stem = if planar { " stem" } else { "" };
        let stride = if stride > 1 { format!(" stride {stride}") } else { String::new() };
        write!(f, "{cin} to {cout} at {height}{stride}{stem}, {}", self.isa.name())
    }
}

fn cases() -> Vec<Case> {
    let spec = |[cin, cout, stride, side]: [usize; 4]| Spec {
        cin,
        cout,
        kernel: 3,
        stride,
        padding: 1,
        height: side,
        width: side,
        images: IMAGES,
        groups: 1,
        planar: cin == 3,
    };
    let of = |layer| Isa::all().map(move |isa| Case { spec: spec(layer), isa });
    LAYERS.into_iter().flat_map(of).collect()
}

/// Everything that the passes over a layer read and write.
struct Bench {
    isa: Isa,
    conv: Convolution,
    workspace: Workspace,
    /// `[cout, cin, k, k]`, and as the kernels read them.
    weights: Vec<f32>,
    packed: Buffer,
    x: Buffer,
    z: Buffer,
    gradient: Buffer,
    /// A row for each input channel, and for each output channel: all statistics are alike.
    rows: [Vec<f32>; 2],
    dx: Buffer,
    sums: Vec<f64>,
    parts: Buffer,
    weight_gradient: Vec<f32>,
}

/// Values between −1 and 1, never the same for long: time may depend on what is 0 or tiny, not on more.
fn values(buffer: &mut [f32]) {
    for (at, value) in buffer.iter_mut().enumerate() {
        *value = ((at as f32) * 0.7).sin();
    }
}

fn buffer(len: usize) -> Buffer {
    let mut buffer = Buffer::zeros(len);
    values(&mut buffer);
    buffer
}

impl Bench {
    fn new(&Case { spec, isa }: &Case) -> Self {
        let conv = Convolution::new(spec);
        let mut workspace = Workspace::default();
        conv.reserve(&mut workspace, true);
        let (forward, transposed) = conv.packed();
        let mut weights = vec![0.0; spec.cout * spec.taps()];
        values(&mut weights);
        let channels = spec.inputs().max(spec.outputs());
        Self {
            isa,
            workspace,
            packed: Buffer::zeros(forward.max(transposed)),
            x: buffer(spec.images * spec.input()),
            z: buffer(spec.images * spec.output()),
            gradient: buffer(spec.images * spec.output()),
            rows: [spec.inputs(), spec.outputs()].map(|channels| vec![0.5; channels]),
            dx: Buffer::zeros(if spec.planar { 0 } else { spec.images * spec.input() }),
            sums: vec![0.0; conv.units().count() * 2 * channels],
            parts: Buffer::zeros(conv.gradients()),
            weight_gradient: weights.clone(),
            weights,
            conv,
        }
    }

    /// Operations of the forward pass.
    fn operations(&self) -> usize {
        let spec = self.conv.spec();
        2 * spec.images * spec.out_height() * spec.out_width() * spec.cout * spec.taps()
    }

    fn forward(&mut self) {
        let source = source(self.conv.spec(), &self.x, &self.rows[0]);
        let packed = &mut self.packed[..self.conv.packed().0];
        self.conv.pack(self.isa, &self.weights, packed);
        let sums = &mut self.sums[..self.conv.units().count() * 2 * self.conv.spec().outputs()];
        self.conv.forward(self.isa, packed, &mut self.workspace, source, &mut self.z, Some(sums));
    }

    fn backward(&mut self) {
        let planar = self.conv.spec().planar;
        let [rows, row] = &self.rows;
        let x = source(self.conv.spec(), &self.x, rows);
        let gradient = Source::Normed { g: &self.gradient, z: &self.z, a: row, b: row, c: row };
        let settle = match planar {
            true => Settle::Raw,
            false => Settle::Relu { z: &self.x, scale: rows, shift: rows, mean: rows },
        };
        let packed = &mut self.packed[..self.conv.packed().1];
        self.conv.pack_transposed(self.isa, &self.weights, packed);
        self.conv.backward(
            self.isa,
            packed,
            &mut self.workspace,
            Flow { x, gradient, settle },
            &mut self.dx,
            &mut self.sums,
            &mut self.parts,
            &mut self.weight_gradient,
        );
    }
}

fn source<'a>(spec: &Spec, x: &'a [f32], row: &'a [f32]) -> Source<'a> {
    match spec.planar {
        true => Source::Planar(x),
        false => Source::Activated { z: x, scale: row, shift: row },
    }
}

#[divan::bench(args = cases(), sample_count = 30, sample_size = 1)]
fn forward(bencher: Bencher, case: &Case) {
    let mut bench = Bench::new(case);
    bench.forward();
    bencher.counter(ItemsCount::new(bench.operations())).bench_local(|| bench.forward());
}

/// The gradients of the layer's input and of its weights.
#[divan::bench(args = cases(), sample_count = 30, sample_size = 1)]
fn backward(bencher: Bencher, case: &Case) {
    let mut bench = Bench::new(case);
    bench.forward();
    bench.backward();
    // The stem's input gets no gradient.
    let passes = if case.spec.planar { 1 } else { 2 };
    bencher.counter(ItemsCount::new(passes * bench.operations())).bench_local(|| bench.backward());
}
