//! The leave-one-out view plan: which parameters each view of an image has.
//!
//! For n augmentations that own a head, an image has n + 2 views (Xiao et al., 2021, section 3.1):
//! the query q; k₀, everything drawn anew; and kᵢ, everything drawn anew but augmentation i, whose
//! parameters are q's.

use super::{Image, Invalid, Others, Params, Settings};
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
    /// Where it trains a head, the keys that do not share its parameters have others than the query. An
    /// independent draw of one of four angles is the query's once in four times, and that key is then
    /// a negative of its space which looks as the positive does.
    pub distinct: bool,
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
    /// The view of an image, with the others that it may take something from ([`super::Alone`]: none).
    pub fn apply(&self, image: &Image, others: &dyn Others) -> Image {
        let mut view = image.clone();
        self.apply_to(&mut view, others);
        view
    }

    /// Turns an image into its view.
    pub fn apply_to(&self, image: &mut Image, others: &dyn Others) {
        self.params.iter().for_each(|(_, params)| params.apply(image, others));
    }

    /// The parameters of one augmentation, if it is on.
    pub fn of(&self, augmentation: &str) -> Option<&Params> {
        self.params.iter().find(|(name, _)| *name == augmentation).map(|(_, params)| params)
    }
}

/// All views of one image: q, k₀, then kᵢ in the order of the augmentations that own a head.
#[derive(Clone, Debug, Default, PartialEq)]
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
    let mut plan = ViewPlan::default();
    plan.redraw(entries, at, width, height);
    plan
}

impl ViewPlan {
    /// Becomes [`plan`] of these arguments, in the memory that it has.
    pub fn redraw(&mut self, entries: &[Entry], at: PlanAddress, width: usize, height: usize) {
        let heads = entries.iter().filter(|entry| entry.trains_a_head()).map(Entry::name);
        let names = [ViewName::Query, ViewName::General].into_iter().chain(heads.map(ViewName::Sharing));
        let mut count = 0;
        for name in names {
            if count == self.views.len() {
                self.views.push(ViewParams { name, params: Vec::new() });
            }
            self.views[count].redraw(name, entries, at, [width, height]);
            count += 1;
        }
        self.views.truncate(count);
        let Some((query, keys)) = self.views.split_first_mut() else { return };
        for key in keys {
            if let ViewName::Sharing(name) = key.name {
                share(query, key, name);
            }
            let name = key.name;
            let others = |entry: &&Entry| name != ViewName::Sharing(entry.name());
            let distinct = entries.iter().filter(|entry| entry.distinct && entry.trains_a_head());
            for entry in distinct.filter(others) {
                differ(query, key, entry, at, [width, height]);
            }
        }
    }
}

impl ViewParams {
    fn redraw(&mut self, name: ViewName, entries: &[Entry], at: PlanAddress, [width, height]: [usize; 2]) {
        self.name = name;
        self.params.clear();
        self.params.extend(
            entries.iter().filter(|entry| entry.enabled).map(|entry| {
                (entry.name(), entry.settings.sample(&mut stream(name, entry, at), width, height))
            }),
        );
    }
}

/// The random stream of one augmentation in one view.
fn stream(view: ViewName, entry: &Entry, at: PlanAddress) -> Stream {
    let augmentation = name_key(entry.name());
    let address = Address { epoch: at.epoch, sample: at.sample, view: view.key(), augmentation };
    Stream::at(at.seed, at.domain, address)
}

/// Draws on where a key's parameters of one augmentation are the query's, until they are not: the first
/// draw stays where it differs. A flip with `p` 0 stays as it is.
fn differ(
    query: &ViewParams,
    key: &mut ViewParams,
    entry: &Entry,
    at: PlanAddress,
    [width, height]: [usize; 2],
) {
    let (Some(from), name) = (query.of(entry.name()), entry.name()) else { return };
    let (view, own) = (key.name, key.params.iter_mut().find(|(own, _)| *own == name));
    let Some((_, own)) = own.filter(|(_, own)| own == from) else { return };
    let mut stream = stream(view, entry, at);
    if let Some(other) = entry.settings.sample_different(&mut stream, width, height, from) {
        *own = other;
    }
}

/// Copies the query's parameters of one augmentation into a key.
fn share(query: &ViewParams, key: &mut ViewParams, augmentation: &str) {
    for ((_, from), (name, to)) in query.params.iter().zip(&mut key.params) {
        if *name == augmentation {
            to.clone_from(from);
        }
    }
}

/// Checks the order of a list: each kind at most once, and none before a kind that it must follow
/// (rotation follows flip, whether they are switched on or not: they can be switched while training), and
/// what puts another image in the image's place is the first.
///
/// # Errors
/// [`Invalid`] at `augment.N`, the entry that has to move or to go.
pub fn check_order(entries: &[Entry]) -> Result<(), Invalid> {
    for (place, entry) in entries.iter().enumerate() {
        let (name, path) = (entry.name(), format!("augment.{place}"));
        if let Some(first) = entries[..place].iter().position(|earlier| earlier.name() == name) {
            let why = format!("{name} stands at augment.{first} already: each augmentation may appear once");
            return Err(Invalid::at(path, why));
        }
        if place > 0 && entry.settings.takes_twins() {
            let why = format!(
                "{name} puts the stylised twin in the image's place, and would undo what comes before it: it \
                 must be the first of the list"
            );
            return Err(Invalid::at(path, why));
        }
        for earlier in &entries[..place] {
            if let Some((_, why)) = earlier.settings.kind().after.iter().find(|(kind, _)| *kind == name) {
                let why = format!("{name} must come before {}: {why}", earlier.name());
                return Err(Invalid::at(path, why));
            }
        }
    }
    Ok(())
}

/// How often [`Settings::sample_different`] draws. A flip with `p` 0.5 misses all of them once in 2⁶⁴ times.
const DIFFERENT_TRIES: usize = 64;

impl Settings {
    /// Draws parameters until they differ from `from`; `None` if they do not within 64 draws, as for a
    /// flip with `p` 0 or a rotation with one angle.
    pub fn sample_different(
        &self,
        stream: &mut Stream,
        width: usize,
        height: usize,
        from: &Params,
    ) -> Option<Params> {
        (0..DIFFERENT_TRIES).map(|_| self.sample(stream, width, height)).find(|drawn| drawn != from)
    }
}
