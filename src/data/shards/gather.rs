//! The decoding of the images in shards, some at a time.

use super::part::{Part, Sample};
use crate::data::folder::decode::decode;
use crate::data::registry::{Progress, tell};
use crate::data::{Damaged, DataError, Sizes};
use crate::text::printable;
use rayon::prelude::*;

/// The reading of all shards.
pub struct Gathering<'a, 'b> {
    pub side: usize,
    pub sizes: Sizes,
    pub damaged: Vec<Damaged>,
    /// What is counted, how much of it is done, and of how much.
    pub counted: &'static str,
    pub done: usize,
    pub of: usize,
    pub progress: &'a mut Progress<'b>,
}

impl<'a, 'b> Gathering<'a, 'b> {
    /// Before anything is read.
    pub fn new(side: usize, (counted, of): (&'static str, usize), progress: &'a mut Progress<'b>) -> Self {
        let (sizes, damaged) = (Sizes::new(), Vec::new());
        Self { side, sizes, damaged, counted, done: 0, of, progress }
    }

    /// Decodes the images and adds them to `part`, in their order. Damaged ones are noted and left out.
    /// `done` is how much is done with them.
    ///
    /// # Errors
    /// The images do not fit into memory, a label is no class's number, or the reading is broken off.
    pub fn add(&mut self, part: &mut Part, samples: Vec<Sample>, done: usize) -> Result<(), DataError> {
        let side = self.side;
        let decoded: Vec<_> = samples
            .par_iter()
            .map(|sample| sample.image.as_ref().map_err(String::clone).and_then(|image| decode(image, side)))
            .collect();
        let memory = |count| DataError::Memory { count, side };
        part.pixels
            .try_reserve(samples.len() * side * side * 3)
            .map_err(|_| memory(part.count + samples.len()))?;
        for (sample, decoded) in samples.into_iter().zip(decoded) {
            let mut image = match decoded {
                Ok(image) => image,
                Err(why) => {
                    self.damaged.push(Damaged { file: sample.name, why: printable(&why) });
                    continue;
                }
            };
            let labels = labels(&sample, part)?;
            if labels.contains(&None) {
                part.lacking.push((part.count, sample.name));
            }
            part.labels.iter_mut().zip(labels).for_each(|(of, label)| of.push(label));
            part.pixels.append(&mut image.pixels);
            part.count += 1;
            *self.sizes.entry(image.size).or_default() += 1;
        }
        self.done = done;
        tell(self.progress, self.counted, self.done, self.of)
    }
}

/// A sample's labels. -1 is how the Hugging Face sets write that there is none.
fn labels(sample: &Sample, part: &Part) -> Result<Vec<Option<u16>>, DataError> {
    let sets = part.sets.iter().zip(&part.most);
    let each = sample.labels.iter().zip(sets).map(|(label, (set, most))| match *label {
        None | Some(-1) => Ok(None),
        Some(label) => match u16::try_from(label) {
            Ok(class) if usize::from(class) < *most => Ok(Some(class)),
            _ => {
                let (place, labels) = (sample.name.clone(), set.clone());
                Err(DataError::Class { place, labels, label, most: most.saturating_sub(1) })
            }
        },
    });
    each.collect()
}
