//! The 4-way rotation probe (as in RotNet, Gidaris et al., 2018): every image, without augmentation, turned
//! by 0°, 90°, 180° and 270°; which of the four it was is to be read from the features. Fitted on the training
//! images' four turns, read on the held-out images' four turns.

use super::{
    linear,
    representation::{Representation, TURNS},
    scores::{Exam, Figure, Reach, Score},
};
use candle_core::{Result, Tensor};

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

/// A row of each turn for every image.
fn turns(rows: &Tensor) -> Result<Vec<u16>> {
    Ok((0..rows.dim(0)?).map(|row| (row % TURNS) as u16).collect())
}
