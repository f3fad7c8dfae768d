//! The GPUs of NVIDIA, through a library that stands in for the driver's: `fixtures/nvml/stub.rs`,
//! compiled here. It is loaded as the real one is.

use looc::device::{Amd, Gpu, Gpus, LIBRARY, NoNvidia, Nvidia, Telemetry, describe};
use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/nvml/stub.rs");
/// Longer than anything here takes, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A compiled library of its own for every test, since each changes its mind.
struct Stub {
    folder: TempDir,
    library: PathBuf,
}

impl Stub {
    fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("libnvidia-ml-stub.so");
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let built = Command::new(&rustc)
            .args(["--crate-type", "cdylib", "--edition", "2021", "-o"])
            .args([library.as_os_str(), OsStr::new(SOURCE)])
            .env("STUB", folder.path())
            .output()
            .unwrap_or_else(|error| panic!("{} cannot be run: {error}", rustc.display()));
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        Self { folder, library }
    }

    fn tell(&self, what: &str) {
        fs::write(self.folder.path().join(what), "").unwrap();
    }

    fn open(&self) -> Result<Nvidia, NoNvidia> {
        Nvidia::open(Some(self.library.as_os_str()))
    }
}

fn no_amd() -> Amd {
    Amd::under(Path::new("/nowhere"), Path::new("/nowhere"))
}

fn read(nvidia: &Nvidia) -> Vec<Gpu> {
    nvidia.read().map(Result::unwrap).collect()
}

/// The GPUs of the stub.
fn both() -> Vec<Gpu> {
    vec![
        Gpu {
            index: 0,
            name: "NVIDIA A100-SXM4-80GB".into(),
            utilisation: Some(0.87),
            memory_used: Some(31 << 30),
            memory_total: Some(80 << 30),
            power_w: Some(312.5),
            temperature_c: Some(64.0),
            process_memory: Some(5 << 30),
            process_utilisation: Some(0.42),
        },
        Gpu {
            index: 1,
            name: "Stub \u{1b}[2JGPU".into(),
            // The stub says 250 %.
            utilisation: Some(1.0),
            memory_used: Some(1 << 30),
            memory_total: Some(24 << 30),
            power_w: None,
            temperature_c: Some(38.0),
            process_memory: None,
            process_utilisation: None,
        },
    ]
}

#[test]
fn every_figure_arrives_in_its_unit_and_refused_ones_are_unknown() {
    let stub = Stub::build();
    let nvidia = stub.open().unwrap();
    assert_eq!(read(&nvidia), both());
    for lull in ["stale", "idle"] {
        stub.tell(lull);
        assert_eq!(read(&nvidia)[0].process_utilisation, Some(0.0), "{lull}: listed, and has not worked");
    }
    let down = stub.folder.path().join("shut-down");
    assert!(!down.exists());
    drop(nvidia);
    assert!(down.exists(), "the library is given back");
}

#[test]
fn a_lost_gpu_is_left_out_and_named_and_the_other_goes_on() {
    let stub = Stub::build();
    let gpus = Gpus::new(stub.open(), no_amd());
    assert_eq!(gpus.read(), (both(), String::new()));
    stub.tell("lost");
    let (left, note) = gpus.read();
    assert_eq!(left, both()[1..]);
    assert!(note.starts_with("GPU 0 does not answer: device fell off the bus"), "{note}");
    assert!(!note.contains("no GPU found"), "{note}");
}

#[test]
fn amds_cards_are_numbered_after_nvidias() {
    let stub = Stub::build();
    let card = stub.folder.path().join("drm/card0/device");
    fs::create_dir_all(&card).unwrap();
    fs::write(card.join("vendor"), "0x1002\n").unwrap();
    let amd = || Amd::under(&stub.folder.path().join("drm"), Path::new("/nowhere"));
    let numbers = |gpus: &Gpus| gpus.read().0.iter().map(|gpu| gpu.index).collect::<Vec<_>>();
    let gpus = Gpus::new(stub.open(), amd());
    assert_eq!(numbers(&gpus), [0, 1, 2]);
    stub.tell("lost");
    assert_eq!(numbers(&gpus), [1, 2], "a lost one keeps its number");
    let alone = Gpus::new(Err(NoNvidia::NoDriver), amd());
    assert_eq!(alone.read(), (vec![Gpu { name: "AMD GPU".into(), ..Gpu::default() }], String::new()));
}

#[test]
fn who_has_no_gpu_is_told_why() {
    let stub = Stub::build();
    let note = |nvidia| Gpus::new(nvidia, no_amd()).read().1;
    stub.tell("empty");
    assert_eq!(note(stub.open()), "no GPU found: the NVIDIA driver has no GPU; no AMD GPU");
    stub.tell("unloaded");
    assert_eq!(note(stub.open()), "no GPU found: the NVIDIA driver is installed but not loaded; no AMD GPU");
    assert_eq!(note(Err(NoNvidia::NoDriver)), "no GPU found: no NVIDIA driver; no AMD GPU");
    for (name, text) in [("missing.so", None), ("text.so", Some("no library"))] {
        let path = stub.folder.path().join(name);
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        let note = note(Nvidia::open(Some(path.as_os_str())));
        assert!(note.contains("LOOC_NVML_LIB does not name an NVML library: "), "{note}");
        assert!(note.contains(name), "{note}");
    }
}

/// Set in a test that has been started again by itself, with [`LIBRARY`] in its environment.
const INNER: &str = "LOOC_TEST_INNER";

/// Runs the body of the test `name` in a process of its own. The variable has to be there from the start.
fn inner(name: &str, stub: &Stub) {
    let inner = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(INNER, stub.folder.path())
        .env(LIBRARY, &stub.library)
        .output()
        .unwrap();
    let said =
        [inner.stdout, inner.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(inner.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn the_environment_names_the_library() {
    if env::var_os(INNER).is_none() {
        return inner("the_environment_names_the_library", &Stub::build());
    }
    let described = describe();
    let lines: Vec<&str> = described.lines().collect();
    assert_eq!(lines[0], "GPU 0: NVIDIA A100-SXM4-80GB, 80.0 GiB, NVIDIA driver 550.54.15");
    assert_eq!(lines[1], "GPU 1: Stub \\u{1b}[2JGPU, 24.0 GiB, NVIDIA driver 550.54.15");
    let telemetry = Telemetry::start();
    assert_eq!(until(|| telemetry.latest()).gpus[..2], both());
}

#[test]
fn a_driver_that_hangs_does_not_keep_the_program() {
    let Some(folder) = env::var_os(INNER).map(PathBuf::from) else {
        let stub = Stub::build();
        stub.tell("hang");
        return inner("a_driver_that_hangs_does_not_keep_the_program", &stub);
    };
    let telemetry = Telemetry::start();
    until(|| folder.join("hangs").exists().then_some(()));
    let start = Instant::now();
    drop(telemetry);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

/// Waits until `done` gives something.
fn until<T>(mut done: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(it) = done() {
            return it;
        }
        assert!(Instant::now() < end, "it did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}
