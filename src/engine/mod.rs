//! The training thread: commands in, snapshots and figures out.

mod handle;
mod mailbox;
pub mod message;

pub use handle::{Handle, Publisher, line};
pub use mailbox::{Coalesce, Mailbox};
