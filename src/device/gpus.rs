//! All GPUs that can be read here, whoever made them.

use super::{Amd, Gpu, LIBRARY, NoNvidia, Nvidia};
use crate::text::printable;

/// The GPUs of a machine, looked for once: a driver that comes later is not seen.
#[derive(Debug)]
pub struct Gpus {
    nvidia: Result<Nvidia, NoNvidia>,
    amd: Amd,
}

impl Gpus {
    /// Looks for them. The environment variable [`LIBRARY`] may say where NVIDIA's library is.
    pub fn find() -> Self {
        let library = std::env::var_os(LIBRARY).filter(|name| !name.is_empty());
        Self::new(Nvidia::open(library.as_deref()), Amd::find())
    }

    /// These GPUs.
    pub fn new(nvidia: Result<Nvidia, NoNvidia>, amd: Amd) -> Self {
        Self { nvidia, amd }
    }

    /// All that answer, and a note: why there is none, or which do not answer; otherwise empty.
    pub fn read(&self) -> (Vec<Gpu>, String) {
        let (mut gpus, mut missing) = (Vec::new(), Vec::new());
        match &self.nvidia {
            Ok(nvidia) => {
                for answer in nvidia.read() {
                    match answer {
                        Ok(gpu) => gpus.push(gpu),
                        Err(silent) => missing.push(silent.to_string()),
                    }
                }
                gpus.extend(self.amd.read(nvidia.count));
            }
            Err(why) => {
                gpus.extend(self.amd.read(0));
                // Who has another GPU does not ask after NVIDIA's.
                if gpus.is_empty() {
                    missing.push(why.to_string());
                }
            }
        }
        if gpus.is_empty() {
            return (gpus, format!("no GPU found: {}; no AMD GPU", missing.join("; ")));
        }
        (gpus, missing.join("; "))
    }

    /// A line a GPU, and the note, fit for a terminal.
    pub fn describe(&self) -> String {
        let (gpus, note) = self.read();
        let mut lines: Vec<String> = gpus.iter().map(|gpu| self.line(gpu)).collect();
        if !note.is_empty() {
            lines.push(note);
        }
        lines.iter().map(|line| printable(line)).collect::<Vec<_>>().join("\n")
    }

    fn line(&self, gpu: &Gpu) -> String {
        let mut line = format!("GPU {}: {}", gpu.index, gpu.name);
        if let Some(total) = gpu.memory_total {
            line += &format!(", {:.1} GiB", total as f64 / f64::from(1 << 30));
        }
        if let Ok(Nvidia { count, driver: Some(version), .. }) = &self.nvidia
            && gpu.index < *count
        {
            line += &format!(", NVIDIA driver {version}");
        }
        line
    }
}
