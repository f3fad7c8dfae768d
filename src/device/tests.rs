//! AMD's cards in a folder that is made here, the processor of this machine, and the thread.

use super::{Amd, Gpu, Processor, Telemetry, describe, processor::memory};
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread::{available_parallelism, scope, sleep},
    time::{Duration, Instant},
};
use sysinfo::CGroupLimits;

/// Longer than anything here takes, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn write(root: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Waits until `done` gives something.
fn until<T>(mut done: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(it) = done() {
            return it;
        }
        assert!(Instant::now() < end, "it did not happen");
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn amds_cards_are_read_in_order_and_in_their_units() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        &[
            // Tenth, and whole.
            ("drm/card10/device/vendor", "0x1002\n"),
            ("drm/card10/device/product_name", "AMD Instinct MI210\n"),
            ("drm/card10/device/uevent", "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0\n"),
            ("drm/card10/device/gpu_busy_percent", "37\n"),
            ("drm/card10/device/mem_info_vram_used", "1073741824\n"),
            ("drm/card10/device/mem_info_vram_total", "68702699520\n"),
            ("drm/card10/device/hwmon/hwmon4/power1_average", "123500000\n"),
            ("drm/card10/device/hwmon/hwmon4/power1_input", "1\n"),
            ("drm/card10/device/hwmon/hwmon4/temp1_input", "45500\n"),
            // Second: garbled, lacking, without a name; its power is that of a moment.
            ("drm/card2/device/vendor", "0x1002\n"),
            ("drm/card2/device/product_name", "\n"),
            ("drm/card2/device/gpu_busy_percent", "busy\n"),
            ("drm/card2/device/mem_info_vram_used", "-1\n"),
            ("drm/card2/device/hwmon/hwmon0/power1_input", "20000000\n"),
            ("drm/card2/device/hwmon/hwmon0/temp1_input", "-2500\n"),
            // Another vendor's, a socket, and no card at all.
            ("drm/card0/device/vendor", "0x8086\n"),
            ("drm/card0/device/gpu_busy_percent", "50\n"),
            ("drm/card2-DP-1/device/vendor", "0x1002\n"),
            ("drm/renderD128/device/vendor", "0x1002\n"),
            ("drm/version", "drm 1.1.0\n"),
        ],
    );
    let amd = Amd::under(&root.path().join("drm"), &root.path().join("fdinfo"));
    let second = Gpu {
        index: 3,
        name: "AMD GPU".into(),
        power_w: Some(20.0),
        temperature_c: Some(-2.5),
        ..Gpu::default()
    };
    let tenth = Gpu {
        index: 4,
        name: "AMD Instinct MI210".into(),
        utilisation: Some(0.37),
        memory_used: Some(1 << 30),
        memory_total: Some(68_702_699_520),
        power_w: Some(123.5),
        temperature_c: Some(45.5),
        process_memory: None,
        process_utilisation: None,
    };
    assert_eq!(amd.read(3).collect::<Vec<_>>(), [second, tenth.clone()]);
    fs::remove_dir_all(root.path().join("drm/card2")).unwrap();
    assert_eq!(amd.read(3).collect::<Vec<_>>(), [tenth], "the one taken out is missing, the other is itself");
}

#[test]
fn this_processes_memory_on_a_card_is_counted_once_a_client() {
    let file = |driver: &str, slot: &str, client: &str, rest: &str| {
        format!("pos:\t0\ndrm-driver:\t{driver}\ndrm-pdev:\t{slot}\ndrm-client-id:\t{client}\n{rest}\n")
    };
    let (here, there) = ("0000:03:00.0", "0000:04:00.0");
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        &[
            ("drm/card0/device/vendor", "0x1002\n"),
            ("drm/card0/device/uevent", "PCI_SLOT_NAME=0000:03:00.0\n"),
            ("fdinfo/0", "pos:\t0\nflags:\t0100002\n"),
            ("fdinfo/3", &file("amdgpu", here, "7", "drm-memory-vram:\t2048 KiB")),
            ("fdinfo/4", &file("amdgpu", here, "7", "drm-memory-vram:\t2048 KiB")),
            ("fdinfo/5", &file("amdgpu", here, "8", "drm-resident-vram:\t3 MiB")),
            ("fdinfo/6", &file("amdgpu", here, "9", "drm-memory-vram:\t512")),
            ("fdinfo/7", &file("amdgpu", there, "10", "drm-memory-vram:\t4096 KiB")),
            ("fdinfo/8", &file("i915", here, "11", "drm-memory-vram:\t4096 KiB")),
            ("fdinfo/9", &file("amdgpu", here, "12", "drm-memory-vram:\tmuch")),
        ],
    );
    let amd = Amd::under(&root.path().join("drm"), &root.path().join("fdinfo"));
    let gpu = amd.read(0).next().unwrap();
    assert_eq!(gpu.process_memory, Some((2 << 20) + (3 << 20) + 512));
}

