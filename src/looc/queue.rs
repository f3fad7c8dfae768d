//! A queue of the keys of past steps: the negatives of one space (He et al., 2020, section 3.2).

use crate::{nn::init, rng::Stream};
use candle_core::{Device, Result, Tensor};

/// `[length, dim]` keys of unit length; the oldest are overwritten.
pub struct Queue {
    keys: Tensor,
    cursor: usize,
}

impl Queue {
    /// Filled with random directions, as at the start of a run.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn random(stream: &mut Stream, length: usize, dim: usize, device: &Device) -> Result<Self> {
        Ok(Self { keys: init::unit_rows(stream, length, dim, device)?, cursor: 0 })
    }

    /// As it was saved.
    pub fn restored(keys: Tensor, cursor: usize) -> Self {
        let cursor = cursor % keys.dims()[0].max(1);
        Self { keys, cursor }
    }

    /// All keys, `[length, dim]`; the order does not matter to the loss. They change with the queue.
    pub fn view(&self) -> &Tensor {
        &self.keys
    }

    /// A copy of all keys, `[length, dim]`.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn keys(&self) -> Result<Tensor> {
        self.keys.copy()
    }

    /// Where the next key goes.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Puts a step's keys `[batch, dim]` in the place of the oldest. Of more keys than the queue is
    /// long, the last stay.
    ///
    /// # Errors
    /// If the width differs.
    pub fn enqueue(&mut self, keys: &Tensor) -> Result<()> {
        let length = self.keys.dim(0)?;
        let keys = keys.detach();
        let count = keys.dim(0)?.min(length);
        let keys = keys.narrow(0, keys.dim(0)? - count, count)?.contiguous()?;
        let first = count.min(length - self.cursor);
        self.keys.slice_set(&keys.narrow(0, 0, first)?.contiguous()?, 0, self.cursor)?;
        if first < count {
            self.keys.slice_set(&keys.narrow(0, first, count - first)?.contiguous()?, 0, 0)?;
        }
        self.cursor = (self.cursor + count) % length;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Domain;

    /// Against a plain loop over rows, with batches that do not divide the length and one that exceeds it.
    #[test]
    fn keys_replace_the_oldest_in_order() -> Result<()> {
        let (length, device) = (7, Device::Cpu);
        let mut stream = Stream::named(1, Domain::Queue, "test");
        let mut queue = Queue::random(&mut stream, length, 2, &device)?;
        let mut plain = queue.keys()?.to_vec2::<f32>()?;
        let (mut at, mut next) = (0, 0.0f32);
        for batch in [3, 3, 3, 7, 2, 9, 1] {
            let rows: Vec<[f32; 2]> = (0..batch).map(|i| [next + i as f32, -1.0]).collect();
            next += batch as f32;
            queue.enqueue(&Tensor::from_vec(rows.concat(), (batch, 2), &device)?)?;
            for row in &rows[rows.len().saturating_sub(length)..] {
                plain[at] = row.to_vec();
                at = (at + 1) % length;
            }
            assert_eq!(queue.keys()?.to_vec2::<f32>()?, plain, "after a batch of {batch}");
            assert_eq!(queue.cursor(), at);
        }
        Ok(())
    }
}
