//! The kernels against candle's own operations, forward and backward, over odd sizes.

use crate::nn::{Pass, conv::conv2d, kernels, norm, optimizer};
use candle_core::{DType, Device, Result, Tensor, Var};
use proptest::prelude::*;

fn noise(seed: u64, shape: &[usize]) -> Tensor {
    let mut stream = crate::rng::Stream::named(seed, crate::rng::Domain::Weights, "kernel test");
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| stream.normal()).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn largest_difference(a: &Tensor, b: &Tensor) -> Result<f32> {
    (a - b)?.abs()?.flatten_all()?.max(0)?.to_scalar()
}

/// Gradients of Σ y·g for each variable.
fn gradients(y: &Tensor, g: &Tensor, of: &[&Var]) -> Result<Vec<Tensor>> {
    let store = (y * g)?.sum_all()?.backward()?;
    Ok(of.iter().map(|var| store.get(var.as_tensor()).expect("a gradient").clone()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn convolution(
        seed in 0u64..1000,
        (images, cin, cout) in (1usize..6, 1usize..7, 1usize..9),
        (height, width) in (3usize..14, 3usize..14),
        (kernel, stride) in prop_oneof![Just((1, 1)), Just((1, 2)), Just((3, 1)), Just((3, 2)), Just((5, 2))],
    ) {
        let padding = kernel / 2;
        prop_assume!(height + 2 * padding >= kernel && width + 2 * padding >= kernel);
        let x = Var::from_tensor(&noise(seed, &[images, cin, height, width])).unwrap();
        let w = Var::from_tensor(&noise(seed + 1, &[cout, cin, kernel, kernel])).unwrap();
        let ours = conv2d(&x, &w, stride, padding).unwrap();
        let theirs = x.conv2d(&w, padding, stride, 1, 1).unwrap();
        prop_assert_eq!(ours.dims(), theirs.dims());
        prop_assert!(largest_difference(&ours, &theirs).unwrap() < 1e-4);
        let g = noise(seed + 2, ours.dims());
        // candle's gradient of a strided convolution needs sizes that the stride divides.
        if stride == 1 {
            let ours = gradients(&ours, &g, &[&x, &w]).unwrap();
            let theirs = gradients(&theirs, &g, &[&x, &w]).unwrap();
            for (ours, theirs) in ours.iter().zip(&theirs) {
                prop_assert!(largest_difference(ours, theirs).unwrap() < 1e-3);
            }
        } else {
            check_by_differences(&x, &w, &g, (stride, padding))?;
        }
    }

    #[test]
    fn batch_norm(
        seed in 0u64..1000,
        (groups, each, channels) in (1usize..4, 2usize..5, 1usize..6),
        (height, width) in (1usize..6, 1usize..6),
        relu: bool,
    ) {
        let channels_first = [groups * each, channels, height, width];
        let x = Var::from_tensor(&noise(seed, &channels_first)).unwrap();
        let [weight, bias] = [1, 2].map(|i| Var::from_tensor(&noise(seed + i, &[channels])).unwrap());
        let [mean, variance] = [0, 0].map(|_| Tensor::zeros(channels, DType::F32, &Device::Cpu).unwrap());
        let layer = norm::Norm::new(groups, &mean, &variance);
        let ours = layer.forward(&x, &weight, &bias, Pass::Learn, relu).unwrap();
        let (theirs, ..) = norm::reference(&x, &weight, &bias, groups, relu).unwrap();
        prop_assert!(largest_difference(&ours, &theirs).unwrap() < 1e-4);
        let g = noise(seed + 3, &channels_first);
        let of = [&x, &weight, &bias];
        let (ours, theirs) = (gradients(&ours, &g, &of).unwrap(), gradients(&theirs, &g, &of).unwrap());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            // Few values in a group make a steep normalisation: relative to the gradient's size.
            let size: f32 = theirs.abs().unwrap().flatten_all().unwrap().max(0).unwrap().to_scalar().unwrap();
            prop_assert!(largest_difference(ours, theirs).unwrap() < 1e-3 * size.max(1.0));
        }
    }
}

/// A convolution is linear in each argument: ⟨g, conv(dx, w)⟩ = ⟨∂x, dx⟩ for any direction dx, and so for w.
fn check_by_differences(
    x: &Var,
    w: &Var,
    g: &Tensor,
    (stride, padding): (usize, usize),
) -> std::result::Result<(), TestCaseError> {
    let inner = |a: &Tensor, b: &Tensor| (a * b).unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap();
    let gradients = gradients(&conv2d(x, w, stride, padding).unwrap(), g, &[x, w]).unwrap();
    let (dx, dw) = (noise(77, x.dims()), noise(78, w.dims()));
    let along_x = inner(g, &dx.conv2d(w, padding, stride, 1, 1).unwrap());
    let along_w = inner(g, &x.conv2d(&dw, padding, stride, 1, 1).unwrap());
    for (along, gradient, direction) in [(along_x, &gradients[0], &dx), (along_w, &gradients[1], &dw)] {
        let ours = inner(gradient, direction);
        prop_assert!((ours - along).abs() < 1e-3 * along.abs().max(10.0), "{ours} {along}");
    }
    Ok(())
}

/// The order of every sum depends on shapes alone.
#[test]
fn the_number_of_threads_changes_no_bit() -> Result<()> {
    let (x, w) = (noise(1, &[9, 5, 13, 11]), noise(2, &[7, 5, 3, 3]));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| -> Result<Vec<Vec<f32>>> {
            let (x, w) = (Var::from_tensor(&x)?, Var::from_tensor(&w)?);
            let (scale, shift) = (Var::ones(7, DType::F32, &Device::Cpu)?, noise(4, &[7]));
            let layer = norm::Norm::new(3, &noise(5, &[7]), &noise(6, &[7]));
            let y = layer.forward(&conv2d(&x, &w, 1, 1)?, &scale, &shift, Pass::Learn, true)?;
            let g = noise(3, y.dims());
            let mut all = gradients(&y, &g, &[&x, &w, &scale])?;
            all.push(y);
            all.iter().map(|tensor| tensor.flatten_all()?.to_vec1()).collect()
        })
    };
    let one = run(1)?;
    for threads in [2, 3, 4] {
        assert_eq!(run(threads)?, one, "{threads} threads");
    }
    Ok(())
}

