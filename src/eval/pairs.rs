//! The views that invariance is measured on: T(x), and for each augmentation T(x) and T′(x).
//!
//! T and T′ have equal parameters but for that augmentation's, which differ. T has every augmentation that is
//! on, and the augmentation itself even if it is off. The draws are functions of the seed and the image.

use super::views::Views;
use crate::{
    augment::{Entry, Image, Others, Params, ViewName, ViewParams},
    data::{DataError, Splits},
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
    /// `samples` are the held-out images that will be measured.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn new(entries: &[Entry], data: &Splits, samples: &[u32], seed: u64) -> Result<Self, DataError> {
        let tried = samples.iter().take(TRIED);
        let tried = tried.map(|sample| Ok((u64::from(*sample), data.held_out.image(*sample as usize)?)));
        let tried = tried.collect::<Result<Vec<_>, DataError>>()?;
        let differs = |entry: &&Entry| {
            tried.iter().any(|(sample, image)| pair(entries, entry.name(), seed, *sample, image).is_some())
        };
        let columns = entries.iter().filter(differs).map(Entry::name).collect();
        Ok(Self { entries: entries.to_vec(), seed, columns })
    }

    /// Views of one image, at most.
    pub fn per_image(&self) -> usize {
        let off = |name| self.entries.iter().any(|entry| entry.name() == name && !entry.enabled);
        1 + self.columns.iter().map(|name| if off(*name) { 2 } else { 1 }).sum::<usize>()
    }

    /// Adds all views of one image.
    pub fn add(&self, views: &mut Views, sample: u32, image: &Image, others: &dyn Others) -> Places {
        let sample = u64::from(sample);
        let base = views.add_view(image, &self.base(sample, image), others);
        let column = |name: &&'static str| {
            let (first, other) = pair(&self.entries, name, self.seed, sample, image)?;
            let off = self.entries.iter().any(|entry| entry.name() == *name && !entry.enabled);
            let first = if off { views.add_view(image, &first, others) } else { base };
            Some((first, views.add_view(image, &other, others)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        augment::KINDS,
        data::{Donors, Images},
    };

    const OWN: Params = Params::Texture(None);

    /// The pair of a texture head differs in the amplitudes' donor or their share, and in nothing else.
    #[test]
    fn a_pair_for_mixed_amplitudes_differs_in_the_texture_alone() {
        let entry = |name: &str, document| {
            let kind = KINDS.iter().find(|kind| kind.name == name).unwrap();
            Entry {
                settings: (kind.read)(document).unwrap(),
                enabled: true,
                head: name == "texture",
                distinct: false,
            }
        };
        let texture = serde_json::json!({"p": 0.5, "method": "fourier", "mix": [0.0, 0.5]});
        let entries = [entry("crop", serde_json::json!({})), entry("texture", texture)];
        let train = Images {
            side: 16,
            pixels: (0..20 * 768u32).map(|place| (place * place % 251) as u8).collect::<Vec<_>>().into(),
            ..Images::default()
        };
        let (mut mean_moved, mut both_mixed) = (0.0f32, 0);
        for sample in 0..20 {
            let image = train.image(sample).unwrap();
            let (first, other) = pair(&entries, "texture", 1, sample as u64, &image).unwrap();
            assert_eq!(first.of("crop"), other.of("crop"));
            assert_ne!(first.of("texture"), other.of("texture"));
            both_mixed += usize::from([&first, &other].iter().all(|view| view.of("texture") != Some(&OWN)));
            let mut donors = Donors::new(&train, &train);
            let mut made =
                |view: &ViewParams| donors.lend(sample, |others| view.apply(&image, others)).unwrap();
            let [one, two] = [&first, &other].map(&mut made);
            assert_ne!(one, two);
            assert_eq!(one, made(&first));
            for channel in 0..3 {
                let mean = |image: &Image| image.pixels.iter().skip(channel).step_by(3).sum::<f32>() / 256.0;
                mean_moved = mean_moved.max((mean(&one) - mean(&two)).abs());
            }
        }
        assert!(mean_moved < 1e-3 && both_mixed > 2, "{mean_moved} {both_mixed}");
    }
}
