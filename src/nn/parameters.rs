//! A network's numbers: one flat buffer, seen as named tensors. An optimiser moves them, a momentum
//! encoder follows them, each in one pass over the buffer; a checkpoint keeps them by their names.

use super::{Layout, kernels};
use candle_core::{Device, Result, Tensor, Var, backprop::GradStore, bail};
use std::sync::Arc;

/// A flat buffer `[count]` of f32 and the names of its parts. Clones share the buffer.
#[derive(Clone)]
pub struct Parameters {
    flat: Var,
    layout: Arc<Layout>,
    /// Each entry's part of the buffer, in its shape.
    views: Arc<Vec<Tensor>>,
}

/// Collects named values for [`Parameters`].
#[derive(Default)]
pub struct ParametersBuilder {
    layout: Layout,
    values: Vec<f32>,
}

impl ParametersBuilder {
    /// Appends a tensor, given by its values in row-major order.
    ///
    /// # Errors
    /// If the values are not as many as the sizes say, or the name is taken.
    pub fn add(&mut self, name: impl Into<String>, dims: &[usize], values: &[f32]) -> Result<()> {
        let name = name.into();
        if values.len() != dims.iter().product::<usize>() {
            bail!("{name} is {dims:?}, which {} values do not fill", values.len());
        }
        if self.layout.get(&name).is_some() {
            bail!("{name} is there twice");
        }
        self.layout.push(name, dims);
        self.values.extend_from_slice(values);
        Ok(())
    }

    /// All that was added, in that order.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn build(self, device: &Device) -> Result<Parameters> {
        let count = self.values.len();
        let flat = Var::from_vec(self.values, count, device)?;
        let views = Arc::new(self.layout.views(&flat.as_detached_tensor())?);
        Ok(Parameters { flat, layout: Arc::new(self.layout), views })
    }
}

