//! What turned a run's course, as the curves show it.

use crate::run::Turn;

/// An edit, or the fork that the run began as.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The next step is the first one after the turn.
    pub step: u64,
    /// Seconds since the run's start, as far as the curves tell.
    pub time: f64,
    pub turn: Turn,
}

impl Mark {
    /// In a few words: `color off`, `color.p .5→.8`, `from r0002`.
    pub fn short(&self) -> String {
        let (path, from, to) = match &self.turn {
            Turn::Edit { path, from, to } => (path, from, to),
            Turn::Fork { of } => return format!("from {of}"),
        };
        let path = path.strip_prefix("augment.").unwrap_or(path);
        let path = path.strip_prefix("optimizer.").or(path.strip_prefix("contrast.")).unwrap_or(path);
        match (path.strip_suffix(".enabled"), path.strip_suffix(".head"), &**to) {
            (Some(name), _, "true") => format!("{name} on"),
            (Some(name), ..) => format!("{name} off"),
            (_, Some(name), "true") => format!("{name} head"),
            (_, Some(name), _) => format!("{name} no head"),
            _ => format!("{path} {from}→{to}"),
        }
    }

    /// Whole: `augment.color.p 0.5 → 0.8`.
    pub fn whole(&self) -> String {
        match &self.turn {
            Turn::Edit { path, from, to } => format!("{path} {from} → {to}"),
            Turn::Fork { of } => format!("forked from {of}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_in_a_few_words() {
        let mark = |turn| Mark { step: 1, time: 0.0, turn };
        let short = |path: &str, from: &str, to: &str| {
            mark(Turn::Edit { path: path.into(), from: from.into(), to: to.into() }).short()
        };
        assert_eq!(short("augment.color.enabled", "true", "false"), "color off");
        assert_eq!(short("augment.blur.head", "false", "true"), "blur head");
        assert_eq!(short("augment.color.p", "0.5", "0.8"), "color.p 0.5→0.8");
        assert_eq!(short("optimizer.lr", "0.1", "0.2"), "lr 0.1→0.2");
        let fork = mark(Turn::Fork { of: "r0002".into() });
        assert_eq!((&*fork.short(), &*fork.whole()), ("from r0002", "forked from r0002"));
    }
}