#[test]
fn a_machine_without_the_folders_has_no_amd_gpu() {
    let nowhere = Path::new("/nowhere");
    assert_eq!(Amd::under(nowhere, nowhere).read(0).count(), 0);
}

#[test]
fn the_processor_is_read_sensibly_from_the_first_reading_on() {
    let start = Instant::now();
    let mut processor = Processor::new().unwrap();
    let early = processor.read();
    // A busy machine may have let it wait.
    if start.elapsed() < Processor::GAP {
        assert!(early.cpu == 0.0 && early.cores.iter().all(|load| *load == 0.0), "nothing to compare with");
    }
    for _ in 0..3 {
        sleep(Processor::GAP);
        let reading = processor.read();
        // A control group or a mask may leave this process fewer cores than there are.
        assert!(reading.cores.len() >= available_parallelism().unwrap().get());
        assert!(reading.cores.iter().all(|load| (0.0..=1.0).contains(load)), "{:?}", reading.cores);
        assert!((0.0..=1.0).contains(&reading.cpu), "{}", reading.cpu);
        assert!(reading.memory_total > reading.memory_used && reading.memory_used > 0, "{reading:?}");
        assert!(reading.process_memory > 0 && reading.process_memory < reading.memory_total);
        assert!((0.0..=reading.cores.len() as f32).contains(&reading.process_cpu), "{}", reading.process_cpu);
    }
}

#[test]
fn a_control_group_with_a_limit_stands_for_the_machine() {
    let group = |total_memory, rss| Some(CGroupLimits { total_memory, free_memory: 1, free_swap: 0, rss });
    assert_eq!(memory(None, 40, 100), (60, 100));
    assert_eq!(memory(group(32, 20), 40, 100), (20, 32));
    assert_eq!(memory(group(100, 20), 40, 100), (60, 100), "a limit that is none");
}

#[test]
fn work_of_this_process_shows() {
    let (done, mut processor) = (AtomicBool::new(false), Processor::new().unwrap());
    scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        let reading = until(|| {
            sleep(Processor::GAP);
            Some(processor.read()).filter(|it| it.process_cpu > 0.3)
        });
        done.store(true, Ordering::Relaxed);
        assert!(reading.cpu > 0.0);
    });
}

#[test]
fn telemetry_reads_again_and_again_and_ends_at_once() {
    let telemetry = Telemetry::start();
    let first = until(|| telemetry.latest());
    assert!(!first.cores.is_empty() && first.memory_total > 0);
    assert_eq!(first.gpus.is_empty(), first.gpu_note.starts_with("no GPU found: "), "{}", first.gpu_note);
    until(|| (telemetry.revision() >= 2).then_some(()));
    let start = Instant::now();
    drop(telemetry);
    // It has just begun its pause of a second; a busy machine may take a little to wake it.
    assert!(start.elapsed() < Duration::from_millis(800), "{:?}", start.elapsed());
}

#[test]
fn telemetry_that_is_dropped_before_its_first_reading_ends_too() {
    let start = Instant::now();
    drop(Telemetry::start());
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[test]
fn the_machine_is_described_in_lines() {
    let text = describe();
    assert!(
        text.lines().all(|line| line.starts_with("GPU ") || line.starts_with("no GPU found: ")),
        "{text}"
    );
    assert!(!text.is_empty());
}
