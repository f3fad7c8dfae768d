//! The signals that ask the program to end in good order.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for them, instead of the system's ending the program at once.
pub struct Endings([Signal; 3]);

impl Endings {
    /// Within a runtime.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn listen() -> io::Result<Self> {
        // A broken connection ends a run in good order too; under `nohup` it is not heard.
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] = kinds.map(signal);
        Ok(Self([interrupt?, terminate?, hangup?]))
    }

    /// The next one has come.
    pub async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
