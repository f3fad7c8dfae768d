//! A convolution's sizes, and the lists of places by which the direct kernels find their values.

use super::{frame::Frame, lanes::LANES};

/// What is convolved with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    pub cin: usize,
    pub cout: usize,
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
    /// Pixels of an input.
    pub height: usize,
    pub width: usize,
    /// Images of a batch, and groups of them with statistics of their own.
    pub images: usize,
    pub groups: usize,
    /// Whether it reads images as they come ([`super::Source::Planar`]); such an input gets no gradient.
    pub planar: bool,
}

impl Spec {
    /// Channels of the input as it is stored.
    pub fn inputs(&self) -> usize {
        if self.planar { self.cin } else { padded(self.cin) }
    }
    /// Channels of the output as it is stored.
    pub fn outputs(&self) -> usize {
        padded(self.cout)
    }
    /// Pixels of an output.
    pub fn out_height(&self) -> usize {
        (self.height + 2 * self.padding - self.kernel) / self.stride + 1
    }
    /// Pixels of an output.
    pub fn out_width(&self) -> usize {
        (self.width + 2 * self.padding - self.kernel) / self.stride + 1
    }
    /// Values of an input image as it is stored.
    pub fn input(&self) -> usize {
        self.height * self.width * self.inputs()
    }
    /// Values of an output image as it is stored.
    pub fn output(&self) -> usize {
        self.out_height() * self.out_width() * self.outputs()
    }
    /// Weights of an output channel.
    pub fn taps(&self) -> usize {
        self.kernel * self.kernel * self.cin
    }
}

/// Channels as they are stored.
pub fn padded(channels: usize) -> usize {
    channels.next_multiple_of(LANES)
}

/// Pixels whose patches look alike.
pub(super) struct Phase {
    pub from: Vec<u32>,
    pub to: Vec<u32>,
    pub segments: Vec<u32>,
    pub run: usize,
    /// The kernel's row of each segment, and its columns along a run.
    pub kernel_rows: Vec<usize>,
    pub kernel_columns: Vec<usize>,
    /// Pixels of an image.
    pub pixels: usize,
    /// Where its packed weights begin.
    pub weights: usize,
}

impl Phase {
    /// Values of a patch.
    pub fn depth(&self) -> usize {
        self.segments.len() * self.run
    }
}

/// Lists for units of up to `images` images, image after image: those of fewer images are a beginning.
pub(super) struct Geometry {
    /// How an input is framed.
    pub input: Frame,
    /// How an output's gradient is framed.
    pub gradient: Frame,
    pub forward: Phase,
    /// One for each place of an input pixel between the strides.
    pub backward: Vec<Phase>,
    /// Where each output pixel's gradient is in its frame.
    pub gradients: Vec<u32>,
}

impl Geometry {
    pub fn new(spec: &Spec, images: usize) -> Self {
        let (out_height, out_width) = (spec.out_height(), spec.out_width());
        let reach =
            |size: usize, out: usize| ((out - 1) * spec.stride + spec.kernel).max(spec.padding + size);
        let input = Frame {
            height: spec.height,
            width: spec.width,
            channels: spec.inputs(),
            top: spec.padding,
            left: spec.padding,
            rows: reach(spec.height, out_height),
            columns: reach(spec.width, out_width),
        };
        let from = places(images, input.size(), out_height, out_width, |y, x| {
            input.at(y * spec.stride, x * spec.stride)
        });
        let outputs = spec.outputs();
        let to = places(images, spec.output(), out_height, out_width, |y, x| (y * out_width + x) * outputs);
        let forward = Phase {
            from,
            to,
            segments: (0..spec.kernel).map(|row| input.at(row, 0) as u32).collect(),
            run: spec.kernel * spec.inputs(),
            kernel_rows: (0..spec.kernel).collect(),
            kernel_columns: (0..spec.kernel).collect(),
            pixels: out_height * out_width,
            weights: 0,
        };
        let gradient = gradient_frame(spec);
        let gradients = places(images, gradient.size(), out_height, out_width, |y, x| {
            gradient.at(gradient.top + y, gradient.left + x)
        });
        let backward = if spec.planar { Vec::new() } else { phases(spec, &gradient, images) };
        Self { input, gradient, forward, backward, gradients }
    }
}

