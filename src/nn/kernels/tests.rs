//! The kernels against candle's own operations: every pass, every algorithm, every instruction set, over
//! odd shapes.
//!
//! Bounds: relative to the largest value, 1e-5 for direct products and 1e-4 for Winograd's algorithm (whose
//! transforms round at factors up to 8² before they cancel).

use super::*;
use crate::nn::optimizer;
use candle_core::{Device, Result, Tensor, Var};
use proptest::prelude::*;

fn noise(seed: u64, shape: &[usize]) -> Tensor {
    let mut stream = crate::rng::Stream::named(seed, crate::rng::Domain::Weights, "kernel test");
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal()).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// `[n, c, h, w]` as the kernels keep it.
fn stored(tensor: &Tensor) -> Result<Buffer> {
    let (n, c, h, w) = tensor.dims4()?;
    let rows = tensor.permute((0, 2, 3, 1))?.reshape((n * h * w, c))?.to_vec2::<f32>()?;
    let mut buffer = Buffer::zeros(n * h * w * padded(c));
    for (to, row) in buffer.chunks_exact_mut(padded(c)).zip(&rows) {
        to[..c].copy_from_slice(row);
    }
    Ok(buffer)
}

/// The inverse; what is padded must be zero.
fn restored(values: &[f32], (n, c, h, w): (usize, usize, usize, usize)) -> Result<Tensor> {
    let mut real = Vec::new();
    for pixel in values.chunks_exact(padded(c)) {
        real.extend_from_slice(&pixel[..c]);
        assert!(pixel[c..].iter().all(|value| *value == 0.0), "the padding is not zero");
    }
    Tensor::from_vec(real, (n, h, w, c), &Device::Cpu)?.permute((0, 3, 1, 2))
}

/// The largest difference, as a share of the largest value.
fn distance(ours: &Tensor, theirs: &Tensor) -> f32 {
    let largest = |t: &Tensor| t.abs()?.flatten_all()?.max(0)?.to_scalar::<f32>();
    let difference = largest(&(ours - theirs).unwrap()).unwrap();
    difference / largest(theirs).unwrap().max(1e-3)
}

/// `[groups, c]` as the kernels keep it.
fn rows(tensor: &Tensor) -> Vec<f32> {
    let mut out = Vec::new();
    for row in tensor.to_vec2::<f32>().unwrap() {
        let end = out.len() + padded(row.len());
        out.extend(row);
        out.resize(end, 0.0);
    }
    out
}

/// `[groups, c]` for each image, `[n, c, 1, 1]`.
fn spread(tensor: &Tensor, images: usize) -> Result<Tensor> {
    let (groups, c) = tensor.dims2()?;
    let each = tensor.unsqueeze(1)?.broadcast_as((groups, images / groups, c))?.contiguous()?;
    each.reshape((images, c, 1, 1))
}

fn channels(stride: usize) -> impl Strategy<Value = (usize, usize)> {
    prop_oneof![4 => (1usize..40, 1usize..70), 1 => Just((if stride == 1 { 128 } else { 16 }, 130))]
}

fn specs() -> impl Strategy<Value = Spec> {
    let kernels = prop_oneof![
        4 => Just((3, 1)), 2 => Just((3, 2)), 1 => Just((1, 1)), 1 => Just((1, 2)), 1 => Just((7, 2)), 1 => Just((5, 1))
    ];
    kernels.prop_flat_map(|(kernel, stride)| {
        let sizes = (1usize..13, 1usize..13, 1usize..4, 1usize..4);
        (channels(stride), sizes, prop::bool::weighted(0.2)).prop_map(
            move |((cin, cout), (height, width, groups, each), planar)| Spec {
                cin: if planar { 3 } else { cin },
                cout,
                kernel,
                stride,
                padding: kernel / 2,
                height,
                width,
                images: groups * each,
                groups,
                planar,
            },
        )
    })
}

/// One case: a layer's input and output as candle's tensors.
struct Case {
    spec: Spec,
    conv: Convolution,
    z: Tensor,
    scale: Tensor,
    shift: Tensor,
    weights: Var,
    x: Var,
    out: Tensor,
}

