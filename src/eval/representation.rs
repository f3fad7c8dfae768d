//! What a model makes of images: V, the embeddings of every head, and concatenations of them.

use super::{
    Frozen,
    error::Result,
    pairs::Pairs,
    rotation,
    views::{Views, slice},
};
use crate::{
    augment::{Entry, Image, PlanAddress, ViewName, plan},
    data::{DataError, Donors, Images, Splits},
    nn::normalise,
    rng::Domain,
};
use candle_core::{Device, Tensor};

/// Quarter turns that the rotation probe tells apart.
pub(super) const TURNS: usize = 4;

/// One representation of all images that are measured, on the CPU, a row an image or view.
pub struct Representation {
    /// `V`, `z:HEAD`, `z` (all heads), or several of them joined by `+`.
    pub name: String,
    /// The head, where it is one head's embedding.
    pub head: Option<String>,
    /// Training images as they are.
    pub bank: Tensor,
    /// Held-out images as they are.
    pub held_out: Tensor,
    /// Training and held-out images in four rows each: turned by 0°, 90°, 180°, 270°. None if nobody asked.
    pub turned: Option<(Tensor, Tensor)>,
    /// q of held-out images, and the key that is its positive here.
    pub positives: (Tensor, Tensor),
    /// T(x) of the same held-out images.
    pub base: Tensor,
    /// For each augmentation whose parameters can differ: T(x) and T′(x).
    pub pairs: Vec<(String, Tensor, Tensor)>,
}

/// Which images are read.
pub(super) struct Sources<'a> {
    pub data: &'a Splits,
    pub entries: &'a [Entry],
    /// Of [`Splits::bank`].
    pub bank: &'a [u32],
    /// Of the held-out images: all that are probed, and those whose views are made.
    pub held_out: &'a [u32],
    pub viewed: &'a [u32],
    /// Whether the rotation probe is asked for.
    pub turned: bool,
    pub seed: u64,
}

/// The rows of V and behind it of every head's z, `[rows, …]` each.
type Parts = Vec<Tensor>;

/// All that representations are put together from.
pub(super) struct Rows {
    heads: Vec<String>,
    turns: usize,
    /// [`Self::turns`] rows an image.
    bank: Parts,
    held_out: Parts,
    /// q, k₀, and the keys that share an augmentation, by its name.
    query: Parts,
    general: Parts,
    sharing: Vec<(String, Parts)>,
    base: Parts,
    pairs: Vec<(String, Parts, Parts)>,
}

impl Rows {
    /// Sends all images through a model. `done` hears how many more have gone.
    ///
    /// # Errors
    /// If the network cannot take the images.
    pub fn read(
        model: &mut Frozen,
        from: &Sources,
        device: &Device,
        done: &mut dyn FnMut(usize),
    ) -> Result<Self> {
        let turns = if from.turned { TURNS } else { 1 };
        let heads = model.heads().map(str::to_owned).collect();
        let mut reader = Reader { model, device, done };
        let mut turned = |images, at| {
            reader.rows(images, at, turns, &mut |views, _, image| {
                rotation::add_turns(image, turns, views);
                Ok(())
            })
        };
        let (bank, held_out) =
            (turned(from.data.bank(), from.bank)?, turned(&from.data.held_out, from.held_out)?);
        let mut rows = Self {
            heads,
            turns,
            bank,
            held_out,
            query: Parts::new(),
            general: Parts::new(),
            sharing: Vec::new(),
            base: Parts::new(),
            pairs: Vec::new(),
        };
        rows.read_positives(&mut reader, from)?;
        rows.read_pairs(&mut reader, from)?;
        Ok(rows)
    }

    /// The images that [`Self::read`] will tell of.
    pub fn work(from: &Sources) -> usize {
        from.bank.len() + from.held_out.len() + 2 * from.viewed.len()
    }

