//! `looc-tui bench`.

mod views;

use super::{Code, Globals, Run, Usage, say};
use crate::{
    config::TrainSettings,
    device,
    engine::EngineError,
    knob::Knob,
    looc::{ContrastSettings, Hyper, Learner, PARTS, StepTimes, Views},
    nn::{BackboneKind, ModelSettings, OptimizerSettings, Stem, kernels::Isa},
    rng::{Domain, Stream},
};
use candle_core::{Device, Tensor};
use clap::Args;
use color_eyre::Report;
use serde::{
    Serialize,
    de::{DeserializeOwned, IntoDeserializer, value::Error as Unknown},
};
use std::{
    io::Write,
    time::{Duration, Instant},
};

const HELP: &str = "\
Examples:
  looc-tui bench --threads 2
  looc-tui bench --width 64 --batch 64 --json
  looc-tui bench --views --side 224";

/// Times training steps on random images, on the CPU: momentum, views, losses, backward, optimiser, queues.
///
/// The first step is told by itself, from the start of the program; the second is not timed.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Bench {
    /// Channels of the backbone's first stage
    #[arg(long, value_name = "N", default_value_t = 16)]
    width: usize,
    /// Images a step
    #[arg(long, value_name = "N", default_value_t = 128)]
    batch: usize,
    /// Leave-one-out heads: one embedding space less than there are
    #[arg(long, value_name = "N", default_value_t = 2)]
    heads: usize,
    /// Keys in each space's queue
    #[arg(long, value_name = "N", default_value_t = 4096)]
    queue: usize,
    /// Steps that are timed; their median counts
    #[arg(long, value_name = "N", default_value_t = 12)]
    steps: usize,
    /// Family of the backbone, as in model.backbone
    #[arg(long, value_name = "NAME", default_value = "resnet18", value_parser = named::<BackboneKind>)]
    backbone: BackboneKind,
    /// How an image enters: cifar or imagenet, as in model.stem
    #[arg(long, value_name = "NAME", default_value = "cifar", value_parser = named::<Stem>)]
    stem: Stem,
    /// Pixels of an image's side
    #[arg(long, value_name = "N", default_value_t = 32)]
    side: usize,
    /// Time the making of views instead, on one core
    #[arg(long, conflicts_with_all = ["width", "batch", "heads", "queue", "steps", "backbone", "stem"])]
    views: bool,
    /// One line of JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// The name of a setting's variant; a wrong one is answered with all that there are.
fn named<T: DeserializeOwned>(name: &str) -> Result<T, Unknown> {
    T::deserialize(name.into_deserializer())
}

/// What was measured, under the names that other programs' benches give it too.
#[derive(Serialize)]
struct Figures {
    peer: String,
    width: usize,
    batch: usize,
    heads: usize,
    step_ms: f64,
    images_per_s: f64,
    first_step_s: f64,
    peak_rss_mb: Option<u64>,
    /// The median of each of [`PARTS`], in milliseconds.
    #[serde(skip)]
    parts: [f64; PARTS.len()],
}

impl Run for Bench {
    fn run(self, globals: &Globals) -> Result<Code, Report> {
        // The loading of the program is part of its first step.
        let started = Instant::now();
        let started = device::age().and_then(|age| started.checked_sub(age)).unwrap_or(started);
        let threads = globals.threads.unwrap_or(0);
        let isa = Isa::preferred().map_err(EngineError::from)?;
        self.check(globals, threads)?;
        if self.views {
            let figures = views::measure(globals, self.side)?;
            let text = if self.json { serde_json::to_string(&figures)? } else { figures.table() };
            writeln!(std::io::stdout(), "{text}")?;
            return Ok(Code::Done);
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| EngineError::Threads(error.to_string()))?;
        let figures = pool.install(|| self.measure(isa, started, globals.seed.unwrap_or(0)))?;
        let text = if self.json { serde_json::to_string(&figures)? } else { self.table(&figures) };
        writeln!(std::io::stdout(), "{text}")?;
        if self.json && figures.peak_rss_mb.is_none() {
            say("looc-tui: this system does not tell the peak of memory: peak_rss_mb is null");
        }
        Ok(Code::Done)
    }
}

impl Bench {
    /// Refuses what a configuration would refuse too, and what leaves nothing to measure.
    fn check(&self, globals: &Globals, threads: usize) -> Result<(), Report> {
        if !globals.set.is_empty() {
            return Err(Usage::error("bench reads no configuration: leave --set out"));
        }
        let of = |knobs: &[Knob], path| {
            let knob = knobs.iter().find(|knob| knob.path == path);
            knob.map_or((0, usize::MAX), |knob| (knob.min as usize, knob.max as usize))
        };
        // The later stages halve the side three times, this stem twice more: a pixel has to be left.
        let side = if self.stem == Stem::Imagenet { 32 } else { 8 };
        for (name, value, (min, max)) in [
            ("width", self.width, of(ModelSettings::KNOBS, "width")),
            ("batch", self.batch, of(TrainSettings::KNOBS, "batch")),
            ("queue", self.queue, of(ContrastSettings::KNOBS, "queue")),
            ("threads", threads, of(TrainSettings::KNOBS, "threads")),
            ("heads", self.heads, (0, 64)),
            ("steps", self.steps, (1, 1_000_000)),
            ("side", self.side, (side, 4096)),
        ] {
            if !(min..=max).contains(&value) {
                return Err(Usage::error(format!("--{name} {value}: allowed is {min} to {max}")));
            }
        }
        Ok(())
    }

