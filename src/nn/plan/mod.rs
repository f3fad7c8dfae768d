//! The backbone as a static plan for the CPU.
//!
//! For one shape of a batch, everything is laid out once: which buffer each feature map lives in, how each
//! convolution is computed, where its weights lie in the network's one flat buffer. A step then only
//! computes; it allocates nothing. Feature maps are `[images, height, width, channels]`, channels padded
//! to a vector. Of a layer only its convolution's output z is kept; BatchNorm and ReLU are applied while
//! the next layer copies z (`nn::kernels::frame`), and again on the way back.
//!
//! | file | what |
//! |---|---|
//! | `build` | from the architecture and a shape to layers and buffers |
//! | `statistics` | BatchNorm, from sums to scales and back |
//! | `forward`, `backward` | the two passes |
//! | `network` | the `Backbone`: parameters, and a plan for each use |

mod backward;
mod build;
mod forward;
mod network;
mod statistics;
#[cfg(test)]
mod tests;

pub use network::PlannedResNet;

use super::kernels::{Buffer, Convolution, Isa, Map, Workspace};
use statistics::Statistics;
use std::ops::Range;

/// A convolution and its BatchNorm.
struct Layer {
    conv: Convolution,
    norm: Statistics,
    places: Places,
    /// Which map z is.
    z: usize,
    /// The weights as the kernels read them.
    packed: Buffer,
    packed_transposed: Buffer,
}

/// Where a layer's numbers lie: its parameters in their flat buffer, its running statistics in theirs.
#[derive(Clone, Debug)]
struct Places {
    weight: Range<usize>,
    gamma: Range<usize>,
    beta: Range<usize>,
    mean: Range<usize>,
    variance: Range<usize>,
}

/// y = ReLU(F(x) + S(x)).
struct Block {
    layers: Vec<Layer>,
    shortcut: Option<Layer>,
    /// Which maps x and y are.
    x: usize,
    y: usize,
    /// The shape of y.
    map: Map,
}

/// A network laid out for one shape of a batch. See the module.
struct Plan {
    isa: Isa,
    /// Images, height, width, and the groups of BatchNorm.
    shape: [usize; 4],
    stem: Layer,
    /// The shape of the stem's z, and whether it is pooled.
    stem_map: Map,
    pooled: bool,
    blocks: Vec<Block>,
    maps: Vec<Buffer>,
    workspace: Workspace,
    sums: Vec<f64>,
    /// `[images, features]`, padded.
    means: Buffer,
    /// Gradients of maps, and of weights in parts; only of a plan that learns.
    gradients: Vec<Buffer>,
    parts: Buffer,
}

impl Plan {
    /// Every layer, in the architecture's order.
    fn layers(&mut self) -> impl Iterator<Item = &mut Layer> {
        let blocks = self.blocks.iter_mut();
        std::iter::once(&mut self.stem)
            .chain(blocks.flat_map(|block| block.layers.iter_mut().chain(&mut block.shortcut)))
    }

    /// Brings the weights into the kernels' form.
    fn pack(&mut self, parameters: &[f32]) {
        let isa = self.isa;
        for layer in self.layers() {
            let weights = &parameters[layer.places.weight.clone()];
            layer.conv.pack(isa, weights, &mut layer.packed);
            if !layer.packed_transposed.is_empty() {
                layer.conv.pack_transposed(isa, weights, &mut layer.packed_transposed);
            }
        }
    }
}
