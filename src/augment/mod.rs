//! Augmentations, and the plan of the views that leave one of them out.
//!
//! An augmentation is one file here and one line in [`registry`]: its settings as they stand in the
//! configuration, the parameters that are drawn for one view, how they are drawn and how they are
//! applied. Drawing and applying are separate, because LooC's key kᵢ *shares augmentation i's drawn
//! parameters with the query* (Xiao et al., 2021, section 3): sharing is copying a parameter struct.

mod image;
mod plan;
mod registry;

pub mod flip;

pub use crate::knob::{Invalid, Knob};
pub use image::Image;
pub use plan::{Entry, PlanAddress, ViewName, ViewParams, ViewPlan, plan};
pub use registry::{KINDS, Kind, Params, Settings};

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
    /// What is drawn for one view. Equal parameters must give equal images.
    type Params: Clone + std::fmt::Debug + PartialEq + Send + Sync;

    /// Draws parameters for an image of `width` × `height` pixels.
    fn sample(&self, stream: &mut Stream, width: usize, height: usize) -> Self::Params;
    /// Changes the image as the parameters say. Width and height stay what they were.
    fn apply(params: &Self::Params, image: &mut Image);
    /// The settings in a few characters, for the editor's list (such as `.20–1.0`).
    fn summary(&self) -> String;
    /// Drawn parameters in words, for the view inspector.
    fn describe(params: &Self::Params) -> String;
    /// What the ranges of [`Self::KNOBS`] cannot say.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}
