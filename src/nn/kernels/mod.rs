//! The CPU kernels: what candle's own operations are too slow for. `unsafe` lives here alone.
//!
//! A convolution's way: its input is copied into frames of zeros, BatchNorm and ReLU applied on the way
//! (`frame`); products are taken directly (`direct`, by the places that `geometry` lists) or by Winograd's
//! algorithm (`tiled`, `narrow`, `wide`, `winograd`), with the micro-kernels `sweep` and `outer`; what comes out is summed
//! for BatchNorm, or goes back through ReLU (`pointwise`, `settle`), while it is in the cache. All of it is
//! written once over sixteen `lanes`, and cut into `units` by shapes alone: no bit depends on the number
//! of threads. Feature maps are `[images, height, width, channels]`, channels padded to sixteen.
//!
//! On other devices the same runs on candle's operations (`nn::ResNet`, `nn::optimizer`), which is also
//! what the kernels are tested against.
#![allow(
    unsafe_op_in_unsafe_fn,
    clippy::missing_safety_doc,
    reason = "all of a kernel is unsafe for the same two reasons: its instruction set, for which `Isa` vouches, \
              and the lengths that it asserts, or that its `Safety` section names"
)]
#![allow(clippy::needless_range_loop, reason = "indices are places in several arrays of registers")]

mod buffer;
mod convolution;
mod direct;
mod elementwise;
mod frame;
mod geometry;
mod lanes;
mod log_sum;
mod map;
mod narrow;
mod outer;
mod pointwise;
mod pool;
mod settle;
mod sweep;
#[cfg(test)]
mod tests;
mod tiled;
mod units;
mod weights;
mod wide;
mod winograd;

pub use buffer::Buffer;
pub use convolution::Convolution;
pub use elementwise::{AdamW, Sgd, average};
pub use frame::Source;
pub use geometry::{Spec, padded};
pub use lanes::{CHOICE, Isa, UnfitIsa};
pub use log_sum::LogSum;
pub use map::Map;
pub use pointwise::Shortcut;
pub use pool::pooled;
pub use settle::{Flow, Settle};
pub use tiled::Workspace;
pub use units::Unit;

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Storage, Tensor};
use std::cell::Cell;

/// The f32 values of an operation's argument, which must be contiguous.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => candle_core::bail!("the CPU kernels need contiguous tensors, not {layout:?}"),
    }
}

/// Calls `read` with the values of a CPU tensor.
pub(super) fn with_values<T>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> Result<T>) -> Result<T> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => read(values(storage, layout)?),
        _ => candle_core::bail!("the CPU kernels need tensors on the CPU"),
    }
}

/// Calls `write` with the values of a contiguous CPU tensor, to change them in place. Its storage is
/// locked meanwhile: another tensor of the same storage may not be touched.
pub(super) fn with_values_mut<T>(tensor: &Tensor, write: impl FnOnce(&mut [f32]) -> Result<T>) -> Result<T> {
    let mut written = None;
    let write = |values: &mut [f32]| {
        written = Some(write(values)?);
        Ok(())
    };
    tensor.inplace_op1(&Write(Cell::new(Some(write))))?;
    match written {
        Some(written) => Ok(written),
        None => candle_core::bail!("the CPU kernels need tensors on the CPU"),
    }
}

/// candle's way to a tensor's values for writing: an operation in place, here one that runs once.
struct Write<F>(Cell<Option<F>>);

impl<F: FnOnce(&mut [f32]) -> Result<()>> InplaceOp1 for Write<F> {
    fn name(&self) -> &'static str {
        "write"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let CpuStorage::F32(values) = storage else { candle_core::bail!("the CPU kernels need f32 values") };
        match (layout.contiguous_offsets(), self.0.take()) {
            (Some((start, end)), Some(write)) => write(&mut values[start..end]),
            _ => candle_core::bail!("the CPU kernels need contiguous tensors, not {layout:?}"),
        }
    }
}
