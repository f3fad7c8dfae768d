//! The lines around the panes: what the run does, the screens, the newest message, the keys.

use crate::{
    engine::message::{Phase, Snapshot},
    text::printable,
    tui::{
        action::Action,
        figures::{bytes, count, duration, short},
        state::{Over, Screen, State, notices::Tone, plain::plain_line, pointer::Spot, typed::Purpose},
        theme::Theme,
        widget::text::{fitting, line, put},
    },
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Span};
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// `looc r0042 ● TRAIN ep 3/200 step 1840/7800 loss 2.31 412 img/s eta 3h12 │ CPU 97%`.
pub fn status(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let snapshot = &*state.snapshot;
    let (word, style) = phase(state, theme);
    let mut pieces = vec![Span::styled("looc ", theme.strong())];
    if state.demo {
        pieces.push(Span::styled("demo ", theme.accent()));
    }
    if let Some(name) = snapshot.run.as_ref().and_then(|run| run.file_name()) {
        pieces.push(Span::raw(plain_line(&name.to_string_lossy()) + " "));
    }
    pieces.push(Span::styled(word, style));
    let width = |pieces: &[Span]| pieces.iter().map(Span::width).sum::<usize>();
    let room = usize::from(area.width).saturating_sub(width(&pieces));
    let figures = figures(snapshot).into_iter();
    let figures =
        figures.map(|(name, value)| vec![Span::styled(format!("  {name} "), theme.dim()), Span::raw(value)]);
    pieces.extend(fitting(room, figures));
    let used = width(&pieces);
    if let Some(machine) = machine(state).filter(|it| used + 4 + it.width() <= usize::from(area.width)) {
        pieces.push(Span::styled("  │ ", theme.dim()));
        pieces.push(Span::raw(machine));
    }
    line(area, pieces, buffer);
}

fn phase(state: &State, theme: Theme) -> (String, Style) {
    if state.failure.is_some() {
        return ("✗ FAILED".into(), theme.bad());
    }
    if state.leaving.is_some() && !state.ended() {
        return ("● SAVING AND LEAVING".into(), theme.warn());
    }
    match &state.snapshot.phase {
        Phase::Starting => ("○ STARTING".into(), theme.accent()),
        Phase::Loading { what, done, of } => {
            let what = plain_line(what);
            let share = if *of > 0 { format!(" {}%", done.saturating_mul(100) / of) } else { String::new() };
            (format!("○ LOADING {what}{share}"), theme.accent())
        }
        Phase::Training => ("● TRAIN".into(), theme.good()),
        Phase::Paused => ("‖ PAUSED".into(), theme.warn()),
        Phase::Finished => ("✓ FINISHED".into(), theme.good()),
        Phase::Stopped => ("■ STOPPED".into(), theme.warn()),
        Phase::Failed(_) => ("✗ FAILED".into(), theme.bad()),
        Phase::Lost(_) => ("◇ NO CONNECTION".into(), theme.bad()),
        Phase::Recorded(was) => (format!("◇ FROM ITS FILES: {}", plain_line(was)), theme.accent()),
    }
}

/// Each figure with its name, once there is a step.
fn figures(snapshot: &Snapshot) -> Vec<(&'static str, String)> {
    if snapshot.step == 0 && snapshot.steps == 0 {
        return Vec::new();
    }
    let epochs = snapshot.config.train.epochs;
    let epoch = (f64::from(snapshot.epoch).floor() + 1.0).min(epochs.ceil().max(1.0));
    let mut figures = vec![
        ("ep", format!("{epoch}/{}", count(epochs.ceil()))),
        ("step", format!("{}/{}", snapshot.step, snapshot.steps)),
    ];
    if let Some(loss) = snapshot.loss {
        figures.push(("loss", short(f64::from(loss))));
    }
    if snapshot.phase == Phase::Training && snapshot.images_per_s > 0.0 {
        figures.push(("img/s", short(f64::from(snapshot.images_per_s))));
        let left = snapshot.steps.saturating_sub(snapshot.step) as f64 * snapshot.config.train.batch as f64;
        let seconds = left / f64::from(snapshot.images_per_s);
        if seconds.is_finite() && seconds < 1e10 {
            figures.push(("eta", duration(Duration::from_secs_f64(seconds))));
        }
    }
    figures
}

fn machine(state: &State) -> Option<String> {
    let now = state.device.now.as_ref()?;
    let Some(gpu) = now.gpus.first() else {
        return Some(format!("CPU {:>3.0}%", now.cpu * 100.0));
    };
    let mut text = format!("GPU{}", gpu.index);
    if let Some(load) = gpu.utilisation {
        text += &format!(" {:.0}%", load * 100.0);
    }
    if let (Some(used), Some(total)) = (gpu.memory_used, gpu.memory_total) {
        text += &format!(" {}/{}", bytes(used), bytes(total));
    }
    if let Some(degrees) = gpu.temperature_c {
        text += &format!(" {degrees:.0}C");
    }
    if let Some(power) = gpu.power_w {
        text += &format!(" {power:.0}W");
    }
    Some(text)
}

