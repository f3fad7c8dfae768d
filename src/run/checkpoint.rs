//! Checkpoints: `checkpoints/step-00001234/` holds `state.safetensors`, `config.yaml` and a
//! `manifest.json` with the hash of each. A checkpoint appears under its name whole or not at all, and one
//! that has changed since is known by its hashes.

use super::{
    RunError, clock,
    error::shown,
    manifest::{FORMAT, MANIFEST, check_format, program},
    seal, tensors,
};
use crate::{durable, text::printable};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// The folder of checkpoints in a run's directory.
pub const CHECKPOINTS: &str = "checkpoints";
const STATE: &str = "state.safetensors";
const CONFIG: &str = "config.yaml";
/// So many stay when another one is added: with it, three.
const OLDER: usize = 2;
/// So many steps whose checkpoints stay however old they are: one can go back to before the last edits that
/// gave or took a head.
const KEPT: usize = 4;
/// Facts are some hundred bytes; a state is at most some gigabytes.
const MANIFEST_LIMIT: u64 = 16 << 20;
const FILE_LIMIT: u64 = 64 << 30;

/// All that a run needs to go on as if it had never stopped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// Steps done.
    pub step: u64,
    /// Name, shape, and values in row-major order. They come back bit for bit, in order of their names.
    pub tensors: Vec<(String, Vec<usize>, Vec<f32>)>,
    /// Everything that is no tensor: cursors of queues, the optimiser's step, the journal's position, hashes.
    /// Whole numbers and text come back exactly; JSON may cost a fraction its last bit and cannot hold NaN,
    /// so write one as text, or as the whole number of its bits.
    pub facts: Map<String, Value>,
    /// The configuration in effect at `step`.
    pub config_yaml: String,
}

/// A checkpoint's `manifest.json`: one sealed JSON object.
#[derive(Serialize, Deserialize)]
struct Manifest {
    format: u32,
    program: String,
    created: String,
    step: u64,
    state: Fingerprint,
    config: Fingerprint,
    /// How many tensors the state holds.
    tensors: usize,
    facts: Map<String, Value>,
}

/// Length and BLAKE3 hash of a file.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Fingerprint {
    bytes: u64,
    blake3: String,
}

impl Fingerprint {
    fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, blake3: blake3::hash(bytes).to_hex().to_string() }
    }
}

/// A checkpoint's name, `step-00001234`. A second one of a step, after an edit at it, is
/// `step-00001234.2`: nothing that was acknowledged is ever replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    step: u64,
    turn: u32,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step-{:08}", self.step)?;
        if self.turn > 1 { write!(f, ".{}", self.turn) } else { Ok(()) }
    }
}

impl Name {
    fn parse(text: &str) -> Option<Self> {
        let (step, turn) = text.strip_prefix("step-")?.split_once('.').unwrap_or((&text[5..], "1"));
        let name = Self { step: step.parse().ok()?, turn: turn.parse().ok()? };
        (name.to_string() == text).then_some(name)
    }
}

/// The checkpoints of a folder, oldest first; none if there is no folder.
fn names(folder: &Path) -> Result<Vec<Name>, RunError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(RunError::io("list", folder))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(RunError::io("list", folder))?;
        names.extend(entry.file_name().to_str().and_then(Name::parse));
    }
    names.sort();
    Ok(names)
}

