//! Runs that are killed, halted, starved and hindered in every way that can be provoked: whatever was acknowledged is
//! there afterwards, and what comes of the run are the bits of one that nothing happened to.
//!
//! Each case is tried `LOOC_ROUNDS` times, three if nothing is said; `.ci/survival` tries them as often as it takes. A line
//! a case says what came of it: `cargo test --test survival -- --nocapture`. Numbers are those of docs/reliability.md.

#[path = "survival/course.rs"]
mod course;
#[path = "survival/disk_errors.rs"]
mod disk_errors;
#[path = "survival/disturbed.rs"]
mod disturbed;
#[path = "survival/editor.rs"]
mod editor;
#[path = "survival/killed_at_calls.rs"]
mod killed_at_calls;
#[path = "survival/killed_at_times.rs"]
mod killed_at_times;
#[path = "survival/memory.rs"]
mod memory;
#[path = "survival/small_disk.rs"]
mod small_disk;
#[path = "survival/strace.rs"]
mod strace;
#[path = "survival/tally.rs"]
mod tally;
