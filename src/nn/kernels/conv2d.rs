//! 2-D convolution on the CPU: columns of patches, then one matrix product a group of images.
//!
//! With `x: [n, cin, h, w]` and `w: [cout, cin, k, k]`, a group's patches are the columns of a
//! `[cin·k·k, images·ho·wo]` matrix C. Forward is `W·C`, the weights' gradient `dY·Cᵀ`, the input's
//! `Wᵀ·dY` folded back. Groups and the order of every sum depend on shapes alone, so the number of
//! threads does not change a bit.

use super::{values, with_values};
use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

/// A group has about so many columns: enough for the product to be efficient, few enough for the
/// patches to stay in the second-level cache.
const COLUMNS: usize = 512;
/// The weights' gradient is summed in at most so many parts, then over the parts in order.
const PARTS: usize = 16;

/// A square convolution without bias.
#[derive(Clone, Copy, Debug)]
pub struct Conv2d {
    /// Pixels from one output to the next.
    pub stride: usize,
    /// Zeros around the image.
    pub padding: usize,
}

/// All sizes of one call.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    images: usize,
    cin: usize,
    height: usize,
    width: usize,
    cout: usize,
    kernel: usize,
    out_height: usize,
    out_width: usize,
    stride: usize,
    padding: usize,
}

impl Conv2d {
    fn sizes(&self, input: &Shape, weight: &Shape) -> Result<Sizes> {
        let (images, cin, height, width) = input.dims4()?;
        let (cout, weight_cin, kernel, kernel_width) = weight.dims4()?;
        let padded = (height + 2 * self.padding, width + 2 * self.padding);
        if weight_cin != cin || kernel != kernel_width || kernel > padded.0.min(padded.1) || self.stride == 0
        {
            candle_core::bail!("a convolution of {input:?} with {weight:?} is not possible");
        }
        Ok(Sizes {
            images,
            cin,
            height,
            width,
            cout,
            kernel,
            out_height: (padded.0 - kernel) / self.stride + 1,
            out_width: (padded.1 - kernel) / self.stride + 1,
            stride: self.stride,
            padding: self.padding,
        })
    }
}

impl Sizes {
    fn input(&self) -> usize {
        self.cin * self.height * self.width
    }
    fn plane(&self) -> usize {
        self.out_height * self.out_width
    }
    fn output(&self) -> usize {
        self.cout * self.plane()
    }
    fn taps(&self) -> usize {
        self.cin * self.kernel * self.kernel
    }
    /// Images a group.
    fn group(&self) -> usize {
        (COLUMNS / self.plane()).clamp(1, self.images.max(1))
    }

    /// The rows of outputs that a tap reaches from inside the image: outputs, and the first input.
    fn reach(&self, tap: usize, size: usize, out: usize) -> (std::ops::Range<usize>, usize) {
        let first = self.padding.saturating_sub(tap).div_ceil(self.stride);
        let end = (size + self.padding).saturating_sub(tap).div_ceil(self.stride).min(out);
        let first = first.min(end);
        (first..end, (first * self.stride + tap).saturating_sub(self.padding))
    }

    /// Writes one image's patches into columns `at..at + plane` of a matrix with `columns` columns.
    fn unfold(&self, image: &[f32], patches: &mut [f32], columns: usize, at: usize) {
        let mut row = 0;
        for channel in image.chunks_exact(self.height * self.width) {
            for ky in 0..self.kernel {
                let (ys, first_y) = self.reach(ky, self.height, self.out_height);
                for kx in 0..self.kernel {
                    let (xs, first_x) = self.reach(kx, self.width, self.out_width);
                    let target = &mut patches[row * columns + at..][..self.plane()];
                    row += 1;
                    for (y, line) in target.chunks_exact_mut(self.out_width).enumerate() {
                        if !ys.contains(&y) {
                            line.fill(0.0);
                            continue;
                        }
                        let from = (first_y + (y - ys.start) * self.stride) * self.width + first_x;
                        line[..xs.start].fill(0.0);
                        line[xs.end..].fill(0.0);
                        let line = &mut line[xs.clone()];
                        if self.stride == 1 {
                            line.copy_from_slice(&channel[from..from + line.len()]);
                        } else {
                            for (to, value) in
                                line.iter_mut().zip(channel[from..].iter().step_by(self.stride))
                            {
                                *to = *value;
                            }
                        }
                    }
                }
            }
        }
    }

