//! The views of one held-out image, with their cosines from the model as it is now.

use super::message::{ViewParam, ViewRequest, ViewSheet, ViewTile};
use crate::{
    augment::{Entry, Image, PlanAddress, ViewName, ViewParams, plan},
    data::{DataError, Donors, Splits, normalise},
    eval::EvalError,
    looc::Learner,
    rng::Domain,
};
use candle_core::{Device, Tensor};
use std::sync::Arc;

/// Draws the views of a held-out image that a request names, and embeds them by the query encoder.
///
/// # Errors
/// If the image cannot be read, or the network cannot take the views.
pub fn sheet(
    learner: &mut Learner,
    data: &Splits,
    entries: &[Entry],
    request: ViewRequest,
    (seed, step): (u64, u64),
    device: &Device,
) -> Result<ViewSheet, EvalError> {
    let images = &data.held_out;
    let index = request.index % images.len().max(1);
    let mut scratch = Vec::new();
    let original = images.bytes(index, &mut scratch)?;
    let image = Image::from_bytes(images.side, images.side, original);
    let at = PlanAddress { seed, domain: Domain::Inspect, epoch: request.draw, sample: index as u64 };
    let plan = plan(entries, at, images.side, images.side);
    let mut donors = Donors::new(&data.train, images);
    let mut picture = |view: &ViewParams| donors.lend(index, |others| view.apply(&image, others));
    let pictures: Vec<Image> = plan.views.iter().map(&mut picture).collect::<Result<_, DataError>>()?;
    let mut cosines = cosines(learner, &pictures, device)?.into_iter();
    let views = plan.views.iter().zip(&pictures);
    let views =
        views.map(|(view, picture)| tile(view, picture, cosines.next().unwrap_or_default())).collect();
    Ok(ViewSheet {
        request,
        count: images.len(),
        step,
        side: images.side,
        original: original.into(),
        labels: images.describe(index),
        views,
    })
}

fn tile(view: &ViewParams, picture: &Image, cosines: Vec<(Arc<str>, f32)>) -> ViewTile {
    let param = |(name, params): &(&'static str, crate::augment::Params)| ViewParam {
        augmentation: (*name).into(),
        text: params.describe(),
        shared: view.name == ViewName::Sharing(name),
    };
    ViewTile {
        name: view.name.label().into(),
        rgb: picture.to_bytes().into(),
        params: view.params.iter().map(param).collect(),
        cosines,
    }
}

/// The cosine in every head, by its name.
type Cosines = Vec<(Arc<str>, f32)>;

/// For each picture: in every head, the cosine to the first one.
fn cosines(learner: &mut Learner, pictures: &[Image], device: &Device) -> candle_core::Result<Vec<Cosines>> {
    let Some(first) = pictures.first() else { return Ok(Vec::new()) };
    let size = 3 * first.width * first.height;
    let mut planes = vec![0.0; pictures.len() * size];
    for (picture, planes) in pictures.iter().zip(planes.chunks_exact_mut(size)) {
        normalise(picture, planes);
    }
    let shape = (pictures.len(), 3, first.height, first.width);
    let (_, spaces) = learner.query.represent(&Tensor::from_vec(planes, shape, device)?)?;
    let mut cosines = vec![Vec::new(); pictures.len()];
    for (name, z) in learner.query.names().zip(&spaces) {
        let (name, z): (Arc<str>, _) = (name.into(), z.to_vec2::<f32>()?);
        for (row, cosines) in z.iter().zip(&mut cosines) {
            let cosine = row.iter().zip(&z[0]).map(|(a, b)| a * b).sum();
            cosines.push((name.clone(), cosine));
        }
    }
    Ok(cosines)
}
