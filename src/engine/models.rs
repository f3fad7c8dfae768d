//! Models by themselves, without a run that goes on: as they start, and as a checkpoint holds them.

use super::{EngineError, edits::heads, saving::restore, supervision, without_trace};
use crate::{config::Config, data::Images, looc::Learner, nn::kernels::Isa, run::Checkpoint};
use candle_core::Device;

/// The learner that a configuration starts with, for images to train on.
///
/// # Errors
/// If the device has no room for it, or the images have not the labels that the objective learns from.
pub fn fresh(config: &Config, images: &Images, device: &Device) -> Result<Learner, EngineError> {
    let (heads, seed) = (heads(config), config.train.seed);
    let mut learner = Learner::new(&config.model, &config.contrast, &heads, seed, device)?;
    if let Some(labels) = supervision::labels(&config.contrast, images)? {
        learner.tell_apart(labels.classes.len())?;
    }
    Ok(learner)
}

/// The learner of a checkpoint, whose configuration is `config`.
///
/// # Errors
/// [`EngineError::Checkpoint`] if the two do not fit one another; otherwise as [`fresh`].
pub fn learned(
    config: &Config,
    images: &Images,
    checkpoint: &Checkpoint,
    device: &Device,
) -> Result<Learner, EngineError> {
    let mut learner = fresh(config, images, device)?;
    restore(&mut learner, checkpoint, device)?;
    Ok(learner)
}

/// A GPU if the program was built for one and one can be used; if it was and none can, why.
pub fn device() -> (Device, Option<String>) {
    let gpu = if cfg!(feature = "cuda") {
        Device::new_cuda(0)
    } else if cfg!(feature = "metal") {
        Device::new_metal(0)
    } else {
        return (Device::Cpu, None);
    };
    match gpu {
        Ok(gpu) => (gpu, None),
        Err(error) => {
            let why = without_trace(&error);
            (Device::Cpu, Some(format!("no GPU can be used ({why}): the CPU computes")))
        }
    }
}

/// What the network computes on, in words: other bits may come out of another one. The number of threads
/// changes none.
///
/// # Errors
/// If the environment asks for kernels that are not there.
pub fn compute(device: &Device) -> Result<String, EngineError> {
    Ok(match device {
        Device::Cpu => format!("cpu ({})", Isa::preferred()?.name()),
        Device::Cuda(_) => "cuda:0".into(),
        Device::Metal(_) => "metal:0".into(),
    })
}