    /// The transpose of [`Self::unfold`]: adds the columns' values to the pixels they came from.
    fn fold(&self, patches: &[f32], image: &mut [f32], columns: usize, at: usize) {
        let mut row = 0;
        for channel in image.chunks_exact_mut(self.height * self.width) {
            for ky in 0..self.kernel {
                let (ys, first_y) = self.reach(ky, self.height, self.out_height);
                for kx in 0..self.kernel {
                    let (xs, first_x) = self.reach(kx, self.width, self.out_width);
                    let source = &patches[row * columns + at..][..self.plane()];
                    row += 1;
                    for y in ys.clone() {
                        let line = &source[y * self.out_width..][xs.clone()];
                        let to = (first_y + (y - ys.start) * self.stride) * self.width + first_x;
                        if self.stride == 1 {
                            for (pixel, value) in channel[to..].iter_mut().zip(line) {
                                *pixel += value;
                            }
                        } else {
                            for (pixel, value) in channel[to..].iter_mut().step_by(self.stride).zip(line) {
                                *pixel += value;
                            }
                        }
                    }
                }
            }
        }
    }

    /// Gathers a group's `[image, cout, plane]` into `[cout, image·plane]`.
    fn gather(&self, group: &[f32], gathered: &mut [f32]) {
        let (plane, columns) = (self.plane(), group.len() / self.cout);
        for (i, image) in group.chunks_exact(self.output()).enumerate() {
            for (channel, values) in image.chunks_exact(plane).enumerate() {
                gathered[channel * columns + i * plane..][..plane].copy_from_slice(values);
            }
        }
    }

    /// The inverse of [`Self::gather`].
    fn scatter(&self, gathered: &[f32], group: &mut [f32]) {
        let (plane, columns) = (self.plane(), group.len() / self.cout);
        for (i, image) in group.chunks_exact_mut(self.output()).enumerate() {
            for (channel, values) in image.chunks_exact_mut(plane).enumerate() {
                values.copy_from_slice(&gathered[channel * columns + i * plane..][..plane]);
            }
        }
    }
}

/// A row-major matrix, or its transpose, as a product reads it.
#[derive(Clone, Copy)]
struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> Matrix<'a> {
    fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        assert!(values.len() >= rows * columns, "a {rows}×{columns} matrix needs more values");
        Self { values, rows, columns, transposed: false }
    }
    fn transposed(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }
    /// Rows, columns, row stride, column stride as the product sees them.
    fn seen(&self) -> (usize, usize, isize, isize) {
        let stride = self.columns as isize;
        if self.transposed {
            (self.columns, self.rows, 1, stride)
        } else {
            (self.rows, self.columns, stride, 1)
        }
    }
}

