//! Where the decoded images of a folder live: in memory if they are few, in the image cache if they are many.

use super::cache::{self, Trouble};
use super::reading::{Part, into_memory};
use super::scan::Found;
use crate::data::place::shown;
use crate::data::registry::Progress;
use crate::data::{DataError, DataSettings};
use std::path::Path;

const MIB: u64 = 1 << 20;

/// Reads the two parts, in their order. `notes` hears what became of the cache if it could not be used.
pub fn read(
    root: &Path,
    parts: [&[Found]; 2],
    settings: &DataSettings,
    notes: &mut Vec<String>,
    progress: &mut Progress,
) -> Result<[Part; 2], DataError> {
    let side = settings.size;
    let count = parts.iter().map(|files| files.len() as u64).sum::<u64>();
    // A side is at most 4096 and files have their names in memory: this cannot overflow.
    let bytes = count * (side * side * 3) as u64;
    if bytes <= settings.memory as u64 * MIB {
        return into_memory(parts, side, progress);
    }
    let why = match cache::folder(&settings.cache) {
        Ok(None) => return into_memory(parts, side, progress),
        Err(why) => why.to_owned(),
        Ok(Some(folder)) => match cache::read(&folder, root, parts, side, progress) {
            Ok((parts, said)) => {
                notes.extend(said);
                return Ok(parts);
            }
            Err(Trouble::Data(error)) => return Err(error),
            Err(Trouble::Unusable { what, path, source }) => {
                format!("the image cache cannot be used: cannot {what} {}: {source}", shown(&path))
            }
        },
    };
    notes.push(instead(why, bytes, free_memory())?);
    into_memory(parts, side, progress)
}

/// What the user is told when there is no cache, if `bytes` fit into the memory that is free.
fn instead(why: String, bytes: u64, free: Option<u64>) -> Result<String, DataError> {
    let need = bytes.div_ceil(MIB);
    match free.filter(|free| bytes > *free) {
        Some(free) => Err(DataError::NoCache { cache: why, need, free: free / MIB }),
        None => Ok(format!(
            "{why}; {need} MiB of decoded images are held in memory instead. --set data.cache=FOLDER names another place"
        )),
    }
}

/// Bytes that can be had without pushing other programs out; `None` where the system does not say.
fn free_memory() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory();
    let free = Some(system.available_memory()).filter(|bytes| *bytes > 0)?;
    // In a container the limit may be lower than the machine's memory.
    Some(system.cgroup_limits().map_or(free, |limits| free.min(limits.free_memory)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_what_to_do() {
        let why = || String::from("the image cache cannot be used: cannot write /full/x: no space");
        for free in [None, Some(3 * MIB), Some(3 * MIB + 1)] {
            let note = instead(why(), 3 * MIB, free).unwrap();
            assert!(note.starts_with(&why()) && note.contains("3 MiB"), "{note}");
        }
        let error = instead(why(), 3 * MIB, Some(2 * MIB + 5)).unwrap_err().to_string();
        for part in [&*why(), "3 MiB", "2 MiB", "data.cache=FOLDER", "data.size"] {
            assert!(error.contains(part), "{part} in {error}");
        }
    }
}