    /// The views of the training, drawn for the evaluation.
    fn read_positives(&mut self, reader: &mut Reader, from: &Sources) -> Result<()> {
        let at = |sample: u32| PlanAddress {
            seed: from.seed,
            domain: Domain::Evaluation,
            epoch: 0,
            sample: u64::from(sample),
        };
        let side = from.data.held_out.side;
        let names: Vec<ViewName> =
            plan(from.entries, at(0), side, side).views.iter().map(|view| view.name).collect();
        let mut donors = Donors::new(&from.data.train, &from.data.held_out);
        let all =
            reader.rows(&from.data.held_out, from.viewed, names.len(), &mut |views, sample, image| {
                let views_of = plan(from.entries, at(sample), image.width, image.height).views;
                donors.lend(sample as usize, |others| {
                    for view in &views_of {
                        views.add_view(image, view, others);
                    }
                })
            })?;
        for (place, name) in names.iter().enumerate() {
            let rows = every(&all, place, names.len())?;
            match name {
                ViewName::Query => self.query = rows,
                ViewName::General => self.general = rows,
                ViewName::Sharing(name) => self.sharing.push(((*name).into(), rows)),
            }
        }
        Ok(())
    }

    fn read_pairs(&mut self, reader: &mut Reader, from: &Sources) -> Result<()> {
        let pairs = Pairs::new(from.entries, from.data, from.viewed, from.seed)?;
        let mut donors = Donors::new(&from.data.train, &from.data.held_out);
        let (mut base, mut count) = (Vec::new(), 0u32);
        let mut columns: Vec<(Vec<u32>, Vec<u32>)> = vec![Default::default(); pairs.columns.len()];
        let mut make = |views: &mut Views, sample, image: &Image| {
            let mut own = Views::new(views.side());
            let places = donors.lend(sample as usize, |others| pairs.add(&mut own, sample, image, others))?;
            base.push(count + places.base as u32);
            for ((first, other), place) in columns.iter_mut().zip(places.columns) {
                if let Some((a, b)) = place {
                    first.push(count + a as u32);
                    other.push(count + b as u32);
                }
            }
            count += views.append(own) as u32;
            Ok(())
        };
        let all = reader.rows(&from.data.held_out, from.viewed, pairs.per_image(), &mut make)?;
        self.base = chosen(&all, base)?;
        for (name, (first, other)) in pairs.columns.iter().zip(columns) {
            self.pairs.push(((*name).into(), chosen(&all, first)?, chosen(&all, other)?));
        }
        Ok(())
    }

    /// The representation of that name; none if there is none.
    ///
    /// # Errors
    /// If candle fails.
    pub fn representation(&self, name: &str) -> Result<Option<Representation>> {
        let Some(parts) = parts(name, &self.heads) else { return Ok(None) };
        let join = |rows: &Parts| join(rows, &parts);
        let head = match parts[..] {
            [part] => part.checked_sub(1).map(|head| self.heads[head].clone()),
            _ => None,
        };
        let key = self.sharing.iter().find(|(name, _)| head.as_ref() == Some(name)).map(|(_, rows)| rows);
        let pairs = self.pairs.iter().map(|(name, a, b)| Ok((name.clone(), join(a)?, join(b)?)));
        let (bank, held_out) = (join(&self.bank)?, join(&self.held_out)?);
        let upright = |rows: &Tensor| every_row(rows, 0, self.turns);
        Ok(Some(Representation {
            name: name.into(),
            bank: upright(&bank)?,
            held_out: upright(&held_out)?,
            turned: (self.turns == TURNS).then_some((bank, held_out)),
            positives: (join(&self.query)?, join(key.unwrap_or(&self.general))?),
            base: join(&self.base)?,
            pairs: pairs.collect::<Result<_>>()?,
            head,
        }))
    }
}

/// The parts of a name: 0 for V, and 1, 2, … for the heads. None if it names what is not there.
pub(super) fn parts(name: &str, heads: &[String]) -> Option<Vec<usize>> {
    let mut parts = Vec::new();
    for word in name.split('+') {
        match word.strip_prefix("z:") {
            _ if word == "V" => parts.push(0),
            _ if word == "z" => parts.extend(1..=heads.len()),
            head => parts.push(1 + heads.iter().position(|known| Some(known.as_str()) == head)?),
        }
    }
    Some(parts)
}

