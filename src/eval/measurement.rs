//! One measurement of a model, done in slices, so that training goes on between them.

use super::{
    Frozen, InvarianceReport, collapse,
    error::Result,
    invariance, neighbours,
    pairs::{Pairs, Places},
    representation::TURNS,
    rotation, uniformity,
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
/// Training images that the rotation probe is fitted to in all four turns, and held-out ones that it is read on.
const TURNED: (usize, usize) = (128, 64);
/// Images whose pairs make the uniformity, at most.
const PAIRED: usize = 1024;

/// What came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    pub invariance: InvarianceReport,
    /// Label's name and the accuracy of the weighted kNN on the backbone's features, 0–1.
    pub knn: Vec<(Arc<str>, f32)>,
    /// Accuracy of the linear rotation probe on the backbone's features, 0–1, of few images.
    pub rotation: f32,
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
    /// Training images and held-out ones, for the rotation probe.
    turned_images: [Vec<u32>; 2],
    sums: Option<invariance::Sums>,
    /// Each head's embeddings of T(x), row by row.
    embeddings: Vec<Vec<f32>>,
    spaces: Vec<Filling>,
    /// What is done, one after the other: so many images of each, then the heads' spaces.
    stages: [(Stage, usize); 5],
    done: usize,
    features: Vec<Tensor>,
    turned: Vec<Tensor>,
}

/// A part of a measurement.
#[derive(Clone, Copy)]
enum Stage {
    /// Pairs of the images' views.
    Pairs,
    /// Features of training and of held-out images, for the neighbours.
    Bank,
    Queries,
    /// The same of images in all four turns, for the rotation probe.
    TurnedBank,
    TurnedQueries,
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
        let turned = [
            some(seed, "turned", data.bank().len(), TURNED.0),
            some(seed, "turned held out", data.held_out.len(), TURNED.1),
        ];
        let asked = if bank.is_empty() { 0 } else { queries.len() };
        let stages = [
            (Stage::Pairs, queries.len()),
            (Stage::Bank, bank.len()),
            (Stage::Queries, asked),
            (Stage::TurnedBank, turned[0].len()),
            (Stage::TurnedQueries, turned[1].len()),
        ];
        Ok(Self {
            step: subject.step,
            pairs: Pairs::new(entries, data, &queries, seed)?,
            data: data.clone(),
            queries,
            bank,
            turned_images: turned,
            sums: None,
            embeddings: Vec::new(),
            spaces: Vec::new(),
            stages,
            done: 0,
            features: Vec::new(),
            turned: Vec::new(),
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
        let Some((stage, at)) = self.stage() else {
            if self.spaces.len() < self.embeddings.len() {
                self.fill(model)?;
                return Ok(None);
            }
            return self.finish(model).map(Some);
        };
        let (bank, held_out) = (self.data.bank(), &self.data.held_out);
        let [turned, turned_held_out] = &self.turned_images;
        self.done += match stage {
            Stage::Pairs => self.add_pairs(model, device)?,
            Stage::Bank => keep(&mut self.features, features(model, bank, &self.bank[at..], device)?)?,
            Stage::Queries => {
                keep(&mut self.features, features(model, held_out, &self.queries[at..], device)?)?
            }
            Stage::TurnedBank => {
                keep(&mut self.turned, rotation::features(model, bank, &turned[at..], device)?)? / TURNS
            }
            Stage::TurnedQueries => {
                let rows = rotation::features(model, held_out, &turned_held_out[at..], device)?;
                keep(&mut self.turned, rows)? / TURNS
            }
        };
        Ok(None)
    }

    /// The stage under way, and how many of its images are done. None once only the spaces are left.
    fn stage(&self) -> Option<(Stage, usize)> {
        let mut at = self.done;
        for (stage, count) in self.stages {
            if at < count {
                return Some((stage, at));
            }
            at -= count;
        }
        None
    }

    /// How the next head's space is filled.
    fn fill(&mut self, model: &Frozen) -> Result<()> {
        let place = self.spaces.len();
        let Some(head) = model.heads().nth(place) else {
            return Err(candle_core::Error::msg("a head is gone").into());
        };
        let z = std::mem::take(&mut self.embeddings[place]);
        let images = self.queries.len();
        let dim = z.len() / images.max(1);
        let z = Tensor::from_vec(z, (images, dim), &Device::Cpu)?;
        self.spaces.push(Filling::of(head, &z)?);
        Ok(())
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
        let turned = Tensor::cat(&self.turned, 0)?;
        let split = self.turned_images[0].len() * TURNS;
        let held_out = turned.narrow(0, split, turned.dim(0)? - split)?;
        let rotation = rotation::accuracy(&turned.narrow(0, 0, split)?, &held_out)?;
        Ok(Measured { invariance, knn, rotation, spaces: std::mem::take(&mut self.spaces) })
    }
}

/// Adds rows to others; how many.
fn keep(rows: &mut Vec<Tensor>, more: Tensor) -> candle_core::Result<usize> {
    let count = more.dim(0)?;
    rows.push(more);
    Ok(count)
}

/// Features of the first slice of these images.
fn features(model: &mut Frozen, images: &Images, at: &[u32], device: &Device) -> Result<Tensor> {
    Ok(model.features(&clean(images, &at[..at.len().min(slice(images.side))], device)?)?)
}
