//! Holding out a share of each class.

use super::scan::Found;
use crate::rng::{Domain, Stream};

/// Splits `found` into those to train on and those held out. Of each class of two or more, `share` is held
/// out, rounded, but at least one image and not all. Which ones depends on their places in the sorted
/// list and on the class's name alone: the same at every start, whatever the seed of the run, so that
/// runs can be compared.
pub fn split(found: Vec<Found>, share: f64) -> (Vec<Found>, Vec<Found>) {
    let (mut train, mut held_out) = (Vec::new(), Vec::new());
    for class in found.chunk_by(|one, other| one.class == other.class) {
        let mut order: Vec<usize> = (0..class.len()).collect();
        let name = format!("held out of {}", class[0].class.as_deref().unwrap_or_default());
        Stream::named(0, Domain::Evaluation, &name).shuffle(&mut order);
        let most = class.len().saturating_sub(1);
        let count = ((class.len() as f64 * share).round() as usize).max(1).min(most);
        let mut aside = vec![false; class.len()];
        order[..count].iter().for_each(|&place| aside[place] = true);
        for (found, aside) in class.iter().zip(aside) {
            if aside { &mut held_out } else { &mut train }.push(found.clone());
        }
    }
    (train, held_out)
}
