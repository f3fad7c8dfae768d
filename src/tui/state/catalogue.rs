//! The runs that lie beside this one, read from their own files: which are shown, in which order, and which are
//! marked, to be compared and to have their curves laid under this run's.

use super::{errand::Errand, lineage, plain::plain_line};
use crate::{
    config::Config,
    curves::Recorded,
    run::{self, Summary, metrics},
};
use std::{
    cmp::Ordering,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// So many runs can be marked: more curves than these cannot be told apart.
pub const MARKS: usize = 4;
/// Of a run's newest losses so many are shown as a little curve.
const RECENT: usize = 12;

/// A run, as it was when it was read.
#[derive(Clone, Debug)]
pub struct Listed {
    pub path: PathBuf,
    pub name: String,
    pub state: run::State,
    /// UTC.
    pub created: String,
    /// The run that it was forked from.
    pub parent: Option<run::Parent>,
    pub step: u64,
    pub steps: u64,
    /// Seconds since its start.
    pub time: f64,
    pub edits: usize,
    /// Its data and heads: `shapes, heads color rotation`.
    pub config: String,
    /// The newest figure of every tag.
    pub figures: Vec<(Arc<str>, f32)>,
    /// Its last losses, oldest first.
    pub recent: Vec<f32>,
    /// What it started with; or why that cannot be read.
    pub settings: Result<Arc<Config>, String>,
}

impl Listed {
    fn new(summary: Summary) -> Self {
        let settings = settings(&summary.path).map(Arc::new);
        let name = summary.path.file_name().unwrap_or(summary.path.as_os_str()).to_string_lossy();
        // A list is no place to complain of a damaged log: opening the run does.
        let rows = metrics::recent(&summary.path.join(metrics::METRICS)).unwrap_or_default();
        let losses = rows.iter().filter_map(|row| row.figure("loss"));
        let losses: Vec<f32> = losses.filter(|loss| loss.is_finite()).collect();
        Self {
            name: plain_line(&name),
            state: summary.state,
            created: summary.manifest.created,
            parent: summary.manifest.parent,
            step: summary.step,
            steps: summary.steps,
            time: summary.time,
            edits: summary.edits,
            config: plain_line(&summary.config),
            settings: settings.map_err(|why| plain_line(&why)),
            figures: summary.figures,
            recent: means(&losses, RECENT),
            path: summary.path,
        }
    }

    /// The newest figure of a tag.
    pub fn figure(&self, tag: &str) -> Option<f32> {
        self.figures.iter().find(|(known, _)| **known == *tag).map(|(_, value)| *value)
    }

    fn holds(&self, words: &str) -> bool {
        let all = format!("{} {} {}", self.name, self.state, self.config).to_lowercase();
        words.to_lowercase().split_whitespace().all(|word| all.contains(word))
    }
}

/// What a run's folder says that it started with.
pub fn settings(run: &Path) -> Result<Config, String> {
    let text = run::config_yaml(run).map_err(|error| error.to_string())?;
    Config::parse(&text, "the run's config.yaml", &[]).map_err(|error| error.to_string())
}

/// The means of so many equal parts.
fn means(values: &[f32], parts: usize) -> Vec<f32> {
    let size = values.len().div_ceil(parts).max(1);
    values.chunks(size).map(|part| part.iter().sum::<f32>() / part.len() as f32).collect()
}

/// What a reading found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub runs: Vec<Listed>,
    /// Folders that look like runs and cannot be read, each with its reason.
    pub unreadable: Vec<String>,
}

impl Found {
    fn read(folder: &Path) -> Self {
        let mut found = Self::default();
        for summary in run::list(folder) {
            match summary {
                Ok(summary) => found.runs.push(Listed::new(summary)),
                Err(error) => found.unreadable.push(plain_line(&error.to_string())),
            }
        }
        found
    }
}

/// What the table is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    Name,
    State,
    Step,
    Loss,
    Turn,
}

impl Order {
    /// With the words of the title, and the tag of the figure.
    const ALL: [(Self, &str, &str); 5] = [
        (Self::Name, "name", ""),
        (Self::State, "state", ""),
        (Self::Step, "step", ""),
        (Self::Loss, "loss", "loss"),
        (Self::Turn, "turn", "probe/rotation"),
    ];

    fn place(self) -> usize {
        Self::ALL.iter().position(|(it, ..)| *it == self).unwrap_or(0)
    }

    /// The next one.
    pub fn next(self) -> Self {
        Self::ALL[(self.place() + 1) % Self::ALL.len()].0
    }

    pub fn name(self) -> &'static str {
        Self::ALL[self.place()].1
    }

    fn compare(self, a: &Listed, b: &Listed) -> Ordering {
        let figure = |run: &Listed| run.figure(Self::ALL[self.place()].2).filter(|value| !value.is_nan());
        let by_figure = |best_first: fn(f32, f32) -> Ordering| match (figure(a), figure(b)) {
            (Some(a), Some(b)) => best_first(a, b),
            // A run without the figure comes last.
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        match self {
            Self::Name => a.name.cmp(&b.name),
            Self::State => a.state.to_string().cmp(&b.state.to_string()),
            Self::Step => b.step.cmp(&a.step),
            Self::Loss => by_figure(|a, b| a.total_cmp(&b)),
            Self::Turn => by_figure(|a, b| b.total_cmp(&a)),
        }
    }
}