impl Parameters {
    /// Name and tensor, in order. The tensors are views: without a copy, and without a graph.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Tensor)> {
        self.layout.entries().iter().zip(self.views.iter()).map(|(entry, view)| (entry.name.as_str(), view))
    }

    /// The views alone, in order.
    pub fn views(&self) -> &[Tensor] {
        &self.views
    }

    /// The view of that name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.iter().find(|(known, _)| *known == name).map(|(_, view)| view)
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        self.flat.elem_count()
    }

    /// The whole buffer, `[count]`, to be read. It sees later changes.
    pub fn flat(&self) -> Tensor {
        self.flat.as_detached_tensor()
    }

    /// The whole buffer, `[count]`, to be changed.
    pub fn flat_mut(&self) -> &Var {
        &self.flat
    }

    /// Where each name lies in the buffer.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Fresh copies in order, as variables: what a pass with gradients computes with. Later changes of
    /// the buffer do not reach them.
    ///
    /// # Errors
    /// If the device has no room for the copies.
    pub fn leaves(&self) -> Result<Vec<Var>> {
        self.views.iter().map(Var::from_tensor).collect()
    }

    /// The gradients of such copies as one tensor `[count]`, without a graph; zeros where there is none.
    ///
    /// # Errors
    /// If the leaves are not of these parameters.
    pub fn gradient(&self, leaves: &[Var], store: &GradStore) -> Result<Tensor> {
        let of = |leaf: &Var| match store.get(leaf.as_tensor()) {
            Some(gradient) => Ok(gradient.clone()),
            None => leaf.as_detached_tensor().zeros_like(),
        };
        self.layout.join(&leaves.iter().map(of).collect::<Result<Vec<_>>>()?)
    }

    /// Overwrites the tensor of that name.
    ///
    /// # Errors
    /// If there is none, or its shape differs.
    pub fn set(&self, name: &str, value: &Tensor) -> Result<()> {
        let Some(entry) = self.layout.get(name) else { bail!("{name} is unknown") };
        entry.fits(value.dims())?;
        // A copy, since a tensor may not be written from its own storage.
        let value = value.detach().force_contiguous()?.flatten_all()?;
        self.flat_mut().slice_set(&value, 0, entry.offset)
    }

    /// Copies every value from the same names of another set.
    ///
    /// # Errors
    /// If a name is missing there, or a shape differs; nothing is changed then.
    pub fn copy_from(&self, other: &Self) -> Result<()> {
        let of = |(name, _): (&str, _)| match other.get(name) {
            Some(from) => Ok(from.clone()),
            None => bail!("{name} is missing"),
        };
        self.flat_mut().set(&self.layout.join(&self.iter().map(of).collect::<Result<Vec<_>>>()?)?)
    }

    /// The same names and values in a buffer of their own.
    ///
    /// # Errors
    /// If the device has no room for it.
    pub fn duplicate(&self) -> Result<Self> {
        let flat = Var::from_tensor(&self.flat())?;
        let views = Arc::new(self.layout.views(&flat.as_detached_tensor())?);
        Ok(Self { flat, layout: self.layout.clone(), views })
    }

    /// Overwrites the whole buffer.
    ///
    /// # Errors
    /// If there are not `count` values.
    pub fn fill_from(&self, values: &[f32]) -> Result<()> {
        self.flat_mut().set(&Tensor::from_slice(values, values.len(), self.flat.device())?)
    }

    /// Calls `read` with the whole buffer.
    ///
    /// # Errors
    /// If it is not on the CPU, or `read` fails.
    pub fn read<T>(&self, read: impl FnOnce(&[f32]) -> Result<T>) -> Result<T> {
        kernels::with_values(&self.flat, read)
    }

    /// Calls `write` with the whole buffer, to change it in place. `write` must not touch these
    /// parameters by another way: they are locked.
    ///
    /// # Errors
    /// If it is not on the CPU, or `write` fails.
    pub fn write<T>(&self, write: impl FnOnce(&mut [f32]) -> Result<T>) -> Result<T> {
        kernels::with_values_mut(self.flat_mut(), write)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> Result<Parameters> {
        let mut builder = ParametersBuilder::default();
        builder.add("a", &[2, 2], &[1.0, 2.0, 3.0, 4.0])?;
        builder.add("b", &[3], &[5.0, 6.0, 7.0])?;
        builder.build(&Device::Cpu)
    }

    #[test]
    fn views_and_clones_see_what_is_written() -> Result<()> {
        let parameters = pair()?;
        let clone = parameters.clone();
        parameters.set("b", &Tensor::new(&[8f32, 9.0, 10.0], &Device::Cpu)?)?;
        assert_eq!(clone.get("b").unwrap().to_vec1::<f32>()?, [8.0, 9.0, 10.0]);
        parameters.write(|flat| {
            flat[3] = 0.5;
            Ok(())
        })?;
        assert_eq!(clone.get("a").unwrap().to_vec2::<f32>()?, [[1.0, 2.0], [3.0, 0.5]]);
        clone.fill_from(&[0.0; 7])?;
        assert_eq!(parameters.read(|flat| Ok(flat.to_vec()))?, [0.0; 7]);
        assert_eq!(parameters.layout().get("b").map(|entry| entry.offset), Some(4));
        Ok(())
    }

    #[test]
    fn leaves_stand_still_and_have_one_flat_gradient() -> Result<()> {
        let parameters = pair()?;
        let leaves = parameters.leaves()?;
        parameters.fill_from(&[0.0; 7])?;
        let store = leaves[0].t()?.sqr()?.sum_all()?.backward()?;
        let gradient = parameters.gradient(&leaves, &store)?;
        assert_eq!(gradient.to_vec1::<f32>()?, [2.0, 4.0, 6.0, 8.0, 0.0, 0.0, 0.0]);
        Ok(())
    }

    #[test]
    fn what_does_not_fit_changes_nothing() -> Result<()> {
        let (parameters, before) = (pair()?, pair()?.flat().to_vec1::<f32>()?);
        let mut other = ParametersBuilder::default();
        other.add("a", &[2, 2], &[0.0; 4])?;
        assert!(other.add("a", &[1], &[0.0]).is_err() && other.add("c", &[2], &[0.0]).is_err());
        other.add("b", &[1, 3], &[0.0; 3])?;
        let message = parameters.copy_from(&other.build(&Device::Cpu)?).unwrap_err().to_string();
        assert!(message.contains("b is [1, 3] there and [3] here"), "{message}");
        assert!(parameters.set("c", &parameters.flat()).is_err());
        assert!(parameters.fill_from(&[1.0]).is_err());
        assert_eq!(parameters.flat().to_vec1::<f32>()?, before);
        parameters.copy_from(&parameters.clone())?;
        assert_eq!(parameters.flat().to_vec1::<f32>()?, before);
        Ok(())
    }
}
