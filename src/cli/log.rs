//! `--log FILE`: what happens, a line each.

use crate::{engine::message::Event, text::printable};
use color_eyre::{Report, eyre::WrapErr};
use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
};

/// An open log.
pub struct Log(File);

impl Log {
    /// Opens a file to append to.
    pub fn open(path: &Path) -> Result<Self, Report> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        file.map(Self).wrap_err_with(|| format!("cannot open the log {}", path.display()))
    }

    /// Writes an event.
    pub fn event(&mut self, event: &Event) -> std::io::Result<()> {
        let Some(line) = line(event) else { return Ok(()) };
        let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let time = crate::run::utc(time.map_or(0.0, |time| time.as_secs_f64()));
        writeln!(self.0, "{time} {}", printable(&line))
    }
}

/// An event in words; none for what is no news.
pub fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Recalled { .. } => return None,
        Event::Edited { step, path, from, to } => format!("step {step}: {path} {from} → {to}"),
        Event::Refused { path, why } => format!("{path} stays as it was: {why}"),
        Event::Saved { step, path } => format!("step {step}: saved {}", path.display()),
        Event::Note(text) => text.clone(),
        Event::Warning(text) => format!("warning: {text}"),
    })
}
