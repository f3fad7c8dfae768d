//! What the method asks of a backbone.

use super::Parameters;
use candle_core::{Result, Tensor};

/// What a forward pass is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// The query: BatchNorm takes the batch's statistics, and the pass is kept for [`Backbone::backward`].
    Learn,
    /// A key: the batch's statistics too, but nothing is kept.
    Key,
    /// Evaluation: running statistics, nothing is kept, nothing moves.
    Frozen,
}

/// A network from images to features. Anything that can do this can train LooC; for LooC++ it has to come
/// in two parts: a trunk, whose output is a map, and last stages, whose input is one.
pub trait Backbone: Send {
    /// `images: [batch, 3, height, width]` → pooled features `[batch, F]`, without a graph behind them.
    /// A trunk gives its map, `[batch, F, height, width]`; a last stage takes that instead of images.
    ///
    /// # Errors
    /// If the images' shape does not fit.
    fn forward(&mut self, images: &Tensor, pass: Pass) -> Result<Tensor>;

    /// From the output's gradient, in its shape, of the last [`Pass::Learn`] to that of the parameters,
    /// `[count]`, in the layout of [`Self::parameters`]. What was kept is given up.
    ///
    /// The tensor may be written anew by the next backward pass.
    ///
    /// # Errors
    /// If no pass was kept.
    fn backward(&mut self, gradient: &Tensor) -> Result<Tensor>;

    /// The gradient of the map that a last stage was given, in its shape, from the last backward pass; it is
    /// given once. None for a network of images.
    fn input_gradient(&mut self) -> Option<Tensor>;

    /// Another network with the same weights and statistics as now, which shares nothing with this one but
    /// the memory that a pass works in. The two are meant for one thread, one after the other.
    ///
    /// # Errors
    /// If the device has no room for it.
    fn twin(&self) -> Result<Box<dyn Backbone>>;

    /// What is learned, by torchvision's names.
    fn parameters(&self) -> &Parameters;

    /// BatchNorm's running statistics, by torchvision's names.
    fn buffers(&self) -> &Parameters;

    /// F.
    fn features(&self) -> usize;
}
