//! What the machine does while it trains: its GPUs, its cores, its memory, and this process's part.
//!
//! [`Telemetry`] reads in a thread of its own and keeps the latest [`DeviceReading`]; nobody waits
//! for it. NVIDIA's GPUs are read through the driver's NVML library, which is loaded while the
//! program runs, so that one binary serves machines with and without it; AMD's from files of the
//! Linux kernel; cores and memory through `sysinfo`. Other GPUs, Apple's among them, are not read.
//!
//! What a machine does not tell is `None`, never an error: telemetry stops no training.

mod amd;
mod gpus;
mod nvidia;
mod own;
mod processor;
mod reading;
mod telemetry;
#[cfg(test)]
mod tests;

pub use amd::Amd;
pub use gpus::Gpus;
pub use nvidia::{LIBRARY, NoNvidia, Nvidia, Silent};
pub use own::{age, peak_memory};
pub use processor::Processor;
pub use reading::{DeviceReading, Gpu};
pub use telemetry::Telemetry;

/// The GPUs of this machine, a line each, fit for a terminal; or one line that says why there is none.
pub fn describe() -> String {
    Gpus::find().describe()
}
