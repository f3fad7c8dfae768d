//! What a chart shows, and the command line that draws it again.

use super::{Along, Heads, SMOOTHING, SeriesStore, quantity, shell::quoted};
use std::{ffi::OsStr, path::Path, sync::Arc};

/// Letters of the curves' part in a file's name.
const LETTERS: usize = 48;

/// What to make of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Svg,
    Png,
    Csv,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Svg, Self::Png, Self::Csv];

    /// As `--format` takes it, and as files of it end.
    pub fn name(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Csv => "csv",
        }
    }
}

/// What a chart shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Each an exact tag, several with commas between, or the beginning of tags with a slash at its end: `loss/`.
    pub curves: Vec<String>,
    /// Without one, the run's name.
    pub title: Option<String>,
    /// Ends of the range in the axis' unit (steps, epochs, seconds); without them, the curves' own.
    pub from: Option<f64>,
    pub to: Option<f64>,
    pub along: Along,
    /// Steps an epoch, where epochs run along the axis.
    pub epoch_steps: Option<f64>,
    /// An index of [`SMOOTHING`].
    pub smoothing: usize,
    /// Whether the axis of the values is logarithmic.
    pub log: bool,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            curves: vec!["loss/".into()],
            title: None,
            from: None,
            to: None,
            along: Along::Step,
            epoch_steps: None,
            smoothing: 0,
            log: false,
        }
    }
}

/// One curve of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curve {
    pub tag: Arc<str>,
    /// Its name in the legend.
    pub words: String,
    /// Its colour is that of the embedding space of this number.
    pub number: usize,
}

/// Why a chart cannot be drawn.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SpecError {
    #[error("there are no curves {asked:?}; there are {}", list(there))]
    NoCurves { asked: String, there: Vec<String> },
    #[error("there are no figures from {from} to {to}: the curves reach from {first} to {last}")]
    Empty { from: String, to: String, first: String, last: String },
    #[error("how many steps an epoch has is not known: say --epoch-steps")]
    EpochSteps,
}

