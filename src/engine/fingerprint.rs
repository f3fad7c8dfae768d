//! A hash of everything that the next step depends on, in the journal: it finds where two runs part.

use super::{EngineError, message::Event, trainer::Trainer};
use crate::run::journal;
use blake3::Hasher;
use candle_core::{DType, Tensor};
use std::collections::BTreeMap;

/// So many steps lie between two hashes. On the quickstart one takes as long as a tenth of a step.
pub const STATE_EVERY: u64 = 100;

/// A tensor's name, shape and values.
pub(super) type Flat = (String, Vec<usize>, Vec<f32>);

/// Of every tensor by its name, every cursor and count, how often each head was made, and the step. All
/// randomness is a function of these and of the configuration.
pub(super) struct Fingerprint(Hasher);

impl Fingerprint {
    pub fn new(step: u64) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(&step.to_le_bytes());
        Self(hasher)
    }

    /// Tensors have to come in order of their names.
    pub fn tensor(&mut self, (name, shape, values): &Flat) {
        self.name(name, shape.len() as u64);
        for dim in shape {
            self.0.update(&(*dim as u64).to_le_bytes());
        }
        let mut block = [0; 4096];
        for part in values.chunks(block.len() / 4) {
            for (bytes, value) in block.chunks_exact_mut(4).zip(part) {
                bytes.copy_from_slice(&value.to_bits().to_le_bytes());
            }
            self.0.update(&block[..part.len() * 4]);
        }
    }

    pub fn counts(&mut self, counts: &BTreeMap<String, u64>) {
        self.0.update(&(counts.len() as u64).to_le_bytes());
        counts.iter().for_each(|(name, count)| self.name(name, *count));
    }

    fn name(&mut self, name: &str, number: u64) {
        self.0.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        self.0.update(&number.to_le_bytes());
    }

    pub fn finish(self) -> String {
        self.0.finalize().to_hex()[..32].into()
    }
}

/// A tensor's values in row-major order.
pub(super) fn flat(name: String, tensor: &Tensor) -> Result<Flat, EngineError> {
    let values = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
    Ok((name, tensor.dims().to_vec(), values))
}

impl Trainer<'_> {
    /// Of the state as it is now.
    pub fn fingerprint(&self) -> Result<String, EngineError> {
        let state = self.learner.state()?;
        let mut print = Fingerprint::new(self.now.step);
        // One at a time: a second copy of the whole would be large.
        for (name, tensor) in state.tensors {
            print.tensor(&flat(name, &tensor)?);
        }
        print.counts(&state.counts);
        print.counts(&self.generations);
        Ok(print.finish())
    }

    /// Writes a state's hash into the journal, once.
    pub fn note_state(&mut self, hash: String) -> Result<(), EngineError> {
        let key = (self.now.step, self.now.revision);
        if self.noted == Some(key) {
            return Ok(());
        }
        if let Some(before) = self.known.remove(&key)
            && before != hash
        {
            // Once is enough: all that come after differ too.
            self.known.clear();
            let text = format!(
                "the state of step {} is not the one that this run had there before it was interrupted: \
                 `looc-tui replay` finds where the two part",
                key.0
            );
            self.publisher.event(Event::Warning(text));
        }
        let entry = journal::Entry::State { hash, revision: key.1 };
        self.run.journal().append(key.0, entry)?;
        self.noted = Some(key);
        Ok(())
    }

    /// The same every so many steps. A disk that refuses is told, and training goes on.
    pub fn note_state_in_turn(&mut self) -> Result<(), EngineError> {
        if self.now.step.is_multiple_of(STATE_EVERY) {
            let hash = self.fingerprint()?;
            let noted = self.note_state(hash);
            self.warn_of(noted);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(step: u64, tensors: &[Flat], counts: &[(&str, u64)]) -> String {
        let mut print = Fingerprint::new(step);
        tensors.iter().for_each(|tensor| print.tensor(tensor));
        print.counts(&counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect());
        print.finish()
    }

    /// Every bit of every value, the names, the shapes, the counts and the step.
    #[test]
    fn nothing_of_a_state_is_left_out() {
        let values: Vec<f32> = (0..3000).map(|i| i as f32 * 0.37).collect();
        let tensor = |name: &str, shape: &[usize], values: &[f32]| (name.into(), shape.into(), values.into());
        let whole = [tensor("a", &[3000], &values), tensor("b", &[1], &[0.0])];
        let counts = [("queue.all", 32)];
        let base = hash(7, &whole, &counts);
        let mut last = values.clone();
        last[2999] = f32::from_bits(last[2999].to_bits() ^ 1);
        let others = [
            hash(8, &whole, &counts),
            hash(7, &[tensor("a", &[3000], &last), whole[1].clone()], &counts),
            hash(7, &[tensor("a", &[30, 100], &values), whole[1].clone()], &counts),
            hash(7, &[tensor("c", &[3000], &values), whole[1].clone()], &counts),
            hash(7, &[whole[0].clone(), tensor("b", &[1], &[-0.0])], &counts),
            hash(7, &whole[..1], &counts),
            hash(7, &whole, &[("queue.all", 33)]),
            hash(7, &whole, &[]),
        ];
        assert_eq!(base, hash(7, &whole, &counts));
        assert!(!others.contains(&base), "{others:?}");
    }
}
