//! AMD's GPUs, from files of the Linux kernel: sysfs
//! (<https://docs.kernel.org/gpu/amdgpu/thermal.html>, <https://docs.kernel.org/gpu/amdgpu/driver-misc.html>)
//! and, for this process's memory, fdinfo (<https://docs.kernel.org/gpu/drm-usage-stats.html>).

use super::Gpu;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

/// AMD's number among the vendors on the PCI bus.
const VENDOR: &str = "0x1002";

/// The cards that were there at the start, by their numbers.
#[derive(Debug)]
pub struct Amd {
    cards: Vec<Card>,
    fdinfo: PathBuf,
}

#[derive(Debug)]
struct Card {
    folder: PathBuf,
    name: String,
    /// Its place on the PCI bus, as `0000:03:00.0`.
    slot: Option<String>,
    /// The folder of its sensors.
    sensors: Option<PathBuf>,
}

impl Amd {
    /// The cards of this machine.
    pub fn find() -> Self {
        Self::under(Path::new("/sys/class/drm"), Path::new("/proc/self/fdinfo"))
    }

    /// The cards in the folder `drm`; the files of this process are described in the folder `fdinfo`.
    pub fn under(drm: &Path, fdinfo: &Path) -> Self {
        let numbered = |path: PathBuf| {
            // `card0-DP-1` is a socket of card 0.
            let number: u32 = path.file_name()?.to_str()?.strip_prefix("card")?.parse().ok()?;
            Some((number, Card::at(path.join("device"))?))
        };
        let cards: BTreeMap<u32, Card> = entries(drm).filter_map(numbered).collect();
        Self { cards: cards.into_values().collect(), fdinfo: fdinfo.to_owned() }
    }

    /// All cards as they are now; one that has been taken out is left out. The first is number `first`.
    pub fn read(&self, first: u32) -> impl Iterator<Item = Gpu> {
        let present = (first..).zip(&self.cards).filter(|(_, card)| card.folder.exists());
        present.map(|(index, card)| card.read(index, &self.fdinfo))
    }
}

impl Card {
    fn at(folder: PathBuf) -> Option<Self> {
        if figure::<String>(&folder, "vendor")? != VENDOR {
            return None;
        }
        let name = figure(&folder, "product_name").filter(|name: &String| !name.is_empty());
        let uevent = figure::<String>(&folder, "uevent").unwrap_or_default();
        let slot = uevent.lines().find_map(|line| line.strip_prefix("PCI_SLOT_NAME="));
        Some(Self {
            name: name.unwrap_or_else(|| "AMD GPU".into()),
            slot: slot.map(str::to_owned),
            sensors: entries(&folder.join("hwmon")).min(),
            folder,
        })
    }

    fn read(&self, index: u32, fdinfo: &Path) -> Gpu {
        let busy: Option<u8> = figure(&self.folder, "gpu_busy_percent");
        let sensors = self.sensors.as_deref();
        // Newer cards measure a moment instead of an average. Microwatts.
        let power: Option<u64> =
            sensors.and_then(|it| figure(it, "power1_average").or_else(|| figure(it, "power1_input")));
        // Thousandths of a degree, at the edge of the chip.
        let temperature: Option<i32> = sensors.and_then(|it| figure(it, "temp1_input"));
        Gpu {
            index,
            name: self.name.clone(),
            utilisation: busy.map(|percent| f32::from(percent.min(100)) / 100.0),
            memory_used: figure(&self.folder, "mem_info_vram_used"),
            memory_total: figure(&self.folder, "mem_info_vram_total"),
            power_w: power.map(|microwatts| (microwatts as f64 / 1e6) as f32),
            temperature_c: temperature.map(|thousandths| thousandths as f32 / 1000.0),
            process_memory: self.slot.as_deref().and_then(|slot| own_memory(fdinfo, slot)),
            process_utilisation: None,
        }
    }
}

/// Bytes of this process on the card in `slot`. Files that share a client share its memory.
fn own_memory(fdinfo: &Path, slot: &str) -> Option<u64> {
    let client = |path: PathBuf| client(&fs::read_to_string(path).ok()?, slot);
    let clients: BTreeMap<u64, u64> = entries(fdinfo).filter_map(client).collect();
    clients.into_values().reduce(u64::saturating_add)
}

/// The number and the bytes of the client that an open file belongs to, if it is one of the card in `slot`.
fn client(text: &str, slot: &str) -> Option<(u64, u64)> {
    let field = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.find_map(|(key, value)| (key == name).then_some(value.trim()))
    };
    if field("drm-driver") != Some("amdgpu") || field("drm-pdev") != Some(slot) {
        return None;
    }
    // The second is the general name for what amdgpu has called by the first.
    let memory = field("drm-memory-vram").or_else(|| field("drm-resident-vram"))?;
    Some((field("drm-client-id")?.parse().ok()?, bytes(memory)?))
}

/// `12 KiB` in bytes.
fn bytes(text: &str) -> Option<u64> {
    let mut words = text.split_whitespace();
    let amount: u64 = words.next()?.parse().ok()?;
    let unit = match words.next() {
        None => 1,
        Some("KiB") => 1 << 10,
        Some("MiB") => 1 << 20,
        Some(_) => return None,
    };
    Some(amount.saturating_mul(unit))
}

/// What a file of one value says; nothing if it is missing, refused or garbled.
fn figure<T: FromStr>(folder: &Path, name: &str) -> Option<T> {
    fs::read_to_string(folder.join(name)).ok()?.trim().parse().ok()
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}