/// `out = a·b`, or `out += a·b`, on the calling thread. `out` is row-major.
fn product(out: &mut [f32], add: bool, a: Matrix, b: Matrix) {
    let (m, k, a_row, a_column) = a.seen();
    let (b_rows, n, b_row, b_column) = b.seen();
    assert!(k == b_rows && out.len() >= m * n, "the product's sizes do not fit");
    // SAFETY: `Matrix::new` has checked that rows × columns values are behind each pointer, the
    // assertion above that `out` holds m × n; strides and sizes describe exactly those; `out` is
    // borrowed mutably, so it overlaps neither `a` nor `b`.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            add,
            a.values.as_ptr(),
            a_column,
            a_row,
            b.values.as_ptr(),
            b_column,
            b_row,
            1.0f32,
            1.0f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// The memory that one thread works in.
#[derive(Default)]
struct Scratch {
    patches: Vec<f32>,
    gathered: Vec<f32>,
}

impl Scratch {
    fn fit(&mut self, sizes: &Sizes, images: usize) -> usize {
        let columns = images * sizes.plane();
        self.patches.resize(sizes.taps() * columns, 0.0);
        self.gathered.resize(sizes.cout * columns, 0.0);
        columns
    }

    fn unfold(&mut self, sizes: &Sizes, group: &[f32], columns: usize) {
        for (i, image) in group.chunks_exact(sizes.input()).enumerate() {
            sizes.unfold(image, &mut self.patches, columns, i * sizes.plane());
        }
    }
}

fn forward(sizes: &Sizes, input: &[f32], weight: &[f32], output: &mut [f32]) {
    let group = sizes.group();
    let inputs = input.par_chunks(group * sizes.input());
    output.par_chunks_mut(group * sizes.output()).zip(inputs).for_each_init(
        Scratch::default,
        |scratch, (out, group)| {
            let columns = scratch.fit(sizes, group.len() / sizes.input());
            scratch.unfold(sizes, group, columns);
            let weight = Matrix::new(weight, sizes.cout, sizes.taps());
            let patches = Matrix::new(&scratch.patches, sizes.taps(), columns);
            if group.len() == sizes.input() {
                product(out, false, weight, patches);
            } else {
                product(&mut scratch.gathered, false, weight, patches);
                sizes.scatter(&scratch.gathered, out);
            }
        },
    );
}

fn weight_gradient(sizes: &Sizes, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    let group = sizes.group();
    // Whole groups a part, by shape alone.
    let part = sizes.images.div_ceil(group).div_ceil(PARTS) * group;
    let parts: Vec<Vec<f32>> = input
        .par_chunks(part * sizes.input())
        .zip(gradient.par_chunks(part * sizes.output()))
        .map_init(Scratch::default, |scratch, (input, gradient)| {
            let mut sum = vec![0.0; sizes.cout * sizes.taps()];
            let gradients = gradient.chunks(group * sizes.output());
            for (group, gradient) in input.chunks(group * sizes.input()).zip(gradients) {
                let columns = scratch.fit(sizes, group.len() / sizes.input());
                scratch.unfold(sizes, group, columns);
                sizes.gather(gradient, &mut scratch.gathered);
                let gradient = Matrix::new(&scratch.gathered, sizes.cout, columns);
                let patches = Matrix::new(&scratch.patches, sizes.taps(), columns);
                product(&mut sum, true, gradient, patches.transposed());
            }
            sum
        })
        .collect();
    let mut total = vec![0.0; sizes.cout * sizes.taps()];
    for part in parts {
        total.iter_mut().zip(part).for_each(|(sum, value)| *sum += value);
    }
    total
}

fn input_gradient(sizes: &Sizes, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
    let group = sizes.group();
    let mut result = vec![0.0; sizes.images * sizes.input()];
    let gradients = gradient.par_chunks(group * sizes.output());
    result.par_chunks_mut(group * sizes.input()).zip(gradients).for_each_init(
        Scratch::default,
        |scratch, (out, gradient)| {
            let columns = scratch.fit(sizes, out.len() / sizes.input());
            sizes.gather(gradient, &mut scratch.gathered);
            let weight = Matrix::new(weight, sizes.cout, sizes.taps()).transposed();
            let gradient = Matrix::new(&scratch.gathered, sizes.cout, columns);
            product(&mut scratch.patches, false, weight, gradient);
            for (i, image) in out.chunks_exact_mut(sizes.input()).enumerate() {
                sizes.fold(&scratch.patches, image, columns, i * sizes.plane());
            }
        },
    );
    result
}

impl CustomOp2 for Conv2d {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let sizes = self.sizes(x_layout.shape(), w_layout.shape())?;
        let mut output = vec![0.0; sizes.images * sizes.output()];
        forward(&sizes, values(x, x_layout)?, values(w, w_layout)?, &mut output);
        let shape = Shape::from((sizes.images, sizes.cout, sizes.out_height, sizes.out_width));
        Ok((CpuStorage::F32(output), shape))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _out: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let sizes = self.sizes(x.shape(), w.shape())?;
        with_values(gradient, |gradient| {
            let weights = with_values(x, |x| Ok(weight_gradient(&sizes, x, gradient)))?;
            let weights = Tensor::from_vec(weights, w.shape(), w.device())?;
            // Nobody wants the gradient of the images themselves.
            let inputs = if x.track_op() {
                let inputs = with_values(w, |w| Ok(input_gradient(&sizes, w, gradient)))?;
                Some(Tensor::from_vec(inputs, x.shape(), x.device())?)
            } else {
                None
            };
            Ok((inputs, Some(weights)))
        })
    }
}
