//! Cores and memory, of the machine and of this process, through `sysinfo`.

use super::DeviceReading;
use std::time::Duration;
use sysinfo::{
    CGroupLimits, CpuRefreshKind, MemoryRefreshKind, Pid, Process, ProcessRefreshKind, ProcessesToUpdate,
    System,
};

/// A load is a difference between two looks. The first is taken when this is made, the others by
/// [`read`](Self::read).
#[derive(Debug)]
pub struct Processor {
    system: System,
    own: Pid,
}

impl Processor {
    /// Two looks are at least so far apart: the kernel counts in hundredths of a second. A reading that
    /// comes earlier has no new loads to tell; the first of all then says 0.
    pub const GAP: Duration = sysinfo::MINIMUM_CPU_UPDATE_INTERVAL;

    /// `None` on a system that `sysinfo` does not know.
    pub fn new() -> Option<Self> {
        let mut it = Self { system: System::new().ok()?, own: sysinfo::get_current_pid().ok()? };
        it.look();
        Some(it)
    }

    /// The machine now, its GPUs left out.
    pub fn read(&mut self) -> DeviceReading {
        self.look();
        let own = self.system.process(self.own);
        let cores: Vec<f32> =
            self.system.cpus().iter().map(|core| (core.usage() / 100.0).clamp(0.0, 1.0)).collect();
        // sysinfo's own figure for all cores is, at the first look, an average since the machine started.
        let cpu = cores.iter().sum::<f32>() / cores.len().max(1) as f32;
        let group = own.and_then(Process::cgroup_limits).or_else(|| self.system.cgroup_limits());
        let (memory_used, memory_total) =
            memory(group, self.system.available_memory(), self.system.total_memory());
        DeviceReading {
            cores,
            cpu,
            memory_used,
            memory_total,
            process_cpu: own.map_or(0.0, |own| own.cpu_usage() / 100.0),
            process_memory: own.map_or(0, Process::memory),
            ..DeviceReading::default()
        }
    }

    /// Only what is shown: the whole table of processes would cost far more.
    fn look(&mut self) {
        // The cores come first: the look at the process takes one at their sum, and would then keep
        // the cores from being looked at within `GAP`.
        self.system.refresh_cpu_specifics(CpuRefreshKind::nothing().with_usage());
        let kind = ProcessRefreshKind::nothing().without_tasks().with_cpu().with_memory();
        self.system.refresh_processes_specifics(ProcessesToUpdate::Some(&[self.own]), false, kind);
        self.system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    }
}

/// Bytes in use, and all there are. A control group's limit counts where it has one: beyond it this
/// process is killed, however much the machine has left.
pub(super) fn memory(group: Option<CGroupLimits>, available: u64, total: u64) -> (u64, u64) {
    match group {
        Some(group) if group.total_memory < total => (group.rss.min(group.total_memory), group.total_memory),
        _ => (total.saturating_sub(available), total),
    }
}
