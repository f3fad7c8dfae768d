//! How invariant each embedding space is to each augmentation.

/// Heads × augmentations, as `method` defines it: the mean cosine of a head's outputs for two views
/// whose parameters are equal but for one augmentation's, which differ.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InvarianceReport {
    /// The step of the model that was measured.
    pub step: u64,
    /// Rows: `all`, then each augmentation that owns a head.
    pub heads: Vec<String>,
    /// Columns: every augmentation that is on and that can differ.
    pub augmentations: Vec<String>,
    /// Mean cosine, `[head][augmentation]`.
    pub raw: Vec<Vec<f32>>,
    /// The same with 0 = the mean cosine of two different images and 1 = identical.
    pub rescaled: Vec<Vec<f32>>,
    /// Per head: mean rescaled invariance to the other heads' augmentations − that to its own;
    /// none for `all` and where there is nothing to compare.
    pub selectivity: Vec<Option<f32>>,
}
