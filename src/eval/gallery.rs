//! Many images as the model sees them, to look for the nearest of a query among: in V and in every space.
//!
//! A space that ignores an augmentation finds neighbours that differ in what it changes; one that keeps it
//! finds neighbours that agree.

use super::{
    Frozen,
    error::Result,
    neighbours::nearest,
    views::{clean, slice, some},
};
use crate::data::Images;
use candle_core::{Device, Tensor};
use rayon::prelude::*;

/// The name of the backbone's features among the spaces.
pub const BACKBONE: &str = "V";

/// Rows whose cosines one task computes.
const ROWS: usize = 1024;
/// Sums of a dot product that run side by side, so that the compiler makes vectors of them.
const LANES: usize = 16;

/// A row of a space that is near a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// The image's index.
    pub index: usize,
    pub cosine: f32,
}

/// Rows of unit length.
pub struct Rows {
    dim: usize,
    flat: Vec<f32>,
}

impl Rows {
    /// Of `rows` one after the other, each of `dim` numbers, brought to unit length; a row of zeros stays.
    pub fn new(dim: usize, mut flat: Vec<f32>) -> Self {
        flat.par_chunks_exact_mut(dim.max(1)).for_each(|row| {
            let length = row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt() as f32;
            if length > 0.0 {
                row.iter_mut().for_each(|v| *v /= length);
            }
        });
        Self { dim, flat }
    }

    fn of(rows: &Tensor) -> candle_core::Result<Self> {
        Ok(Self::new(rows.dim(1)?, rows.to_device(&Device::Cpu)?.flatten_all()?.to_vec1()?))
    }

    /// The places of the `k` rows nearest to `query` by cosine, the nearest first; of equals the first.
    /// `query` need not be of unit length.
    pub fn nearest(&self, query: &[f32], k: usize) -> Vec<(usize, f32)> {
        let query = Self::new(self.dim, query.to_vec()).flat;
        let mut cosines = vec![0.0; self.flat.len() / self.dim.max(1)];
        let rows = self.flat.par_chunks(ROWS * self.dim.max(1));
        cosines.par_chunks_mut(ROWS).zip(rows).for_each(|(cosines, rows)| {
            for (cosine, row) in cosines.iter_mut().zip(rows.chunks_exact(self.dim)) {
                *cosine = dot(row, &query);
            }
        });
        nearest(&cosines, k).into_iter().map(|place| (place, cosines[place])).collect()
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// The images, growing a slice at a time, by a model that stands still.
pub struct Gallery {
    model: Frozen,
    /// The step of the model.
    step: u64,
    /// The images' indices, in the order in which they are taken in.
    images: Vec<u32>,
    done: usize,
    /// V, then every head, by name.
    spaces: Vec<(String, Rows)>,
}

impl Gallery {
    /// An empty one for `count` of `of` images, drawn for the seed.
    pub fn new(model: Frozen, step: u64, (of, count): (usize, usize), seed: u64) -> Self {
        Self { model, step, images: some(seed, "gallery", of, count), done: 0, spaces: Vec::new() }
    }

    /// The step of the model.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Images taken in, and all that are to be.
    pub fn progress(&self) -> (usize, usize) {
        (self.done, self.images.len())
    }

    /// Takes the next few images in.
    ///
    /// # Errors
    /// If an image cannot be read, or the network cannot take them.
    pub fn advance(&mut self, images: &Images, device: &Device) -> Result<()> {
        let count = slice(images.side).min(self.images.len() - self.done);
        if count == 0 {
            return Ok(());
        }
        let at = &self.images[self.done..self.done + count];
        for (place, (name, rows)) in self.represent(&clean(images, at, device)?)?.into_iter().enumerate() {
            match self.spaces.get_mut(place) {
                Some((_, known)) => known.flat.extend(rows.flat),
                None => self.spaces.push((name, rows)),
            }
        }
        self.done += count;
        Ok(())
    }

    fn represent(&mut self, images: &Tensor) -> candle_core::Result<Vec<(String, Rows)>> {
        let (features, spaces) = self.model.represent(images)?;
        let names = std::iter::once(BACKBONE).chain(self.model.heads()).map(str::to_owned);
        names
            .zip(std::iter::once(&features).chain(&spaces))
            .map(|(name, z)| Ok((name, Rows::of(z)?)))
            .collect()
    }

    /// For V and for every head, by name: the `k` images nearest to an image of `[1, 3, side, side]`.
    ///
    /// # Errors
    /// If the network cannot take it.
    pub fn nearest(&mut self, query: &Tensor, k: usize) -> Result<Vec<(String, Vec<Near>)>> {
        let queries = self.represent(query)?;
        let near = |(name, query): (String, Rows)| {
            let rows = self.spaces.iter().find(|(known, _)| *known == name);
            let found = rows.map(|(_, rows)| rows.nearest(&query.flat, k)).unwrap_or_default();
            let near = |(place, cosine)| Near { index: self.images[place] as usize, cosine };
            (name, found.into_iter().map(near).collect())
        };
        Ok(queries.into_iter().map(near).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Stream};

    /// Against every cosine in f64, sorted; widths that fill no lane among them.
    #[test]
    fn the_nearest_are_those_of_a_plain_loop() {
        let mut stream = Stream::named(3, Domain::Evaluation, "gallery");
        for dim in [1, 5, 16, 70] {
            let mut draw = |count: usize| (0..count).map(|_| stream.normal()).collect::<Vec<f32>>();
            let (flat, query) = (draw(3000 * dim), draw(dim));
            let length = |row: &[f32]| row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
            let cosine = |row: &[f32]| {
                let dot: f64 = row.iter().zip(&query).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                dot / (length(row) * length(&query))
            };
            let mut sorted: Vec<f64> = flat.chunks_exact(dim).map(cosine).collect();
            sorted.sort_by(|a, b| b.total_cmp(a));
            let found = Rows::new(dim, flat.clone()).nearest(&query, 40);
            assert_eq!(found.len(), 40);
            for ((place, found), wanted) in found.into_iter().zip(sorted) {
                assert!((f64::from(found) - wanted).abs() < 1e-6, "dim {dim}: {found} {wanted}");
                assert!((cosine(&flat[place * dim..(place + 1) * dim]) - wanted).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn of_equals_the_first_and_no_more_than_there_are() {
        let rows = Rows::new(2, vec![1.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, -3.0]);
        let found = rows.nearest(&[5.0, 0.0], 9);
        assert_eq!(found.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(found[2].1, 0.0);
        assert!(Rows::new(2, Vec::new()).nearest(&[1.0, 0.0], 3).is_empty());
    }
}
