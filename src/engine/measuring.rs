//! Measurements between steps: a slice at a time, so that training stops for no more than a blink, and at a
//! pace that costs it little (see [`Pace`]).

use super::{
    EngineError,
    message::{Event, Phase, Span, StepRecord},
    pace::Pace,
    trainer::Trainer,
};
use crate::eval::{Filling, Measured, Measurement, Subject, collapse::COLLAPSED};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A checkpoint waits so long for a measurement to end.
const PATIENCE: Duration = Duration::from_secs(1);

impl Trainer<'_> {
    /// Whether the step that has been reached is to be measured and has not been yet.
    pub fn measurement_due(&self) -> bool {
        let (step, every) = (self.now.step, self.config().eval.every);
        let measured = self.now.invariance.as_ref().is_some_and(|report| report.step == step);
        (step == 0 || every > 0 && step % every == 0) && !measured
    }

    /// Takes a copy of the model as it is now, to be measured. While another one is under way there is
    /// none: training does not stop for the sake of its measurements.
    pub fn begin_measurement(&mut self) -> Result<(), EngineError> {
        if self.measurement.is_some() {
            return Ok(());
        }
        let config = self.config();
        self.frozen.refresh(&self.learner)?;
        if self.now.step == 0 {
            self.frozen.calibrate_on(&self.data.train, config.model.bn_splits, config.train.seed)?;
        }
        let subject = Subject {
            data: &self.data,
            entries: &config.augment,
            images: config.eval.images,
            seed: config.train.seed,
            step: self.now.step,
        };
        self.measurement = Some(Measurement::begin(&subject)?);
        Ok(())
    }

    /// One slice of the measurement under way, if there is one and it is its turn. While nothing is trained
    /// it always is; and the first measurement, which all others are compared with, is not kept waiting.
    pub fn measure_in_turn(&mut self) -> Result<(), EngineError> {
        let turn = self.pace.allows(Instant::now());
        if turn || self.now.phase == Phase::Paused {
            return self.measure_slice();
        }
        if self.now.invariance.is_none() {
            self.measure_slice()?;
            self.pace = Pace::new(Instant::now());
        }
        Ok(())
    }

    /// One slice of the measurement under way, if there is one.
    fn measure_slice(&mut self) -> Result<(), EngineError> {
        let Some(measurement) = &mut self.measurement else { return Ok(()) };
        let since = Instant::now();
        if let Some(measured) = measurement.advance(&mut self.frozen, &self.device)? {
            self.measurement = None;
            self.tell_measured(measured);
        }
        self.pace.took(since.elapsed());
        Ok(())
    }

    /// What is left of the measurement under way, if that is soon done: before a checkpoint, so that the
    /// log up to its step is whole.
    pub fn finish_measurement(&mut self) -> Result<(), EngineError> {
        let since = Instant::now();
        while self.measurement.is_some() && since.elapsed() < PATIENCE {
            self.measure_slice()?;
        }
        Ok(())
    }

    /// Measures the last step, unless the viewer wants to leave before that is done.
    pub fn measure_the_end(&mut self) -> Result<(), EngineError> {
        let step = self.now.step;
        while self.now.invariance.as_ref().is_none_or(|report| report.step != step) {
            self.begin_measurement()?;
            self.measure_slice()?;
            if self.told_to_stop() {
                self.measurement = None;
                break;
            }
        }
        Ok(())
    }

    /// Tells of every space that has begun to collapse; of each once, until it has recovered. Before the first
    /// step there is nothing to warn of: an untrained network makes all images alike.
    fn warn_of_collapse(&mut self, step: u64, spaces: &[Filling]) {
        if step == 0 {
            return;
        }
        for Filling { head, std, rank_me, .. } in newly_collapsed(&mut self.collapsing, spaces) {
            let text = format!(
                "step {step}: the space {head} is collapsing: its embeddings differ by {std:.4} a dimension, \
                 less than {COLLAPSED} of what they would if they were spread evenly (RankMe {rank_me:.1}); \
                 lower the learning rate, or raise the temperature or contrast.momentum"
            );
            self.publisher.event(Event::Warning(text));
        }
    }

    fn tell_measured(&mut self, measured: Measured) {
        let report = &measured.invariance;
        let mut values: Vec<(String, f32)> = Vec::new();
        for (h, head) in report.heads.iter().enumerate() {
            for (a, augmentation) in report.augmentations.iter().enumerate() {
                values.push((format!("invariance/{head}/{augmentation}"), report.rescaled[h][a]));
                values.push((format!("invariance_raw/{head}/{augmentation}"), report.raw[h][a]));
            }
            if let Some(selectivity) = report.selectivity[h] {
                values.push((format!("selectivity/{head}"), selectivity));
            }
        }
        values.extend(measured.knn.iter().map(|(label, accuracy)| (format!("knn/{label}"), *accuracy)));
        values.push(("probe/rotation".into(), measured.rotation));
        for filling in &measured.spaces {
            for (tag, value) in
                [("std", filling.std), ("rankme", filling.rank_me), ("uniformity", filling.uniformity)]
            {
                values.push((format!("{tag}/{}", filling.head), value));
            }
        }
        self.warn_of_collapse(report.step, &measured.spaces);
        let time = self.time();
        let row = values.iter().map(|(tag, value)| (tag.as_str(), *value));
        let logged = self.run.metrics().record(report.step, time, row);
        self.warn_of(logged);
        let values = values.into_iter().map(|(tag, value)| (tag.into(), Span::of(value))).collect();
        self.publisher.record(StepRecord { step: report.step, time, values });
        let report = Arc::new(measured.invariance);
        if report.step == 0 {
            self.now.invariance_at_start = Some(report.clone());
        }
        self.now.invariance = Some(report);
        self.now.knn = measured.knn;
        let phase = if self.now.phase == Phase::Paused { Phase::Paused } else { Phase::Training };
        self.publish(phase);
    }
}

/// The spaces that are collapsing and were not before; `known` is then what is collapsing now.
fn newly_collapsed<'a>(known: &mut Vec<String>, spaces: &'a [Filling]) -> Vec<&'a Filling> {
    let before = std::mem::take(known);
    let collapsed: Vec<&Filling> = spaces.iter().filter(|space| space.collapsed).collect();
    known.extend(collapsed.iter().map(|space| space.head.clone()));
    collapsed.into_iter().filter(|space| !before.contains(&space.head)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collapse_is_told_once_until_it_is_over() {
        let space = |head: &str, collapsed| Filling {
            head: head.into(),
            std: 0.0,
            rank_me: 1.0,
            uniformity: 0.0,
            collapsed,
        };
        let mut known = Vec::new();
        let mut told = |all: bool, color: bool| -> Vec<String> {
            let spaces = [space("all", all), space("color", color)];
            newly_collapsed(&mut known, &spaces).iter().map(|space| space.head.clone()).collect()
        };
        assert_eq!(told(false, true), ["color"]);
        assert_eq!(told(true, true), ["all"]);
        assert!(told(true, false).is_empty());
        assert_eq!(told(true, true), ["color"]);
    }
}