    fn measure(&self, isa: Isa, started: Instant, seed: u64) -> Result<Figures, EngineError> {
        let model = self.model();
        let contrast = ContrastSettings {
            temperature: 0.2,
            momentum: 0.99,
            queue: self.queue,
            ..ContrastSettings::default()
        };
        let sgd = OptimizerSettings { momentum: 0.9, weight_decay: 5e-4, ..OptimizerSettings::default() };
        let hyper = Hyper { contrast: &contrast, optimizer: &sgd, lr: 0.03 };
        let mut views = self.views(seed)?;
        let heads: Vec<&str> = views.sharing.iter().map(|(name, _)| name.as_str()).collect();
        let mut learner = Learner::new(&model, &contrast, &heads, seed, &Device::Cpu)?;
        let mut step = || {
            let start = Instant::now();
            views.step += 1;
            learner.step(&views, hyper).map(|_| (start.elapsed(), learner.times))
        };
        step()?;
        let first = started.elapsed();
        step()?;
        let times = (0..self.steps).map(|_| step()).collect::<Result<_, _>>()?;
        Ok(self.figures(isa, first, times))
    }

    /// The number of blocks is left to the family.
    fn model(&self) -> ModelSettings {
        let (backbone, width, stem) = (self.backbone, self.width, self.stem);
        ModelSettings { backbone, width, stem, bn_splits: 1, dim: 128, ..ModelSettings::default() }
    }

    /// Noise of mean 0 and variance 1. Heads are named by numbers from 1.
    fn views(&self, seed: u64) -> Result<Views, EngineError> {
        let noise = |name: &str| {
            let mut stream = Stream::named(seed, Domain::Views, name);
            let (count, bound) = (self.batch * 3 * self.side * self.side, 3f32.sqrt());
            let values: Vec<f32> = (0..count).map(|_| stream.between(-bound, bound)).collect();
            Tensor::from_vec(values, (self.batch, 3, self.side, self.side), &Device::Cpu)
        };
        let heads = (1..=self.heads).map(|head| head.to_string());
        let sharing = heads.map(|name| Ok((name.clone(), noise(&name)?))).collect::<Result<_, EngineError>>();
        Ok(Views {
            step: 0,
            query: noise("query")?,
            general: noise("general")?,
            sharing: sharing?,
            labels: None,
        })
    }

    fn figures(&self, isa: Isa, first: Duration, steps: Vec<(Duration, StepTimes)>) -> Figures {
        let middle = median(steps.iter().map(|(step, _)| *step));
        let part = |part: usize| median(steps.iter().map(|(_, times)| times.0[part])) * 1e3;
        let (version, threads) = (env!("CARGO_PKG_VERSION"), rayon::current_num_threads());
        Figures {
            peer: format!("looc-tui {version} cpu ({threads} threads, {})", isa.name()),
            width: self.width,
            batch: self.batch,
            heads: self.heads,
            step_ms: (middle * 1e4).round() / 10.0,
            images_per_s: (self.batch as f64 / middle * 10.0).round() / 10.0,
            first_step_s: (first.as_secs_f64() * 100.0).round() / 100.0,
            peak_rss_mb: device::peak_memory().map(|bytes| bytes >> 20),
            parts: std::array::from_fn(part),
        }
    }

    fn table(&self, it: &Figures) -> String {
        let Self { width, batch, heads, steps, side, .. } = self;
        let memory = it.peak_rss_mb.map_or("not told by this system".into(), |mb| format!("{mb} MiB"));
        let parts = PARTS.iter().zip(it.parts).map(|(name, ms)| format!("{name} {ms:.1}"));
        let parts = parts.collect::<Vec<_>>().join(", ");
        format!(
            "{}\nwidth {width}, batch {batch}, heads {heads}, images of {side}×{side}\n\
             step         {:.1} ms (median of {steps}): {parts}\nthroughput   {:.1} images/s\n\
             first step   {:.2} s after the start of the program\npeak memory  {memory}",
            it.peer, it.step_ms, it.images_per_s, it.first_step_s
        )
    }
}

/// In seconds, of at least one.
fn median(times: impl Iterator<Item = Duration>) -> f64 {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    (times[(times.len() - 1) / 2] + times[times.len() / 2]).as_secs_f64() / 2.0
}
