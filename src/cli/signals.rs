//! The signals that ask the program to end in good order.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Somebody wants the program to end.
    Asked,
    /// Its terminal has gone.
    HangUp,
}

/// Listens for them, instead of the system's ending the program at once.
pub struct Endings {
    interrupt: Signal,
    terminate: Signal,
    /// A broken connection ends a run in good order too; under `nohup` it is not heard.
    hangup: Option<Signal>,
}

impl Endings {
    /// Within a runtime.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn listen() -> io::Result<Self> {
        // Asked first: who listens for a signal ignores it no longer.
        let hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
        let [interrupt, terminate] = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
        Ok(Self { interrupt: interrupt?, terminate: terminate?, hangup })
    }

    /// The next one has come.
    pub async fn next(&mut self) -> Ending {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Ending::Asked,
            _ = self.terminate.recv() => Ending::Asked,
            _ = hangup => Ending::HangUp,
        }
    }
}

/// A file that reaches the limit of `ulimit -f` is an error of its write from now on, as a full disk is, and no longer
/// the death of the process.
///
/// # Errors
/// If the system refuses.
pub fn outlive_file_limit() -> io::Result<()> {
    let limit = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    // Who listened for a signal once does not die of it any more; nobody has to hear it.
    runtime.block_on(async { signal(limit).map(drop) })
}

/// Whether who started the program has it ignore SIGHUP. Only Linux says so without `unsafe`; elsewhere it
/// is heard.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // A bit a signal, from the first on, which is SIGHUP.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
