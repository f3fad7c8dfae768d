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

/// How a batch comes in.
enum Entry {
    /// Images, by the stem: with the shape of its z, and whether that is pooled.
    Stem { layer: Box<Layer>, map: Map, pooled: bool },
    /// A trunk's map, of this shape.
    Map(Map),
}

/// A network laid out for one shape of a batch. See the module.
struct Plan {
    isa: Isa,
    /// Images, height, width, and the groups of BatchNorm.
    shape: [usize; 4],
    entry: Entry,
    blocks: Vec<Block>,
    /// Whether the output is the mean over the pixels, and not the map itself.
    pooled: bool,
    /// All maps, if the plan learns: the way back needs them. Otherwise they live in the memory.
    kept: Option<Vec<Buffer>>,
    needs: Needs,
}

/// What passes work in, and leave nothing in. Networks that work one after the other share it.
#[derive(Default)]
struct Memory {
    /// Maps of a pass that keeps none; gradients of maps.
    maps: Vec<Buffer>,
    workspace: Workspace,
    /// The weights of one layer as the kernels read them.
    packed: Buffer,
    sums: Vec<f64>,
    /// `[images, features]`, padded.
    means: Buffer,
    /// Gradients of one layer's weights in parts.
    parts: Buffer,
}

/// How much of a memory a plan needs.
#[derive(Default)]
struct Needs {
    maps: Vec<usize>,
    packed: usize,
    sums: usize,
    means: usize,
    parts: usize,
}

impl Memory {
    /// Makes it large enough for a plan.
    fn fit(&mut self, plan: &Plan) {
        let needs = &plan.needs;
        self.maps.resize_with(self.maps.len().max(needs.maps.len()), Buffer::default);
        for (map, size) in self.maps.iter_mut().zip(&needs.maps) {
            map.grow(*size);
        }
        self.packed.grow(needs.packed);
        self.means.grow(needs.means);
        self.parts.grow(needs.parts);
        self.sums.resize(self.sums.len().max(needs.sums), 0.0);
        for layer in plan.layers() {
            layer.conv.reserve(&mut self.workspace, plan.kept.is_some());
        }
    }
}

impl Plan {
    /// The shape of the output, whose channels are `features`: `[images, F]`, or `[images, F, height, width]`.
    fn output(&self, features: usize) -> Vec<usize> {
        match self.blocks.last() {
            Some(Block { map, .. }) if !self.pooled => vec![map.images, features, map.height, map.width],
            _ => vec![self.shape[0], features],
        }
    }

    /// Every layer, in the architecture's order.
    fn layers(&self) -> impl Iterator<Item = &Layer> {
        let stem = match &self.entry {
            Entry::Stem { layer, .. } => Some(&**layer),
            Entry::Map(_) => None,
        };
        let blocks = self.blocks.iter();
        stem.into_iter().chain(blocks.flat_map(|block| block.layers.iter().chain(&block.shortcut)))
    }
}