fn places(
    images: usize,
    size: usize,
    height: usize,
    width: usize,
    at: impl Fn(usize, usize) -> usize,
) -> Vec<u32> {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
    (0..images)
        .flat_map(|image| pixels.clone().map(move |pixel| (image, pixel)))
        .map(|(image, (y, x))| (image * size + at(y, x)) as u32)
        .collect()
}

/// Which rows of the kernel reach an input row at `phase` between the strides, and from which output
/// row, counted from that of the same number: from the least on.
fn taps(spec: &Spec, phase: usize) -> Vec<(usize, isize)> {
    let rows = (0..spec.kernel)
        .rev()
        .filter(|row| (phase + spec.padding + spec.stride * spec.kernel - row).is_multiple_of(spec.stride));
    rows.map(|row| (row, (phase + spec.padding) as isize - row as isize))
        .map(|(row, distance)| (row, distance.div_euclid(spec.stride as isize)))
        .collect()
}

/// The frame that every phase's patches fit in.
fn gradient_frame(spec: &Spec) -> Frame {
    let (height, width) = (spec.out_height(), spec.out_width());
    let distances = (0..spec.stride).flat_map(|phase| taps(spec, phase)).map(|(_, distance)| distance);
    let before = distances.clone().map(|distance| -distance).max().unwrap_or(0).max(0) as usize;
    let after = distances.max().unwrap_or(0).max(0) as usize;
    // The largest number that an input row divided by the stride can have.
    let rows = |size: usize, out: usize| before + out.max((size - 1) / spec.stride + 1 + after);
    Frame {
        height,
        width,
        channels: spec.outputs(),
        top: before,
        left: before,
        rows: rows(spec.height, height),
        columns: rows(spec.width, width),
    }
}

/// dx at row y = s·y' + f is Σ over the rows k of the kernel with f + p − k ≡ 0 (mod s) of dy at row
/// y' + (f + p − k)/s, and so for columns.
fn phases(spec: &Spec, frame: &Frame, images: usize) -> Vec<Phase> {
    let mut phases = Vec::new();
    let mut weights = 0;
    for (fy, fx) in (0..spec.stride).flat_map(|fy| (0..spec.stride).map(move |fx| (fy, fx))) {
        if fy >= spec.height || fx >= spec.width {
            continue;
        }
        let (rows, columns) = (taps(spec, fy), taps(spec, fx));
        let (height, width) =
            ((spec.height - fy).div_ceil(spec.stride), (spec.width - fx).div_ceil(spec.stride));
        let inputs = spec.inputs();
        let at = |y: usize, x: usize| ((spec.stride * y + fy) * spec.width + spec.stride * x + fx) * inputs;
        let inside = |distance: isize, before: usize| (distance + before as isize) as usize;
        let left = columns.first().map_or(0, |column| inside(column.1, frame.left));
        let empty = rows.is_empty() || columns.is_empty();
        let segments: Vec<u32> =
            rows.iter().map(|row| frame.at(inside(row.1, frame.top), left) as u32).collect();
        let phase = Phase {
            from: places(images, frame.size(), height, width, |y, x| frame.at(y, x)),
            to: places(images, spec.input(), height, width, at),
            segments: if empty { Vec::new() } else { segments },
            run: columns.len() * spec.outputs(),
            kernel_rows: rows.iter().map(|row| row.0).collect(),
            kernel_columns: columns.iter().map(|column| column.0).collect(),
            pixels: height * width,
            weights,
        };
        weights += phase.depth() * inputs;
        phases.push(phase);
    }
    phases
}
