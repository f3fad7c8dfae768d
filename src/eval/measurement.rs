//! One measurement of a model, done in slices, so that training goes on between them.

use super::{
    Frozen, InvarianceReport, collapse,
    error::Result,
    invariance, neighbours,
    pairs::{Pairs, Places},
    uniformity,
    views::{Views, clean, slice, some},
};
use crate::{
    augment::Entry,
    data::{DataError, Donors, Images, Splits},
};
use candle_core::{Device, Tensor};
use std::sync::Arc;

/// Training images that the neighbours are among, at most; and for each held-out image measured.
const BANK: usize = 2048;
const BANK_PER_QUERY: usize = 4;
/// Images whose pairs make the uniformity, at most.
const PAIRED: usize = 1024;

/// What came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    pub invariance: InvarianceReport,
    /// Label's name and the accuracy of the weighted kNN on the backbone's features, 0–1.
    pub knn: Vec<(Arc<str>, f32)>,
    /// How every space is filled, by the embeddings of T(x).
    pub spaces: Vec<Filling>,
}

/// How an embedding space is filled: see [`collapse`] and [`uniformity`](super::uniformity).
#[derive(Clone, Debug, PartialEq)]
pub struct Filling {
    pub head: String,
    /// The mean deviation of a dimension.
    pub std: f32,
    pub rank_me: f32,
    pub uniformity: f32,
    /// Whether its deviation says that it is collapsing.
    pub collapsed: bool,
}

impl Filling {
    /// Of a head's embeddings, `[images, dim]`.
    fn of(head: &str, z: &Tensor) -> Result<Self> {
        let std = collapse::deviation(z)?;
        let some = z.narrow(0, 0, z.dim(0)?.min(PAIRED))?;
        Ok(Self {
            head: head.into(),
            std: std as f32,
            rank_me: collapse::rank_me(z)? as f32,
            uniformity: uniformity::uniformity(&some)? as f32,
            collapsed: collapse::is_collapsed(std, z.dim(1)?),
        })
    }
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
    /// Each head's embeddings of T(x), row by row.
    embeddings: Vec<Vec<f32>>,
    spaces: Vec<Filling>,
    /// Done: first the pairs of the images' views, then the bank, the queries, and the heads' spaces.
    done: usize,
    features: Vec<Tensor>,
}

impl Measurement {
    /// Begins. The images and the draws are functions of the seed alone.
    ///
    /// # Errors
    /// If an image cannot be read.
    pub fn begin(subject: &Subject) -> Result<Self, DataError> {
        let Subject { data, entries, seed, .. } = *subject;
        let queries = some(seed, "queries", data.held_out.len(), subject.images);
        let wanted = if data.held_out.labels.is_empty() || data.bank().labels.is_empty() {
            0
        } else {
            BANK.min(BANK_PER_QUERY * queries.len())
        };
        let bank = some(seed, "bank", data.bank().len(), wanted);
        Ok(Self {
            step: subject.step,
            pairs: Pairs::new(entries, data, &queries, seed)?,
            data: data.clone(),
            queries,
            bank,
            sums: None,
            embeddings: Vec::new(),
            spaces: Vec::new(),
            done: 0,
            features: Vec::new(),
        })
    }

    /// The step of the model that is measured.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Does one slice. The result, once there is nothing left to do.
    ///
    /// # Errors
    /// If an image cannot be read, or the network cannot take them.
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
        } else if self.spaces.len() < self.embeddings.len() {
            self.fill(model)?
        } else {
            return Ok(Some(self.finish(model)?));
        };
        Ok(None)
    }

    fn keep(&mut self, features: Tensor) -> candle_core::Result<usize> {
        let count = features.dim(0)?;
        self.features.push(features);
        Ok(count)
    }

    /// How the next head's space is filled.
    fn fill(&mut self, model: &Frozen) -> Result<usize> {
        let place = self.spaces.len();
        let Some(head) = model.heads().nth(place) else {
            return Err(candle_core::Error::msg("a head is gone").into());
        };
        let z = std::mem::take(&mut self.embeddings[place]);
        let images = self.queries.len();
        let dim = z.len() / images.max(1);
        let z = Tensor::from_vec(z, (images, dim), &Device::Cpu)?;
        self.spaces.push(Filling::of(head, &z)?);
        Ok(1)
    }

    /// Pairs of views of the next few images.
    fn add_pairs(&mut self, model: &mut Frozen, device: &Device) -> Result<usize> {
        let side = self.data.held_out.side;
        let count = (slice(side) / self.pairs.per_image()).clamp(1, self.queries.len() - self.done);
        let (mut views, mut places) = (Views::new(side), Vec::with_capacity(count));
        let mut donors = Donors::new(&self.data.train, &self.data.held_out);
        for sample in &self.queries[self.done..self.done + count] {
            let index = *sample as usize;
            let image = self.data.held_out.image(index)?;
            places.push(donors.lend(index, |others| self.pairs.add(&mut views, *sample, &image, others))?);
        }
        let spaces = model.embed(&views.tensor(device)?)?;
        let spaces = spaces.iter().map(Tensor::to_vec2::<f32>).collect::<candle_core::Result<Vec<_>>>()?;
        let dim = spaces.first().and_then(|rows| rows.first()).map_or(0, Vec::len);
        let fresh = || invariance::Sums::new(spaces.len(), self.pairs.columns.len(), dim);
        let sums = self.sums.get_or_insert_with(fresh);
        self.embeddings.resize(spaces.len(), Vec::new());
        for Places { base, columns } in &places {
            sums.image();
            for (head, z) in spaces.iter().enumerate() {
                sums.embedding(head, &z[*base]);
                self.embeddings[head].extend_from_slice(&z[*base]);
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
        Ok(Measured { invariance, knn, spaces: std::mem::take(&mut self.spaces) })
    }
}

/// Features of the first slice of these images.
fn features(model: &mut Frozen, images: &Images, at: &[u32], device: &Device) -> Result<Tensor> {
    Ok(model.features(&clean(images, &at[..at.len().min(slice(images.side))], device)?)?)
}
