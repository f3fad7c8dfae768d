//! The list of augmentations, their numbers, and the few other numbers that can be changed.

use crate::{
    augment::Entry,
    tui::{
        figures::setting as setting_of,
        state::{
            State,
            editor::range,
            pointer::Spot,
            rows::{Row, SCHEDULE, Setting},
            typed::Purpose,
        },
        theme::Theme,
        widget::text::{cut, left, line, put, right, row},
    },
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Span};
use serde_json::Value;

/// Columns of a name.
const NAME: usize = 10;
/// Columns of a value's name, with what stands before it.
const LABEL: usize = 17;

/// The title.
pub fn title(_: &State) -> String {
    "Augmentations".into()
}

/// The rows around the selected one, and its help below.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let config = &state.snapshot.config;
    let laid = state.editor.rows(config);
    let rows = &laid.rows;
    let selected = state.editor.selected.min(rows.len().saturating_sub(1));
    let help_lines = if area.height > 8 { 2 } else { 1 };
    let of_schedule = |row: &Row| matches!(row, Row::Schedule | Row::Value(Setting { of: None, .. }));
    let split = rows.iter().position(of_schedule).unwrap_or(rows.len());
    let room = usize::from(area.height).saturating_sub(help_lines);
    // An empty line before the numbers below, if nothing has to make room for it.
    let spaced = rows.len() < room;
    let first = if rows.len() <= room { 0 } else { selected.saturating_sub(room / 2).min(rows.len() - room) };
    for (i, it) in rows.iter().enumerate().skip(first).take(room) {
        let y = i - first + usize::from(spaced && i >= split);
        let at = row(area, y);
        let chosen = i == selected;
        let mark = if chosen { Span::styled("▸", theme.accent()) } else { Span::raw(" ") };
        let mut pieces = vec![mark];
        state.spots.note(at, Spot::Row(i));
        if let Row::Entry(_) = it {
            state.spots.note(Rect { x: at.x + 1, width: 3, ..at }.intersection(at), Spot::Switch(i));
        }
        pieces.extend(
            match it {
                Row::Entry(at) => config.augment.get(*at).map(|it| entry(state, theme, it, area.width)),
                Row::Value(setting) => Some(value(state, theme, setting, chosen, area.width)),
                Row::Schedule => Some(schedule(state, theme)),
            }
            .unwrap_or_default(),
        );
        line(at, pieces, buffer);
    }
    let help = Rect { y: area.bottom().saturating_sub(help_lines as u16), height: help_lines as u16, ..area };
    explain(state, theme, rows.get(selected), help, buffer);
}

/// `[x] color     p .80        z1`.
fn entry<'a>(state: &State, theme: Theme, entry: &'a Entry, width: u16) -> Vec<Span<'a>> {
    let config = &state.snapshot.config;
    let flag = |field: &str, now: bool| {
        let (value, pending) = state.editor.value(config, &format!("augment.{}.{field}", entry.name()));
        (value.and_then(|value| value.as_bool()).unwrap_or(now), pending)
    };
    let ((on, on_pending), (head, head_pending)) = (flag("enabled", entry.enabled), flag("head", entry.head));
    let (label, style) = match (head, on) {
        (true, true) => {
            let label = if entry.head { state.heads.label(entry.name()) } else { "head".into() };
            (label, state.heads.find(entry.name()).map_or(Style::new(), |i| theme.head(i)))
        }
        (true, false) => (format!("{} rests", state.heads.label(entry.name())), theme.dim()),
        (false, true) => ("all".into(), theme.dim()),
        (false, false) => ("off".into(), theme.dim()),
    };
    let body = if on { Style::new() } else { theme.dim() };
    let fold = if state.editor.is_unfolded(entry.name()) { "▾" } else { " " };
    let waits = if on_pending || head_pending { "…" } else { " " };
    let summary = usize::from(width).saturating_sub(NAME + 16);
    vec![
        Span::styled(if on { "[x] " } else { "[ ] " }, body),
        Span::styled(left(entry.name(), NAME), if on { theme.strong() } else { theme.dim() }),
        Span::styled(left(&entry.settings.summary(), summary), body),
        Span::styled(fold, theme.dim()),
        Span::styled(waits, theme.warn()),
        Span::styled(right(&label, 8), style),
    ]
}

