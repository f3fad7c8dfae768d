//! A curve's data: every step counts, memory stays bounded, and no spike is ever lost.
//!
//! A series is a list of buckets, each the smallest, largest and last value of neighbouring steps. At
//! first a bucket is a step; whenever there are too many, each comes to hold twice as many. The smoothed curves are
//! computed as the steps arrive, before anything merges, so that they are exact at any length.

use super::quantity::family;
use crate::engine::message::{Span, StepRecord};
use std::sync::Arc;

/// So many buckets a series are kept; then neighbours merge.
const BUCKETS: usize = 32_768;
/// Of the run's length: shorter rests are merged over when there are too many buckets.
const SHORTEST_GAP: f64 = 1.0 / 512.0;

/// The strengths of smoothing: the weight of the past in an exponential mean, as in TensorBoard.
pub const SMOOTHING: [f32; 4] = [0.0, 0.6, 0.9, 0.99];

/// What runs along the curves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Along {
    #[default]
    Step,
    /// Steps again, counted in epochs.
    Epoch,
    /// Seconds since the run's start.
    Time,
}

impl Along {
    /// The next of the three.
    pub fn next(self) -> Self {
        match self {
            Self::Step => Self::Epoch,
            Self::Epoch => Self::Time,
            Self::Time => Self::Step,
        }
    }

    /// Its name on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Epoch => "epoch",
            Self::Time => "time",
        }
    }
}

/// Neighbouring steps.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    first_step: u64,
    step: u64,
    time: f64,
    /// One a strength of [`SMOOTHING`]; where no value was finite, `min > max` and `last` is what it was.
    spans: [Span; SMOOTHING.len()],
    /// The first value, raw or smoothed, so that a curve enters a bucket where it should.
    firsts: [f32; SMOOTHING.len()],
    /// A value that is not finite is among them.
    broken: bool,
    /// The head rested before these steps.
    rested: bool,
}

/// One column of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// First, smallest, largest and last finite value, if there is one.
    pub values: Option<Envelope>,
    /// A value that is not finite is among them.
    pub broken: bool,
    /// Nothing connects it with the column before.
    pub rested: bool,
}

/// Some steps of a curve as they were measured: one, or neighbours that were merged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// The last of its steps, and when that was.
    pub step: u64,
    pub time: f64,
    /// The last value, and the smallest and the largest finite one. No finite value hides one that is not.
    pub last: f32,
    pub min: f32,
    pub max: f32,
}

/// What a curve does within a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Envelope {
    pub first: f32,
    pub min: f32,
    pub max: f32,
    pub last: f32,
}

/// One curve's data.
#[derive(Clone, Debug)]
pub struct Series {
    pub tag: Arc<str>,
    buckets: Vec<Bucket>,
    /// Steps that a bucket holds: all hold as many, so that the beginning is as fine as the end.
    width: u64,
    /// So many are kept.
    limit: usize,
    /// Numerator and weight of each exponential mean.
    means: [(f64, f64); SMOOTHING.len()],
    resting: bool,
}

impl Series {
    fn new(tag: Arc<str>, limit: usize) -> Self {
        let means = [(0.0, 0.0); SMOOTHING.len()];
        Self { tag, buckets: Vec::new(), width: 1, limit, means, resting: false }
    }

    /// Takes the figures of one record.
    fn push(&mut self, step: u64, time: f64, span: Span) {
        let finite = |value: f32| value.is_finite().then_some(value);
        let broken = !(span.min.is_finite() && span.max.is_finite() && span.last.is_finite());
        let last = finite(span.last).or(finite(span.max)).or(finite(span.min));
        let raw = match last {
            Some(last) => Span {
                min: finite(span.min).unwrap_or(last).min(last),
                max: finite(span.max).unwrap_or(last).max(last),
                last,
            },
            None => Span { min: f32::INFINITY, max: f32::NEG_INFINITY, last: span.last },
        };
        let mut spans = [raw; SMOOTHING.len()];
        if let Some(last) = last {
            for ((mean, weight), span) in self.means.iter_mut().zip(SMOOTHING).zip(&mut spans).skip(1) {
                let keep = f64::from(weight);
                *mean = (mean.0 * keep + f64::from(last) * (1.0 - keep), mean.1 * keep + (1.0 - keep));
                *span = Span::of((mean.0 / mean.1) as f32);
            }
        }
        let firsts = spans.map(|span| span.last);
        let rested = std::mem::take(&mut self.resting);
        self.add(Bucket { first_step: step, step, time, spans, firsts, broken, rested }, step);
        while self.buckets.len() > self.limit {
            self.width *= 2;
            for bucket in std::mem::take(&mut self.buckets) {
                self.add(bucket, step);
            }
        }
    }

