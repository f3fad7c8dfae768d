//! The whole evaluation of a model at one step, beside the same model at random initialisation.

use super::{
    EvalError, EvalSettings, Figure, Frozen, Reach, SCORES, Score,
    representation::{Rows, Sources, parts, usual},
    rotation,
    scores::{Exam, LabelSet},
    views::some,
};
use crate::{augment::Entry, data::Splits};
use candle_core::Device;

/// What is wanted of an evaluation.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Representations: `V`, `z:HEAD`, `z` and sums such as `V+z:color`; empty for the usual ones.
    pub on: Vec<String>,
    /// Names of scores; empty for all.
    pub scores: Vec<String>,
    /// Probes and neighbours on V alone, and neither the rotation probe nor few shots.
    pub quick: bool,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct Evaluation {
    pub trained: Vec<Figure>,
    pub at_initialisation: Vec<Figure>,
    /// Training images that probes were fitted to; held-out ones that they were read on; and those of the latter
    /// whose views were made.
    pub bank: usize,
    pub held_out: usize,
    pub viewed: usize,
}

/// On what a model is evaluated. Everything is a function of these and the model.
pub struct Offline<'a> {
    pub data: &'a Splits,
    pub entries: &'a [Entry],
    pub settings: &'a EvalSettings,
    pub seed: u64,
    pub device: &'a Device,
}

/// Hears what is done, and how much of how much.
pub type Tell<'a> = dyn FnMut(&str, usize, usize) + 'a;

impl Offline<'_> {
    /// Evaluates a model, and beside it one at initialisation, calibrated.
    ///
    /// # Errors
    /// [`EvalError`].
    pub fn evaluate(
        &self,
        trained: &mut Frozen,
        fresh: &mut Frozen,
        asked: &Asked,
        tell: &mut Tell,
    ) -> Result<Evaluation, EvalError> {
        let heads: Vec<String> = trained.heads().map(str::to_owned).collect();
        let (on, scores) = (representations(asked, &heads)?, scores(asked)?);
        let bank = some(self.seed, "bank", self.data.bank().len(), self.settings.bank);
        let held_out: Vec<u32> = (0..self.data.held_out.len() as u32).collect();
        let viewed = some(self.seed, "queries", held_out.len(), self.settings.images);
        let sources = Sources {
            data: self.data,
            entries: self.entries,
            bank: &bank,
            held_out: &held_out,
            viewed: &viewed,
            turned: scores.iter().any(|score| score.name == rotation::NAME),
            seed: self.seed,
        };
        let exam = Exam { labels: labels(self.data, &bank, &held_out), seed: self.seed };
        let of_trained = |score: &Score, name: &str| match score.reach {
            Reach::Everywhere => true,
            Reach::Trained => !asked.quick || name == V,
            Reach::Features => !asked.on.is_empty() || name == V,
        };
        let of_fresh = |score: &Score, name: &str| score.reach == Reach::Everywhere || name == V;
        let run = Run { exam: &exam, sources: &sources, on: &on, scores: &scores, device: self.device };
        Ok(Evaluation {
            trained: run.measure("", trained, &of_trained, tell)?,
            at_initialisation: run.measure(" at initialisation", fresh, &of_fresh, tell)?,
            bank: bank.len(),
            held_out: held_out.len(),
            viewed: viewed.len(),
        })
    }
}

/// The backbone's features.
const V: &str = "V";

/// What both models are asked.
struct Run<'a> {
    exam: &'a Exam,
    sources: &'a Sources<'a>,
    on: &'a [String],
    scores: &'a [&'static Score],
    device: &'a Device,
}

impl Run<'_> {
    fn measure(
        &self,
        which: &str,
        model: &mut Frozen,
        wanted: &dyn Fn(&Score, &str) -> bool,
        tell: &mut Tell,
    ) -> Result<Vec<Figure>, EvalError> {
        let (work, mut done) = (Rows::work(self.sources), 0);
        let what = format!("reading images{which}");
        let rows = Rows::read(model, self.sources, self.device, &mut |more| {
            done += more;
            tell(&what, done, work);
        })?;
        let mut figures = Vec::new();
        for (place, name) in self.on.iter().enumerate() {
            let Some(representation) = rows.representation(name)? else { continue };
            for score in self.scores.iter().filter(|score| wanted(score, name)) {
                tell(&format!("{} on {name}{which}", score.name), place, self.on.len());
                figures.extend((score.measure)(self.exam, &representation)?);
            }
        }
        Ok(figures)
    }
}

fn representations(asked: &Asked, heads: &[String]) -> Result<Vec<String>, EvalError> {
    if asked.on.is_empty() {
        return Ok(usual(heads));
    }
    let unknown = |name: &&String| parts(name, heads).is_none();
    match asked.on.iter().find(unknown) {
        None => Ok(asked.on.clone()),
        Some(name) => Err(EvalError::UnknownRepresentation {
            name: name.clone(),
            known: usual(heads).join(", "),
            head: heads.last().cloned().unwrap_or_default(),
        }),
    }
}

fn scores(asked: &Asked) -> Result<Vec<&'static Score>, EvalError> {
    let find = |name: &String| {
        SCORES.iter().find(|score| score.name == name).ok_or_else(|| EvalError::UnknownScore {
            name: name.clone(),
            known: SCORES.iter().map(|score| score.name).collect::<Vec<_>>().join(", "),
        })
    };
    match &asked.scores[..] {
        [] => Ok(SCORES.iter().filter(|score| score.quick || !asked.quick).collect()),
        names => names.iter().map(find).collect(),
    }
}

/// The sets of labels that both training and held-out images have.
fn labels(data: &Splits, bank: &[u32], held_out: &[u32]) -> Vec<LabelSet> {
    let of = |labels: &[u16], at: &[u32]| at.iter().map(|i| labels[*i as usize]).collect();
    let known = &data.bank().labels;
    let sets = data.held_out.labels.iter().filter_map(|theirs| {
        let ours = known.iter().find(|ours| ours.name == theirs.name)?;
        Some(LabelSet {
            name: ours.name.clone(),
            classes: ours.classes.len().max(theirs.classes.len()),
            bank: of(&ours.of, bank),
            held_out: of(&theirs.of, held_out),
        })
    });
    sets.collect()
}
