//! The order of an epoch.

use crate::rng::{Address, Domain, Stream};

/// The permutation of `0..count` in which an epoch takes the images: the same for the same seed and epoch.
///
/// `count` is at most `u32::MAX`.
pub fn epoch_order(seed: u64, epoch: u64, count: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    Stream::at(seed, Domain::Order, Address { epoch, ..Address::default() }).shuffle(&mut order);
    order
}

/// Whole batches in an epoch; the partial one at its end is dropped. 0 when `batch` is 0 or more than
/// `count`, which [`super::Loader::start`] refuses.
pub fn steps_per_epoch(count: usize, batch: usize) -> u64 {
    count.checked_div(batch).unwrap_or(0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_epoch_has_every_image_once(seed: u64, epoch: u64, count in 0usize..500) {
            let mut order = epoch_order(seed, epoch, count);
            prop_assert_eq!(&order, &epoch_order(seed, epoch, count));
            order.sort_unstable();
            prop_assert!(order.into_iter().eq(0..count as u32));
        }
    }

    #[test]
    fn epochs_and_seeds_differ() {
        let first = epoch_order(1, 0, 100);
        assert_ne!(first, epoch_order(1, 1, 100));
        assert_ne!(first, epoch_order(2, 0, 100));
    }

    #[test]
    fn the_partial_batch_is_dropped() {
        assert_eq!(
            [(10, 3), (9, 3), (2, 3), (0, 3), (3, 0)].map(|(n, b)| steps_per_epoch(n, b)),
            [3, 3, 0, 0, 0]
        );
    }
}