    /// Adds a bucket to its neighbour, if both fit into one; but never joins what a long rest parts.
    fn add(&mut self, bucket: Bucket, length: u64) {
        match self.buckets.last_mut() {
            Some(last) if last.first_step / self.width == bucket.first_step / self.width => {
                let gap = bucket.first_step.saturating_sub(last.step) as f64;
                if bucket.rested && gap > length as f64 * SHORTEST_GAP {
                    self.buckets.push(bucket);
                } else {
                    *last = last.with(bucket);
                }
            }
            _ => self.buckets.push(bucket),
        }
    }

    /// The last finite value, as smooth as asked for; none while the head rests.
    pub fn last(&self, smoothing: usize) -> Option<f32> {
        let bucket = self.buckets.last()?;
        (!self.resting && !bucket.broken).then(|| bucket.spans[smoothing.min(SMOOTHING.len() - 1)].last)
    }

    /// Whether its head rests.
    pub fn rests(&self) -> bool {
        self.resting
    }

    /// First and last position along the curve.
    pub fn reach(&self, along: Along) -> Option<(f64, f64)> {
        let first = self.buckets.first()?;
        let first = if along == Along::Time { first.time } else { first.first_step as f64 };
        Some((first, self.buckets.last()?.at(along)))
    }

    /// What was measured, as fine as it is kept.
    pub fn stretches(&self) -> impl Iterator<Item = Stretch> + Clone {
        self.buckets.iter().map(|bucket| {
            let Span { min, max, last } = bucket.spans[0];
            let last = if bucket.broken && last.is_finite() { f32::NAN } else { last };
            Stretch { step: bucket.step, time: bucket.time, last, min, max }
        })
    }

    /// When the last of its figures up to a step came.
    fn time_at(&self, step: u64) -> Option<f64> {
        let next = self.buckets.partition_point(|bucket| bucket.step <= step);
        Some(self.buckets[next.checked_sub(1)?].time)
    }

    /// The last value up to a position; none where the head rested, or before its first.
    pub fn value_at(&self, along: Along, at: f64, smoothing: usize) -> Option<f32> {
        let next = self.buckets.partition_point(|bucket| bucket.at(along) <= at);
        let bucket = &self.buckets[next.checked_sub(1)?];
        let rests = self.buckets.get(next).map_or(self.resting, |next| next.rested);
        let exact = bucket.at(along) >= at;
        let value = bucket.spans[smoothing.min(SMOOTHING.len() - 1)].last;
        (exact || !rests).then_some(value).filter(|value| value.is_finite())
    }

    /// The curve in so many columns between two positions.
    pub fn columns(&self, along: Along, range: (f64, f64), count: usize, smoothing: usize) -> Vec<Column> {
        let mut columns = vec![Column { values: None, broken: false, rested: false }; count];
        let width = (range.1 - range.0).max(f64::MIN_POSITIVE);
        for bucket in &self.buckets {
            let place = (bucket.at(along) - range.0) / width;
            if count == 0 || !(0.0..=1.0).contains(&place) {
                continue;
            }
            let column = &mut columns[((place * count as f64) as usize).min(count - 1)];
            column.take(bucket, smoothing.min(SMOOTHING.len() - 1));
        }
        columns
    }
}

impl Bucket {
    fn at(&self, along: Along) -> f64 {
        if along == Along::Time { self.time } else { self.step as f64 }
    }

