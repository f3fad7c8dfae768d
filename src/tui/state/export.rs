//! The curves that are shown, as files: from the run's own folder, so that the command which stands in them makes
//! the same again.

use super::{
    Screen, State,
    configuration::{Answer, NOWHERE},
    matrix::Course,
    notices::Tone,
};
use crate::{
    curves::{
        Along,
        chart::{Format, Spec},
        export,
    },
    durable,
};
use std::{
    path::{Path, PathBuf},
    time::Instant,
};

impl State {
    /// Writes what is shown of the curves as SVG, PNG and CSV into the present folder.
    pub(super) fn export(&mut self, now: Instant) {
        let Some(folder) = self.folder.clone() else {
            self.notices.say(Tone::Note, NOWHERE, now);
            return;
        };
        let Some(run) = self.snapshot.run.clone() else {
            self.notices.say(Tone::Note, "this run has no folder to make a chart from", now);
            return;
        };
        let spec = self.spec();
        let others: Vec<PathBuf> = self.catalogue.marked.iter().map(|it| it.path.clone()).collect();
        self.notices.say(Tone::Note, "the curves are being written …", now);
        self.ask_files(now, move || write(&spec, &run, &others, &folder));
    }

    /// What is shown of the curves.
    fn spec(&self) -> Spec {
        // Also of the whole the end is said: the three files, and the command, are of the same figures.
        let shown = self.lens.window.or_else(|| self.series.reach(self.runs_along()));
        let (from, to) = shown.map_or((None, None), |(from, to)| (Some(from), Some(to)));
        let unit = |at: f64| match (self.along, self.epoch_steps()) {
            (Along::Epoch, Some(steps)) => at / steps,
            _ => at,
        };
        let (curves, smoothing, log) = match self.screen {
            Screen::Invariance => (self.course_tags(), 0, false),
            _ => (vec!["loss/".to_owned()], self.smoothing, self.log),
        };
        Spec {
            curves,
            title: None,
            from: from.map(unit),
            to: to.map(unit),
            along: self.along,
            epoch_steps: self.epoch_steps().filter(|_| self.along == Along::Epoch),
            smoothing,
            log,
        }
    }

    /// Of the chosen chart of the screen of invariance.
    fn course_tags(&self) -> Vec<String> {
        match self.matrix.course {
            Course::Probes => vec!["knn/".into(), "probe/".into()],
            Course::Spaces => vec![format!("{}/", self.matrix.filling().tag)],
            Course::Cell => {
                let Some(report) = self.report() else { return vec!["invariance/".into()] };
                let (_, column) = self.matrix.cell(&report);
                let columns = self.matrix.columns(&report);
                let column = columns.get(column).copied().unwrap_or_default();
                report.heads.iter().map(|head| self.matrix.tag(head, column)).collect()
            }
        }
    }
}

/// A file a format; none is written over.
fn write(spec: &Spec, run: &Path, others: &[PathBuf], folder: &Path) -> Result<Answer, String> {
    let others: Vec<&Path> = others.iter().map(PathBuf::as_path).collect();
    let mut lines = Vec::new();
    let mut runs = vec![run];
    runs.extend(&others);
    for format in Format::ALL {
        let file = export(spec, run, &others, format).map_err(|error| error.to_string())?;
        let path = folder.join(&file.name);
        if path.exists() {
            lines.push(format!("{}  is there already, and stays as it is", file.name));
            continue;
        }
        durable::write(&path, &file.bytes).map_err(|error| format!("{}: {error}", file.name))?;
        lines.push(file.name);
    }
    lines.push(String::new());
    lines.push("The command that makes them again stands in each. For the picture:".into());
    lines.push(spec.command(runs, Format::Png));
    Ok(Answer::Page("The curves that were shown".into(), lines))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, run::RunDir};

    #[test]
    fn three_files_and_nothing_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let (run, config) = (folder.path().join("r1"), Config::quickstart());
        let mut dir = RunDir::create(&run, &config.to_yaml(), &config.hash(), 0).unwrap();
        for step in 1..=20_u64 {
            dir.metrics().record(step, step as f64, [("loss/all", 1.0 / step as f32)]).unwrap();
        }
        dir.metrics().flush().unwrap();
        let written = write(&Spec::default(), &run, &[], folder.path()).unwrap();
        let Answer::Page(_, lines) = written else { panic!("{written:?}") };
        for name in &lines[..3] {
            assert!(folder.path().join(name).metadata().unwrap().len() > 100, "{name}");
        }
        assert!(
            lines[5].starts_with("looc-tui export ") && lines[5].contains("--format png"),
            "{}",
            lines[5]
        );
        std::fs::write(folder.path().join(&lines[0]), "mine").unwrap();
        let Answer::Page(_, again) = write(&Spec::default(), &run, &[], folder.path()).unwrap() else {
            panic!()
        };
        assert!(again[0].contains("is there already"), "{again:?}");
        assert_eq!(std::fs::read(folder.path().join(&lines[0])).unwrap(), b"mine");
    }
}
