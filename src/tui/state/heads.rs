//! The embedding spaces' numbers and colours. A number once given stays, so that switching a head on
//! or off while training never recolours another curve.

use crate::config::Config;

/// The embedding spaces, in order of appearance.
#[derive(Clone, Debug)]
pub struct Heads {
    names: Vec<String>,
}

impl Default for Heads {
    fn default() -> Self {
        Self { names: vec!["all".into()] }
    }
}

impl Heads {
    /// Takes in the heads of a configuration.
    pub fn update(&mut self, config: &Config) {
        for entry in config.augment.iter().filter(|entry| entry.head) {
            self.number(entry.name());
        }
    }

    /// The number of a head, given now if it has none: 0 is the space invariant to everything.
    pub fn number(&mut self, name: &str) -> usize {
        self.find(name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }

    /// The number of a head that has one.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// `z0`, `z1`, …; `z?` for a head nobody has told of.
    pub fn label(&self, name: &str) -> String {
        self.find(name).map_or_else(|| "z?".into(), |i| format!("z{i}"))
    }
}
