//! Records `tests/fixtures/run`, a run of the present format with a checkpoint in its middle. Its README says
//! when.
//!
//!     LOOC_CPU=portable cargo run --example record_golden -- tests/fixtures/run

use looc::{
    config::Config,
    engine::{self, Job, Place, message::Phase},
    nn::kernels::Isa,
    run::checkpoint,
};
use std::{error::Error, fs, path::Path};

/// Steps in all; the checkpoint that is kept is of the half.
const STEPS: u64 = 6;
/// The smallest model there is, with all that a checkpoint holds: two encoders, heads, queues whose cursors
/// are not at the start, momentum, statistics.
const TINY: &[&str] = &[
    "data.train=24",
    "data.held_out=8",
    "data.size=8",
    "augment.rotation.head=false",
    "model.width=4",
    "model.blocks=1",
    "model.dim=2",
    "model.bn_splits=2",
    "contrast.queue=20",
    "train.batch=8",
    "train.threads=1",
    "train.checkpoint_every=3",
    "eval.every=0",
    "eval.images=4",
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("give the folder to write")?;
    let folder = Path::new(&folder);
    if Isa::preferred()?.name() != "portable" {
        return Err("set LOOC_CPU=portable: other processors have to come to the same bits".into());
    }
    let scratch = folder.with_extension("new");
    let set: Vec<String> = TINY.iter().map(|text| (*text).to_owned()).collect();
    let config = Config::load(None, &set)?;
    let job = Job { config, place: Place::New(scratch.clone()), steps: Some(STEPS), attended: false };
    let (handle, thread) = engine::start(job)?;
    thread.join().map_err(|_| "training panicked")?;
    let ended = handle.snapshot.borrow().phase.clone();
    if ended != Phase::Finished {
        return Err(format!("{ended:?}").into());
    }
    fs::remove_dir_all(checkpoint::of_step(&scratch, STEPS)?)?;
    for name in ["config.yaml", "journal.jsonl", "metrics.jsonl"] {
        fs::rename(scratch.join(name), folder.join(name))?;
    }
    // Where it was recorded is nobody's business.
    let mut manifest: serde_json::Value = serde_json::from_slice(&fs::read(scratch.join("manifest.json"))?)?;
    manifest["host"] = "anywhere".into();
    fs::write(folder.join("manifest.json"), format!("{manifest:#}\n"))?;
    let kept = folder.join("checkpoints");
    if kept.exists() {
        fs::remove_dir_all(&kept)?;
    }
    fs::rename(scratch.join("checkpoints"), kept)?;
    fs::remove_dir_all(scratch)?;
    Ok(())
}