impl Case {
    /// x = ReLU(z·scale + shift), by groups; out = conv(x). A planar x is z itself.
    fn new(spec: Spec, tiled: bool, seed: u64) -> Result<Self> {
        let z = noise(seed, &[spec.images, spec.cin, spec.height, spec.width]);
        let weights = Var::from_tensor(&noise(seed + 1, &[spec.cout, spec.cin, spec.kernel, spec.kernel]))?;
        let (scale, shift) =
            (noise(seed + 2, &[spec.groups, spec.cin]), noise(seed + 3, &[spec.groups, spec.cin]));
        let x = if spec.planar {
            z.clone()
        } else {
            let scaled = z.broadcast_mul(&spread(&scale, spec.images)?)?;
            scaled.broadcast_add(&spread(&shift, spec.images)?)?.relu()?
        };
        let x = Var::from_tensor(&x)?;
        let out = x.conv2d(&weights, spec.padding, spec.stride, 1, 1)?;
        Ok(Self { spec, conv: Convolution::with(spec, tiled), z, scale, shift, weights, x, out })
    }

    fn input(&self) -> Result<Buffer> {
        if !self.spec.planar {
            return stored(&self.z);
        }
        let values = self.z.flatten_all()?.to_vec1::<f32>()?;
        let mut buffer = Buffer::zeros(values.len());
        buffer.copy_from_slice(&values);
        Ok(buffer)
    }

    /// Through the kernels: out with its moments, then the gradients of x and of the weights for `g`.
    fn run(&self, isa: Isa, g: &Tensor) -> Result<(Buffer, Vec<f64>, Buffer, Vec<f32>)> {
        let (spec, conv, input) = (&self.spec, &self.conv, self.input()?);
        let weights = self.weights.flatten_all()?.to_vec1::<f32>()?;
        let (scale, shift) = (rows(&self.scale), rows(&self.shift));
        let source = match spec.planar {
            true => Source::Planar(&input),
            false => Source::Activated { z: &input, scale: &scale, shift: &shift },
        };
        let (forward, transposed) = conv.packed();
        let (mut packed, mut turned) = (Buffer::zeros(forward), Buffer::zeros(transposed));
        conv.pack(isa, &weights, &mut packed);
        conv.pack_transposed(isa, &weights, &mut turned);
        let mut workspace = Workspace::default();
        conv.reserve(&mut workspace, true);
        let mut out = Buffer::zeros(spec.images * spec.output());
        out.fill(f32::NAN);
        let mut sums = vec![f64::NAN; conv.units().count() * 2 * spec.outputs()];
        conv.forward(isa, &packed, &mut workspace, source, &mut out, Some(&mut sums));
        let mut dx = Buffer::zeros(if spec.planar { 0 } else { spec.images * spec.input() });
        dx.fill(f32::NAN);
        let mut dw = vec![f32::NAN; weights.len()];
        let flow = Flow { x: source, gradient: Source::Plain(&stored(g)?), settle: Settle::Raw };
        let mut parts = Buffer::zeros(conv.gradients());
        conv.backward(isa, &turned, &mut workspace, flow, &mut dx, &mut [], &mut parts, &mut dw);
        Ok((out, sums, dx, dw))
    }

    /// Σ over the pixels and images of every unit, of a function of out, by channel.
    fn check_moments(&self, sums: &[f64]) -> Result<()> {
        let (spec, out) = (&self.spec, stored(&self.out)?);
        let (size, outputs) = (spec.output(), spec.outputs());
        for (unit, sums) in self.conv.units().zip(sums.chunks_exact(2 * outputs)) {
            let values = &out[unit.first * size..][..unit.images * size];
            for channel in 0..spec.cout {
                let shifted =
                    values.iter().skip(channel).step_by(outputs).map(|v| f64::from(v - values[channel]));
                let expected = shifted.fold([0.0, 0.0, 0.0], |s, d| [s[0] + d, s[1] + d * d, s[2] + d.abs()]);
                let close = |ours: f64, theirs: f64, size: f64| (ours - theirs).abs() <= 1e-3 * size.max(1.0);
                assert!(close(sums[channel], expected[0], expected[2]), "{} {}", sums[channel], expected[0]);
                assert!(close(sums[outputs + channel], expected[1], expected[1]));
            }
        }
        Ok(())
    }

