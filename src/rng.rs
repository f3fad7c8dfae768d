//! Counter-based random streams: every draw in the program is a pure function of
//! `(seed, domain, epoch, sample, view, augmentation)`.
//!
//! There is no generator that is carried along, so nothing depends on the order in which threads
//! work, and switching one augmentation off leaves the draws of every other one as they were.
//! The cipher is ChaCha with 8 rounds: the address goes into its key and its stream number.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// What a stream is for. Streams of different domains never coincide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Domain {
    /// Initial weights.
    Weights = 1,
    /// Unit vectors that fill a queue at the start.
    Queue = 2,
    /// The permutation of an epoch.
    Order = 3,
    /// Parameters of the training views.
    Views = 4,
    /// Pairs of views for the invariance metric.
    Invariance = 5,
    /// The built-in images.
    Shapes = 6,
    /// Views that the view inspector asks for.
    Inspect = 7,
    /// Evaluation: which images are held out, which are probed.
    Evaluation = 8,
    /// The order in which a step's keys go through the key encoder.
    Shuffle = 9,
}

/// The address of a stream within a seed and a domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Address {
    pub epoch: u64,
    pub sample: u64,
    pub view: u32,
    pub augmentation: u32,
}

/// A stable 32-bit key of a name (FNV-1a), so that an address does not depend on a list's order.
pub const fn name_key(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let mut hash = 0x811c_9dc5u32;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u32).wrapping_mul(0x0100_0193);
        i += 1;
    }
    hash
}

/// One stream of random numbers.
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream at an address.
    pub fn at(seed: u64, domain: Domain, address: Address) -> Self {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(domain as u64).to_le_bytes());
        key[16..24].copy_from_slice(&address.epoch.to_le_bytes());
        key[24..].copy_from_slice(&address.sample.to_le_bytes());
        let mut cipher = ChaCha8Rng::from_seed(key);
        cipher.set_stream(u64::from(address.view) << 32 | u64::from(address.augmentation));
        Self(cipher)
    }

    /// The stream of a name, for things that have no epoch or sample (weights, queues).
    pub fn named(seed: u64, domain: Domain, name: &str) -> Self {
        let address = Address { augmentation: name_key(name), ..Address::default() };
        Self::at(seed, domain, address)
    }

    /// Uniform in `[0, 1)`, with 24 bits.
    pub fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Uniform in `[low, high)`; `low` when the range is empty.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Uniform in `0..count`; `0` when `count` is 0.
    pub fn below(&mut self, count: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(count)) >> 32) as u32
    }

    /// True with probability `p`.
    pub fn coin(&mut self, p: f32) -> bool {
        self.unit() < p
    }

    /// Standard normal (Box–Muller, in f64 so that the tail is whole).
    pub fn normal(&mut self) -> f32 {
        let u = (f64::from(self.0.next_u32()) + 1.0) / 4_294_967_297.0;
        let v = f64::from(self.0.next_u32()) / 4_294_967_296.0;
        ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
    }

    /// Shuffles in place (Fisher–Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u32 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(address: Address) -> [u32; 3] {
        let mut stream = Stream::at(7, Domain::Views, address);
        std::array::from_fn(|_| stream.below(u32::MAX))
    }

    #[test]
    fn an_address_is_a_stream_of_its_own() {
        let home = Address { epoch: 1, sample: 2, view: 3, augmentation: 4 };
        let there = first(home);
        assert_eq!(there, first(home));
        for other in [
            Address { epoch: 2, ..home },
            Address { sample: 3, ..home },
            Address { view: 4, ..home },
            Address { augmentation: 5, ..home },
        ] {
            assert_ne!(there, first(other), "{other:?}");
        }
    }

    /// Known answers: a change of these is a change of every recorded run.
    #[test]
    fn known_answers() {
        let mut stream = Stream::at(0, Domain::Views, Address::default());
        let drawn: Vec<u32> = (0..4).map(|_| stream.below(1_000_000)).collect();
        insta::assert_snapshot!(format!("{drawn:?} {}", name_key("color")));
    }

    #[test]
    fn moments_are_those_of_the_distribution() {
        let mut stream = Stream::named(3, Domain::Weights, "moments");
        let normals: Vec<f32> = (0..100_000).map(|_| stream.normal()).collect();
        let mean = normals.iter().sum::<f32>() / 1e5;
        let variance = normals.iter().map(|x| x * x).sum::<f32>() / 1e5;
        assert!(mean.abs() < 0.015 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
        let uniform = (0..100_000).map(|_| stream.unit()).sum::<f32>() / 1e5;
        assert!((uniform - 0.5).abs() < 0.005, "{uniform}");
    }
}
