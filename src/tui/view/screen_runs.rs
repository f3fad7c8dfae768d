//! The runs beside this one, and what sets two of them apart: their configurations and their newest figures.

use crate::{
    config::Config,
    engine::message::Snapshot,
    tui::{
        figures::{count, duration, short},
        state::{State, catalogue::Listed, pointer::Spot},
        theme::Theme,
        view::spark,
        widget::text::{cut, left, line, put, right, row},
    },
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Span};
use std::{sync::Arc, time::Duration};

/// Columns of the table.
const NAME: usize = 16;
const STATE: usize = 10;
const STEP: usize = 14;
const FIGURE: usize = 8;
const RECENT: usize = 13;
/// Figures of the table, by tag; of a run without one a dash stands there.
const FIGURES: [(&str, &str); 2] = [("loss", "loss"), ("turn", "probe/rotation")];
/// Figures of the comparison, by how their tags start, in this order.
const COMPARED: [&str; 5] = ["loss", "knn/", "probe/", "selectivity/", "std/"];

/// The table above, two runs compared below.
pub fn draw(state: &State, theme: Theme, body: Rect, buffer: &mut Buffer) {
    let catalogue = &state.catalogue;
    let Some(found) = &catalogue.found else {
        let inner = super::frame("Runs", true, theme, body, buffer);
        let text = match (catalogue.is_reading(), &state.snapshot.run) {
            (true, _) => "the runs are being read …",
            (false, Some(_)) => "a reads the runs beside this one",
            (false, None) => "this run has no folder yet",
        };
        super::empty(text, theme, inner, buffer);
        return;
    };
    let shown = catalogue.table();
    let rows = shown.len() as u16 + 3;
    let table = Rect { height: rows.clamp(4, (body.height / 2).max(4)), ..body };
    let below = Rect { y: table.bottom(), height: body.height.saturating_sub(table.height), ..body };
    let inner = super::frame(&title(state, shown.len(), found.runs.len()), true, theme, table, buffer);
    list(state, theme, &shown, inner, buffer);
    let half = below.width / 2;
    let (first, second) =
        (Rect { width: half, ..below }, Rect { x: below.x + half, width: below.width - half, ..below });
    if let Some(pair) = Pair::of(state, catalogue.chosen()) {
        pair.differences(theme, first, buffer);
        pair.figures(theme, second, buffer);
    }
}

/// How many there are, and how they are shown.
fn title(state: &State, shown: usize, all: usize) -> String {
    let catalogue = &state.catalogue;
    let mut title = format!("Runs   {all}");
    if !catalogue.filter.is_empty() {
        title += &format!(", {shown} hold “{}”", crate::text::printable(&catalogue.filter));
    }
    title += &format!("   by {}", catalogue.order.name());
    match catalogue.found.as_ref().map_or(0, |found| found.unreadable.len()) {
        0 => {}
        missing => title += &format!("   {missing} cannot be read"),
    }
    title + if catalogue.is_reading() { " …" } else { "" }
}

fn list(state: &State, theme: Theme, runs: &[(usize, &Listed)], area: Rect, buffer: &mut Buffer) {
    let words: String = FIGURES.iter().map(|(name, _)| right(name, FIGURE)).collect();
    let header = format!(
        "   {}{}{}{words}  {}{}{}  configuration",
        left("run", NAME),
        left("state", STATE),
        right("step", STEP),
        left("last losses", RECENT),
        right("time", FIGURE),
        right("edits", FIGURE)
    );
    put(row(area, 0), 0, &header, theme.dim(), buffer);
    let room = usize::from(area.height).saturating_sub(1).max(1);
    let place = state.catalogue.place();
    let first = (place + 1).saturating_sub(room);
    for (y, (i, (depth, run))) in runs.iter().enumerate().skip(first).take(room).enumerate() {
        let mark = if i == place { Span::styled("▸", theme.accent()) } else { Span::raw(" ") };
        let marked = state.catalogue.mark_of(&run.path);
        let marked = marked.map_or(" ".into(), |number| (number + 1).to_string());
        let own = state.is_own(&run.path);
        let style = if own { theme.strong() } else { Style::new() };
        let pieces = vec![
            mark,
            Span::styled(format!("{marked} "), theme.accent()),
            Span::styled(columns(run, *depth, own.then_some(&state.snapshot)), style),
        ];
        state.spots.note(row(area, y + 1), Spot::Run(i));
        line(row(area, y + 1), pieces, buffer);
    }
}

