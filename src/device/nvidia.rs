//! NVIDIA's GPUs, through the driver's NVML library
//! (<https://docs.nvidia.com/deploy/nvml-api/>; the versions with `_v2` and `_v3` need driver 510).

use super::Gpu;
use nvml_wrapper::{
    Device, Nvml, enum_wrappers::device::TemperatureSensor, enums::device::UsedGpuMemory, error::NvmlError,
    struct_wrappers::device::ProcessUtilizationSample,
};
use std::{
    ffi::OsStr,
    time::{Duration, SystemTime},
};

/// The environment variable that names another NVML library than the `libnvidia-ml.so.1` that the
/// system's loader finds: where a distribution keeps it elsewhere, and in tests.
pub const LIBRARY: &str = "LOOC_NVML_LIB";

/// A process's share is averaged over so long. The driver samples every 1/6 to 1 s (`man nvidia-smi`):
/// in a window of one second a busy process would now and then seem idle.
const WINDOW: Duration = Duration::from_secs(2);

/// Why no NVIDIA GPU is read.
#[derive(Debug, thiserror::Error)]
pub enum NoNvidia {
    #[error("no NVIDIA driver")]
    NoDriver,
    #[error("{LIBRARY} does not name an NVML library: {0}")]
    NoLibrary(String),
    #[error("the NVIDIA driver is installed but not loaded")]
    NotLoaded,
    #[error("the NVIDIA driver was updated beneath the running one: restart the machine")]
    Mismatch,
    #[error("the NVIDIA driver does not answer: {0}")]
    Driver(NvmlError),
    #[error("the NVIDIA driver has no GPU")]
    NoGpu,
}

/// A GPU that cannot be read: forbidden to this user, or lost while the program ran.
#[derive(Debug, thiserror::Error)]
#[error("GPU {index} does not answer: {error}")]
pub struct Silent {
    pub index: u32,
    pub error: NvmlError,
}

/// The driver, and how many GPUs it has.
#[derive(Debug)]
pub struct Nvidia {
    nvml: Nvml,
    pub(super) count: u32,
    /// Its version, as `550.54.15`.
    pub(super) driver: Option<String>,
}

impl Nvidia {
    /// Loads the NVML library: `library`, or the driver's own.
    ///
    /// # Errors
    /// There is no driver, it is out of order, or it has no GPU. Most machines: no fault of the program.
    pub fn open(library: Option<&OsStr>) -> Result<Self, NoNvidia> {
        let mut builder = Nvml::builder();
        if let Some(library) = library {
            builder.lib_path(library);
        }
        let nvml = builder.init().map_err(|error| match (error, library) {
            (NvmlError::LibloadingError(_), None) => NoNvidia::NoDriver,
            (NvmlError::LibloadingError(error), Some(_)) => NoNvidia::NoLibrary(error.to_string()),
            (NvmlError::FailedToLoadSymbol(error), Some(_)) => NoNvidia::NoLibrary(error),
            (NvmlError::DriverNotLoaded, _) => NoNvidia::NotLoaded,
            (NvmlError::LibRmVersionMismatch, _) => NoNvidia::Mismatch,
            (error, _) => NoNvidia::Driver(error),
        })?;
        let driver = nvml.sys_driver_version().ok();
        match nvml.device_count() {
            Ok(0) => Err(NoNvidia::NoGpu),
            Ok(count) => Ok(Self { nvml, count, driver }),
            Err(error) => Err(NoNvidia::Driver(error)),
        }
    }

    /// All GPUs as they are now, those that do not answer among them.
    pub fn read(&self) -> impl Iterator<Item = Result<Gpu, Silent>> {
        (0..self.count).map(|index| self.gpu(index).map_err(|error| Silent { index, error }))
    }

    fn gpu(&self, index: u32) -> Result<Gpu, NvmlError> {
        let device = self.nvml.device_by_index(index)?;
        let memory = known(device.memory_info())?;
        let (process_memory, process_utilisation) = own(&device)?;
        Ok(Gpu {
            index,
            name: known(device.name())?.unwrap_or_else(|| "NVIDIA GPU".into()),
            utilisation: known(device.utilization_rates())?.map(|rates| share(rates.gpu)),
            memory_used: memory.as_ref().map(|memory| memory.used),
            memory_total: memory.as_ref().map(|memory| memory.total),
            power_w: known(device.power_usage())?.map(|milliwatts| milliwatts as f32 / 1000.0),
            temperature_c: known(device.temperature(TemperatureSensor::Gpu))?.map(|degrees| degrees as f32),
            process_memory,
            process_utilisation,
        })
    }
}

/// A figure that a device refuses is unknown; a device that is gone has no figures.
fn known<T>(answer: Result<T, NvmlError>) -> Result<Option<T>, NvmlError> {
    use NvmlError::{DriverNotLoaded, GpuLost, LibRmVersionMismatch, ResetRequired, Uninitialized};
    match answer {
        Ok(figure) => Ok(Some(figure)),
        Err(error @ (GpuLost | ResetRequired | DriverNotLoaded | LibRmVersionMismatch | Uninitialized)) => {
            Err(error)
        }
        Err(_) => Ok(None),
    }
}

/// This process on a device: its bytes and its share of the time. The driver may know it by another
/// number than it knows itself by (in a container): then both are unknown, not 0.
fn own(device: &Device) -> Result<(Option<u64>, Option<f32>), NvmlError> {
    let pid = std::process::id();
    let mut processes = known(device.running_compute_processes())?.unwrap_or_default();
    // A process may be listed more than once, for each of its parts of a divided GPU.
    processes.retain(|process| process.pid == pid);
    if processes.is_empty() {
        return Ok((None, None));
    }
    let memory = processes.iter().try_fold(0_u64, |sum, process| match process.used_gpu_memory {
        UsedGpuMemory::Used(bytes) => Some(sum.saturating_add(bytes)),
        UsedGpuMemory::Unavailable => None,
    });
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let since = since.saturating_sub(WINDOW).as_micros() as u64;
    let samples = match device.process_utilization_stats(since) {
        // So the driver says that no process has worked.
        Err(NvmlError::NotFound) => Some(Vec::new()),
        answer => known(answer)?,
    };
    Ok((memory, samples.map(|samples| newest_share(samples, pid, since))))
}

/// The share in the newest sample of `pid`; 0 if it has none. Some drivers fill the list up with old
/// samples and with percentages beyond 100 (<https://github.com/Syllo/nvtop/issues/110>).
fn newest_share(mut samples: Vec<ProcessUtilizationSample>, pid: u32, since: u64) -> f32 {
    samples.retain(|it| it.pid == pid && it.timestamp >= since && it.sm_util <= 100);
    samples.iter().max_by_key(|it| it.timestamp).map_or(0.0, |it| share(it.sm_util))
}

fn share(percent: u32) -> f32 {
    percent.min(100) as f32 / 100.0
}
