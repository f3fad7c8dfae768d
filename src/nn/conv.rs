//! Square 2-D convolution without bias.

use super::kernels;
use candle_core::{Result, Tensor};

/// `x: [n, cin, h, w]`, `weight: [cout, cin, k, k]` → `[n, cout, (h+2p−k)/s+1, (w+2p−k)/s+1]`.
///
/// # Errors
/// If the shapes do not fit.
pub fn conv2d(x: &Tensor, weight: &Tensor, stride: usize, padding: usize) -> Result<Tensor> {
    if x.device().is_cpu() {
        x.contiguous()?.apply_op2(&weight.contiguous()?, kernels::Conv2d { stride, padding })
    } else {
        x.conv2d(weight, padding, stride, 1, 1)
    }
}
