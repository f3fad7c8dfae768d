//! What beside its configuration and its edits a run's bits may depend on, and where two of them differ.

use super::EngineError;
use crate::{
    data::Splits,
    run::{self, Began, Manifest},
};
use std::{fmt, path::Path};

/// Something that is not as it was when the run was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// `program`, `build`, `compute`, `threads`, `data` or `config.yaml`.
    pub what: &'static str,
    pub recorded: String,
    pub now: String,
}

/// Of all that this program's figures are made by; `build.rs` says of what. Another build of the same version
/// has another one.
pub const BUILD: &str = env!("LOOC_BUILD");

/// The number of threads changes no bit: `tests/step.rs` trains with several.
pub const THREADS: &str = "threads";

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} then, {} now", self.what, self.recorded, self.now)
    }
}

/// What computes in this process, by these threads, on these images.
pub(super) fn here(compute: &str, data: &Splits) -> Result<Began, EngineError> {
    Ok(Began {
        version: env!("CARGO_PKG_VERSION").into(),
        build: Some(BUILD.into()),
        compute: compute.into(),
        threads: Some(rayon::current_num_threads()),
        data: Some(data.fingerprint()?),
    })
}

/// Where the two differ. What was not recorded does not.
pub(super) fn changed(recorded: &Began, now: &Began) -> Vec<Changed> {
    let build = |began: &Began| began.build.clone().unwrap_or_default();
    let threads = |began: &Began| began.threads.map(|threads| threads.to_string()).unwrap_or_default();
    let data = |began: &Began| began.data.clone().unwrap_or_default();
    let pairs = [
        ("program", recorded.version.clone(), now.version.clone()),
        ("build", build(recorded), build(now)),
        ("compute", recorded.compute.clone(), now.compute.clone()),
        (THREADS, threads(recorded), threads(now)),
        ("data", data(recorded), data(now)),
    ];
    let differ = pairs.into_iter().filter(|(_, then, now)| !then.is_empty() && then != now);
    differ.map(|(what, recorded, now)| Changed { what, recorded, now }).collect()
}

/// Whether the run's `config.yaml` is the one that it was started with.
pub(super) fn rewritten(path: &Path) -> Result<Option<Changed>, EngineError> {
    let recorded = Manifest::read(path)?.config;
    let now = crate::config::hash_of(&run::config_yaml(path)?);
    Ok((now != recorded).then_some(Changed { what: run::CONFIG, recorded, now }))
}

/// A run goes on as itself or not at all: whatever may change its bits is named.
pub(super) fn same(path: &Path, recorded: &Began, now: &Began) -> Result<(), EngineError> {
    let mut differ = changed(recorded, now);
    differ.retain(|it| it.what != THREADS);
    differ.extend(rewritten(path)?);
    if differ.is_empty() {
        return Ok(());
    }
    let what = differ.iter().map(|it| format!("\n  {it}")).collect();
    Err(EngineError::NotTheSame { run: path.to_path_buf(), what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_recorded_does_not_differ() {
        let now = Began {
            version: "2".into(),
            build: Some("fade".into()),
            compute: "cpu (avx2)".into(),
            threads: Some(2),
            data: Some("c0ffee".into()),
        };
        assert_eq!(changed(&Began::default(), &now), []);
        assert_eq!(changed(&now, &now), []);
        let then = Began {
            version: "1".into(),
            build: Some("deaf".into()),
            compute: "cpu (avx512)".into(),
            threads: Some(4),
            data: Some("beef".into()),
        };
        let what: Vec<&str> = changed(&then, &now).iter().map(|it| it.what).collect();
        assert_eq!(what, ["program", "build", "compute", "threads", "data"]);
        assert_eq!(changed(&then, &now)[2].to_string(), "compute: cpu (avx512) then, cpu (avx2) now");
    }
}
