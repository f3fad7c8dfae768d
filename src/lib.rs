//! LooC (leave-one-out contrastive learning; Xiao, Wang, Efros & Darrell, ICLR 2021) in a terminal.
//!
//! The data's way: [`config`] → [`data`] → [`augment`] (the views q, k0, k1..kn) → [`looc`] (encode,
//! heads, loss, queues, momentum) → [`engine`], which trains in a thread of its own and tells
//! [`tui`] what happens; [`eval`] measures what each space ignores and keeps; [`run`] keeps it on the
//! disk, [`curves`] shows its course, and [`link`] lets other processes watch and steer it.

pub mod augment;
pub mod cli;
pub mod config;
pub mod curves;
pub mod data;
pub mod device;
mod durable;
pub mod engine;
pub mod eval;
mod figure;
mod home;
pub mod knob;
pub mod link;
pub mod looc;
pub mod nn;
pub mod rng;
pub mod run;
pub mod study;
pub mod text;
pub mod tui;
