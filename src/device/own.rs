//! This process by the kernel's own account: what only it can tell.

use std::{fs, time::Duration};

/// How long ago this process was started, to a hundredth of a second; `None` where it cannot be told.
pub fn age() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field, the name, stands in parentheses and may hold anything; the start is the 22nd.
    let ticks: f64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    let age = since_boot()? - ticks / rustix::param::clock_ticks_per_second() as f64;
    Duration::try_from_secs_f64(age).ok()
}

#[cfg(target_os = "linux")]
fn since_boot() -> Option<f64> {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Some(now.tv_sec as f64 + now.tv_nsec as f64 / 1e9)
}

#[cfg(not(target_os = "linux"))]
fn since_boot() -> Option<f64> {
    None
}

/// The most memory this process has held at once, in bytes; `None` where it cannot be told.
pub fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_of_this_process() {
        let before = age().unwrap();
        std::thread::sleep(Duration::from_millis(50));
        let after = age().unwrap();
        assert!(after > before && after < Duration::from_secs(24 * 3600), "{before:?} {after:?}");
        assert!(peak_memory().unwrap() > 1 << 20);
    }
}