/// The screens; in little room the others by their keys alone.
pub fn tabs(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let whole: usize = Screen::ALL.iter().map(|(.., name)| name.width() + 5).sum();
    let names = whole <= usize::from(area.width);
    let mut x = area.x;
    let pieces = Screen::ALL.iter().map(|(screen, key, name)| {
        let piece = if *screen == state.screen {
            Span::styled(format!("[{key} {name}] "), theme.strong())
        } else if names {
            Span::styled(format!(" {key} {name}  "), theme.dim())
        } else {
            Span::styled(format!(" {key}  "), theme.dim())
        };
        let width = piece.width() as u16;
        state.spots.note(Rect { x, width, ..area }, Spot::Screen(*screen));
        x += width;
        piece
    });
    line(area, pieces.collect(), buffer);
}

/// A question, what is wrong with a typed value, or the newest notice.
pub fn message(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    if state.over == Over::Question {
        let step = state.snapshot.step;
        let text = match state.snapshot.phase {
            Phase::Lost(_) => " Leave? There is no connection to the run.  y yes · n no".to_owned(),
            _ if state.ended() => {
                " Leave? Training has ended; everything is on the disk.  y yes · n no".to_owned()
            }
            _ if state.remote => " Leave? Training goes on.  y yes · s stop the run · n no".to_owned(),
            _ if state.available(Action::Detach) => {
                format!(" Leave? Training stops after step {step} and is saved.  y yes · d detach · n no")
            }
            _ => format!(" Leave? Training stops after step {step} and is saved.  y yes · n no"),
        };
        line(area, vec![Span::styled(text, theme.warn())], buffer);
        return;
    }
    if let Over::Resume(run, first) = &state.over {
        let name = run.file_name().unwrap_or(run.as_os_str()).to_string_lossy();
        let how = match () {
            () if state.ended() => "",
            () if state.remote => ", which trains on,",
            () => ", with a checkpoint,",
        };
        let text = format!(" {first}Leave this run{how} and go on with {}?", plain_line(&name));
        line(area, vec![Span::styled(text + "  y yes · n no", theme.warn())], buffer);
        return;
    }
    if let Some(typed) = &state.typed {
        if let Some(error) = &typed.error {
            put(area, 1, &plain_line(error), theme.bad(), buffer);
            return;
        }
        let asked = match typed.purpose {
            Purpose::Value => None,
            Purpose::Image => Some("number of the held-out image"),
            Purpose::Filter => Some("only what holds these words"),
            Purpose::File => Some("write the configuration as it is now to"),
        };
        if let Some(asked) = asked {
            put(area, 1, &format!("{asked}: {}▏", printable(&typed.text)), theme.strong(), buffer);
            return;
        }
    }
    if state.leaving.is_some() && !state.ended() {
        put(area, 1, "writing the checkpoint, then leaving … (q y leaves at once)", theme.warn(), buffer);
        return;
    }
    let Some(notice) = state.notices.newest() else {
        if state.tour {
            put(
                area,
                1,
                "a line in every pane says what it is for; T hides them, ? lists the keys",
                theme.accent(),
                buffer,
            );
        }
        return;
    };
    let (mark, style) = match notice.tone {
        Tone::Note => ("·", theme.dim()),
        Tone::Done => ("✓", theme.good()),
        Tone::Warning => ("!", theme.warn()),
    };
    let room = usize::from(area.width).saturating_sub(3);
    let text = crate::tui::widget::text::cut(&notice.text, room);
    line(area, vec![Span::styled(format!(" {mark} "), style), Span::raw(text)], buffer);
}

/// What the keys do here and now, as far as there is room; help and quit always.
pub fn hints(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let mut offered: Vec<(String, &str)> = state
        .keymap
        .bindings(state.places())
        .filter(|binding| !binding.hint.is_empty() && state.available(binding.action))
        .map(|binding| {
            let paused = state.snapshot.phase == Phase::Paused;
            let hint = match binding.action {
                Action::PauseResume if paused => "go on",
                Action::Quit if state.of_the_past() && !state.demo => "back to the run",
                _ => binding.hint,
            };
            (binding.keys.first().map(|key| key.name()).unwrap_or_default(), hint)
        })
        .collect();
    // Help goes first: it is the way to all the others.
    if let Some(at) = offered.iter().position(|(_, hint)| *hint == "help") {
        let help = offered.remove(at);
        offered.insert(0, help);
    }
    let quit = offered
        .iter()
        .position(|(_, hint)| ["quit", "back to the run"].contains(hint))
        .map(|at| offered.remove(at));
    let size = |(key, hint): &(String, &str)| key.width() + hint.width() + 3;
    let mut room = usize::from(area.width).saturating_sub(quit.as_ref().map_or(0, size) + 1);
    let mut pieces = vec![Span::raw(" ")];
    let mut shown: Vec<(String, &str)> = Vec::new();
    for hint in offered {
        let needed = size(&hint);
        if needed > room {
            break;
        }
        room -= needed;
        shown.push(hint);
    }
    for (key, hint) in shown.into_iter().chain(quit) {
        pieces.push(Span::styled(key, theme.accent().add_modifier(ratatui::style::Modifier::BOLD)));
        pieces.push(Span::styled(format!(" {hint}  "), theme.dim()));
    }
    line(area, pieces, buffer);
}
