//! The views that invariance is measured on: T(x), and for each augmentation T(x) and T′(x).
//!
//! T and T′ have equal parameters but for that augmentation's, which differ. T has every augmentation that is
//! on, and the augmentation itself even if it is off. The draws are functions of the seed and the image.

use super::views::Views;
use crate::{
    augment::{Entry, Image, Params, ViewName, ViewParams},
    data::Images,
    rng::{Address, Domain, Stream, name_key},
};

/// Images that are tried before an augmentation counts as one whose parameters cannot differ.
const TRIED: usize = 16;

/// How the pairs are made.
pub(super) struct Pairs {
    entries: Vec<Entry>,
    seed: u64,
    /// The augmentations whose parameters can differ.
    pub columns: Vec<&'static str>,
}

/// Where an image's views are.
pub(super) struct Places {
    /// T(x).
    pub base: usize,
    /// T(x) and T′(x) of each column; none if its parameters could not be made to differ.
    pub columns: Vec<Option<(usize, usize)>>,
}

impl Pairs {
    /// `samples` are those of `images` that will be measured.
    pub fn new(entries: &[Entry], images: &Images, samples: &[u32], seed: u64) -> Self {
        let differs = |entry: &&Entry| {
            samples.iter().take(TRIED).any(|sample| {
                let image = images.image(*sample as usize);
                pair(entries, entry.name(), seed, u64::from(*sample), &image).is_some()
            })
        };
        let columns = entries.iter().filter(differs).map(Entry::name).collect();
        Self { entries: entries.to_vec(), seed, columns }
    }

    /// Views of one image, at most.
    pub fn per_image(&self) -> usize {
        let off = |name| self.entries.iter().any(|entry| entry.name() == name && !entry.enabled);
        1 + self.columns.iter().map(|name| if off(*name) { 2 } else { 1 }).sum::<usize>()
    }

    /// Adds all views of one image.
    pub fn add(&self, views: &mut Views, sample: u32, image: &Image) -> Places {
        let sample = u64::from(sample);
        let base = views.add_view(image, &self.base(sample, image));
        let column = |name: &&'static str| {
            let (first, other) = pair(&self.entries, name, self.seed, sample, image)?;
            let off = self.entries.iter().any(|entry| entry.name() == *name && !entry.enabled);
            let first = if off { views.add_view(image, &first) } else { base };
            Some((first, views.add_view(image, &other)))
        };
        Places { base, columns: self.columns.iter().map(column).collect() }
    }

    /// T: every augmentation that is on.
    fn base(&self, sample: u64, image: &Image) -> ViewParams {
        let on = self.entries.iter().filter(|entry| entry.enabled);
        let of =
            |entry: &Entry| (entry.name(), first_draw(entry, self.seed, sample, image.width, image.height));
        ViewParams { name: ViewName::Query, params: on.map(of).collect() }
    }
}

/// The pair of views of one image for one augmentation: T and T′. None if its parameters cannot differ.
fn pair(
    entries: &[Entry],
    augmentation: &str,
    seed: u64,
    sample: u64,
    image: &Image,
) -> Option<(ViewParams, ViewParams)> {
    let (width, height) = (image.width, image.height);
    let used = entries.iter().filter(|entry| entry.enabled || entry.name() == augmentation);
    let base: Vec<(&'static str, Params)> =
        used.map(|entry| (entry.name(), first_draw(entry, seed, sample, width, height))).collect();
    let mut other = base.clone();
    let entry = entries.iter().find(|entry| entry.name() == augmentation)?;
    let (_, own) = other.iter_mut().find(|(name, _)| *name == augmentation)?;
    *own = entry.settings.sample_different(&mut stream(augmentation, seed, sample, 1), width, height, own)?;
    let view = |params| ViewParams { name: ViewName::Query, params };
    Some((view(base), view(other)))
}

/// An augmentation's parameters in T.
fn first_draw(entry: &Entry, seed: u64, sample: u64, width: usize, height: usize) -> Params {
    entry.settings.sample(&mut stream(entry.name(), seed, sample, 0), width, height)
}

fn stream(name: &str, seed: u64, sample: u64, view: u32) -> Stream {
    let address = Address { epoch: 0, sample, view, augmentation: name_key(name) };
    Stream::at(seed, Domain::Invariance, address)
}