/// The beginnings that several tags share, and single tags: a list of a hundred tags tells nothing.
fn list(tags: &[String]) -> String {
    let mut kinds: Vec<String> = Vec::new();
    for tag in tags {
        let kind = tag.split_once('/').map_or_else(|| tag.clone(), |(family, _)| format!("{family}/"));
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if kinds.is_empty() { "none yet".into() } else { crate::text::printable(&kinds.join(", ")) }
}

impl Spec {
    /// The curves of a run, in the order of the heads.
    ///
    /// # Errors
    /// [`SpecError::NoCurves`] with those there are.
    pub fn curves(&self, series: &SeriesStore, heads: &Heads) -> Result<Vec<Curve>, SpecError> {
        let mut tags: Vec<Arc<str>> = Vec::new();
        for item in &self.curves {
            // A label's name may have commas.
            let parts = if series.get(item).is_some() { vec![&**item] } else { item.split(',').collect() };
            for part in parts {
                let mut found = matching(series, part);
                if found.is_empty() {
                    let there = series.under("").map(|(tag, _)| tag.to_owned()).collect();
                    return Err(SpecError::NoCurves { asked: part.into(), there });
                }
                found.sort_by_key(|tag| heads.of_tag(tag).unwrap_or(usize::MAX));
                tags.extend(found);
            }
        }
        let mut once: Vec<Arc<str>> = Vec::new();
        for tag in tags {
            if !once.contains(&tag) {
                once.push(tag);
            }
        }
        Ok(named(once, heads))
    }

    /// The range along the axis, in steps or seconds, as the curves know it.
    ///
    /// # Errors
    /// [`SpecError::Empty`], [`SpecError::EpochSteps`].
    pub fn range(&self, series: &SeriesStore, curves: &[Curve]) -> Result<(f64, f64), SpecError> {
        let reach = curves.iter().filter_map(|curve| series.get(&curve.tag)?.reach(self.counted()));
        let reach = reach.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or_default();
        let unit = self.unit()?;
        // An epoch's end is a whole step, whatever the division made of it.
        let inner = |at: f64| if self.along == Along::Epoch { (at * unit).round() } else { at };
        let (from, to) = (self.from.map_or(reach.0, inner), self.to.map_or(reach.1, inner));
        let some = from < to && from <= reach.1 && to >= reach.0 || from == to && reach.0 == reach.1;
        if some && from.is_finite() && to.is_finite() {
            return Ok((from, to));
        }
        let [from, to, first, last] = [from, to, reach.0, reach.1].map(|at| plain(at / unit));
        Err(SpecError::Empty { from, to, first, last })
    }

    /// What the curves count along the axis: epochs are counted in steps.
    pub fn counted(&self) -> Along {
        if self.along == Along::Time { Along::Time } else { Along::Step }
    }

    /// How much of what the curves count makes one of the axis' unit.
    ///
    /// # Errors
    /// [`SpecError::EpochSteps`].
    pub fn unit(&self) -> Result<f64, SpecError> {
        match self.along {
            Along::Epoch => {
                let known = self.epoch_steps.filter(|steps| steps.is_finite() && *steps > 0.0);
                known.ok_or(SpecError::EpochSteps)
            }
            Along::Step | Along::Time => Ok(1.0),
        }
    }

    /// This chart with both ends of its range said, so that a run that grows does not change it.
    ///
    /// # Errors
    /// As [`Spec::range`].
    pub fn settled(&self, range: (f64, f64)) -> Result<Self, SpecError> {
        let unit = self.unit()?;
        Ok(Self { from: Some(range.0 / unit), to: Some(range.1 / unit), ..self.clone() })
    }

    /// The command line that makes the same file again, for a shell. `runs` are the run and those laid under it.
    pub fn command<'a>(&self, runs: impl IntoIterator<Item = &'a Path>, format: Format) -> String {
        let mut runs = runs.into_iter().map(|path| {
            // Not an option, whatever it is called.
            let named = path.as_os_str().as_encoded_bytes().starts_with(b"-");
            if named { quoted(Path::new(".").join(path).as_os_str()) } else { quoted(path.as_os_str()) }
        });
        let run = runs.next().unwrap_or_default();
        let mut words = format!("looc-tui export {run} --format {}", format.name());
        let mut say =
            |option: &str, value: &str| words += &format!(" {option} {}", quoted(OsStr::new(value)));
        self.curves.iter().for_each(|item| say("--curves", item));
        if self.along != Along::Step {
            say("--x", self.along.name());
        }
        if let Some(steps) = self.epoch_steps.filter(|_| self.along == Along::Epoch) {
            say("--epoch-steps", &steps.to_string());
        }
        self.from.iter().for_each(|from| say("--from", &from.to_string()));
        self.to.iter().for_each(|to| say("--to", &to.to_string()));
        if let Some(strength) = SMOOTHING.get(self.smoothing).filter(|strength| **strength > 0.0) {
            say("--smooth", &strength.to_string());
        }
        if let Some(title) = &self.title {
            say("--title", title);
        }
        for other in runs {
            words += &format!(" --with {other}");
        }
        if self.log { words + " --log-y" } else { words }
    }

    /// A file's name for it: `r0001-loss-1..300.png`.
    pub fn file_name(&self, run: &str, format: Format) -> String {
        let parts = self.curves.iter().flat_map(|item| item.split(','));
        let curves: Vec<&str> = parts.map(|part| part.trim_matches(['/', ' '])).collect();
        let end = |at: Option<f64>| at.map(|at| plain((at * 1000.0).round() / 1000.0)).unwrap_or_default();
        let unit = match self.along {
            Along::Step => "",
            Along::Epoch => "ep",
            Along::Time => "s",
        };
        let safe = |text: &str| -> String {
            let fit = |c: char| if c.is_alphanumeric() || "._-+".contains(c) { c } else { '-' };
            text.chars().map(fit).take(LETTERS).collect()
        };
        let (run, curves) = (safe(run), safe(&curves.join("+")));
        format!("{run}-{curves}-{}..{}{unit}.{}", end(self.from), end(self.to), format.name())
    }
}

/// The tags that one part of a list means.
fn matching(series: &SeriesStore, part: &str) -> Vec<Arc<str>> {
    if part.ends_with('/') {
        series.under(part).map(|(_, series)| series.tag.clone()).collect()
    } else {
        series.get(part).map(|series| series.tag.clone()).into_iter().collect()
    }
}

/// Names and colours. A head's curve has the head's colour, as long as no other curve would have it too.
fn named(tags: Vec<Arc<str>>, heads: &Heads) -> Vec<Curve> {
    let families = tags.iter().map(|tag| quantity::family(tag));
    let mixed = families.clone().any(|family| Some(family) != families.clone().next());
    let numbers: Vec<Option<usize>> = tags.iter().map(|tag| heads.of_tag(tag)).collect();
    let apart = numbers.iter().enumerate().all(|(i, it)| it.is_some() && !numbers[..i].contains(it));
    let name = |(i, tag): (usize, Arc<str>)| {
        let words = heads.words(&tag);
        let family = quantity::family(&tag);
        let words = if mixed && *family != *words { format!("{family} {words}") } else { words };
        let words = crate::text::printable(&words);
        Curve { words, number: numbers[i].filter(|_| apart).unwrap_or(i), tag }
    };
    tags.into_iter().enumerate().map(name).collect()
}

