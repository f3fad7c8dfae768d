//! Shuffled keys: BatchNorm's statistics must not tell which key belongs to which query.
//!
//! With the same images in the same BatchNorm group, a query and its key carry the same trace of
//! their group's statistics, and the loss falls by that trace alone. MoCo shuffles the keys before
//! the key encoder and puts them back after it (He et al., 2020, section 3.3; in its CIFAR-10 demo on
//! one device, `_batch_shuffle_single_gpu`).

use crate::rng::{Address, Domain, Stream, name_key};
use candle_core::{Device, Result, Tensor};

/// An order of a batch's rows, and the way back.
pub struct Shuffle {
    order: Tensor,
    back: Tensor,
}

impl Shuffle {
    /// The order of `count` rows of a view (`all`, or the augmentation that it shares) at a step.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn at(seed: u64, step: u64, view: &str, count: usize, device: &Device) -> Result<Self> {
        let address = Address { sample: step, view: name_key(view), ..Address::default() };
        let mut order: Vec<u32> = (0..count as u32).collect();
        Stream::at(seed, Domain::Shuffle, address).shuffle(&mut order);
        let mut back = vec![0u32; count];
        for (place, row) in (0..).zip(&order) {
            back[*row as usize] = place;
        }
        Ok(Self {
            order: Tensor::from_vec(order, count, device)?,
            back: Tensor::from_vec(back, count, device)?,
        })
    }

    /// The rows in this order.
    ///
    /// # Errors
    /// If there are not as many.
    pub fn shuffled(&self, rows: &Tensor) -> Result<Tensor> {
        rows.index_select(&self.order, 0)
    }

    /// Shuffled rows in their old order.
    ///
    /// # Errors
    /// If there are not as many.
    pub fn restored(&self, rows: &Tensor) -> Result<Tensor> {
        rows.index_select(&self.back, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_comes_back_to_its_place_and_most_leave_it() -> Result<()> {
        let rows = Tensor::arange(0u32, 64, &Device::Cpu)?.reshape((64, 1))?;
        let shuffle = Shuffle::at(3, 17, "color", 64, &Device::Cpu)?;
        let moved = shuffle.shuffled(&rows)?;
        let stayed = moved.eq(&rows)?.to_dtype(candle_core::DType::U32)?.sum_all()?.to_scalar::<u32>()?;
        assert!(stayed < 8, "{stayed} rows of 64 stayed where they were");
        assert_eq!(shuffle.restored(&moved)?.to_vec2::<u32>()?, rows.to_vec2::<u32>()?);
        let other = Shuffle::at(3, 17, "all", 64, &Device::Cpu)?.shuffled(&rows)?;
        assert_ne!(other.to_vec2::<u32>()?, moved.to_vec2::<u32>()?);
        Ok(())
    }
}