    /// Together with a later one.
    fn with(mut self, later: Self) -> Self {
        for (span, next) in self.spans.iter_mut().zip(later.spans) {
            *span = Span {
                min: span.min.min(next.min),
                max: span.max.max(next.max),
                last: if next.last.is_finite() { next.last } else { span.last },
            };
        }
        for (first, next) in self.firsts.iter_mut().zip(later.firsts) {
            *first = if first.is_finite() { *first } else { next };
        }
        Self { step: later.step, time: later.time, broken: self.broken || later.broken, ..self }
    }
}

impl Column {
    fn take(&mut self, bucket: &Bucket, smoothing: usize) {
        self.broken |= bucket.broken;
        self.rested |= bucket.rested;
        let (span, first) = (bucket.spans[smoothing], bucket.firsts[smoothing]);
        if span.min > span.max {
            return;
        }
        let fresh = Envelope { first, min: span.min, max: span.max, last: span.last };
        self.values = Some(match self.values {
            None => fresh,
            Some(it) => Envelope {
                first: it.first,
                min: it.min.min(span.min),
                max: it.max.max(span.max),
                last: span.last,
            },
        });
    }
}

/// All curves of a run.
#[derive(Clone, Debug)]
pub struct SeriesStore {
    series: Vec<Series>,
    /// So many buckets a curve.
    limit: usize,
}

impl Default for SeriesStore {
    fn default() -> Self {
        Self { series: Vec::new(), limit: BUCKETS }
    }
}

impl SeriesStore {
    /// Keeps every step, in as much memory as it takes: about a hundred bytes a figure.
    pub fn exact() -> Self {
        Self { limit: usize::MAX, ..Self::default() }
    }

    /// Takes the figures of one step or measurement, or of several that were merged on the way. A curve
    /// rests if others of its family, such as `loss/…`, have a figure and it has none.
    pub fn push(&mut self, record: &StepRecord) {
        for series in &mut self.series {
            let told = record.values.iter().any(|(tag, _)| family(tag) == family(&series.tag));
            if told && !record.values.iter().any(|(tag, _)| *tag == series.tag) {
                series.resting = true;
            }
        }
        for (tag, span) in &record.values {
            let known = self.series.iter().position(|series| series.tag == *tag);
            let at = known.unwrap_or_else(|| {
                self.series.push(Series::new(tag.clone(), self.limit));
                self.series.len() - 1
            });
            self.series[at].push(record.step, record.time, *span);
        }
    }

