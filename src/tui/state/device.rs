//! What the machine does, now and over the last hour.

use crate::device::{DeviceReading, Gpu};
use std::collections::VecDeque;

/// Readings that are kept: an hour of them, one a second.
const KEPT: usize = 3_600;

/// How far back the little curves go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    #[default]
    Minute,
    TenMinutes,
    Hour,
}

impl Window {
    /// With their seconds and their names.
    pub const ALL: [(Self, usize, &str); 3] =
        [(Self::Minute, 60, "1m"), (Self::TenMinutes, 600, "10m"), (Self::Hour, 3_600, "1h")];

    fn place(self) -> usize {
        Self::ALL.iter().position(|(it, ..)| *it == self).unwrap_or(0)
    }

    /// The next one.
    pub fn next(self) -> Self {
        Self::ALL[(self.place() + 1) % Self::ALL.len()].0
    }

    fn seconds(self) -> usize {
        Self::ALL[self.place()].1
    }
}

/// A load over the last hour.
#[derive(Clone, Debug, Default)]
pub struct Course {
    values: VecDeque<f32>,
    /// Readings before the first that is kept.
    gone: usize,
}

impl Course {
    fn push(&mut self, value: f32) {
        if self.values.len() >= KEPT {
            self.values.pop_front();
            self.gone += 1;
        }
        self.values.push_back(value);
    }

    /// The means of so many equal parts of a window, oldest first; fewer while there are fewer readings. A part
    /// begins at a multiple of its length, and is there once it is whole: a curve that moved at every reading
    /// would cost more bytes than all the rest.
    pub fn columns(&self, window: Window, count: usize) -> Vec<f32> {
        let length = window.seconds().div_ceil(count.max(1)).max(1);
        let first = self.gone.div_ceil(length);
        let last = (self.gone + self.values.len()) / length;
        let first = first.max(last.saturating_sub(count.min(window.seconds() / length)));
        let part = |at: usize| {
            let values = self.values.range(at * length - self.gone..(at + 1) * length - self.gone);
            values.sum::<f32>() / length as f32
        };
        (first..last).map(part).collect()
    }
}

/// The newest reading, and the loads of the last ones.
#[derive(Clone, Debug, Default)]
pub struct DeviceHistory {
    pub now: Option<DeviceReading>,
    pub window: Window,
    pub cpu: Course,
    /// In the order of the reading's GPUs.
    pub gpus: Vec<Course>,
    /// There is a reading that has not been drawn.
    pub fresh: bool,
}

impl DeviceHistory {
    /// Takes a reading.
    pub fn take(&mut self, reading: DeviceReading) {
        self.cpu.push(reading.cpu);
        self.gpus.resize_with(reading.gpus.len(), Course::default);
        for (course, gpu) in self.gpus.iter_mut().zip(&reading.gpus) {
            course.push(gpu.utilisation.unwrap_or(0.0));
        }
        // Figures that tremble are not drawn anew: on a machine that rests, the screen rests.
        if self.now.as_ref().is_none_or(|now| differs(now, &reading)) {
            self.fresh = true;
            self.now = Some(reading);
        }
    }
}

/// Whether a reading says something else than the one that is shown: by 2 points of a load, a hundredth of a
/// memory, a degree or 2 watts.
fn differs(now: &DeviceReading, next: &DeviceReading) -> bool {
    let apart = |a: f32, b: f32, by: f32| (a - b).abs() >= by;
    let moved = |a: Option<f32>, b: Option<f32>, by: f32| match (a, b) {
        (Some(a), Some(b)) => apart(a, b, by),
        (a, b) => a.is_some() != b.is_some(),
    };
    let grown = |a: Option<u64>, b: Option<u64>| {
        moved(a.map(|a| a as f32), b.map(|b| b as f32), a.unwrap_or(0) as f32 / 100.0 + 1.0)
    };
    let gpu = |(a, b): (&Gpu, &Gpu)| {
        moved(a.utilisation, b.utilisation, 0.02)
            || moved(a.temperature_c, b.temperature_c, 1.0)
            || moved(a.power_w, b.power_w, 2.0)
            || grown(a.memory_used, b.memory_used)
            || grown(a.process_memory, b.process_memory)
    };
    let cores = now.cores.iter().zip(&next.cores);
    now.gpus.len() != next.gpus.len()
        || now.gpu_note != next.gpu_note
        || now.gpus.iter().zip(&next.gpus).any(gpu)
        || now.cores.len() != next.cores.len()
        || cores.map(|(a, b)| (a - b).abs()).any(|by| by >= 0.1)
        || apart(now.cpu, next.cpu, 0.02)
        || apart(now.process_cpu, next.process_cpu, 0.05)
        || grown(Some(now.memory_used), Some(next.memory_used))
        || grown(Some(now.process_memory), Some(next.process_memory))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What trembles is not drawn anew; what creeps is, once it has come far enough.
    #[test]
    fn small_changes_rest_and_do_not_add_up_unseen() {
        let gpu = Gpu { utilisation: Some(0.5), temperature_c: Some(60.0), ..Gpu::default() };
        let reading = |cpu: f32, degrees: f32| DeviceReading {
            cpu,
            cores: vec![cpu; 2],
            memory_used: 1 << 30,
            gpus: vec![Gpu { temperature_c: Some(degrees), ..gpu.clone() }],
            ..DeviceReading::default()
        };
        let mut history = DeviceHistory::default();
        history.take(reading(0.5, 60.0));
        assert!(std::mem::take(&mut history.fresh));
        history.take(reading(0.515, 60.4));
        assert!(!history.fresh && history.now.as_ref().unwrap().cpu == 0.5);
        history.take(reading(0.525, 60.4));
        assert!(std::mem::take(&mut history.fresh) && history.now.as_ref().unwrap().cpu == 0.525);
        history.take(reading(0.525, 61.5));
        assert!(std::mem::take(&mut history.fresh));
        history.take(DeviceReading { memory_used: 11 << 27, ..reading(0.525, 61.5) });
        assert!(history.fresh);
    }

    #[test]
    fn a_window_is_cut_into_parts_that_rest_until_they_are_whole() {
        let mut course = Course::default();
        (0..59).for_each(|i| course.push(i as f32));
        let minute = course.columns(Window::Minute, 20);
        assert_eq!((minute.len(), minute[0], minute[18]), (19, 1.0, 55.0));
        course.push(59.0);
        assert_eq!(course.columns(Window::Minute, 20)[19], 58.0);
        let before = course.columns(Window::Minute, 20);
        course.push(60.0);
        assert_eq!(course.columns(Window::Minute, 20), before);
        (61..4000).for_each(|i| course.push(i as f32));
        assert_eq!(course.values.len(), KEPT);
        let hour = course.columns(Window::Hour, 36);
        assert_eq!(
            (hour.len(), hour[35], hour[0]),
            (36, 3949.5, 449.5),
            "aligned parts of 100 s, whole ones"
        );
        assert_eq!(course.columns(Window::TenMinutes, 0).len(), 0);
        assert_eq!(course.columns(Window::Minute, 500).len(), 60, "never finer than the readings");
    }
}
