//! What was changed while a run trained, as the curves show it.

/// An edit: when it came into force, and what it changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The next step is the first one under it.
    pub step: u64,
    /// Seconds since the run's start, as far as the curves tell.
    pub time: f64,
    /// As in `--set`: `augment.color.p`.
    pub path: String,
    pub from: String,
    pub to: String,
}

impl Mark {
    /// In a few words: `color off`, `color.p .5→.8`.
    pub fn short(&self) -> String {
        let path = self.path.strip_prefix("augment.").unwrap_or(&self.path);
        let path = path.strip_prefix("optimizer.").or(path.strip_prefix("contrast.")).unwrap_or(path);
        match (path.strip_suffix(".enabled"), path.strip_suffix(".head"), &*self.to) {
            (Some(name), _, "true") => format!("{name} on"),
            (Some(name), ..) => format!("{name} off"),
            (_, Some(name), "true") => format!("{name} head"),
            (_, Some(name), _) => format!("{name} no head"),
            _ => format!("{path} {}→{}", self.from, self.to),
        }
    }

    /// Whole: `augment.color.p 0.5 → 0.8`.
    pub fn whole(&self) -> String {
        format!("{} {} → {}", self.path, self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_in_a_few_words() {
        let short = |path: &str, from: &str, to: &str| {
            Mark { step: 1, time: 0.0, path: path.into(), from: from.into(), to: to.into() }.short()
        };
        assert_eq!(short("augment.color.enabled", "true", "false"), "color off");
        assert_eq!(short("augment.blur.head", "false", "true"), "blur head");
        assert_eq!(short("augment.color.p", "0.5", "0.8"), "color.p 0.5→0.8");
        assert_eq!(short("optimizer.lr", "0.1", "0.2"), "lr 0.1→0.2");
    }
}
