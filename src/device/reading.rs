//! What one look at the machine gives.

/// One reading of the machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceReading {
    /// NVIDIA's first, then AMD's.
    pub gpus: Vec<Gpu>,
    /// Why there is no GPU, where there is none; which GPUs are silent, where some are; else empty.
    pub gpu_note: String,
    /// Load of each core of the machine, 0–1.
    pub cores: Vec<f32>,
    /// Load of all cores, 0–1.
    pub cpu: f32,
    /// Bytes that could not be given up: file caches are left out. Of the control group, if it has a
    /// limit of its own, else of the machine.
    pub memory_used: u64,
    /// Bytes: the limit of the control group (a container, a Slurm job), else all of the machine.
    pub memory_total: u64,
    /// Cores that this process keeps busy: 0 to their number.
    pub process_cpu: f32,
    /// Bytes of this process in memory.
    pub process_memory: u64,
}

/// One GPU. A figure that the driver does not give is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gpu {
    /// Its number for the reader: NVIDIA's as NVML (and `nvidia-smi`) counts, AMD's after them.
    /// CUDA may count in another order.
    pub index: u32,
    /// As the driver writes it; nothing has been made fit for a terminal.
    pub name: String,
    /// Share of the last moment in which it worked at all, 0–1.
    pub utilisation: Option<f32>,
    /// Bytes, of all processes.
    pub memory_used: Option<u64>,
    /// Bytes.
    pub memory_total: Option<u64>,
    /// Watts.
    pub power_w: Option<f32>,
    /// Degrees Celsius.
    pub temperature_c: Option<f32>,
    /// Bytes of this process on it. `None` also where the driver does not know this process: it has
    /// not used the GPU yet, or a container hides its number.
    pub process_memory: Option<u64>,
    /// This process's share of the GPU's time, 0–1; `None` as for `process_memory`, and for AMD.
    pub process_utilisation: Option<f32>,
}
