//! Augmentations, and the plan of the views that leave one of them out.
//!
//! An augmentation is one file here, its `mod` line, and one line in `registry.rs`: its settings as they stand in the
//! configuration, the parameters that are drawn for one view, how they are drawn and how they are
//! applied. Drawing and applying are separate, because LooC's key kᵢ *shares augmentation i's drawn
//! parameters with the query* (Xiao et al., 2021, section 3): sharing is copying a parameter struct.

mod image;
mod others;
mod plan;
mod registry;
mod vectors;

pub mod blur;
pub mod color;
pub mod crop;
pub mod elastic;
pub mod erase;
pub mod flip;
pub mod jpeg;
pub mod noise;
pub mod perspective;
pub mod posterize;
pub mod rotation;
pub mod sharpness;
pub mod solarize;
pub mod texture;

#[cfg(test)]
mod tests;

pub use crate::knob::{Invalid, Knob};
pub use image::{Image, floats};
pub use others::{Alone, Others};
pub use plan::{Entry, PlanAddress, ViewName, ViewParams, ViewPlan, check_order, plan};
pub use registry::{KINDS, Kind, Params, Settings};
pub use vectors::{vectorised, with_scratch};

use crate::rng::Stream;
use serde::{Serialize, de::DeserializeOwned};

/// What the file of an augmentation provides.
pub trait Augmentation: Clone + std::fmt::Debug + PartialEq + Default + Serialize + DeserializeOwned {
    /// The name in the configuration, of its head and of its embedding space.
    const KIND: &'static str;
    /// One line for a newcomer.
    const HELP: &'static str;
    /// The numbers that can be edited, with their ranges.
    const KNOBS: &'static [Knob];
    /// The kinds that must come earlier when they are in the list too, each with the reason.
    const AFTER: &'static [(&'static str, &'static str)] = &[];
    /// Whether it has so few values that two independent draws are often equal: it can then be `distinct`.
    const DISCRETE: bool = false;
    /// What is drawn for one view. Equal parameters must give equal images.
    type Params: Clone + std::fmt::Debug + PartialEq + Send + Sync;

    /// Draws parameters for an image of `width` × `height` pixels.
    fn sample(&self, stream: &mut Stream, width: usize, height: usize) -> Self::Params;
    /// Changes the image as the parameters say. Width and height stay what they were. What it has to put
    /// aside is lent by [`with_scratch`], and passes over pixels run in [`vectorised`].
    fn apply(params: &Self::Params, image: &mut Image);
    /// [`Self::apply`], with the other images at hand. Equal parameters and equal others must give equal
    /// images.
    fn apply_among(params: &Self::Params, image: &mut Image, _others: &dyn Others) {
        Self::apply(params, image);
    }
    /// Whether it puts the image's stylised twin in its place: then it has to be the first of the list, and
    /// there has to be a style bank.
    fn takes_twins(&self) -> bool {
        false
    }
    /// The settings in a few characters, for the editor's list (such as `.20–1.0`).
    fn summary(&self) -> String;
    /// Drawn parameters in words, for the view inspector.
    fn describe(params: &Self::Params) -> String;
    /// What the ranges of [`Self::KNOBS`] cannot say.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

/// The check of a `[low, high]` setting.
fn ordered(path: &str, [low, high]: [f64; 2]) -> Result<(), Invalid> {
    if low <= high {
        return Ok(());
    }
    Err(Invalid::at(path, format!("the first number is the least one, but {low} is more than {high}")))
}

/// A setting in few characters: `.20`, `1.0`, `0`.
fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if value >= 1.0 {
        return format!("{value:.1}");
    }
    let text = format!("{value:.2}");
    text.strip_prefix('0').map_or(text.clone(), str::to_owned)
}