/// Saves a checkpoint into `folder`, and removes all but the newest two of those before it and those of the
/// last steps of `kept`. What could not be removed is added to `warnings`.
///
/// # Errors
/// The system's, after a second attempt, and [`RunError::Unsound`]; nothing is left of it then, and the two
/// newest before it are untouched.
pub(super) fn save(
    folder: &Path,
    checkpoint: &Checkpoint,
    kept: &[u64],
    warnings: &mut Vec<String>,
) -> Result<PathBuf, RunError> {
    let unsound = |why| RunError::Unsound { step: checkpoint.step, why };
    let state = tensors::encode(&checkpoint.tensors).map_err(unsound)?;
    let config = checkpoint.config_yaml.as_bytes();
    let manifest = manifest(checkpoint, &state).map_err(|error| unsound(error.to_string()))?;
    durable::make_child(folder).map_err(RunError::io("create", folder))?;
    let names = names(folder)?;
    let kept = &kept[kept.len().saturating_sub(KEPT)..];
    // Before, so that the disk needs no room for a fourth.
    for old in names.iter().rev().skip(OLDER).filter(|name| !kept.contains(&name.step)) {
        let path = folder.join(old.to_string());
        if let Err(error) = durable::remove_dir(&path) {
            warnings.push(RunError::io("remove", &path)(error).to_string());
        }
    }
    let turn = names.iter().filter(|name| name.step == checkpoint.step).map(|name| name.turn).max();
    let name = Name { step: checkpoint.step, turn: turn.unwrap_or(0) + 1 };
    let path = folder.join(name.to_string());
    let files = [(STATE, &state[..]), (CONFIG, config), (MANIFEST, manifest.as_bytes())];
    durable::write_dir(&path, &files).map_err(RunError::io("save", &path))?;
    Ok(path)
}

fn manifest(checkpoint: &Checkpoint, state: &[u8]) -> Result<String, serde_json::Error> {
    let manifest = Manifest {
        format: FORMAT,
        program: program(),
        created: clock::utc(clock::now()),
        step: checkpoint.step,
        state: Fingerprint::of(state),
        config: Fingerprint::of(checkpoint.config_yaml.as_bytes()),
        tensors: checkpoint.tensors.len(),
        facts: checkpoint.facts.clone(),
    };
    Ok(seal::seal(&serde_json::to_string(&manifest)?) + "\n")
}

/// Where the checkpoint of a step is in the run at `path`: the last one, if there are several.
///
/// # Errors
/// [`RunError::NoSuchCheckpoint`], which says what there is; the system's.
pub fn of_step(run: &Path, step: u64) -> Result<PathBuf, RunError> {
    let folder = run.join(CHECKPOINTS);
    let names = names(&folder)?;
    match names.iter().rev().find(|name| name.step == step) {
        Some(name) => Ok(folder.join(name.to_string())),
        None => {
            let there = names.iter().map(|name| name.step).collect();
            Err(RunError::NoSuchCheckpoint { path: run.to_path_buf(), step, there })
        }
    }
}

/// Reads one checkpoint and checks all of it. Needs no lock: a checkpoint does not change.
///
/// # Errors
/// [`RunError::BadCheckpoint`] for one that is not, to the last bit, what was saved;
/// [`RunError::Format`] for another version's; the system's.
pub fn load(path: &Path) -> Result<Checkpoint, RunError> {
    let bad = |why: String| bad(path, &why);
    let manifest = read_manifest(path)?;
    let fetch = |file: &str, print: &Fingerprint| {
        let bytes = read(path, file, print.bytes.min(FILE_LIMIT))?;
        if Fingerprint::of(&bytes) == *print { Ok(bytes) } else { Err(bad(format!("{file} was changed"))) }
    };
    let config = fetch(CONFIG, &manifest.config)?;
    let config_yaml = String::from_utf8(config).map_err(|error| bad(format!("{CONFIG}: {error}")))?;
    let state = fetch(STATE, &manifest.state)?;
    let tensors = tensors::decode(&state).map_err(|why| bad(format!("{STATE}: {why}")))?;
    if tensors.len() != manifest.tensors {
        return Err(bad(format!("{STATE} has {} tensors, not {}", tensors.len(), manifest.tensors)));
    }
    Ok(Checkpoint { step: manifest.step, tensors, facts: manifest.facts, config_yaml })
}

/// The step and the facts of a checkpoint, without its tensors: they are not looked at.
///
/// # Errors
/// As [`load`], as far as its manifest tells.
pub fn facts(path: &Path) -> Result<(u64, Map<String, Value>), RunError> {
    read_manifest(path).map(|manifest| (manifest.step, manifest.facts))
}

fn bad(path: &Path, why: &str) -> RunError {
    RunError::BadCheckpoint { path: path.to_path_buf(), why: printable(why) }
}