/// Longer than a chunk, and not a whole number of them.
const LONG: usize = 40_000;

#[test]
fn passes_over_flat_buffers_are_candles_operations() -> Result<()> {
    let [p, b, v, g] = [10, 11, 12, 13].map(|seed| noise(seed, &[LONG]));
    let v = v.sqr()?;
    let copies = || Ok::<_, candle_core::Error>((p.copy()?, b.copy()?, v.copy()?));

    let rule = kernels::Sgd { momentum: 0.9, decay: 0.01, rate: 0.05 };
    let (theirs, their_buffer) = optimizer::sgd(&p, &b, &g, rule)?;
    let (ours, buffer, _) = copies()?;
    rule.update(&ours, &buffer, &g)?;
    assert!(largest_difference(&ours, &theirs)? < 1e-6);
    assert!(largest_difference(&buffer, &their_buffer)? < 1e-6);

    let rule = kernels::AdamW {
        betas: [0.9, 0.99],
        corrections: [0.19, 0.0199],
        epsilon: 1e-3,
        decay: 0.1,
        rate: 0.01,
    };
    let (theirs, their_first, their_second) = optimizer::adamw(&p, &b, &v, &g, rule)?;
    let (ours, first, second) = copies()?;
    rule.update(&ours, &first, &second, &g)?;
    for (ours, theirs) in [(&ours, &theirs), (&first, &their_first), (&second, &their_second)] {
        assert!(largest_difference(ours, theirs)? < 1e-6);
    }

    let theirs = ((&p * 0.99)? + (&g * 0.01)?)?;
    let (ours, ..) = copies()?;
    kernels::average(&ours, &g, 0.99)?;
    assert!(largest_difference(&ours, &theirs)? < 1e-6);
    assert!(kernels::average(&ours, &noise(1, &[3]), 0.99).is_err(), "of another length");
    Ok(())
}