    /// candle's gradient of a strided convolution needs sizes that the stride divides: ⟨g, conv(dx, w)⟩ =
    /// ⟨∂x, dx⟩ for any direction dx holds for every linear map, and so for w.
    fn check_adjoint(&self, g: &Tensor, dx: Option<&Tensor>, dw: &Tensor) -> Result<()> {
        let inner = |a: &Tensor, b: &Tensor| (a * b)?.sum_all()?.to_scalar::<f32>();
        let (spec, x, w) = (&self.spec, self.x.as_tensor(), self.weights.as_tensor());
        let conv = |x: &Tensor, w: &Tensor| x.conv2d(w, spec.padding, spec.stride, 1, 1);
        let along_w = noise(90, w.dims());
        let mut pairs = vec![(inner(g, &conv(x, &along_w)?)?, inner(dw, &along_w)?)];
        if let Some(dx) = dx {
            let along_x = noise(91, x.dims());
            pairs.push((inner(g, &conv(&along_x, w)?)?, inner(dx, &along_x)?));
        }
        let size = (g.sqr()?.sum_all()?.to_scalar::<f32>()? * self.out.elem_count() as f32).sqrt();
        for (theirs, ours) in pairs {
            assert!((ours - theirs).abs() <= 1e-3 * theirs.abs().max(size), "{ours} {theirs}");
        }
        Ok(())
    }
}

