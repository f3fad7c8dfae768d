//! The embedding spaces' numbers and colours. A number once given stays, so that switching a head on
//! or off while training never recolours another curve.

use super::quantity;
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

    /// The number of the head that a tag's figures are of, as `loss/color` and `invariance/color/crop` are.
    pub fn of_tag(&self, tag: &str) -> Option<usize> {
        quantity::head(tag).and_then(|(name, _)| self.find(name))
    }

    /// What a tag's figures are of, for a legend: `z1 color`, `z1 color · crop`, `shape`.
    pub fn words(&self, tag: &str) -> String {
        match quantity::head(tag) {
            Some((name, "")) => format!("{} {name}", self.label(name)),
            Some((name, of)) => format!("{} {name} · {of}", self.label(name)),
            None => tag.split_once('/').map_or(tag, |(_, rest)| rest).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_keeps_its_number_and_gives_curves_their_names() {
        let mut heads = Heads::default();
        assert_eq!([heads.number("color"), heads.number("blur"), heads.number("color")], [1, 2, 1]);
        let words = ["loss/all", "invariance/blur/crop", "std/flip", "knn/color", "loss", "probe/a/b"];
        let words = words.map(|tag| heads.words(tag));
        assert_eq!(words, ["z0 all", "z2 blur · crop", "z? flip", "color", "loss", "a/b"]);
        assert_eq!((heads.of_tag("rankme/blur"), heads.of_tag("knn/blur")), (Some(2), None));
    }
}
