//! The leave-one-out view plan: which parameters each view of an image has.
//!
//! For n augmentations that own a head, an image has n + 2 views (Xiao et al., 2021, section 3.1):
//! the query q; k₀, everything drawn anew; and kᵢ, everything drawn anew but augmentation i, whose
//! parameters are q's.

use super::{Image, Params, Settings};
use crate::rng::{Address, Domain, Stream, name_key};

/// One augmentation of the list, in order of application.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its parameters' ranges.
    pub settings: Settings,
    /// Off: it is not applied, and its head rests.
    pub enabled: bool,
    /// It owns an embedding space, named after it.
    pub head: bool,
}

impl Entry {
    /// The name of the augmentation, and of its head.
    pub fn name(&self) -> &'static str {
        self.settings.kind().name
    }

    /// Whether its leave-one-out space is trained now.
    pub fn trains_a_head(&self) -> bool {
        self.enabled && self.head
    }
}

/// Which view of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewName {
    /// q.
    Query,
    /// k₀, which shares nothing with q.
    General,
    /// kᵢ, which shares augmentation i's parameters with q.
    Sharing(&'static str),
}

impl ViewName {
    /// The name on the screen: `q`, `k0`, or that of the shared augmentation.
    pub fn label(self) -> &'static str {
        match self {
            Self::Query => "q",
            Self::General => "k0",
            Self::Sharing(name) => name,
        }
    }

    /// The address of the view: it depends on names alone, not on how many heads there are.
    fn key(self) -> u32 {
        match self {
            Self::Query => 0,
            Self::General => 1,
            Self::Sharing(name) => name_key(name),
        }
    }
}

/// The parameters of one view, in order of application.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewParams {
    /// Which view it is.
    pub name: ViewName,
    /// Parameters by augmentation; those that are off do not appear.
    pub params: Vec<(&'static str, Params)>,
}

impl ViewParams {
    /// The view of an image.
    pub fn apply(&self, image: &Image) -> Image {
        let mut view = image.clone();
        for (_, params) in &self.params {
            params.apply(&mut view);
        }
        view
    }

    /// The parameters of one augmentation, if it is on.
    pub fn of(&self, augmentation: &str) -> Option<&Params> {
        self.params.iter().find(|(name, _)| *name == augmentation).map(|(_, params)| params)
    }
}

/// All views of one image: q, k₀, then kᵢ in the order of the augmentations that own a head.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewPlan {
    /// q first, then the keys.
    pub views: Vec<ViewParams>,
}

/// Where a plan's random streams are.
#[derive(Clone, Copy, Debug)]
pub struct PlanAddress {
    pub seed: u64,
    pub domain: Domain,
    pub epoch: u64,
    pub sample: u64,
}

/// Draws the plan of one image of `width` × `height` pixels.
pub fn plan(entries: &[Entry], at: PlanAddress, width: usize, height: usize) -> ViewPlan {
    let draw = |name: ViewName| ViewParams {
        name,
        params: entries
            .iter()
            .filter(|entry| entry.enabled)
            .map(|entry| {
                let augmentation = name_key(entry.name());
                let address = Address { epoch: at.epoch, sample: at.sample, view: name.key(), augmentation };
                let mut stream = Stream::at(at.seed, at.domain, address);
                (entry.name(), entry.settings.sample(&mut stream, width, height))
            })
            .collect(),
    };
    let query = draw(ViewName::Query);
    let sharing = entries.iter().filter(|entry| entry.trains_a_head()).map(|entry| {
        let mut key = draw(ViewName::Sharing(entry.name()));
        share(&query, &mut key, entry.name());
        key
    });
    let mut keys: Vec<ViewParams> = std::iter::once(draw(ViewName::General)).chain(sharing).collect();
    let mut views = vec![query];
    views.append(&mut keys);
    ViewPlan { views }
}

/// Copies the query's parameters of one augmentation into a key.
fn share(query: &ViewParams, key: &mut ViewParams, augmentation: &str) {
    for ((_, from), (name, to)) in query.params.iter().zip(&mut key.params) {
        if *name == augmentation {
            to.clone_from(from);
        }
    }
}