/// A marked run, whose curves are laid under this run's once they are read.
#[derive(Debug)]
pub struct Marked {
    pub path: PathBuf,
    pub name: String,
    pub recorded: Option<Box<Recorded>>,
    reading: Option<Errand<Result<Recorded, String>>>,
}

/// The runs, and which of them are chosen and marked.
#[derive(Debug, Default)]
pub struct Catalogue {
    pub found: Option<Found>,
    pub order: Order,
    /// Words that a run's line has to hold.
    pub filter: String,
    pub marked: Vec<Marked>,
    chosen: Option<PathBuf>,
    reading: Option<Errand<Found>>,
}

impl Catalogue {
    /// Begins to read the runs beside `run`, unless that is under way.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn read(&mut self, run: &Path) -> io::Result<()> {
        if self.reading.is_none() {
            let folder = run.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let folder = folder.to_owned();
            self.reading = Some(Errand::start(move || Found::read(&folder))?);
        }
        Ok(())
    }

    /// Whether runs are being read.
    pub fn is_reading(&self) -> bool {
        self.reading.is_some() || self.marked.iter().any(|it| it.reading.is_some())
    }

    /// Takes in what was read. True if there is something new; with it what cannot be read.
    pub fn take(&mut self) -> (bool, Vec<String>) {
        let (mut news, mut wrong) = (false, Vec::new());
        match Errand::take(&mut self.reading) {
            Some(Ok(found)) => {
                self.chosen = self.chosen.take().or(found.runs.last().map(|run| run.path.clone()));
                self.found = Some(found);
                news = true;
            }
            Some(Err(lost)) => wrong.push(lost.to_string()),
            None => {}
        }
        for it in &mut self.marked {
            let answer = Errand::take(&mut it.reading);
            match answer.map(|it| it.unwrap_or_else(|lost| Err(lost.to_string()))) {
                Some(Ok(recorded)) => it.recorded = Some(Box::new(recorded)),
                Some(Err(why)) => wrong.push(format!("{}: {}", it.name, plain_line(&why))),
                None => continue,
            }
            news = true;
        }
        // What cannot be read is no longer marked.
        self.marked.retain(|it| it.recorded.is_some() || it.reading.is_some());
        (news, wrong)
    }

    /// The runs that are shown, in the order of the table.
    pub fn shown(&self) -> Vec<&Listed> {
        self.table().into_iter().map(|(_, run)| run).collect()
    }

    /// The same, each with how deep it lies below runs that it was forked from: by name they are a tree.
    pub fn table(&self) -> Vec<(usize, &Listed)> {
        let runs = self.found.iter().flat_map(|found| &found.runs);
        let mut runs: Vec<&Listed> = runs.filter(|run| run.holds(&self.filter)).collect();
        runs.sort_by(|a, b| self.order.compare(a, b));
        match self.order {
            Order::Name => lineage::tree(&runs),
            _ => runs.into_iter().map(|run| (0, run)).collect(),
        }
    }

    /// The place of the chosen run among those that are shown.
    pub fn place(&self) -> usize {
        self.shown().iter().position(|run| Some(&run.path) == self.chosen.as_ref()).unwrap_or(0)
    }

    /// The chosen run.
    pub fn chosen(&self) -> Option<&Listed> {
        self.shown().get(self.place()).copied()
    }

    /// Chooses another, so many further down.
    pub fn go(&mut self, by: isize) {
        self.choose(self.place().saturating_add_signed(by));
    }

    /// Chooses the run at this place of the table, or the last.
    pub fn choose(&mut self, place: usize) {
        let shown = self.shown();
        let run = shown.get(place).or(shown.last());
        self.chosen = run.map(|run| run.path.clone());
    }

    /// Shows only runs that hold these words.
    pub fn narrow(&mut self, words: &str) {
        words.clone_into(&mut self.filter);
    }

    /// The place of a run among the marked ones.
    pub fn mark_of(&self, path: &Path) -> Option<usize> {
        self.marked.iter().position(|it| it.path == path)
    }

    /// Marks the chosen run, or marks it no longer.
    ///
    /// # Errors
    /// Too many are marked, or the system refuses a thread.
    pub fn mark(&mut self) -> Result<(), String> {
        let Some((path, name)) = self.chosen().map(|run| (run.path.clone(), run.name.clone())) else {
            return Ok(());
        };
        if let Some(at) = self.mark_of(&path) {
            self.marked.remove(at);
            return Ok(());
        }
        if self.marked.len() >= MARKS {
            return Err(format!("{MARKS} runs are marked: more could not be told apart"));
        }
        let from = path.clone();
        let reading = Errand::start(move || Recorded::read(&from).map_err(|error| error.to_string()));
        let reading = Some(reading.map_err(|error| format!("the run cannot be read: {error}"))?);
        self.marked.push(Marked { path, name, recorded: None, reading });
        Ok(())
    }

    /// The marked runs whose curves are there, each with its place among the marked ones.
    pub fn laid_under(&self) -> impl Iterator<Item = (usize, &str, &Recorded)> {
        let all = self.marked.iter().enumerate();
        all.filter_map(|(i, it)| Some((i, it.name.as_str(), it.recorded.as_deref()?)))
    }
}
