//! The image cache under the real program: killed, twice at once, without room, read-only; and a run that
//! reads from it.

#[expect(dead_code, reason = "of what there is to watch a run by, these tests take a part")]
mod common;

use assert_cmd::cargo::cargo_bin;
use common::{Watched, config, rows, series, train};
use looc::{
    config::Config,
    data::{self, Images, Pixels, Splits},
    engine::{Place, message::Phase},
};
use std::{
    fs,
    os::unix::fs::{FileExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

/// Longer than anything here takes, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// `count` images in two classes.
fn photos(root: &Path, count: u32) {
    for place in 0..count {
        let folder = root.join(["a", "b"][place as usize % 2]);
        fs::create_dir_all(&folder).unwrap();
        let colour = |x, y| image::Rgb([(place % 256) as u8, (x * 6) as u8, (y * 6) as u8]);
        image::RgbImage::from_fn(40, 40, colour).save(folder.join(format!("{place:04}.png"))).unwrap();
    }
}

fn settings(root: &Path, cache: &Path) -> Config {
    let (root, cache) = (root.display(), cache.display());
    let set = [
        "data.kind=folder".to_owned(),
        format!("data.path={root}"),
        format!("data.cache={cache}"),
        "data.memory=0".into(),
        "data.size=32".into(),
    ];
    config(&set.iter().map(String::as_str).collect::<Vec<_>>())
}

fn looc_data(root: &Path, cache: &Path) -> Command {
    let mut command = Command::new(cargo_bin("looc-tui"));
    command.args(["data", "--json"]).arg(root);
    command.arg("--set").arg(format!("data.cache={}", cache.display())).args(["--set", "data.memory=0"]);
    command.env_remove("LOOC_DATA").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn pixels(images: &Images) -> Vec<u8> {
    let mut scratch = Vec::new();
    (0..images.len()).flat_map(|index| images.bytes(index, &mut scratch).unwrap().to_vec()).collect()
}

fn assert_same(one: &Splits, other: &Splits) {
    for (one, other) in [(&one.train, &other.train), (&one.held_out, &other.held_out)] {
        assert_eq!(one.labels, other.labels);
        assert!(pixels(one) == pixels(other), "other pixels");
    }
    assert_eq!((&one.notes, &one.sizes), (&other.notes, &other.sizes));
}

/// The set, from the cache and without it: the same.
fn assert_whole(root: &Path, cache: &Path) {
    let mut config = settings(root, cache);
    let cached = data::open(&config.data, &mut data::quiet).unwrap();
    assert!(matches!(cached.train.pixels, Pixels::Stored(_)), "{:?}", cached.notes);
    config.data.cache = data::Cache::Off;
    assert_same(&cached, &data::open(&config.data, &mut data::quiet).unwrap());
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn entry_in(folder: &Path) -> PathBuf {
    folder.join(names(folder).into_iter().find(|name| name.ends_with(".images")).unwrap())
}

fn output(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn notes(output: &Output) -> String {
    serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["notes"].to_string()
}

/// Bytes on the disk of the file that is being written.
fn written(cache: &Path) -> u64 {
    let partial = names(cache).into_iter().find(|name| name.ends_with(".partial"));
    let file = partial.and_then(|name| fs::File::open(cache.join(name)).ok());
    // The room for all of it is set aside at once: how far it has come shows in its last bytes that are not 0.
    let Some(file) = file else { return 0 };
    let length = file.metadata().map_or(0, |file| file.len());
    (0..length / 4096)
        .rev()
        .find(|page| {
            let mut bytes = [0; 4096];
            file.read_exact_at(&mut bytes, page * 4096).is_ok() && bytes.iter().any(|byte| *byte != 0)
        })
        .map_or(u64::from(length > 0), |page| (page + 1) * 4096)
}

/// Killed before, early in, in the middle and late in the build: the next start has all images, and what the
/// killed one left is gone.
#[test]
fn a_kill_at_any_moment_leaves_nothing_half() {
    let photos_at = tempfile::tempdir().unwrap();
    photos(photos_at.path(), 1500);
    let whole = 1500 * 32 * 32 * 3;
    let mut in_the_middle = 0;
    for share in [0.0, 0.01, 0.3, 0.7, 0.99] {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        let mut child = looc_data(photos_at.path(), &cache).spawn().unwrap();
        let since = Instant::now();
        while (written(&cache) as f64) < share * f64::from(whole) && child.try_wait().unwrap().is_none() {
            assert!(since.elapsed() < PATIENCE, "it does not get to {share}");
        }
        // SIGKILL. It may have ended already: then it must be whole all the more.
        child.kill().unwrap();
        child.wait().unwrap();
        in_the_middle += usize::from(names(&cache).iter().any(|name| name.ends_with(".partial")));
        let again = output(&mut looc_data(photos_at.path(), &cache));
        assert_eq!(notes(&again), "[]", "killed at {share}");
        assert!(names(&cache).iter().all(|name| !name.ends_with(".partial")), "{:?}", names(&cache));
        assert_whole(photos_at.path(), &cache);
    }
    assert!(in_the_middle > 0, "every kill came too late: the test has lost its eyes");
}

/// Three at once, and one of them is killed.
#[test]
fn processes_at_once_build_one_entry() {
    let (photos_at, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    photos(photos_at.path(), 600);
    let cache = folder.path().join("cache");
    let mut children: Vec<_> = (0..3).map(|_| looc_data(photos_at.path(), &cache).spawn().unwrap()).collect();
    let since = Instant::now();
    while written(&cache) == 0 && names(&cache).is_empty() {
        assert!(since.elapsed() < PATIENCE);
    }
    children[0].kill().unwrap();
    let outputs: Vec<Output> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    for output in &outputs[1..] {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(notes(output), "[]");
    }
    assert_eq!(outputs[1].stdout, outputs[2].stdout);
    assert_eq!(names(&cache).len(), 2, "{:?}", names(&cache));
    assert_whole(photos_at.path(), &cache);
}

/// A limit on the size of files stands for a disk without room.
#[test]
fn without_room_the_images_are_held_in_memory() {
    let (photos_at, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    photos(photos_at.path(), 100);
    let program = looc_data(photos_at.path(), cache.path());
    let mut limited = Command::new("sh");
    // An ignored signal stays ignored in the program: the write fails with EFBIG, as a full disk's with ENOSPC.
    limited.args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"]);
    limited.arg(program.get_program()).args(program.get_args()).env_remove("LOOC_DATA");
    let output = output(&mut limited);
    assert!(notes(&output).contains("held in memory instead"), "{}", notes(&output));
    assert!(notes(&output).contains("data.cache"), "{}", notes(&output));
    assert!(names(cache.path()).is_empty(), "{:?}", names(cache.path()));
}

#[test]
fn a_read_only_cache_is_used_if_it_has_the_entry() {
    let (photos_at, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    photos(photos_at.path(), 60);
    output(&mut looc_data(photos_at.path(), cache.path()));
    let mode = |mode| fs::set_permissions(cache.path(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o500);
    let config = settings(photos_at.path(), cache.path());
    let splits = data::open(&config.data, &mut data::quiet).unwrap();
    assert!(matches!(splits.train.pixels, Pixels::Stored(_)));
    photos(photos_at.path(), 62);
    let more = data::open(&config.data, &mut data::quiet).unwrap();
    // Root may write everywhere.
    let allowed = fs::write(cache.path().join("x"), "").is_ok();
    mode(0o700);
    let told = more.notes.iter().any(|note| note.contains("held in memory instead"));
    assert_eq!((more.train.len() + more.held_out.len(), told), (62, !allowed), "{:?}", more.notes);
}

/// A small run on the photos.
fn run(root: &Path, cache: &Path) -> Config {
    let mut config = settings(root, cache);
    (config.model.width, config.model.bn_splits) = (8, 2);
    (config.train.batch, config.contrast.queue) = (16, 64);
    (config.eval.images, config.eval.every) = (8, 0);
    config
}

/// The bits of a run do not depend on where its images are; nor those of one that is resumed.
#[test]
fn a_run_resumed_from_the_cache_is_the_one_from_memory() {
    const STEPS: u64 = 12;
    let (photos_at, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    photos(photos_at.path(), 120);
    let path = |name: &str| folder.path().join(name);
    let cached = run(photos_at.path(), &path("cache"));
    let mut plain = cached.clone();
    plain.data.cache = data::Cache::Off;
    train(plain, Place::New(path("plain")), STEPS);
    let mut first = Watched::start(cached.clone(), Place::New(path("parts")), STEPS);
    first.until_step(3);
    let stopped = first.stop();
    assert!(stopped.step < STEPS, "it had ended before it was stopped");
    let ended = train(cached, Place::Resume(path("parts")), STEPS);
    assert_eq!(ended.phase, Phase::Finished);
    let state =
        |name: &str| fs::read(path(name).join("checkpoints/step-00000012/state.safetensors")).unwrap();
    assert!(state("plain") == state("parts"), "the final checkpoints differ");
    assert_eq!(series(&rows(&path("plain")), "loss"), series(&rows(&path("parts")), "loss"));
}

/// The entry is spoilt under a run: it ends with a message and a checkpoint, and goes on once the file is gone.
#[test]
fn a_cache_that_breaks_under_a_run_stops_it_with_a_checkpoint() {
    let (photos_at, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    photos(photos_at.path(), 120);
    let (cache, path) = (folder.path().join("cache"), folder.path().join("run"));
    let mut watched = Watched::start(run(photos_at.path(), &cache), Place::New(path.clone()), 1_000_000);
    watched.until_step(3);
    let entry = entry_in(&cache);
    fs::OpenOptions::new().write(true).open(&entry).unwrap().write_all_at(&[1; 300_000], 4096).unwrap();
    let ended = watched.join();
    let Phase::Failed(why) = &ended.phase else { panic!("{:?}", ended.phase) };
    assert!(why.contains("Remove this file") && why.contains(".images"), "{why}");
    let checkpoints = names(&path.join("checkpoints"));
    let last = checkpoints.iter().max().unwrap_or_else(|| panic!("no checkpoint"));
    assert_eq!(*last, format!("step-{:08}", ended.step));
    fs::remove_file(&entry).unwrap();
    let resumed = train(run(photos_at.path(), &cache), Place::Resume(path), ended.step + 4);
    assert_eq!((&resumed.phase, resumed.step), (&Phase::Finished, ended.step + 4));
}

#[test]
fn doctor_says_where_it_is_and_how_large() {
    let (photos_at, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    photos(photos_at.path(), 60);
    let doctor = || {
        let mut command = Command::new(cargo_bin("looc-tui"));
        let text = output(command.arg("doctor").env("XDG_CACHE_HOME", home.path())).stdout;
        String::from_utf8(text).unwrap().lines().find(|line| line.starts_with("cache")).unwrap().to_owned()
    };
    assert!(doctor().contains(": empty"), "{}", doctor());
    let mut data = Command::new(cargo_bin("looc-tui"));
    data.arg("data").arg(photos_at.path()).args(["--set", "data.memory=0"]);
    output(data.env("XDG_CACHE_HOME", home.path()));
    let folder = home.path().join("looc-tui/images");
    let line = doctor();
    assert!(line.contains(folder.to_str().unwrap()) && line.contains("1 decoded image folder"), "{line}");
    assert_eq!(names(&folder).len(), 2);
    fs::remove_dir_all(&folder).unwrap();
    output(data.args(["--set", "data.cache=off"]));
    assert!(!folder.exists());
}
