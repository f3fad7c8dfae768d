//! The order of an epoch.

use crate::rng::{Address, Domain, Stream};

/// The images of an epoch in their order: a permutation of `0..count`, a function of seed and epoch.
pub fn epoch_order(seed: u64, epoch: u64, count: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    Stream::at(seed, Domain::Order, Address { epoch, ..Address::default() }).shuffle(&mut order);
    order
}

/// Whole batches an epoch; what is left over at its end is passed over, as in MoCo. At least 1.
pub fn steps_per_epoch(count: usize, batch: usize) -> u64 {
    (count / batch.max(1)).max(1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_image_comes_once_an_epoch(seed: u64, epoch: u64, count in 0usize..300) {
            let mut order = epoch_order(seed, epoch, count);
            prop_assert_eq!(&order, &epoch_order(seed, epoch, count));
            if count > 20 {
                prop_assert_ne!(&order, &epoch_order(seed, epoch.wrapping_add(1), count));
            }
            order.sort_unstable();
            prop_assert_eq!(order, (0..count as u32).collect::<Vec<_>>());
        }
    }
}
