//! The configuration as a whole: how it differs from its file, where it is written, what a preset would change.

use super::{
    Over, State,
    catalogue::settings,
    errand::Errand,
    forking::ForkPoints,
    notices::Tone,
    palette::Palette,
    typed::{Purpose, Typed},
};
use crate::{
    config::{Config, Difference, Preset, live},
    engine::Forked,
    text::printable_name,
};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

/// What another configuration says otherwise.
#[derive(Clone, Debug, Default)]
pub struct Differing {
    /// What can be changed while this run trains.
    pub live: Vec<(String, Value)>,
    /// What cannot.
    pub fixed: Vec<String>,
}

impl State {
    /// What `there` says otherwise than this run does now.
    pub fn differing(&self, there: &Config) -> Differing {
        let here = &self.snapshot.config;
        let mut differing = Differing::default();
        for Difference { path, .. } in here.differences(there) {
            match there.get(&path).filter(|_| live(&path).is_ok() && here.get(&path).is_some()) {
                Some(value) => differing.live.push((path, value)),
                None => differing.fixed.push(path),
            }
        }
        differing
    }

    /// Lists the presets, and the configurations that lie in the present folder.
    pub(super) fn open_presets(&mut self, now: Instant) {
        self.ask_files(now, || {
            let mut presets = Preset::built_in().map_err(|error| error.to_string())?;
            let (own, unread): (Vec<_>, Vec<_>) = beside().into_iter().partition(Result::is_ok);
            presets.extend(own.into_iter().flatten());
            Ok(Answer::Presets(presets, unread.into_iter().filter_map(Result::err).collect()))
        });
    }

    /// Takes over what can be changed now, as one edit.
    pub(super) fn load(&mut self, preset: &Preset, now: Instant) {
        let Differing { live, fixed } = self.differing(&preset.config);
        if !live.is_empty() && self.too_late(now) {
            return;
        }
        self.change_all(&live, now);
        let rest = match fixed.split_first() {
            None => String::new(),
            Some((first, [])) => format!("; {first} needs a run of its own"),
            Some((first, more)) => format!("; {first} and {} more need a run of their own", more.len()),
        };
        self.notices.say(Tone::Note, &format!("{}: {} values asked for{rest}", preset.name, live.len()), now);
    }

    /// Shows what was changed since the run started, edits made before a resumption too.
    pub(super) fn open_differences(&mut self, now: Instant) {
        let Some(run) = self.snapshot.run.clone() else {
            self.notices.say(Tone::Note, "this run has no folder yet", now);
            return;
        };
        let here = self.snapshot.config.clone();
        self.ask_files(now, move || {
            let started = settings(&run)?;
            let lines = started.differences(&here).into_iter();
            let lines: Vec<String> =
                lines.map(|it| format!("{}  {} → {}", it.path, it.here, it.there)).collect();
            let none = vec!["nothing: the configuration is as it was when the run started".to_owned()];
            Ok(Answer::Page("Changed since the start".into(), if lines.is_empty() { none } else { lines }))
        });
    }

    /// Asks where the configuration is to be written.
    pub(super) fn ask_file(&mut self, now: Instant) {
        if self.folder.is_none() {
            self.notices.say(Tone::Note, NOWHERE, now);
            return;
        }
        let run = self.snapshot.run.as_ref().and_then(|run| run.file_name());
        let name = run.map_or_else(|| "looc".into(), printable_name);
        self.typed = Some(Typed::new(Purpose::File, format!("{name}.yaml")));
    }

    /// Writes the configuration as it is now into the file that was named, if there is none yet.
    pub(super) fn submit_file(&mut self, now: Instant) {
        let (Some(typed), Some(folder)) = (self.typed.take(), &self.folder) else { return };
        let path = folder.join(typed.text.trim());
        let why = match () {
            () if typed.text.trim().is_empty() => Some("a file needs a name".to_owned()),
            () if path.exists() => Some(format!("{} is there already: another name", typed.text.trim())),
            () => None,
        };
        if why.is_some() {
            self.typed = Some(Typed { error: why, ..typed });
            return;
        }
        let text = self.snapshot.config.annotated();
        self.ask_files(now, move || {
            crate::durable::write(&path, text.as_bytes())
                .map(|()| Answer::Done(format!("written: {}", printable_name(path.as_os_str()))))
                .map_err(|error| format!("{} cannot be written: {error}", printable_name(path.as_os_str())))
        });
    }

    /// Has something done with files; what comes of it is shown by [`State::refresh`].
    pub(super) fn ask_files(
        &mut self,
        now: Instant,
        work: impl FnOnce() -> Result<Answer, String> + Send + 'static,
    ) {
        if self.errand.is_some() {
            self.notices.say(Tone::Note, "still busy with the last file", now);
            return;
        }
        match Errand::start(work) {
            Ok(errand) => self.errand = Some(errand),
            Err(error) => self.notices.say(Tone::Warning, &format!("that cannot be done: {error}"), now),
        }
    }

    /// Takes in what came of work with files. True if it shows.
    pub(super) fn take_answer(&mut self, now: Instant) -> bool {
        let Some(answer) = Errand::take(&mut self.errand) else { return false };
        match answer.unwrap_or_else(|lost| Err(lost.to_string())) {
            Ok(Answer::Page(title, lines)) => self.over = Over::Page(Arc::new((title, lines)), 0),
            Ok(Answer::Presets(presets, unread)) => {
                self.over = Over::Palette(Palette::of_presets(presets));
                if let Some(first) = unread.first() {
                    self.notices.say(Tone::Warning, &format!("left out: {first}"), now);
                }
            }
            Ok(Answer::Done(text)) => self.notices.say(Tone::Done, &text, now),
            Ok(Answer::ForkPoints(points)) => self.offer_fork_points(points),
            Ok(Answer::Forked(parent, forked)) => self.forked(&parent, forked, now),
            Ok(Answer::Run(snapshot, recorded)) => self.receive(*snapshot, *recorded, now),
            Err(why) => self.notices.say(Tone::Warning, &why, now),
        }
        true
    }
}

/// Said where nothing is to be written.
pub(super) const NOWHERE: &str = "nothing is written here";

/// What can come of work with files.
#[derive(Debug)]
pub enum Answer {
    /// Lines to read, under a title.
    Page(String, Vec<String>),
    /// What values can be taken from, and files that are none.
    Presets(Vec<Preset>, Vec<String>),
    /// It is done.
    Done(String),
    /// Where a run can be forked.
    ForkPoints(ForkPoints),
    /// A run was forked.
    Forked(PathBuf, Forked),
    /// A run, as its files tell it.
    Run(Box<crate::engine::message::Snapshot>, Box<crate::curves::Recorded>),
}

/// The configurations in the present folder; of what cannot be read, why.
fn beside() -> Vec<Result<Preset, String>> {
    let entries = std::fs::read_dir(".").into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    let is_yaml = |path: &Path| path.extension().is_some_and(|it| it == "yaml" || it == "yml");
    let read = |path: PathBuf| {
        let name = printable_name(path.file_name()?);
        Some(match Config::load(Some(&path), &[]) {
            Ok(config) => Ok(Preset { name, config }),
            Err(error) => Err(format!("{name}: {}", error.in_short())),
        })
    };
    files.into_iter().filter(|path| is_yaml(path)).filter_map(read).collect()
}
