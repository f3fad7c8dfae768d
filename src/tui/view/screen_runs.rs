//! The runs beside this one, and what sets the chosen one apart: its configuration and its newest figures.

use crate::tui::{
    figures::{count, duration, short},
    state::{State, catalogue::Listed},
    theme::Theme,
    widget::text::{cut, left, line, put, right, row},
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Span};
use std::time::Duration;

/// Columns of the table.
const NAME: usize = 20;
const STATE: usize = 10;
const STEP: usize = 14;
const FIGURE: usize = 8;
/// Figures of the table, by tag; of a run without one a dash stands there.
const FIGURES: [(&str, &str); 2] = [("loss", "loss"), ("turn", "probe/rotation")];

/// The table above, the chosen run below.
pub fn draw(state: &State, theme: Theme, body: Rect, buffer: &mut Buffer) {
    let Some(found) = &state.catalogue.found else {
        let inner = super::frame("Runs", true, theme, body, buffer);
        let text = match (state.catalogue.is_reading(), &state.snapshot.run) {
            (true, _) => "the runs are being read …",
            (false, Some(_)) => "a reads the runs beside this one",
            (false, None) => "this run has no folder yet",
        };
        super::empty(text, theme, inner, buffer);
        return;
    };
    let wait = if state.catalogue.is_reading() { " …" } else { "" };
    let missing = found.unreadable.len();
    let missing = if missing > 0 { format!("   {missing} cannot be read") } else { String::new() };
    let rows = found.runs.len() as u16 + 3;
    let table = Rect { height: rows.clamp(4, body.height / 2), ..body };
    let below = Rect { y: table.bottom(), height: body.height - table.height, ..body };
    let title = format!("Runs   {}{missing}{wait}", found.runs.len());
    let inner = super::frame(&title, true, theme, table, buffer);
    list(state, theme, &found.runs, inner, buffer);
    let half = below.width / 2;
    let (first, second) =
        (Rect { width: half, ..below }, Rect { x: below.x + half, width: below.width - half, ..below });
    if let Some(chosen) = state.catalogue.chosen() {
        differences(state, theme, chosen, first, buffer);
        figures(state, theme, chosen, second, buffer);
    }
}

fn list(state: &State, theme: Theme, runs: &[Listed], area: Rect, buffer: &mut Buffer) {
    let words: String = FIGURES.iter().map(|(name, _)| right(name, FIGURE)).collect();
    let header = format!(
        " {}{}{}{words}{}{}  configuration",
        left("run", NAME),
        left("state", STATE),
        right("step", STEP),
        right("time", FIGURE),
        right("edits", FIGURE)
    );
    put(row(area, 0), 0, &header, theme.dim(), buffer);
    let room = usize::from(area.height).saturating_sub(1).max(1);
    let first = (state.catalogue.chosen + 1).saturating_sub(room);
    for (y, (i, run)) in runs.iter().enumerate().skip(first).take(room).enumerate() {
        let chosen = i == state.catalogue.chosen;
        let mark = if chosen { Span::styled("▸", theme.accent()) } else { Span::raw(" ") };
        let own = state.snapshot.run.as_ref().is_some_and(|it| it.file_name() == run.path.file_name());
        let style = if own { theme.strong() } else { Style::new() };
        let of = |tag: &str| run.figure(tag).map_or_else(|| "—".into(), |value| short(f64::from(value)));
        let figures: String = FIGURES.iter().map(|(_, tag)| right(&of(tag), FIGURE)).collect();
        let steps = format!("{}/{}", run.step, run.steps);
        let time = duration(Duration::from_secs_f64(run.time.clamp(0.0, 1e10)));
        let text = format!(
            "{}{}{}{figures}{}{}  {}",
            left(&run.name, NAME),
            left(if own { "this run" } else { &run.state }, STATE),
            right(&steps, STEP),
            right(&time, FIGURE),
            right(&count(run.edits as f64), FIGURE),
            run.config
        );
        line(row(area, y + 1), vec![mark, Span::styled(text, style)], buffer);
    }
}

/// What its configuration says otherwise.
fn differences(state: &State, theme: Theme, chosen: &Listed, area: Rect, buffer: &mut Buffer) {
    let title = format!("{}: other settings than here", cut(&chosen.name, NAME));
    let area = super::frame(&title, false, theme, area, buffer);
    let differences = match &chosen.differences {
        Err(why) => return super::empty(&format!("its configuration: {why}"), theme, area, buffer),
        Ok(none) if none.is_empty() => {
            let text = if state.snapshot.revision > 0 { "none (as edited)" } else { "none" };
            return super::empty(text, theme, area, buffer);
        }
        Ok(differences) => differences,
    };
    let room = usize::from(area.height);
    let width = usize::from(area.width).saturating_sub(1);
    let shown = if differences.len() > room { room.saturating_sub(1) } else { room };
    for (y, it) in differences.iter().take(shown).enumerate() {
        let path = format!(" {}  ", it.path);
        let values = format!("{} (here {})", it.there, it.here);
        let pieces = vec![
            Span::styled(path.clone(), theme.dim()),
            Span::raw(cut(&values, width.saturating_sub(path.chars().count()))),
        ];
        line(row(area, y), pieces, buffer);
    }
    if shown < differences.len() {
        put(row(area, shown), 1, &format!("and {} more", differences.len() - shown), theme.dim(), buffer);
    }
}

/// Its newest figures, beside this run's.
fn figures(state: &State, theme: Theme, chosen: &Listed, area: Rect, buffer: &mut Buffer) {
    let area = super::frame("its figures, and here", false, theme, area, buffer);
    let wanted = |tag: &str| {
        ["loss", "knn/", "probe/", "selectivity/", "std/"].iter().any(|start| tag.starts_with(start))
    };
    let all = chosen.figures.iter().filter(|(tag, _)| wanted(tag));
    for (y, (tag, value)) in all.take(usize::from(area.height)).enumerate() {
        let here = state.series.get(tag).and_then(|series| series.last(0));
        let here = here.map_or_else(|| "—".into(), |value| short(f64::from(value)));
        let pieces = vec![
            Span::styled(left(&format!(" {tag}"), 24), theme.dim()),
            Span::raw(right(&short(f64::from(*value)), FIGURE)),
            Span::styled(right(&here, FIGURE), theme.dim()),
        ];
        line(row(area, y), pieces, buffer);
    }
}
