//! Holding out a share of each class.

use super::scan::Found;
use crate::rng::{Domain, Stream};

/// Splits `found` into those to train on and those held out, each class by [`aside`].
pub fn split(found: Vec<Found>, share: f64) -> (Vec<Found>, Vec<Found>) {
    let (mut train, mut held_out) = (Vec::new(), Vec::new());
    for class in found.chunk_by(|one, other| one.class == other.class) {
        let aside = aside(class.len(), class[0].class.as_deref().unwrap_or_default(), share);
        for (found, aside) in class.iter().zip(aside) {
            if aside { &mut held_out } else { &mut train }.push(found.clone());
        }
    }
    (train, held_out)
}

/// Which of a class's images are held out: of two or more, `share`, rounded, but at least one and not all.
/// That depends on their places in the set's order and on the class's name alone: the same at every
/// start, whatever the seed of the run, so that runs can be compared.
pub fn aside(images: usize, class: &str, share: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..images).collect();
    Stream::named(0, Domain::Evaluation, &format!("held out of {class}")).shuffle(&mut order);
    let count = ((images as f64 * share).round() as usize).max(1).min(images.saturating_sub(1));
    let mut aside = vec![false; images];
    order[..count].iter().for_each(|&place| aside[place] = true);
    aside
}
