//! What images a run was trained on, in a hash: it is the same wherever they are held, and another one if a
//! pixel, a label, or the order is.

use super::{DataError, Images, Pixels, Splits};
use blake3::Hasher;

impl Splits {
    /// Of the images to train on, with their labels and twins, and of those to measure with.
    ///
    /// # Errors
    /// The cache's file cannot be read.
    pub fn fingerprint(&self) -> Result<String, DataError> {
        let mut hasher = Hasher::new();
        let labelled = self.labelled.as_deref();
        for images in [Some(&*self.train), labelled, Some(&*self.held_out)] {
            hasher.update(&[u8::from(images.is_some())]);
            images.map_or(Ok(()), |images| images.hash_into(&mut hasher))?;
        }
        Ok(hasher.finalize().to_hex()[..16].into())
    }
}

impl Images {
    /// By the CRC-32 of every image, which those of the cache have with them: that takes no reading of a file
    /// that may be larger than the memory.
    fn hash_into(&self, hasher: &mut Hasher) -> Result<(), DataError> {
        number(hasher, self.len());
        number(hasher, self.side);
        let mut scratch = Vec::new();
        for index in 0..self.len() {
            let crc = match &self.pixels {
                Pixels::Stored(stored) => stored.crc(index),
                Pixels::Memory(_) => crc32fast::hash(self.bytes(index, &mut scratch)?),
            };
            hasher.update(&crc.to_le_bytes());
        }
        number(hasher, self.labels.len());
        for labels in &self.labels {
            for name in std::iter::once(&labels.name).chain(&labels.classes) {
                number(hasher, name.len());
                hasher.update(name.as_bytes());
            }
            for class in &labels.of {
                hasher.update(&class.to_le_bytes());
            }
        }
        hasher.update(&[u8::from(self.twins.is_some())]);
        self.twins.as_ref().map_or(Ok(()), |twins| twins.hash_into(hasher))
    }
}

fn number(hasher: &mut Hasher, value: usize) {
    hasher.update(&(value as u64).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Labels;
    use std::sync::Arc;

    fn splits(change: impl FnOnce(&mut Images)) -> String {
        let labels = Labels { name: "class".into(), classes: vec!["a".into(), "b".into()], of: vec![0, 1] };
        let pixels: Vec<u8> = (0..24).collect();
        let held_out = Images { side: 2, pixels: pixels.into(), labels: vec![labels], twins: None };
        let mut train = held_out.clone();
        change(&mut train);
        let (train, held_out) = (Arc::new(train), Arc::new(held_out));
        Splits { train, held_out, ..Splits::default() }.fingerprint().unwrap()
    }

    #[test]
    fn every_change_is_seen() {
        let whole = splits(|_| {});
        let swapped: Vec<u8> = (12..24).chain(0..12).collect();
        let mut darker: Vec<u8> = (0..24).collect();
        darker[17] -= 1;
        let others = [
            splits(|it| it.pixels = swapped.into()),
            splits(|it| it.pixels = darker.into()),
            splits(|it| it.pixels = vec![0; 12].into()),
            splits(|it| it.labels[0].of = vec![1, 0]),
            splits(|it| it.labels[0].classes[1] = "c".into()),
            splits(|it| it.labels.clear()),
            splits(|it| it.twins = Some(Arc::new(it.clone()))),
        ];
        assert_eq!(whole, splits(|_| {}));
        assert!(!others.contains(&whole), "{others:?}");
        let apart: std::collections::BTreeSet<_> = others.iter().collect();
        assert_eq!(apart.len(), others.len(), "{others:?}");
    }
}
