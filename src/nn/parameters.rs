//! Named tensors in a stable order: what an optimiser moves, a momentum encoder follows, a checkpoint keeps.

use candle_core::{Result, Tensor, Var, backprop::GradStore};

/// Named variables, in the order in which they were added.
#[derive(Clone, Default)]
pub struct Parameters(Vec<(String, Var)>);

impl Parameters {
    /// Adds one. Names must be unique.
    pub fn add(&mut self, name: impl Into<String>, var: &Var) {
        self.0.push((name.into(), var.clone()));
    }

    /// Name and variable, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Var)> {
        self.0.iter().map(|(name, var)| (name.as_str(), var))
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        self.0.iter().map(|(_, var)| var.elem_count()).sum()
    }

    /// The gradients, in order; zeros where there is none. They carry no graph.
    ///
    /// # Errors
    /// If candle fails to make the zeros.
    pub fn gradients(&self, store: &GradStore) -> Result<Vec<Tensor>> {
        let of = |(_, var): &(String, Var)| match store.get(var.as_tensor()) {
            Some(gradient) => Ok(gradient.detach()),
            None => var.zeros_like().map(|zeros| zeros.detach()),
        };
        self.0.iter().map(of).collect()
    }

    /// Copies every value from the same names of another set.
    ///
    /// # Errors
    /// If a name is missing there, or a shape differs.
    pub fn copy_from(&self, other: &Self) -> Result<()> {
        for (name, var) in &self.0 {
            let Some((_, from)) = other.0.iter().find(|(known, _)| known == name) else {
                candle_core::bail!("{name} is missing");
            };
            // `copy`, since a variable may not share its storage with another.
            var.set(&from.as_detached_tensor().copy()?)?;
        }
        Ok(())
    }
}
