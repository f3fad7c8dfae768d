//! What the machine does, now and over the last hour.

use crate::device::DeviceReading;
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
        self.fresh |= self.now.as_ref() != Some(&reading);
        self.now = Some(reading);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
