//! LooC over SimCLR (Chen et al., 2020, arXiv:2002.05709): one encoder, the negatives from the batch,
//! gradients through every view. With no leave-one-out space it is SimCLR.
//!
//! All views, q, k₀, k₁ … kₙ, go through the encoder as one batch of (n + 2)·B images, as in the public
//! implementations. BatchNorm's groups (`model.bn_splits`) are runs of that batch: with n + 2 groups
//! each is one whole view, with 1 the statistics are of all views together, as in the paper.

use super::{
    ContrastSettings, GeneralPositives, StepError, StepLosses,
    loss::nt_xent,
    objective::{Kind, Objective, Step},
    space_loss::{SpaceLoss, gradients, report},
};
use crate::nn::Pass;
use candle_core::{Tensor, bail};
type Result<T, E = candle_core::Error> = std::result::Result<T, E>;

pub(super) const KIND: Kind = Kind {
    name: "simclr",
    help: "negatives from the batch, no momentum encoder (Chen et al., 2020)",
    heads: true,
    labelled: false,
    numbers: &["temperature"],
    make: |_, _| Ok(Box::new(SimClr)),
};

/// Nothing is kept from step to step.
struct SimClr;

impl Objective for SimClr {
    fn step(&mut self, mut step: Step) -> Result<StepLosses, StepError> {
        let trained = step.query.trained(step.views)?;
        let (query, contrast) = (&mut *step.query, step.hyper.contrast);
        let views: Vec<&Tensor> = step.views.all().collect();
        let features = query.encode(&Tensor::cat(&views, 0)?, Pass::Learn, &trained)?;
        step.watch.lap();
        // There are no keys.
        step.watch.lap();
        let of = |(own, place): (usize, &usize)| {
            SpaceLoss::new(query, *place, features.of(own), |z| {
                loss(&z.chunk(views.len(), 0)?, own, contrast)
            })
        };
        let losses = trained.iter().enumerate().map(of).collect::<Result<Vec<_>>>()?;
        let told = report(&losses, query)?;
        step.watch.lap();
        let gradients = gradients(&losses, query)?;
        step.watch.lap();
        step.update(&gradients)?;
        Ok(told)
    }
}

/// The loss of the space of k_`own`. `views`: q, k₀, k₁, …, all through its head.
///
/// Zᵢ: q and kᵢ are each other's positives; the image's other keys are negatives of these two alone.
/// Z₀: q and k₀ (or, with [`GeneralPositives::All`], the mean over q and each key).
fn loss(views: &[Tensor], own: usize, contrast: &ContrastSettings) -> Result<Tensor> {
    let [query, keys @ ..] = views else { bail!("there is no query") };
    let temperature = contrast.temperature;
    if own > 0 {
        let others: Vec<&Tensor> =
            keys.iter().enumerate().filter(|(j, _)| *j != own).map(|(_, key)| key).collect();
        return nt_xent([query, &keys[own]], &others, temperature);
    }
    let count = match contrast.general_positives {
        GeneralPositives::K0 => 1,
        GeneralPositives::All => keys.len(),
    };
    let losses = keys[..count]
        .iter()
        .map(|key| nt_xent([query, key], &[], temperature))
        .collect::<Result<Vec<_>>>()?;
    Tensor::stack(&losses, 0)?.mean_all()
}
