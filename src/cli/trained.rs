//! Which run is meant: one that another process trains.

use super::Usage;
use crate::{
    engine::Handle,
    link::{self, LinkError},
    run::{self, Summary},
    text::printable_name,
};
use color_eyre::Report;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Where runs lie that were started without `--run`.
const RUNS: &str = "runs";
/// A run that was started just now listens within this.
const START: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(100);

/// The run that was named, or the one below `runs` that is being trained.
pub fn chosen(named: Option<PathBuf>, command: &str) -> Result<PathBuf, Report> {
    if let Some(run) = named {
        return Ok(run);
    }
    let mut runs: Vec<PathBuf> = runs().into_iter().map(|it| it.path).collect();
    match (runs.pop(), runs.len()) {
        (Some(run), 0) => Ok(run),
        (None, _) => Err(Usage::error(format!(
            "no run below {RUNS} is being trained: name the folder of one, as in `looc-tui {command} DIR`"
        ))),
        (Some(last), _) => {
            runs.push(last);
            let lines =
                runs.iter().map(|run| format!("\n  looc-tui {command} {}", printable_name(run.as_os_str())));
            Err(Usage::error(format!(
                "{} runs are being trained; name one:{}",
                runs.len(),
                lines.collect::<String>()
            )))
        }
    }
}

/// The runs below `runs` that are being trained.
pub fn runs() -> Vec<Summary> {
    run::list(Path::new(RUNS)).into_iter().flatten().filter(|it| it.state.is_held()).collect()
}

/// Attaches to a run, also to one whose process is only about to listen.
pub fn attach(run: &Path) -> Result<Handle, LinkError> {
    let since = Instant::now();
    loop {
        match link::attach(run) {
            Err(LinkError::Deaf { .. }) if since.elapsed() < START => std::thread::sleep(TICK),
            attached => return attached,
        }
    }
}