    /// The first and the last position of all curves.
    pub fn reach(&self, along: Along) -> Option<(f64, f64)> {
        let reach = self.series.iter().filter_map(|series| series.reach(along));
        reach.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// Seconds since the run's start at a step, as far as its figures tell; 0 before the first.
    pub fn time_at(&self, step: u64) -> f64 {
        self.series.iter().filter_map(|series| series.time_at(step)).fold(0.0, f64::max)
    }

    /// The curve of this tag.
    pub fn get(&self, tag: &str) -> Option<&Series> {
        self.series.iter().find(|series| &*series.tag == tag)
    }

    /// The curves whose tag starts so, with the rest of the tag.
    pub fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Series)> {
        self.series.iter().filter_map(move |series| Some((series.tag.strip_prefix(prefix)?, series)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(step: u64, value: f32) -> StepRecord {
        StepRecord { step, time: step as f64, values: vec![("loss/all".into(), Span::of(value))] }
    }

    #[test]
    fn one_spike_in_a_million_steps_remains_and_memory_is_bounded() {
        let mut store = SeriesStore::default();
        for step in 1..=1_000_000 {
            store.push(&record(step, if step == 654_321 { 99.0 } else { 1.0 }));
        }
        let series = store.get("loss/all").unwrap();
        assert!(series.buckets.len() <= BUCKETS);
        let columns = series.columns(Along::Step, (0.0, 1e6), 100, 0);
        let spikes: Vec<_> = (0..100).filter(|&i| columns[i].values.unwrap().max == 99.0).collect();
        // The beginning is as fine as the end.
        assert!(series.buckets.windows(2).all(|two| two[1].step - two[0].step <= 2 * series.width));
        assert_eq!(spikes, [65]);
    }

    #[test]
    fn smoothing_is_that_of_the_full_data_after_merging_too() {
        let mut store = SeriesStore::default();
        let (mut sum, mut weight) = (0.0_f64, 0.0_f64);
        for step in 1..=100_000_u64 {
            let value = (step % 7) as f32;
            store.push(&record(step, value));
            (sum, weight) = (sum * 0.9 + f64::from(value) * 0.1, weight * 0.9 + 0.1);
        }
        let last = store.get("loss/all").unwrap().last(2).unwrap();
        assert!((f64::from(last) - sum / weight).abs() < 1e-5);
    }

    #[test]
    fn a_rest_is_a_gap_and_a_nan_is_a_mark() {
        let mut store = SeriesStore::default();
        for step in 1..=300 {
            let mut it = record(step, if step == 10 { f32::NAN } else { 2.0 });
            if (100..200).contains(&step) {
                it.values = vec![("loss/color".into(), Span::of(1.0))];
            }
            store.push(&it);
        }
        let at = |step: f64| store.get("loss/all").unwrap().value_at(Along::Step, step, 0);
        assert_eq!(
            [0.0, 9.5, 10.0, 99.0, 150.0, 200.0].map(at),
            [None, Some(2.0), None, Some(2.0), None, Some(2.0)]
        );
        let columns = store.get("loss/all").unwrap().columns(Along::Step, (0.0, 300.0), 30, 0);
        assert!(columns[1].broken && columns.iter().filter(|column| column.broken).count() == 1);
        assert!(columns[12].values.is_none() && columns[20].rested);
        assert!(store.get("loss/color").unwrap().rests());
    }

    /// Figures of a measurement come between those of the steps, and steps between those.
    #[test]
    fn a_measurement_rests_no_loss_and_a_step_no_measurement() {
        let mut store = SeriesStore::default();
        let measured =
            |tag: &str| StepRecord { step: 1, time: 2.0, values: vec![(tag.into(), Span::of(0.5))] };
        for it in [record(1, 2.0), measured("invariance/all/crop"), record(2, 2.0)] {
            store.push(&it);
        }
        for tag in ["loss/all", "invariance/all/crop"] {
            assert!(!store.get(tag).unwrap().rests(), "{tag}");
        }
        store.push(&measured("invariance/all/flip"));
        assert!(store.get("invariance/all/crop").unwrap().rests());
    }

    #[test]
    fn an_exact_store_keeps_every_figure_as_it_was() {
        let mut store = SeriesStore::exact();
        for step in 1..=100_000 {
            store.push(&record(step, if step == 70_000 { f32::NEG_INFINITY } else { step as f32 }));
        }
        let of = |it: Stretch| (it.step, it.last);
        let stretches: Vec<_> = store.get("loss/all").unwrap().stretches().map(of).collect();
        assert_eq!(stretches.len(), 100_000);
        assert_eq!([stretches[0], stretches[69_999]], [(1, 1.0), (70_000, f32::NEG_INFINITY)]);
        let mut merged = SeriesStore::default();
        (1..=100_000)
            .for_each(|step| merged.push(&record(step, if step == 70_000 { f32::NAN } else { 1.0 })));
        let merged = merged.get("loss/all").unwrap();
        assert_eq!(merged.stretches().filter(|it| it.last.is_nan()).count(), 1, "nothing finite hides it");
        assert_eq!(merged.reach(Along::Step), Some((1.0, 100_000.0)));
    }

    #[test]
    fn switching_at_every_step_stays_bounded() {
        let mut store = SeriesStore::default();
        for step in 1..=200_000 {
            let mut it = record(step, 1.0);
            if step % 2 == 0 {
                it.values = vec![("loss/color".into(), Span::of(1.0))];
            }
            store.push(&it);
        }
        assert!(store.get("loss/all").unwrap().buckets.len() <= BUCKETS);
    }
}
