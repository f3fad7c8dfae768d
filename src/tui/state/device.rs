//! What the machine does, now and over the last minutes.

/// One reading of the machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceReading {
    pub gpus: Vec<Gpu>,
    /// Why there is no GPU, where there is none.
    pub gpu_note: String,
    /// Load of each core, 0–1.
    pub cores: Vec<f32>,
    /// Load of all cores, 0–1.
    pub cpu: f32,
    /// Bytes.
    pub memory_used: u64,
    pub memory_total: u64,
    /// Cores that this process keeps busy.
    pub process_cpu: f32,
    /// Bytes of this process.
    pub process_memory: u64,
}

/// One GPU.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gpu {
    pub index: u32,
    pub name: String,
    /// 0–1.
    pub utilisation: Option<f32>,
    /// Bytes.
    pub memory_used: Option<u64>,
    pub memory_total: Option<u64>,
    pub power_w: Option<f32>,
    pub temperature_c: Option<f32>,
    /// Bytes of this process on it.
    pub process_memory: Option<u64>,
}

/// So many readings make the little curves.
const HISTORY: usize = 240;

/// The newest reading, and the loads of the last ones, oldest first.
#[derive(Clone, Debug, Default)]
pub struct DeviceHistory {
    pub now: Option<DeviceReading>,
    pub cpu: Vec<f32>,
    pub gpu: Vec<f32>,
}

impl DeviceHistory {
    /// Takes a reading.
    pub fn take(&mut self, reading: DeviceReading) {
        push(&mut self.cpu, reading.cpu);
        if let Some(load) = reading.gpus.first().and_then(|gpu| gpu.utilisation) {
            push(&mut self.gpu, load);
        }
        self.now = Some(reading);
    }
}

fn push(history: &mut Vec<f32>, value: f32) {
    if history.len() >= HISTORY {
        history.remove(0);
    }
    history.push(value);
}
