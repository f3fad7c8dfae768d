//! Residual networks (on the CPU by a static plan, elsewhere on candle's operations), heads, optimisers.

mod architecture;
mod backbone;
mod head;
pub mod init;
pub mod kernels;
mod layout;
mod norm;
mod optimizer;
mod parameters;
mod plan;
mod resnet;
mod schedule;
mod settings;

pub use architecture::{Architecture, BlockSpec, ConvSpec, LAST_STAGE, fresh};
pub use backbone::{Backbone, Pass};
pub use head::{Head, Projection, normalise};
pub use layout::{Entry, Layout};
pub use norm::Norm;
pub use optimizer::{Memory, Optimizer};
pub use parameters::{Parameters, ParametersBuilder};
pub use plan::PlannedResNet;
pub use resnet::ResNet;
#[cfg(test)]
use resnet::max_pool;
pub use schedule::learning_rate;
pub use settings::*;

use candle_core::{Device, Error, Result};
use kernels::Isa;

/// A fresh backbone as the settings describe it, and the best implementation of it for the device.
///
/// # Errors
/// If the device has no room for it, or the environment asks for kernels that are not there.
pub fn backbone(settings: &ModelSettings, seed: u64, device: &Device) -> Result<Box<dyn Backbone>> {
    network(Architecture::of(settings), settings.bn_splits, (seed, ""), device)
}

/// A fresh network of an architecture, a function of the seed and the scope (see [`fresh`]), with BatchNorm's
/// statistics over `groups` groups of a batch.
///
/// # Errors
/// As [`backbone`].
pub fn network(
    architecture: Architecture,
    groups: usize,
    drawn: (u64, &str),
    device: &Device,
) -> Result<Box<dyn Backbone>> {
    Ok(match device {
        Device::Cpu => {
            let isa = Isa::preferred().map_err(Error::wrap)?;
            Box::new(PlannedResNet::of(architecture, groups, drawn, isa)?)
        }
        _ => Box::new(ResNet::of(architecture, groups, drawn, device)?),
    })
}
