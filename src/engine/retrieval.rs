//! The nearest neighbours of a held-out image, by a model that stands still while the original trains on.
//!
//! The training images are taken into a [`Gallery`] between steps. Whoever looks waits for the first one, so
//! it gets a good part of the time; a newer model's replaces it once it is whole.

use super::{
    message::{Event, Near, NeighbourRequest, NeighbourSheet, Neighbourhood, Phase},
    pace::Pace,
    trainer::Trainer,
};
use crate::{
    data::{DataError, Images},
    eval::{EvalError, Frozen, Gallery, clean},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Neighbours that are told of, in every space.
const NEAREST: usize = 16;
/// The share of the time that taking images in may have while it trains.
const SHARE: f64 = 0.3;
/// While the first gallery grows, what has been found so far is told this often.
const TOLD: Duration = Duration::from_millis(500);

/// Galleries, and what is asked of them.
#[derive(Default)]
pub(super) struct Retrieval {
    ready: Option<Gallery>,
    growing: Option<Growing>,
    /// What was asked for last.
    asked: Option<NeighbourRequest>,
}

struct Growing {
    gallery: Gallery,
    pace: Pace,
    /// When something was told of it.
    told: Instant,
}

impl Retrieval {
    /// Whether there is work left to do.
    pub fn busy(&self) -> bool {
        self.growing.is_some()
    }
}

impl Trainer<'_> {
    /// Answers from the gallery that there is, and begins a newer one if that is asked for.
    pub fn show_neighbours(&mut self, request: NeighbourRequest) {
        // One that grows is not given up for a newer model: it would never be whole.
        let stale = |ready: &Gallery| request.fresh && ready.step() != self.now.step;
        let begins = self.retrieval.growing.is_none() && self.retrieval.ready.as_ref().is_none_or(stale);
        let begun = if begins { self.begin_gallery() } else { Ok(()) };
        self.retrieval.asked = Some(request);
        let told = begun.and_then(|()| self.tell_neighbours());
        self.warn_of(told.map_err(|error| format!("no neighbours: {error}")));
    }

    fn begin_gallery(&mut self) -> Result<(), EvalError> {
        let config = self.config();
        let seed = config.train.seed;
        let mut model = Frozen::of(&self.learner)?;
        if self.now.step == 0 {
            model.calibrate_on(&self.data.train, config.model.bn_splits, seed)?;
        }
        let of = self.data.bank().len();
        let gallery = Gallery::new(model, self.now.step, (of, of.min(config.eval.bank)), seed);
        let now = Instant::now();
        self.retrieval.growing = Some(Growing { gallery, pace: Pace::of(SHARE, now), told: now });
        Ok(())
    }

    /// Takes the next images in, if it is their turn. While nothing is trained it always is.
    pub fn retrieve_in_turn(&mut self) {
        let resting = self.now.phase != Phase::Training;
        let Some(growing) = &mut self.retrieval.growing else { return };
        let since = Instant::now();
        if !(growing.pace.allows(since) || resting) {
            return;
        }
        let advanced = growing.gallery.advance(self.data.bank(), &self.device);
        growing.pace.took(since.elapsed());
        let (done, of) = growing.gallery.progress();
        let whole = done == of;
        // A whole one, though of an older model, is not given up for a part.
        let tells = whole || (self.retrieval.ready.is_none() && growing.told.elapsed() >= TOLD);
        let outcome = match advanced {
            Ok(()) if tells => {
                growing.told = since;
                if whole {
                    self.retrieval.ready = self.retrieval.growing.take().map(|growing| growing.gallery);
                }
                self.tell_neighbours()
            }
            advanced => advanced,
        };
        if let Err(error) = outcome {
            self.retrieval.growing = None;
            self.publisher.event(Event::Warning(format!("no neighbours: {error}")));
        }
    }

    /// Publishes the neighbours that were asked for last, as far as they are known.
    fn tell_neighbours(&mut self) -> Result<(), EvalError> {
        let Some(request) = self.retrieval.asked.clone() else { return Ok(()) };
        let Retrieval { ready, growing, .. } = &mut self.retrieval;
        let outdated = ready.is_some() && growing.is_some();
        let gallery = ready.as_mut().or(growing.as_mut().map(|growing| &mut growing.gallery));
        let Some(gallery) = gallery.filter(|gallery| gallery.progress().0 > 0) else { return Ok(()) };
        let (held_out, bank) = (&self.data.held_out, self.data.bank());
        let candidates = candidates(held_out, request.within);
        let Some(index) = candidates.get(request.place % candidates.len().max(1)).copied() else {
            return Ok(());
        };
        let query = clean(held_out, &[index as u32], &self.device)?;
        let found = gallery.nearest(&query, NEAREST)?;
        let near =
            |near: &crate::eval::gallery::Near| picture(bank, near.index, near.cosine, held_out, index);
        let spaces = found.iter().map(|(name, found)| {
            let near = found.iter().map(near).collect::<Result<_, _>>()?;
            Ok(Neighbourhood { name: name.as_str().into(), near })
        });
        let sheet = NeighbourSheet {
            index,
            candidates: candidates.len(),
            step: gallery.step(),
            searched: gallery.progress(),
            outdated,
            side: held_out.side,
            query: picture(held_out, index, 1.0, held_out, index)?,
            sets: held_out.labels.iter().map(|set| (set.name.clone(), set.classes.clone())).collect(),
            spaces: spaces.collect::<Result<_, DataError>>()?,
            request,
        };
        self.now.neighbours = Some(Arc::new(sheet));
        self.publish(self.now.phase.clone());
        Ok(())
    }
}

/// The held-out images of a class, or all.
fn candidates(images: &Images, within: Option<(usize, usize)>) -> Vec<usize> {
    let set = within.and_then(|(set, class)| Some((images.labels.get(set)?, class)));
    match set {
        Some((set, class)) => {
            let of = |index: &usize| set.of.get(*index).is_some_and(|of| usize::from(*of) == class);
            (0..images.len()).filter(of).collect()
        }
        None => (0..images.len()).collect(),
    }
}

/// An image of `images`, with its labels beside those of the query.
fn picture(
    images: &Images,
    index: usize,
    cosine: f32,
    queries: &Images,
    query: usize,
) -> Result<Near, DataError> {
    let mut scratch = Vec::new();
    let rgb = images.bytes(index, &mut scratch)?.into();
    let labels = images.labels.iter().zip(&queries.labels).filter_map(|(own, other)| {
        let (class, of_query) = (*own.of.get(index)?, *other.of.get(query)?);
        let name = own.classes.get(usize::from(class)).cloned().unwrap_or_else(|| class.to_string());
        Some((name, class == of_query))
    });
    Ok(Near { index, cosine, rgb, labels: labels.collect() })
}