fn convolution(spec: Spec, tiled: bool, seed: u64) -> Result<()> {
    let case = Case::new(spec, tiled, seed)?;
    let g = noise(seed + 5, case.out.dims());
    let shape = |c: usize, h: usize, w: usize| (spec.images, c, h, w);
    for isa in Isa::all() {
        let label = format!("{spec:?}, tiled {tiled}, {}", isa.name());
        let bound = if tiled { 1e-4 } else { 1e-5 };
        let (out, sums, dx, dw) = case.run(isa, &g)?;
        let out = restored(&out, shape(spec.cout, spec.out_height(), spec.out_width()))?;
        let d = distance(&out, &case.out);
        assert!(d < bound, "{label}: out differs by {d}");
        case.check_moments(&sums)?;
        let dw = Tensor::from_vec(dw, case.weights.dims(), &Device::Cpu)?;
        let dx =
            (!spec.planar).then(|| restored(&dx, shape(spec.cin, spec.height, spec.width))).transpose()?;
        if spec.stride > 1 {
            case.check_adjoint(&g, dx.as_ref(), &dw)?;
            continue;
        }
        let store = (&case.out * &g)?.sum_all()?.backward()?;
        let d = distance(&dw, store.get(case.weights.as_tensor()).expect("a gradient"));
        assert!(d < bound, "{label}: the weights' gradient differs by {d}");
        if let Some(dx) = dx {
            let d = distance(&dx, store.get(case.x.as_tensor()).expect("a gradient"));
            assert!(d < bound, "{label}: the input's gradient differs by {d}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn convolutions_are_candles(spec in specs(), tiled: bool, seed in 0u64..1000) {
        prop_assume!((spec.height.min(spec.width)) + 2 * spec.padding >= spec.kernel);
        convolution(spec, tiled, seed).unwrap();
    }

    /// A source with BatchNorm's gradient, and what the gradient settles into, against plain arithmetic.
    #[test]
    fn what_is_fused_is_plain_arithmetic(
        (groups, each, c) in (1usize..4, 1usize..4, 1usize..40),
        (height, width) in (1usize..9, 1usize..9),
        seed in 0u64..1000,
    ) {
        fused([groups * each, groups], c, [height, width], seed).unwrap();
    }

    #[test]
    fn pooling_is_candles(
        (groups, each, c) in (1usize..3, 1usize..4, 1usize..40),
        (height, width) in (1usize..12, 1usize..12),
        seed in 0u64..1000,
    ) {
        pooling([groups * each, groups], c, [height, width], seed).unwrap();
    }
}

/// A 1×1 convolution by the identity shows sources and settlements as they are.
fn fused([images, groups]: [usize; 2], c: usize, [height, width]: [usize; 2], seed: u64) -> Result<()> {
    let spec = Spec {
        cin: c,
        cout: c,
        kernel: 1,
        stride: 1,
        padding: 0,
        height,
        width,
        images,
        groups,
        planar: false,
    };
    let of = |i: u64| noise(seed + i, &[images, c, height, width]);
    let row = |i: u64| noise(seed + i, &[groups, c]);
    let (g, z, before, other) = (of(0), of(1), of(2), of(3));
    let constants: Vec<Tensor> = (10..16).map(row).collect();
    let wide: Vec<Tensor> = constants.iter().map(|row| spread(row, images)).collect::<Result<_>>()?;
    let [a, b, k, scale, shift, mean] = &wide[..] else { unreachable!() };
    let dz = g.broadcast_mul(a)?.add(&z.broadcast_mul(b)?)?.broadcast_add(k)?;
    let through = before.broadcast_mul(scale)?.broadcast_add(shift)?.gt(0f32)?.to_dtype(dz.dtype())?;
    let relu = (&dz * through)?;
    let join = ((&dz + &other)? * before.gt(0f32)?.to_dtype(dz.dtype())?)?;
    let identity = Tensor::eye(c, dz.dtype(), &Device::Cpu)?.flatten_all()?.to_vec1::<f32>()?;
    let [g, z, stored_before, other] = [&g, &z, &before, &other].map(|t| stored(t).unwrap());
    let [a, b, k, scale, shift, means] = [0, 1, 2, 3, 4, 5].map(|i: usize| rows(&constants[i]));
    let gradient = Source::Normed { g: &g, z: &z, a: &a, b: &b, c: &k };
    let added = (&dz + restored(&other, (images, c, height, width))?)?;
    let cases = [
        (Settle::Raw, &dz),
        (Settle::Add { other: &other }, &added),
        (Settle::Relu { z: &stored_before, scale: &scale, shift: &shift, mean: &means }, &relu),
        (Settle::Join { other: &other, y: &stored_before, z: &stored_before, mean: &means }, &join),
    ];
    let conv = Convolution::new(spec);
    for isa in Isa::all() {
        let mut packed = Buffer::zeros(conv.packed().1);
        conv.pack_transposed(isa, &identity, &mut packed);
        for (settle, expected) in &cases {
            let (mut dx, mut parts) = (Buffer::zeros(z.len()), Buffer::zeros(conv.gradients()));
            let mut sums = vec![f64::NAN; conv.units().count() * 2 * padded(c)];
            let flow = Flow { x: Source::Plain(&z), gradient, settle: *settle };
            let mut dw = vec![0.0; c * c];
            conv.backward(
                isa,
                &packed,
                &mut Workspace::default(),
                flow,
                &mut dx,
                &mut sums,
                &mut parts,
                &mut dw,
            );
            let dx = restored(&dx, (images, c, height, width))?;
            assert!(distance(&dx, expected) < 1e-5, "{} of {}", isa.name(), distance(&dx, expected));
            if matches!(settle, Settle::Relu { .. } | Settle::Join { .. }) {
                check_sums(&conv, &sums, expected, &(&before.broadcast_sub(mean)? * *expected)?)?;
            }
        }
    }
    Ok(())
}

/// The units' sums, added up, are those of the whole batch.
fn check_sums(conv: &Convolution, sums: &[f64], first: &Tensor, second: &Tensor) -> Result<()> {
    let inputs = conv.spec().inputs();
    for (at, tensor) in [first, second].into_iter().enumerate() {
        let total = tensor.sum((0, 2, 3))?.to_vec1::<f32>()?;
        let size = tensor.abs()?.sum((0, 2, 3))?.to_vec1::<f32>()?;
        for (channel, (total, size)) in total.iter().zip(size).enumerate() {
            let ours: f64 = sums[at * inputs + channel..].iter().step_by(2 * inputs).sum();
            assert!((ours - f64::from(*total)).abs() <= 1e-5 * f64::from(size.max(1.0)), "{ours} {total}");
        }
    }
    Ok(())
}

/// Values of which no two are so near that rounding decides which is the greater: pooling sends the whole gradient
/// to one of them. Their ranks, from −2 to 2.
fn apart(values: &Tensor) -> Result<Tensor> {
    let flat = values.flatten_all()?.to_vec1::<f32>()?;
    let mut order: Vec<usize> = (0..flat.len()).collect();
    order.sort_by(|a, b| flat[*a].total_cmp(&flat[*b]));
    let mut ranks = vec![0.0; flat.len()];
    for (rank, at) in order.into_iter().enumerate() {
        ranks[at] = 4.0 * rank as f32 / flat.len() as f32 - 2.0;
    }
    Tensor::from_vec(ranks, values.dims(), values.device())
}

fn pooling([images, groups]: [usize; 2], c: usize, [height, width]: [usize; 2], seed: u64) -> Result<()> {
    let z = Var::from_tensor(&apart(&noise(seed, &[images, c, height, width]))?)?;
    // Of both signs, and none so small that the shift drowns what tells two values apart.
    let scale = noise(seed + 1, &[groups, c]);
    let scale = ((scale.sign()? * 0.5)? + scale)?;
    let shift = noise(seed + 2, &[groups, c]);
    let activated = z.broadcast_mul(&spread(&scale, images)?)?.broadcast_add(&spread(&shift, images)?)?;
    let theirs = crate::nn::max_pool(&activated.relu()?)?;
    let g = noise(seed + 3, theirs.dims());
    let store = (&theirs * &g)?.sum_all()?.backward()?;
    let dz = store.get(z.as_tensor()).expect("a gradient");
    let map = Map::new([height, width], c, images, groups);
    let (stored_z, stored_g) = (stored(&z)?, stored(&g)?);
    let affine = [&rows(&scale)[..], &rows(&shift)[..]];
    for isa in Isa::all() {
        let mut out = Buffer::zeros(stored_g.len());
        map.pool(isa, &stored_z, affine, &mut out);
        let out = restored(&out, (images, c, pooled(height), pooled(width)))?;
        assert!(distance(&out, &theirs) < 1e-6);
        let mut ours = Buffer::zeros(stored_z.len());
        map.unpool(isa, &stored_g, &stored_z, affine, &mut ours);
        // Ours ends at BatchNorm's output: its scale is still to come.
        let ours = restored(&ours, (images, c, height, width))?.broadcast_mul(&spread(&scale, images)?)?;
        assert!(distance(&ours, dz) < 1e-5, "{} of {}", isa.name(), distance(&ours, dz));
    }
    Ok(())
}

#[test]
fn the_processors_best_set_is_preferred() {
    let names: Vec<&str> = Isa::all().map(Isa::name).collect();
    assert_eq!(names.last(), Some(&"portable"));
    assert!(Isa::all().all(|isa| Isa::named(isa.name()) == Some(isa)));
    assert_eq!(Isa::named("abacus"), None);
    assert_eq!(Isa::wanted("").ok(), Isa::all().next());
    assert_eq!(Isa::wanted("portable").map(Isa::name), Ok("portable"));
}

#[test]
fn kernels_that_are_not_there_are_refused() {
    let refused = Isa::wanted("abacus").unwrap_err().to_string();
    assert!(refused.contains("LOOC_CPU is abacus, which names no kernels"), "{refused}");
    assert!(refused.contains("portable, or unset it"), "{refused}");
    for name in ["avx512", "avx2"].into_iter().filter(|name| Isa::named(name).is_none()) {
        let refused = Isa::wanted(name).unwrap_err().to_string();
        assert!(refused.contains("which this processor does not have"), "{refused}");
    }
}

/// Longer than a chunk, and not a whole number of them.
const LONG: usize = 40_000;

#[test]
fn passes_over_flat_buffers_are_candles_operations() -> Result<()> {
    let [p, b, v, g] = [10, 11, 12, 13].map(|seed| noise(seed, &[LONG]));
    let v = v.sqr()?;
    let copies = || Ok::<_, candle_core::Error>((p.copy()?, b.copy()?, v.copy()?));

    let rule = Sgd { momentum: 0.9, decay: 0.01, rate: 0.05 };
    let (theirs, their_buffer) = optimizer::sgd(&p, &b, &g, rule)?;
    let (ours, buffer, _) = copies()?;
    rule.update(&ours, &buffer, &g)?;
    assert!(distance(&ours, &theirs) < 1e-6);
    assert!(distance(&buffer, &their_buffer) < 1e-6);

    let rule =
        AdamW { betas: [0.9, 0.99], corrections: [0.19, 0.0199], epsilon: 1e-3, decay: 0.1, rate: 0.01 };
    let (theirs, their_first, their_second) = optimizer::adamw(&p, &b, &v, &g, rule)?;
    let (ours, first, second) = copies()?;
    rule.update(&ours, &first, &second, &g)?;
    for (ours, theirs) in [(&ours, &theirs), (&first, &their_first), (&second, &their_second)] {
        assert!(distance(ours, theirs) < 1e-6);
    }

    let theirs = ((&p * 0.99)? + (&g * 0.01)?)?;
    let (ours, ..) = copies()?;
    average(&ours, &g, 0.99)?;
    assert!(distance(&ours, &theirs) < 1e-6);
    assert!(average(&ours, &noise(1, &[3]), 0.99).is_err(), "of another length");
    Ok(())
}
