//! Measurements between steps: a slice a step, so that training stops for no more than a blink.

use super::{EngineError, message::Phase, trainer::Trainer};
use crate::eval::{
    Measured, Measurement, Subject,
    measurement::{clean, some},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Images that give BatchNorm its statistics before the first step.
const CALIBRATION: usize = 256;
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
            let groups = config.model.bn_splits;
            let count = self.data.train.len().min(CALIBRATION) / groups * groups;
            let at = some(config.train.seed, "calibration", self.data.train.len(), count);
            self.frozen.calibrate(&clean(&self.data.train, &at, &self.device)?)?;
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

    /// One slice of the measurement under way, if there is one.
    pub fn measure_slice(&mut self) -> Result<(), EngineError> {
        let Some(measurement) = &mut self.measurement else { return Ok(()) };
        if let Some(measured) = measurement.advance(&mut self.frozen, &self.device)? {
            self.measurement = None;
            self.tell_measured(measured);
        }
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
        let time = self.time();
        let row = values.iter().map(|(tag, value)| (tag.as_str(), *value));
        let logged = self.run.metrics().record(report.step, time, row);
        self.warn_of(logged);
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