/// What is measured if nobody says otherwise: V, every head, and all heads together.
pub(super) fn usual(heads: &[String]) -> Vec<String> {
    let mut names = vec!["V".to_owned()];
    names.extend(heads.iter().map(|head| format!("z:{head}")));
    if heads.len() > 1 {
        names.push("z".into());
    }
    names
}

/// One part as it is; of several, each is brought to unit length first, so that each weighs the same.
fn join(rows: &Parts, parts: &[usize]) -> candle_core::Result<Tensor> {
    match parts {
        [part] => Ok(rows[*part].clone()),
        parts => {
            let parts =
                parts.iter().map(|part| normalise(&rows[*part])).collect::<candle_core::Result<Vec<_>>>()?;
            Tensor::cat(&parts, 1)
        }
    }
}

/// Every `step`th row from `first` on.
fn every_row(rows: &Tensor, first: usize, step: usize) -> candle_core::Result<Tensor> {
    let at: Vec<u32> = (first as u32..rows.dim(0)? as u32).step_by(step).collect();
    select(rows, &at)
}

fn every(rows: &Parts, first: usize, step: usize) -> candle_core::Result<Parts> {
    rows.iter().map(|rows| every_row(rows, first, step)).collect()
}

fn chosen(rows: &Parts, at: Vec<u32>) -> candle_core::Result<Parts> {
    rows.iter().map(|rows| select(rows, &at)).collect()
}

fn select(rows: &Tensor, at: &[u32]) -> candle_core::Result<Tensor> {
    rows.index_select(&Tensor::from_slice(at, at.len(), rows.device())?, 0)
}

/// What is made of one image: into the views, of this index, from this image.
type Make<'a> = dyn FnMut(&mut Views, u32, &Image) -> Result<(), DataError> + 'a;

/// A model, and who wants to know how far it is.
struct Reader<'a> {
    model: &'a mut Frozen,
    device: &'a Device,
    done: &'a mut dyn FnMut(usize),
}

impl Reader<'_> {
    /// The rows of all views that `make` makes of these images, about `each` of an image.
    fn rows(&mut self, images: &Images, at: &[u32], each: usize, make: &mut Make) -> Result<Parts> {
        let mut slices: Vec<Parts> = Vec::new();
        for at in at.chunks((slice(images.side) / each).max(1)) {
            let mut views = Views::new(images.side);
            for index in at {
                make(&mut views, *index, &images.image(*index as usize)?)?;
            }
            let (features, mut z) = self.model.represent(&views.tensor(self.device)?)?;
            z.insert(0, features);
            let here = z.iter().map(|rows| rows.to_device(&Device::Cpu));
            slices.push(here.collect::<candle_core::Result<_>>()?);
            (self.done)(at.len());
        }
        let parts = slices.first().map_or(0, Vec::len);
        let whole = |part| Tensor::cat(&slices.iter().map(|slice| &slice[part]).collect::<Vec<_>>(), 0);
        Ok((0..parts).map(whole).collect::<candle_core::Result<_>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_v_heads_and_sums_of_them() {
        let heads = ["all".to_owned(), "color".to_owned()];
        for (name, wanted) in [
            ("V", Some(vec![0])),
            ("z", Some(vec![1, 2])),
            ("z:color", Some(vec![2])),
            ("V+z:all", Some(vec![0, 1])),
            ("color", None),
            ("z:blur", None),
            ("V+", None),
        ] {
            assert_eq!(parts(name, &heads), wanted, "{name}");
        }
        assert_eq!(usual(&heads), ["V", "z:all", "z:color", "z"]);
        assert_eq!(usual(&heads[..1]), ["V", "z:all"]);
    }

    #[test]
    fn in_a_concatenation_every_part_weighs_the_same() -> Result<()> {
        let rows =
            vec![Tensor::new(&[[3f32, 4.0]], &Device::Cpu)?, Tensor::new(&[[0f32, 9.0]], &Device::Cpu)?];
        assert_eq!(join(&rows, &[0])?.to_vec2::<f32>()?, [[3.0, 4.0]]);
        assert_eq!(join(&rows, &[0, 1])?.to_vec2::<f32>()?, [[0.6, 0.8, 0.0, 1.0]]);
        Ok(())
    }
}
