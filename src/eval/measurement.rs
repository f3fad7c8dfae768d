//! One measurement of a model, done in slices, so that training goes on between them.

use super::{
    Frozen, InvarianceReport, invariance, neighbours,
    pairs::{Pairs, Places},
    views::{Views, clean, slice, some},
};
use crate::{
    augment::Entry,
    data::{Images, Splits},
};
use candle_core::{Device, Result, Tensor};
use std::sync::Arc;

/// Training images that the neighbours are among, at most; and for each held-out image measured.
const BANK: usize = 2048;
const BANK_PER_QUERY: usize = 4;

/// What came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    pub invariance: InvarianceReport,
    /// Label's name and the accuracy of the weighted kNN on the backbone's features, 0–1.
    pub knn: Vec<(Arc<str>, f32)>,
}

/// What is measured, and on what.
pub struct Subject<'a> {
    pub data: &'a Splits,
    pub entries: &'a [Entry],
    /// Held-out images, at most.
    pub images: usize,
    pub seed: u64,
    /// The step of the model.
    pub step: u64,
}

/// A measurement under way.
pub struct Measurement {
    step: u64,
    pairs: Pairs,
    data: Splits,
    queries: Vec<u32>,
    bank: Vec<u32>,
    sums: Option<invariance::Sums>,
    /// Images done: first the pairs of views, then the bank, then the queries.
    done: usize,
    features: Vec<Tensor>,
}

impl Measurement {
    /// Begins. The images and the draws are functions of the seed alone.
    pub fn begin(subject: &Subject) -> Self {
        let Subject { data, entries, seed, .. } = *subject;
        let queries = some(seed, "queries", data.held_out.len(), subject.images);
        let wanted = if data.held_out.labels.is_empty() || data.bank().labels.is_empty() {
            0
        } else {
            BANK.min(BANK_PER_QUERY * queries.len())
        };
        let bank = some(seed, "bank", data.bank().len(), wanted);
        Self {
            step: subject.step,
            pairs: Pairs::new(entries, &data.held_out, &queries, seed),
            data: data.clone(),
            queries,
            bank,
            sums: None,
            done: 0,
            features: Vec::new(),
        }
    }

    /// The step of the model that is measured.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Does one slice. The result, once there is nothing left to do.
    ///
    /// # Errors
    /// If the network cannot take the images.
    pub fn advance(&mut self, model: &mut Frozen, device: &Device) -> Result<Option<Measured>> {
        let (pairs, bank) = (self.queries.len(), self.bank.len());
        let queries = if bank > 0 { pairs } else { 0 };
        let at = self.done;
        self.done += if at < pairs {
            self.add_pairs(model, device)?
        } else if at < pairs + bank {
            let features = features(model, self.data.bank(), &self.bank[at - pairs..], device)?;
            self.keep(features)?
        } else if at < pairs + bank + queries {
            let features = features(model, &self.data.held_out, &self.queries[at - pairs - bank..], device)?;
            self.keep(features)?
        } else {
            return self.finish(model).map(Some);
        };
        Ok(None)
    }

    fn keep(&mut self, features: Tensor) -> Result<usize> {
        let count = features.dim(0)?;
        self.features.push(features);
        Ok(count)
    }

    /// Pairs of views of the next few images.
    fn add_pairs(&mut self, model: &mut Frozen, device: &Device) -> Result<usize> {
        let side = self.data.held_out.side;
        let count = (slice(side) / self.pairs.per_image()).clamp(1, self.queries.len() - self.done);
        let (mut views, mut places) = (Views::new(side), Vec::with_capacity(count));
        for sample in &self.queries[self.done..self.done + count] {
            let image = self.data.held_out.image(*sample as usize);
            places.push(self.pairs.add(&mut views, *sample, &image));
        }
        let spaces = model.embed(&views.tensor(device)?)?;
        let spaces = spaces.iter().map(Tensor::to_vec2::<f32>).collect::<Result<Vec<_>>>()?;
        let dim = spaces.first().and_then(|rows| rows.first()).map_or(0, Vec::len);
        let fresh = || invariance::Sums::new(spaces.len(), self.pairs.columns.len(), dim);
        let sums = self.sums.get_or_insert_with(fresh);
        for Places { base, columns } in &places {
            sums.image();
            for (head, z) in spaces.iter().enumerate() {
                sums.embedding(head, &z[*base]);
                for (column, pair) in columns.iter().enumerate() {
                    if let Some((first, other)) = pair {
                        sums.pair(head, column, &z[*first], &z[*other]);
                    }
                }
            }
        }
        Ok(count)
    }

    fn finish(&mut self, model: &Frozen) -> Result<Measured> {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let heads: Vec<String> = model.heads().map(str::to_owned).collect();
        let invariance = match &self.sums {
            Some(sums) => sums.report(self.step, heads, names(&self.pairs.columns)),
            None => InvarianceReport { step: self.step, ..InvarianceReport::default() },
        };
        let mut knn = Vec::new();
        if !self.features.is_empty() {
            let features = Tensor::cat(&self.features, 0)?;
            let bank = features.narrow(0, 0, self.bank.len())?;
            let queries = features.narrow(0, self.bank.len(), self.queries.len())?;
            for (trained, held_out) in self.data.bank().labels.iter().zip(&self.data.held_out.labels) {
                let of =
                    |labels: &[u16], at: &[u32]| at.iter().map(|i| labels[*i as usize]).collect::<Vec<_>>();
                let (bank_classes, classes) = (of(&trained.of, &self.bank), of(&held_out.of, &self.queries));
                let right =
                    neighbours::accuracy(&bank, &bank_classes, &queries, &classes, trained.classes.len())?;
                knn.push((trained.name.as_str().into(), right));
            }
        }
        Ok(Measured { invariance, knn })
    }
}

/// Features of the first slice of these images.
fn features(model: &mut Frozen, images: &Images, at: &[u32], device: &Device) -> Result<Tensor> {
    model.features(&clean(images, &at[..at.len().min(slice(images.side))], device)?)
}
