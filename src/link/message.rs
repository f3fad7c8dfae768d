//! What is said over the socket.

use super::PROTOCOL;
use crate::{
    config::Config,
    engine::message::{Command, Event, NeighbourSheet, Snapshot, StepRecord, ViewSheet},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The first message of both. Between other versions there is no second one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// Of what is said.
    pub looc: u32,
    /// Of the program: it says what a configuration can hold.
    pub version: String,
}

impl Hello {
    /// This program's.
    pub fn own() -> Self {
        Self { looc: PROTOCOL, version: env!("CARGO_PKG_VERSION").into() }
    }
}

/// What the run tells a viewer: its state, the course until now in [`Told::Records`], [`Told::Live`], and from then on
/// what is new.
#[derive(Debug, Serialize, Deserialize)]
pub enum Told {
    State(Box<State>),
    Records(Vec<StepRecord>),
    /// All that was before has been told.
    Live,
    Events(Vec<Event>),
}

/// A state of the run.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub snapshot: Snapshot,
    /// As YAML, if it is another than before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// If they are new, and this viewer asked for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub views: Option<Arc<ViewSheet>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbours: Option<Arc<NeighbourSheet>>,
}

impl State {
    /// The state with what is not told anew: it is as it was in `before`.
    ///
    /// # Errors
    /// The configuration is none that this program knows.
    pub fn after(self, before: &Snapshot) -> Result<Snapshot, crate::config::ConfigError> {
        let config = match self.config {
            Some(text) => Arc::new(Config::parse(&text, "the run's configuration", &[])?),
            None => before.config.clone(),
        };
        let views = self.views.or_else(|| before.views.clone());
        let neighbours = self.neighbours.or_else(|| before.neighbours.clone());
        Ok(Snapshot { config, views, neighbours, ..self.snapshot })
    }
}

/// What a viewer asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub command: Command,
    /// How many edits were in force, as far as the viewer knew.
    pub revision: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::message::{InvarianceReport, Phase};

    #[test]
    fn a_state_comes_over_whole_also_with_figures_that_are_none() {
        let report = InvarianceReport { rescaled: vec![vec![f32::NAN, 0.25]], ..Default::default() };
        let snapshot = Snapshot {
            phase: Phase::Paused,
            invariance: Some(Arc::new(report)),
            knn: vec![("class".into(), 0.1)],
            ..Snapshot::default()
        };
        let config = Config::quickstart().edited("optimizer.lr", &0.123.into()).unwrap();
        let state = State { snapshot, config: Some(config.to_yaml()), ..State::default() };
        let text = serde_json::to_string(&Told::State(Box::new(state))).unwrap();
        let Ok(Told::State(state)) = serde_json::from_str(&text) else { panic!("{text}") };
        let views = Some(Arc::new(ViewSheet {
            request: Default::default(),
            count: 1,
            step: 3,
            side: 0,
            original: Arc::from([]),
            labels: Vec::new(),
            views: Vec::new(),
        }));
        let read = state.after(&Snapshot { views: views.clone(), ..Snapshot::default() }).unwrap();
        assert_eq!((read.phase, &*read.config, read.views), (Phase::Paused, &config, views));
        let rescaled = &read.invariance.unwrap().rescaled[0];
        assert!(rescaled[0].is_nan() && rescaled[1] == 0.25 && read.knn[0].1 == 0.1);
    }
}
