//! The `model` and `optimizer` sections of a configuration.

use crate::knob::{Invalid, Knob};
use serde::{Deserialize, Serialize};

/// The `model` section. Fixed once a run has started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSettings {
    /// The family of the backbone.
    pub backbone: BackboneKind,
    /// Channels of the first stage; the features have 8 × width (ResNet-18, -34) or 32 × width (-50).
    pub width: usize,
    /// Residual blocks in each of the four stages; 0: as many as the family has.
    pub blocks: usize,
    /// How an image enters.
    pub stem: Stem,
    /// Into how many groups a batch is split for BatchNorm's statistics (MoCo's shuffling, on one device).
    pub bn_splits: usize,
    /// Dimensions of every embedding space.
    pub dim: usize,
    /// What an embedding space has for its own.
    pub heads: HeadKind,
}

/// What an embedding space has for its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeadKind {
    /// An MLP over the backbone's features (LooC).
    Mlp,
    /// The last residual stage, `layer4`, and an MLP over its features (LooC++).
    Stage,
}

/// The family of the backbone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackboneKind {
    /// Basic blocks of two 3×3 convolutions (He et al., 2016): 2, 2, 2, 2.
    Resnet18,
    /// Basic blocks: 3, 4, 6, 3.
    Resnet34,
    /// Bottlenecks of 1×1, 3×3 and 1×1 convolutions: 3, 4, 6, 3.
    Resnet50,
}

impl BackboneKind {
    /// The family's own number of blocks, by stage.
    pub fn stage_blocks(self) -> [usize; 4] {
        match self {
            Self::Resnet18 => [2, 2, 2, 2],
            Self::Resnet34 | Self::Resnet50 => [3, 4, 6, 3],
        }
    }
}

/// How an image enters the backbone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stem {
    /// 3×3 convolution, stride 1, no pooling: for images of about 32 pixels.
    Cifar,
    /// 7×7 convolution, stride 2, then 3×3 max-pooling, stride 2: for images of 96 pixels and more.
    Imagenet,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            backbone: BackboneKind::Resnet18,
            width: 16,
            blocks: 0,
            stem: Stem::Cifar,
            bn_splits: 8,
            dim: 128,
            heads: HeadKind::Mlp,
        }
    }
}

impl ModelSettings {
    /// Ranges of the numbers.
    pub const KNOBS: &'static [Knob] = &[
        Knob { path: "width", min: 4.0, max: 512.0, step: 4.0, help: "channels of the first stage" },
        Knob {
            path: "blocks",
            min: 0.0,
            max: 8.0,
            step: 1.0,
            help: "residual blocks a stage; 0: the family's own",
        },
        Knob {
            path: "bn_splits",
            min: 1.0,
            max: 64.0,
            step: 1.0,
            help: "groups a batch is split into for BatchNorm",
        },
        Knob { path: "dim", min: 2.0, max: 4096.0, step: 16.0, help: "dimensions of an embedding space" },
    ];

    /// Residual blocks, by stage.
    pub fn stage_blocks(&self) -> [usize; 4] {
        match self.blocks {
            0 => self.backbone.stage_blocks(),
            blocks => [blocks; 4],
        }
    }
}

/// The `optimizer` section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimizerSettings {
    /// The rule of the update.
    pub kind: OptimizerKind,
    /// Peak learning rate.
    pub lr: f64,
    /// SGD's momentum.
    pub momentum: f64,
    /// L2 penalty (SGD), or decoupled decay (AdamW).
    pub weight_decay: f64,
    /// AdamW's averaging coefficients.
    pub betas: [f64; 2],
    /// AdamW's denominator floor.
    pub eps: f64,
    /// How the rate falls.
    pub schedule: ScheduleKind,
    /// Epochs of linear warm-up.
    pub warmup: f64,
    /// For `step`: where the rate falls tenfold, as fractions of all steps.
    pub milestones: Vec<f64>,
}

/// The rule of the update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    Sgd,
    Adamw,
}

/// How the learning rate falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScheduleKind {
    Constant,
    /// Half a cosine, to zero.
    Cosine,
    /// Tenfold at each milestone.
    Step,
}

impl Default for OptimizerSettings {
    fn default() -> Self {
        Self {
            kind: OptimizerKind::Sgd,
            lr: 0.06,
            momentum: 0.9,
            weight_decay: 5e-4,
            betas: [0.9, 0.999],
            eps: 1e-8,
            schedule: ScheduleKind::Cosine,
            warmup: 0.0,
            milestones: vec![0.6, 0.8],
        }
    }
}

impl OptimizerSettings {
    /// Ranges of the numbers.
    pub const KNOBS: &'static [Knob] = &[
        Knob { path: "lr", min: 0.0, max: 10.0, step: 0.005, help: "peak learning rate" },
        Knob { path: "momentum", min: 0.0, max: 0.9999, step: 0.01, help: "momentum of SGD" },
        Knob { path: "weight_decay", min: 0.0, max: 1.0, step: 1e-4, help: "weight decay" },
        Knob { path: "betas.0", min: 0.0, max: 0.9999, step: 0.01, help: "AdamW: average of the gradient" },
        Knob { path: "betas.1", min: 0.0, max: 0.99999, step: 0.001, help: "AdamW: average of its square" },
        Knob { path: "eps", min: 1e-12, max: 1.0, step: 1e-8, help: "AdamW: floor of the denominator" },
        Knob { path: "warmup", min: 0.0, max: 1000.0, step: 1.0, help: "epochs of linear warm-up" },
    ];

    /// Whether a value of it does anything: neither rule reads all.
    pub fn reads(&self, field: &str) -> bool {
        match field {
            "momentum" => self.kind == OptimizerKind::Sgd,
            "betas" | "eps" => self.kind == OptimizerKind::Adamw,
            "milestones" => self.schedule == ScheduleKind::Step,
            _ => true,
        }
    }

    /// What the ranges cannot say.
    pub fn check(&self) -> Result<(), Invalid> {
        for (i, milestone) in self.milestones.iter().enumerate() {
            if !(0.0..=1.0).contains(milestone) || (i > 0 && *milestone <= self.milestones[i - 1]) {
                return Err(Invalid::at(
                    format!("milestones.{i}"),
                    "milestones are fractions of all steps, 0 to 1, in rising order",
                ));
            }
        }
        Ok(())
    }
}