/// A number as people write it, with nine digits at most.
pub fn plain(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { value.to_string() };
    }
    if !(1e-4..1e9).contains(&size) {
        let text = format!("{value:.8e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'));
    }
    let decimals = (8 - size.log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::message::{Span, StepRecord};

    fn store(tags: &[&str]) -> SeriesStore {
        let mut store = SeriesStore::default();
        for step in 1..=52 {
            let values = tags.iter().map(|tag| ((*tag).into(), Span::of(1.0))).collect();
            store.push(&StepRecord { step, time: step as f64 * 0.25, values });
        }
        store
    }

    fn of(curves: &[&str]) -> Spec {
        Spec { curves: curves.iter().map(|it| (*it).into()).collect(), ..Spec::default() }
    }

    #[test]
    fn curves_come_in_the_order_of_the_heads_with_their_names_and_colours() {
        let store = store(&["loss/rotation", "loss/all", "loss/color", "lr", "knn/a,b"]);
        let mut heads = Heads::default();
        heads.number("color");
        heads.number("rotation");
        let named = |items: &[&str]| {
            let curves = of(items).curves(&store, &heads).unwrap();
            curves.into_iter().map(|it| (it.words, it.number)).collect::<Vec<_>>()
        };
        let it = |words: &str, number| (words.to_owned(), number);
        assert_eq!(named(&["loss/"]), [it("z0 all", 0), it("z1 color", 1), it("z2 rotation", 2)]);
        assert_eq!(named(&["loss/rotation"]), [it("z2 rotation", 2)]);
        assert_eq!(
            named(&["lr,loss/color,lr", "knn/a,b"]),
            [it("lr", 0), it("loss z1 color", 1), it("knn a,b", 2)]
        );
        let wrong = of(&["lr,los"]).curves(&store, &heads).unwrap_err().to_string();
        assert_eq!(wrong, "there are no curves \"los\"; there are loss/, lr, knn/");
    }

    #[test]
    fn the_range_is_that_of_the_curves_unless_said() {
        let (store, heads) = (store(&["loss/all"]), Heads::default());
        let range = |spec: Spec| spec.range(&store, &spec.curves(&store, &heads).unwrap());
        assert_eq!(range(of(&["loss/"])), Ok((1.0, 52.0)));
        assert_eq!(range(Spec { along: Along::Time, to: Some(5.0), ..Spec::default() }), Ok((0.25, 5.0)));
        let epochs = Spec { along: Along::Epoch, from: Some(1.0 / 3.0), ..Spec::default() };
        assert_eq!(range(epochs.clone()), Err(SpecError::EpochSteps));
        assert_eq!(range(Spec { epoch_steps: Some(39.0), ..epochs }), Ok((13.0, 52.0)));
        assert!(range(Spec { from: Some(60.0), ..Spec::default() }).is_err());
        assert!(range(Spec { to: Some(f64::INFINITY), ..Spec::default() }).is_err());
        assert!(range(Spec { from: Some(9.0), to: Some(3.0), ..Spec::default() }).is_err());
    }

    #[test]
    fn the_command_says_all_that_differs_and_the_name_is_a_files() {
        let spec = Spec {
            curves: vec!["invariance/all/".into(), "knn/my class".into()],
            title: Some("it's".into()),
            along: Along::Epoch,
            epoch_steps: Some(39.5),
            smoothing: 2,
            log: true,
            ..Spec::default()
        };
        let spec = spec.settled((1.0, 79.0)).unwrap();
        let runs = [Path::new("runs/r 1"), Path::new("-r2")];
        assert_eq!(
            spec.command(runs, Format::Png),
            "looc-tui export 'runs/r 1' --format png --curves invariance/all/ --curves 'knn/my class' \
             --x epoch --epoch-steps 39.5 --from 0.02531645569620253 --to 2 --smooth 0.9 \
             --title 'it'\\''s' --with ./-r2 --log-y"
        );
        assert_eq!(spec.file_name("r/1", Format::Csv), "r-1-invariance-all+knn-my-class-0.025..2ep.csv");
        assert_eq!(of(&["loss/,lr"]).file_name("r", Format::Svg), "r-loss+lr-...svg");
    }

    #[test]
    fn numbers_are_plain() {
        let plains = [0.1 + 0.2, 1_000_000.0, 0.15, 2.5e-7, 123_456.75, -3.0, 5e12].map(plain);
        assert_eq!(plains, ["0.3", "1000000", "0.15", "2.5e-7", "123456.75", "-3", "5e12"]);
    }
}
