//! One part of a set in shards, while it is read.

use super::classes::Set;
use crate::data::{Images, Labels};

/// So many classes can be told apart.
const MOST: usize = u16::MAX as usize;

/// One image as a shard has it.
pub struct Sample {
    /// The shard, and which of its images, for people.
    pub name: String,
    /// The bytes of a jpeg, png or webp; or why there are none.
    pub image: Result<Vec<u8>, String>,
    /// The label in each set of them; `None` where there is none.
    pub labels: Vec<Option<i64>>,
}

/// What has been read of a part.
#[derive(Debug, Default)]
pub struct Part {
    /// `[count, side, side, 3]` bytes.
    pub(super) pixels: Vec<u8>,
    /// Names of the sets of labels.
    pub(super) sets: Vec<String>,
    /// For each set, how many classes there are at most.
    pub(super) most: Vec<usize>,
    /// For each set, the label of each image.
    pub(super) labels: Vec<Vec<Option<u16>>>,
    /// Images that lack a label in some set, and their names.
    pub(super) lacking: Vec<(usize, String)>,
    pub(super) count: usize,
}

impl Part {
    /// An empty part with these sets of labels: their names, and how many classes there are, if that is known.
    pub fn new(sets: Vec<(String, Option<usize>)>) -> Self {
        let (sets, most): (Vec<_>, Vec<_>) =
            sets.into_iter().map(|(set, most)| (set, most.unwrap_or(MOST).min(MOST))).unzip();
        Self { labels: vec![Vec::new(); sets.len()], sets, most, ..Self::default() }
    }

    /// How many images.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The greatest label of the first set.
    #[cfg(feature = "webdataset")]
    pub fn most(&self) -> Option<usize> {
        self.labels.first()?.iter().flatten().max().map(|most| usize::from(*most))
    }

    /// Takes the images out that `chosen` says, in their order.
    pub(super) fn take(&mut self, chosen: &[bool]) -> Part {
        let (sets, most) = (self.sets.clone(), self.most.clone());
        let mut taken = Part { labels: vec![Vec::new(); sets.len()], sets, most, ..Part::default() };
        let bytes = self.pixels.len() / self.count.max(1);
        let mut kept = 0;
        for (place, chosen) in chosen.iter().enumerate() {
            let at = place * bytes..(place + 1) * bytes;
            if *chosen {
                taken.pixels.extend_from_slice(&self.pixels[at]);
                taken.count += 1;
            } else {
                self.pixels.copy_within(at, kept * bytes);
                kept += 1;
            }
        }
        self.pixels.truncate(kept * bytes);
        self.count = kept;
        for (own, taken) in self.labels.iter_mut().zip(&mut taken.labels) {
            let mut flags = chosen.iter();
            let mut of = std::mem::take(own).into_iter();
            while let (Some(label), Some(chosen)) = (of.next(), flags.next()) {
                if *chosen { &mut *taken } else { &mut *own }.push(label);
            }
        }
        taken
    }

    /// As the program uses it. All images have a label in each set by now.
    pub(super) fn images(self, side: usize, sets: &[Set]) -> Images {
        let labels = self.labels.into_iter().zip(sets).map(|(of, set)| Labels {
            name: set.name.clone(),
            classes: set.classes.clone(),
            of: of.into_iter().map(Option::unwrap_or_default).collect(),
        });
        Images { side, pixels: self.pixels.into(), labels: labels.collect(), ..Images::default() }
    }
}
