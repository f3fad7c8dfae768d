//! One measurement of a model, done in slices, so that training goes on between them.

use super::{EvalError, Frozen, InvarianceReport, invariance, neighbours};
use crate::{
    augment::{Entry, Image, ViewName, ViewParams},
    data::{DataError, Images, Splits, normalise},
    rng::{Domain, Stream},
};
use candle_core::{Device, Tensor};
use std::sync::Arc;

/// Views or images of 32×32 pixels that one slice sends through the network, about; fewer of larger ones.
const SLICE: usize = 64;
/// Images that are tried before an augmentation counts as one whose parameters cannot differ.
const TRIED: usize = 16;
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
    seed: u64,
    entries: Vec<Entry>,
    /// The augmentations that are measured.
    columns: Vec<&'static str>,
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
        let tried = queries.iter().take(TRIED);
        let tried = tried.map(|sample| Ok((u64::from(*sample), data.held_out.image(*sample as usize)?)));
        let tried = tried.collect::<Result<Vec<_>, DataError>>()?;
        let differs = |entry: &&Entry| {
            tried.iter().any(|(sample, image)| {
                invariance::pair(entries, entry.name(), seed, *sample, image).is_some()
            })
        };
        Ok(Self {
            step: subject.step,
            seed,
            columns: entries.iter().filter(differs).map(Entry::name).collect(),
            entries: entries.to_vec(),
            data: data.clone(),
            queries,
            bank,
            sums: None,
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
    pub fn advance(&mut self, model: &mut Frozen, device: &Device) -> Result<Option<Measured>, EvalError> {
        let (pairs, bank) = (self.queries.len(), self.bank.len());
        let queries = if bank > 0 { pairs } else { 0 };
        let at = self.done;
        self.done += if at < pairs {
            self.pairs(model, device)?
        } else if at < pairs + bank {
            let features = features(model, self.data.bank(), &self.bank[at - pairs..], device)?;
            self.keep(features)?
        } else if at < pairs + bank + queries {
            let features = features(model, &self.data.held_out, &self.queries[at - pairs - bank..], device)?;
            self.keep(features)?
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

    /// Pairs of views of the next few images.
    fn pairs(&mut self, model: &mut Frozen, device: &Device) -> Result<usize, EvalError> {
        let per_image = 1 + self.columns.len();
        let side = self.data.held_out.side;
        let count = (slice(side) / per_image).clamp(1, self.queries.len() - self.done);
        let mut views = Views { planes: Vec::new(), side };
        // For each image: where T(x) is, and where each column's T(x) and T′(x) are.
        let mut places = Vec::with_capacity(count);
        for sample in &self.queries[self.done..self.done + count] {
            let image = self.data.held_out.image(*sample as usize)?;
            let base = views.add(&image, &self.base(u64::from(*sample), &image));
            let mut columns = Vec::with_capacity(self.columns.len());
            for name in &self.columns {
                let pair = invariance::pair(&self.entries, name, self.seed, u64::from(*sample), &image);
                columns.push(pair.map(|(first, other)| {
                    let off = self.entries.iter().any(|entry| entry.name() == *name && !entry.enabled);
                    let first = if off { views.add(&image, &first) } else { base };
                    (first, views.add(&image, &other))
                }));
            }
            places.push((base, columns));
        }
        let spaces = model.embed(&views.tensor(device)?)?;
        let spaces = spaces.iter().map(Tensor::to_vec2::<f32>).collect::<candle_core::Result<Vec<_>>>()?;
        let dim = spaces.first().and_then(|rows| rows.first()).map_or(0, Vec::len);
        let fresh = || invariance::Sums::new(spaces.len(), self.columns.len(), dim);
        let sums = self.sums.get_or_insert_with(fresh);
        for (base, columns) in &places {
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

    /// T: every augmentation that is on.
    fn base(&self, sample: u64, image: &Image) -> ViewParams {
        let on: Vec<Entry> = self.entries.iter().filter(|entry| entry.enabled).cloned().collect();
        let of = |entry: &Entry| {
            let params = invariance::first_draw(entry, self.seed, sample, image.width, image.height);
            (entry.name(), params)
        };
        ViewParams { name: ViewName::Query, params: on.iter().map(of).collect() }
    }

    fn finish(&mut self, model: &Frozen) -> candle_core::Result<Measured> {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let heads: Vec<String> = model.heads().map(str::to_owned).collect();
        let invariance = match &self.sums {
            Some(sums) => sums.report(self.step, heads, names(&self.columns)),
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

/// Views on their way into a tensor.
struct Views {
    planes: Vec<f32>,
    side: usize,
}

impl Views {
    /// Adds a view; its place.
    fn add(&mut self, image: &Image, params: &ViewParams) -> usize {
        let size = 3 * self.side * self.side;
        let place = self.planes.len() / size;
        self.planes.resize((place + 1) * size, 0.0);
        normalise(&params.apply(image), &mut self.planes[place * size..]);
        place
    }

    fn tensor(self, device: &Device) -> candle_core::Result<Tensor> {
        let count = self.planes.len() / (3 * self.side * self.side);
        Tensor::from_vec(self.planes, (count, 3, self.side, self.side), device)
    }
}

/// Features of the first slice of these images.
fn features(model: &mut Frozen, images: &Images, at: &[u32], device: &Device) -> Result<Tensor, EvalError> {
    Ok(model.features(&clean(images, &at[..at.len().min(slice(images.side))], device)?)?)
}

/// Images of this side in a slice: it is to take no more than a blink.
fn slice(side: usize) -> usize {
    (SLICE * 32 * 32 / (side * side).max(1)).clamp(1, SLICE)
}

/// Images as they are, `[count, 3, side, side]`.
///
/// # Errors
/// If an image cannot be read, or the device has no room for them.
pub fn clean(images: &Images, at: &[u32], device: &Device) -> Result<Tensor, EvalError> {
    let size = 3 * images.side * images.side;
    let mut planes = vec![0.0; at.len() * size];
    for (index, planes) in at.iter().zip(planes.chunks_exact_mut(size)) {
        normalise(&images.image(*index as usize)?, planes);
    }
    Ok(Tensor::from_vec(planes, (at.len(), 3, images.side, images.side), device)?)
}

/// `count` of `of` images, drawn once for a seed, in the order of the draw.
pub fn some(seed: u64, what: &str, of: usize, count: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..of as u32).collect();
    Stream::named(seed, Domain::Evaluation, what).shuffle(&mut order);
    order.truncate(count);
    order
}