fn read_manifest(path: &Path) -> Result<Manifest, RunError> {
    let bad = |why: String| bad(path, &why);
    let text = read(path, MANIFEST, MANIFEST_LIMIT)?;
    let object = text.strip_suffix(b"\n").and_then(seal::unseal);
    let object = object.ok_or_else(|| bad(format!("the checksum of {MANIFEST} is wrong")))?;
    let manifest: Value = serde_json::from_slice(&object).map_err(|error| bad(error.to_string()))?;
    let format = manifest["format"].as_u64().and_then(|format| u32::try_from(format).ok()).unwrap_or(0);
    check_format(path, format, manifest["program"].as_str().unwrap_or_default())?;
    let manifest: Manifest = serde_json::from_value(manifest).map_err(|error| bad(error.to_string()))?;
    let named = path.file_name().and_then(|name| Name::parse(name.to_str()?));
    if let Some(name) = named
        && name.step != manifest.step
    {
        return Err(bad(format!("it is of step {}", manifest.step)));
    }
    Ok(manifest)
}

/// Reads one file of a checkpoint: what is missing, too long or no file is damage, all else the system's.
fn read(path: &Path, file: &str, limit: u64) -> Result<Vec<u8>, RunError> {
    let name = path.join(file);
    durable::read(&name, limit).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::InvalidData => bad(path, &format!("{file}: {error}")),
        _ => RunError::io("read", &name)(error),
    })
}

/// Where the checkpoints of the run at `path` are, oldest first.
///
/// # Errors
/// The system's.
pub fn all(path: &Path) -> Result<Vec<PathBuf>, RunError> {
    let folder = path.join(CHECKPOINTS);
    Ok(names(&folder)?.iter().map(|name| folder.join(name.to_string())).collect())
}

/// The steps of the checkpoints of the run at `path`, oldest first.
///
/// # Errors
/// The system's.
pub fn steps(path: &Path) -> Result<Vec<u64>, RunError> {
    Ok(names(&path.join(CHECKPOINTS))?.iter().map(|name| name.step).collect())
}

/// Where the checkpoints of one step of the run at `path` are, oldest first.
///
/// # Errors
/// The system's.
pub fn all_of_step(path: &Path, step: u64) -> Result<Vec<PathBuf>, RunError> {
    let folder = path.join(CHECKPOINTS);
    let names = names(&folder)?;
    Ok(names.iter().filter(|name| name.step == step).map(|name| folder.join(name.to_string())).collect())
}

/// The newest good checkpoint of a folder at or before step `until`, and why each newer one was passed
/// over; none if there never was one. With `aside`, for who holds the run's lock, damaged ones get another name, so that they neither
/// count as one of the three that stay nor come up again.
///
/// # Errors
/// [`RunError::NoGoodCheckpoint`] if there are some but none is good; [`RunError::Format`] for another
/// version's: to go back behind it without a word would lose what that version did.
pub(super) fn newest(
    folder: &Path,
    until: u64,
    aside: bool,
) -> Result<Option<(Checkpoint, Vec<String>)>, RunError> {
    let mut why = Vec::new();
    for name in names(folder)?.into_iter().rev().filter(|name| name.step <= until) {
        let path = folder.join(name.to_string());
        match load(&path) {
            Ok(checkpoint) => return Ok(Some((checkpoint, why))),
            Err(RunError::BadCheckpoint { why: damage, .. }) => {
                let place = if aside { set_aside(&path) } else { String::new() };
                why.push(format!("checkpoint {} is damaged ({damage}){place}", shown(&path)));
            }
            Err(error @ RunError::Format { .. }) => return Err(error),
            Err(error) => why.push(error.to_string()),
        }
    }
    if why.is_empty() {
        return Ok(None);
    }
    Err(RunError::NoGoodCheckpoint { path: folder.to_path_buf(), why })
}

/// Gives a damaged checkpoint another name; says what became of it.
fn set_aside(path: &Path) -> String {
    let aside = |turn: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged-{turn}"));
        PathBuf::from(name)
    };
    let free = (1..).map(aside).find(|path| fs::symlink_metadata(path).is_err()).unwrap_or_else(|| aside(0));
    match fs::rename(path, &free) {
        Ok(()) => format!(" and set aside as {}", shown(free.file_name().unwrap_or_default().as_ref())),
        Err(error) => format!(" and could not be set aside ({error})"),
    }
}
