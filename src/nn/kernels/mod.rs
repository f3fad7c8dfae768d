//! The CPU kernels: what candle's own operations are too slow for. `unsafe` lives here alone.
//!
//! They are candle custom operations, so autograd sees them as any other; on other devices the same
//! layers run on candle's operations (see `nn::conv` and `nn::norm`), which is also what
//! the kernels are tested against.

mod batch_norm;
mod conv2d;
#[cfg(test)]
mod tests;

pub use batch_norm::{BatchNorm, Moments};
pub use conv2d::Conv2d;

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor};

/// The f32 values of an operation's argument, which must be contiguous.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => candle_core::bail!("the CPU kernels need contiguous tensors, not {layout:?}"),
    }
}

/// Calls `read` with the values of a CPU tensor.
fn with_values<T>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> Result<T>) -> Result<T> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => read(values(storage, layout)?),
        _ => candle_core::bail!("the CPU kernels need tensors on the CPU"),
    }
}
