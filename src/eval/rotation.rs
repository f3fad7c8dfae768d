//! The 4-way rotation probe (as in RotNet, Gidaris et al., 2018): every image, without augmentation, turned
//! by 0°, 90°, 180° and 270°; which of the four it was is to be read from the features. Fitted on the training
//! images' four turns, read on the held-out images' four turns.

use super::{
    Frozen, error, linear,
    probe::Probe,
    representation::{Representation, TURNS},
    scores::{Exam, Figure, Reach, Score},
    views::{Views, slice},
};
use crate::{
    augment::{Augmentation, Image, rotation::Rotation},
    data::Images,
};
use candle_core::{Device, Result, Tensor};

pub(super) const NAME: &str = "rotation";

pub(super) const SCORE: Score = Score {
    name: NAME,
    help: "linear probe for by which quarter turn an image was rotated",
    reach: Reach::Trained,
    quick: false,
    measure,
};

fn measure(_: &Exam, on: &Representation) -> Result<Vec<Figure>> {
    let Some((bank, held_out)) = &on.turned else { return Ok(Vec::new()) };
    let (bank_turns, turns) = (turns(bank)?, turns(held_out)?);
    let figure = linear::figure(NAME, on, NAME, [bank, held_out], [&bank_turns, &turns], TURNS)?;
    Ok(vec![figure.with("images", held_out.dim(0)? / TURNS)])
}

/// Features of the first slice of these images in all four turns: [`TURNS`] rows an image.
///
/// # Errors
/// If an image cannot be read, or the network cannot take it.
pub(super) fn features(
    model: &mut Frozen,
    images: &Images,
    at: &[u32],
    device: &Device,
) -> error::Result<Tensor> {
    let count = at.len().min((slice(images.side) / TURNS).max(1));
    let mut views = Views::new(images.side);
    for index in &at[..count] {
        add_turns(&images.image(*index as usize)?, TURNS, &mut views);
    }
    Ok(model.features(&views.tensor(device)?)?)
}

/// Adds an image in the first so many turns.
pub(super) fn add_turns(image: &Image, turns: usize, views: &mut Views) {
    for turn in 0..turns as u8 {
        let mut turned = image.clone();
        Rotation::apply(&turn, &mut turned);
        views.add(&turned);
    }
}

/// Of a probe fitted to one and read on the other: rows of images in all four turns.
///
/// # Errors
/// If features are not finite.
pub(super) fn accuracy(bank: &Tensor, held_out: &Tensor) -> Result<f32> {
    Probe::fit(bank, &turns(bank)?, TURNS)?.accuracy(held_out, &turns(held_out)?)
}

/// A row of each turn for every image.
fn turns(rows: &Tensor) -> Result<Vec<u16>> {
    Ok((0..rows.dim(0)?).map(|row| (row % TURNS) as u16).collect())
}
