//! The course of a run so far, for viewers that come later: bounded, and equally fine from its beginning to its end.

use super::{mailbox::Coalesce, message::StepRecord};

/// So many records of steps are kept; then two and two become one, and so do those to come.
const STEPS: usize = 16_384;
/// The same of measurements, which are seldom.
const MEASURED: usize = 4_096;

/// What was told.
#[derive(Debug)]
pub(super) struct History {
    steps: Even,
    measured: Even,
}

impl Default for History {
    fn default() -> Self {
        Self { steps: Even::new(STEPS), measured: Even::new(MEASURED) }
    }
}

impl History {
    /// Keeps a record. Steps and measurements are kept apart: a measurement is of a step that lies back.
    pub fn put(&mut self, record: StepRecord) {
        let of_step = record.values.iter().any(|(tag, _)| &**tag == "loss");
        if of_step { self.steps.put(record) } else { self.measured.put(record) }
    }

    /// All of it, measurements first.
    pub fn all(&self) -> Vec<StepRecord> {
        self.measured.all().chain(self.steps.all()).cloned().collect()
    }
}

/// Records, each merged from as many as every other.
#[derive(Debug)]
struct Even {
    whole: Vec<StepRecord>,
    /// One that is not complete yet, and of how many it is.
    part: Option<(StepRecord, usize)>,
    /// How many make one.
    of: usize,
    bound: usize,
}

impl Even {
    fn new(bound: usize) -> Self {
        Self { whole: Vec::new(), part: None, of: 1, bound }
    }

    fn put(&mut self, record: StepRecord) {
        let (part, count) = match self.part.take() {
            Some((part, count)) => (part.merge(record), count + 1),
            None => (record, 1),
        };
        if count < self.of {
            self.part = Some((part, count));
            return;
        }
        self.whole.push(part);
        if self.whole.len() >= self.bound {
            let mut finer = std::mem::take(&mut self.whole).into_iter();
            while let Some(first) = finer.next() {
                self.whole.push(match finer.next() {
                    Some(second) => first.merge(second),
                    None => first,
                });
            }
            self.of *= 2;
        }
    }

    fn all(&self) -> impl Iterator<Item = &StepRecord> {
        self.whole.iter().chain(self.part.iter().map(|(part, _)| part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::message::Span;
    use proptest::prelude::*;

    fn record(step: u64) -> StepRecord {
        StepRecord { step, time: step as f64, values: vec![("loss".into(), Span::of(step as f32))] }
    }

    proptest! {
        /// Bounded; nothing is missing, nothing twice; every record but the last is of as many steps.
        #[test]
        fn a_long_course_is_kept_evenly(count in 1_u64..2000, half in 1_usize..20) {
            let mut even = Even::new(2 * half);
            (1..=count).for_each(|step| even.put(record(step)));
            let all: Vec<&StepRecord> = even.all().collect();
            prop_assert!(all.len() <= 2 * half);
            let mut next = 1.0;
            for (at, record) in all.iter().enumerate() {
                let span = record.values[0].1;
                prop_assert_eq!(span.min, next);
                prop_assert_eq!((span.max, span.last), (record.step as f32, record.step as f32));
                if at + 1 < all.len() {
                    prop_assert_eq!(span.max - span.min + 1.0, even.of as f32);
                }
                next = span.max + 1.0;
            }
            prop_assert_eq!(next, count as f32 + 1.0);
        }
    }

    #[test]
    fn measurements_are_not_merged_with_steps() {
        let mut history = History::default();
        let measured = StepRecord { step: 2, time: 9.0, values: vec![("knn/class".into(), Span::of(0.5))] };
        history.put(record(7));
        history.put(measured.clone());
        history.put(record(8));
        assert_eq!(history.all(), [measured, record(7), record(8)]);
    }
}