/// Of the run on the screen what it is at now; of others what their files said.
fn columns(run: &Listed, depth: usize, own: Option<&Arc<Snapshot>>) -> String {
    let now = |tag: &str| own.filter(|_| tag == "loss").and_then(|now| now.loss).or(run.figure(tag));
    let of = |tag: &str| now(tag).map_or_else(|| "—".into(), |value| short(f64::from(value)));
    let figures: String = FIGURES.iter().map(|(_, tag)| right(&of(tag), FIGURE)).collect();
    let (state, step, steps) = match own {
        Some(now) => ("this run".to_owned(), now.step, now.steps),
        None => (run.state.to_string(), run.step, run.steps),
    };
    let time = duration(Duration::from_secs_f64(run.time.clamp(0.0, 1e10)));
    // A fork hangs below its parent.
    let hung = depth.checked_sub(1).map_or_else(String::new, |above| format!("{}└ ", "  ".repeat(above)));
    format!(
        "{}{}{}{figures}  {}{}{}  {}",
        left(&format!("{hung}{}", run.name), NAME),
        left(&state, STATE),
        right(&format!("{step}/{steps}"), STEP),
        left(&spark::course(&run.recent), RECENT),
        right(&time, FIGURE),
        right(&count(run.edits as f64), FIGURE),
        run.config
    )
}

/// The newest figure of a tag.
type Figures<'a> = Box<dyn Fn(&str) -> Option<f32> + 'a>;

/// Two runs that are compared: the marked ones, or the chosen one and this.
struct Pair<'a> {
    there: &'a Listed,
    here: &'a str,
    settings: Result<&'a Config, &'a str>,
    figure: Figures<'a>,
}

impl<'a> Pair<'a> {
    fn of(state: &'a State, chosen: Option<&'a Listed>) -> Option<Self> {
        let found = &state.catalogue.found.as_ref()?.runs;
        let marked: Vec<&Listed> = state
            .catalogue
            .marked
            .iter()
            .filter_map(|marked| found.iter().find(|run| run.path == marked.path))
            .collect();
        if let [other, there, ..] = marked[..] {
            let settings = other.settings.as_deref().map_err(String::as_str);
            let figure = Box::new(|tag: &str| other.figure(tag));
            return Some(Self { there, here: &other.name, settings, figure });
        }
        let figure = Box::new(|tag: &str| state.series.get(tag).and_then(|series| series.last(0)));
        let there = chosen?;
        Some(Self { there, here: "here", settings: Ok(&state.snapshot.config), figure })
    }

    /// What the one's configuration says otherwise.
    fn differences(&self, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let here = self.here;
        let title = match here {
            "here" => format!("{}: other settings than here", cut(&self.there.name, NAME)),
            other => format!("{} against {}", cut(&self.there.name, NAME), cut(other, NAME)),
        };
        let mut area = super::frame(&title, false, theme, area, buffer);
        if let Some(parent) = &self.there.parent {
            let from = format!("forked from {} at step {}", parent.name(), parent.step);
            put(row(area, 0), 1, &from, theme.accent(), buffer);
            area = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        }
        let (here_is, there_is) = match (self.settings, &self.there.settings) {
            (Ok(here), Ok(there)) => (here, there),
            (Err(why), _) => return super::empty(&format!("the configuration: {why}"), theme, area, buffer),
            (_, Err(why)) => return super::empty(&format!("its configuration: {why}"), theme, area, buffer),
        };
        let differences = here_is.differences(there_is);
        if differences.is_empty() {
            return super::empty("none", theme, area, buffer);
        }
        let room = usize::from(area.height);
        let width = usize::from(area.width).saturating_sub(1);
        let shown = if differences.len() > room { room.saturating_sub(1) } else { room };
        for (y, it) in differences.iter().take(shown).enumerate() {
            let path = format!(" {}  ", it.path);
            let values = format!("{} ({here} {})", it.there, it.here);
            let values = cut(&values, width.saturating_sub(path.chars().count()));
            line(row(area, y), vec![Span::styled(path, theme.dim()), Span::raw(values)], buffer);
        }
        if shown < differences.len() {
            put(row(area, shown), 1, &format!("and {} more", differences.len() - shown), theme.dim(), buffer);
        }
    }

    /// The newest figures side by side.
    fn figures(&self, theme: Theme, area: Rect, buffer: &mut Buffer) {
        let area =
            super::frame(&format!("its figures, and {}", cut(self.here, NAME)), false, theme, area, buffer);
        let of = |start: &'static &str| self.there.figures.iter().filter(|(tag, _)| tag.starts_with(*start));
        let all = COMPARED.iter().flat_map(of);
        for (y, (tag, value)) in all.take(usize::from(area.height)).enumerate() {
            let here = (self.figure)(tag).map_or_else(|| "—".into(), |value| short(f64::from(value)));
            let pieces = vec![
                Span::styled(left(&format!(" {tag}"), 24), theme.dim()),
                Span::raw(right(&short(f64::from(*value)), FIGURE)),
                Span::styled(right(&here, FIGURE), theme.dim()),
            ];
            line(row(area, y), pieces, buffer);
        }
    }
}
