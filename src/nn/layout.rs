//! Where each named tensor lies in a flat buffer.

use candle_core::{Result, Tensor, bail};
use std::ops::Range;

/// One named tensor's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// torchvision's name, or PyTorch's: `layer1.0.conv1.weight`.
    pub name: String,
    pub dims: Vec<usize>,
    /// The place of its first value; the others follow in row-major order.
    pub offset: usize,
}

impl Entry {
    /// How many values it has.
    pub fn count(&self) -> usize {
        self.dims.iter().product()
    }

    /// Its places in the flat buffer.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.count()
    }

    /// Its part of `flat: [count]`, in its own shape, without a copy.
    ///
    /// # Errors
    /// If `flat` is too short.
    pub fn view(&self, flat: &Tensor) -> Result<Tensor> {
        flat.narrow(0, self.offset, self.count())?.reshape(self.dims.as_slice())
    }
}

/// The places of all tensors of a network, one after the other, without gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout(Vec<Entry>);

impl Layout {
    /// Appends a place.
    pub(super) fn push(&mut self, name: String, dims: &[usize]) {
        let offset = self.count();
        self.0.push(Entry { name, dims: dims.to_vec(), offset });
    }

    /// The places, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The place of that name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.name == name)
    }

    /// How many values there are in all.
    pub fn count(&self) -> usize {
        self.0.last().map_or(0, |last| last.offset + last.count())
    }

    /// The tensors that `flat: [count]` consists of, in order, without a copy.
    ///
    /// # Errors
    /// If `flat` is too short.
    pub fn views(&self, flat: &Tensor) -> Result<Vec<Tensor>> {
        self.0.iter().map(|entry| entry.view(flat)).collect()
    }

    /// The inverse of [`Self::views`], with a copy: tensors in order → `[count]`, without their graph.
    ///
    /// # Errors
    /// If they are not as many, or a shape differs.
    pub fn join(&self, tensors: &[Tensor]) -> Result<Tensor> {
        if tensors.len() != self.0.len() {
            bail!("{} tensors do not fill {} places", tensors.len(), self.0.len());
        }
        let flat = |(entry, tensor): (&Entry, &Tensor)| {
            entry.fits(tensor.dims())?;
            tensor.detach().flatten_all()
        };
        let flat = self.0.iter().zip(tensors).map(flat).collect::<Result<Vec<_>>>()?;
        // One tensor would come back as it is, not as a copy.
        if flat.len() == 1 { flat[0].force_contiguous() } else { Tensor::cat(&flat, 0) }
    }
}

impl Entry {
    /// # Errors
    /// If a tensor of these sizes has no place here.
    pub(super) fn fits(&self, dims: &[usize]) -> Result<()> {
        if dims != self.dims {
            bail!("{} is {dims:?} there and {:?} here", self.name, self.dims);
        }
        Ok(())
    }
}
