//! What the machine does, now and over the last minutes.

use crate::device::DeviceReading;

/// So many readings make the little curves.
const HISTORY: usize = 240;
/// Readings in one column of them.
pub const COLUMN: usize = 10;

/// The newest reading, and the loads of the last ones, oldest first.
#[derive(Clone, Debug, Default)]
pub struct DeviceHistory {
    pub now: Option<DeviceReading>,
    pub cpu: Vec<f32>,
    pub gpu: Vec<f32>,
    /// There is a reading that has not been drawn.
    pub fresh: bool,
}

impl DeviceHistory {
    /// Takes a reading.
    pub fn take(&mut self, reading: DeviceReading) {
        push(&mut self.cpu, reading.cpu);
        if let Some(load) = reading.gpus.first().and_then(|gpu| gpu.utilisation) {
            push(&mut self.gpu, load);
        }
        self.fresh |= self.now.as_ref() != Some(&reading);
        self.now = Some(reading);
    }
}

fn push(history: &mut Vec<f32>, value: f32) {
    if history.len() >= HISTORY {
        // A column's worth at once: otherwise every column would move at every reading.
        history.drain(..COLUMN);
    }
    history.push(value);
}
