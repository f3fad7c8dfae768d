//! The CPU kernels: what candle's own operations are too slow for. `unsafe` lives here alone.
//!
//! The layers are candle custom operations, so autograd sees them as any other; on other devices the
//! same runs on candle's operations (see `nn::conv`, `nn::norm`, `nn::optimizer`), which is also what
//! the kernels are tested against.

mod batch_norm;
mod conv2d;
mod elementwise;
#[cfg(test)]
mod tests;

pub use batch_norm::{BatchNorm, Moments};
pub use conv2d::Conv2d;
pub use elementwise::{AdamW, Sgd, average};

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