/// `more of the schedule ▾`.
fn schedule<'a>(state: &State, theme: Theme) -> Vec<Span<'a>> {
    let fold = if state.editor.is_unfolded(SCHEDULE) { "▾" } else { "▸" };
    vec![Span::styled(format!(" schedule and more {fold}"), theme.dim())]
}

/// `    brightness       .40`.
fn value<'a>(state: &State, theme: Theme, setting: &Setting, chosen: bool, width: u16) -> Vec<Span<'a>> {
    let (value, pending) = state.editor.value(&state.snapshot.config, &setting.path);
    let value = value.unwrap_or_default();
    let typed = state.typed.as_ref().filter(|typed| chosen && typed.purpose == Purpose::Value);
    let room = usize::from(width).saturating_sub(LABEL + 3);
    let figure = match typed {
        Some(typed) => caret(&typed.text, room),
        // Numbers stand in a column; a list or a name has the line.
        None if setting.knob.is_some() => right(&figure(&value), 8),
        None if value.is_boolean() => right(if value == true { "on" } else { "off" }, 8),
        None => cut(&figure(&value), room),
    };
    let now = (setting.path == "optimizer.lr" && state.snapshot.step > 0)
        .then(|| format!(" now {}", setting_of(three_digits(f64::from(state.snapshot.lr)))))
        // A number that is cut is a false number.
        .filter(|now| LABEL + 11 + now.chars().count() <= usize::from(width));
    let indent = if setting.of.is_some() { 4 } else { 1 };
    vec![
        Span::raw(" ".repeat(indent)),
        Span::raw(left(&setting.label, LABEL - indent)),
        Span::styled(figure, if typed.is_some() { theme.strong() } else { Style::new() }),
        Span::styled(if pending { " …" } else { "  " }, theme.warn()),
        Span::styled(now.unwrap_or_default(), theme.dim()),
    ]
}

/// The end of what is typed, with the caret.
fn caret(text: &str, room: usize) -> String {
    let hidden = (text.chars().count() + 1).saturating_sub(room);
    text.chars().skip(hidden).chain(['▏']).collect()
}

/// A number in few digits; text without its quotes.
fn figure(value: &Value) -> String {
    match value {
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), setting_of),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(figure).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// A rate that falls a little at every step would be redrawn at every step: three digits do.
fn three_digits(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 0.0;
    }
    let unit = 10f64.powf(value.log10().floor() - 2.0);
    (value / unit).round() * unit
}

/// What the selected row is, and its range.
fn explain(state: &State, theme: Theme, selected: Option<&Row>, area: Rect, buffer: &mut Buffer) {
    let config = &state.snapshot.config;
    let width = usize::from(area.width).saturating_sub(1);
    let (first, second) = match selected {
        Some(Row::Entry(at)) => {
            let Some(entry) = config.augment.get(*at) else { return };
            let role = match (entry.head, entry.enabled) {
                (true, true) => format!("{}: kept in its own space", state.heads.label(entry.name())),
                (true, false) => "its space rests while it is off".into(),
                (false, true) => "every space learns to ignore it".into(),
                (false, false) => "not applied".into(),
            };
            (entry.settings.kind().help.to_owned(), role)
        }
        Some(Row::Schedule) => {
            ("of the optimiser, of measuring".to_owned(), "Enter shows or hides them".into())
        }
        Some(Row::Value(it)) => match it.knob {
            Some(knob) => (knob.help.to_owned(), format!("{}  step {}", range(knob), setting_of(knob.step))),
            None if it.label == "distinct" => {
                ("keys never have q's parameters by chance".to_owned(), "only where it owns a space".into())
            }
            None => (it.path.clone(), "e types it, as in a configuration file".into()),
        },
        None => return,
    };
    let rows = if area.height > 1 { vec![first, second] } else { vec![second] };
    for (y, text) in rows.iter().enumerate() {
        put(row(area, y), 1, &cut(text, width), theme.dim(), buffer);
    }
}
