//! What is copied: the figures behind what is looked at, as text that a table or a shell takes.

use super::{Effect, Pane, Screen, State, notices::Tone, rows::Row};
use crate::curves::Along;
use std::{fmt::Write, time::Instant};

impl State {
    /// Copies what is looked at, and says what it was.
    pub(super) fn copy(&mut self, now: Instant) -> Option<Effect> {
        let Some((what, text)) = self.clip() else {
            self.notices.say(Tone::Note, "there is nothing to copy here", now);
            return None;
        };
        self.notices.say(Tone::Note, &format!("copied, if the terminal allows it (OSC 52): {what}"), now);
        Some(Effect::Copy(text))
    }

    /// In words what it is, and its text.
    fn clip(&self) -> Option<(String, String)> {
        match (self.screen, self.focus) {
            (Screen::Train, Pane::Augmentations) => self.setting(),
            (Screen::Train, Pane::Losses) => self.losses(),
            (Screen::Train, Pane::Device) => self
                .snapshot
                .run
                .as_ref()
                .map(|run| ("the run's folder".to_owned(), run.display().to_string())),
            (Screen::Train, Pane::Views) | (Screen::Views, _) => self.parameters(),
            (Screen::Train, Pane::Invariance) | (Screen::Invariance, _) => self.invariance(),
            (Screen::Neighbours, _) => self.nearest(),
            (Screen::Runs, _) => {
                let run = self.catalogue.chosen()?;
                Some((format!("the folder of {}", run.name), run.path.display().to_string()))
            }
            (Screen::Log, _) => {
                let line = self.log_lines.newest_first().nth(self.log_lines.below)?;
                Some(("the line below".into(), line.text.clone()))
            }
        }
    }

    /// The chosen value, as the command line takes it.
    fn setting(&self) -> Option<(String, String)> {
        let config = &self.snapshot.config;
        let path = match self.editor.row(config)? {
            Row::Entry(at) => format!("augment.{}.enabled", config.augment.get(at)?.name()),
            Row::Value(it) => it.path,
            Row::Schedule => return None,
        };
        let text = format!("--set {path}={}", self.editor.value(config, &path).0?);
        Some((text.clone(), text))
    }

    /// Every loss, at the crosshair or the newest.
    fn losses(&self) -> Option<(String, String)> {
        let at = self.lens.cross.or_else(|| Some(self.series.reach(self.runs_along())?.1))?;
        let unit = if self.along == Along::Time { "seconds" } else { "step" };
        let mut text = format!("{unit}\t{at}\n");
        for (head, series) in self.series.under("loss/") {
            let value = series.value_at(self.runs_along(), at, self.smoothing);
            let value = value.map_or_else(String::new, |value| value.to_string());
            let _ = writeln!(text, "loss/{head}\t{value}");
        }
        Some((format!("the losses at {unit} {at:.0}"), text))
    }

    fn invariance(&self) -> Option<(String, String)> {
        let report = self.report()?;
        let columns = self.matrix.columns(&report);
        let mut text = format!("head\t{}\n", columns.join("\t"));
        for (row, head) in report.heads.iter().enumerate() {
            let figure = |column| self.matrix.figure(&report, row, column);
            let figures: Vec<String> = (0..columns.len())
                .map(|column| figure(column).map_or_else(String::new, |value| value.to_string()))
                .collect();
            let _ = writeln!(text, "{head}\t{}", figures.join("\t"));
        }
        Some((format!("the matrix of step {}", report.step), text))
    }

    fn parameters(&self) -> Option<(String, String)> {
        let sheet = self.snapshot.views.as_ref()?;
        let mut text = String::new();
        for tile in &sheet.views {
            let words = tile.params.iter().map(|it| format!("{} {}", it.augmentation, it.text));
            let _ = writeln!(text, "{}\t{}", tile.name, words.collect::<Vec<_>>().join("\t"));
        }
        Some((format!("the parameters of image {}", sheet.request.index + 1), text))
    }

    fn nearest(&self) -> Option<(String, String)> {
        let sheet = self.snapshot.neighbours.as_ref()?;
        let space = sheet.spaces.get(self.album.space.min(sheet.spaces.len().saturating_sub(1)))?;
        let mut text = "index\tcosine\n".to_owned();
        for near in &space.near {
            let _ = writeln!(text, "{}\t{}", near.index, near.cosine);
        }
        Some((format!("the neighbours of image {} in {}", sheet.index, space.name), text))
    }
}
