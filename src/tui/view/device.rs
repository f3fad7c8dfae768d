//! What the machine does.

use crate::{
    device::{DeviceReading, Gpu},
    tui::{
        figures::{bytes, short},
        state::{
            State,
            device::{Course, Window},
            plain::plain_line,
        },
        theme::Theme,
        view::spark::block,
        widget::text::{cut, fitting, line, put, row},
    },
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Span};

/// GPUs that have room.
const GPUS: usize = 4;
/// Cores drawn in one row.
const CORES: usize = 64;

/// Short names of the parts of a step.
const PARTS: [&str; crate::looc::PARTS.len()] = ["fwd", "keys", "loss", "bwd", "opt", "queue"];

/// The title says how far back the curves go.
pub fn title(state: &State) -> String {
    let windows =
        Window::ALL.map(
            |(window, _, name)| {
                if window == state.device.window { format!("[{name}]") } else { name.to_owned() }
            },
        );
    format!("Device   {}", windows.join(" "))
}

/// Rows that the pane wants, its frame included.
pub fn height(state: &State) -> u16 {
    state
        .device
        .now
        .as_ref()
        .map_or(8, |now| 8 + 2 * now.gpus.len().min(GPUS) as u16 - u16::from(!now.gpus.is_empty()))
}

/// GPUs first, then the processor, then what training gets out of them.
pub fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let Some(now) = &state.device.now else {
        super::empty("the machine has not been read yet", theme, area, buffer);
        return;
    };
    let mut y = 0;
    for (gpu, course) in now.gpus.iter().zip(&state.device.gpus).take(GPUS) {
        self::gpu(gpu, (course, state.device.window), theme, area, y, buffer);
        y += 2;
    }
    if now.gpus.is_empty() {
        let note = if now.gpu_note.is_empty() { "no GPU found" } else { &now.gpu_note };
        put(row(area, y), 1, &cut(&plain_line(note), usize::from(area.width) - 1), theme.dim(), buffer);
        y += 1;
    }
    processor(state, now, theme, (area, y), buffer);
    let below = Rect {
        y: area.y.saturating_add(y as u16 + 3),
        height: area.height.saturating_sub(y as u16 + 3),
        ..area
    };
    throughput(state, theme, below, buffer);
}

fn gpu(gpu: &Gpu, history: (&Course, Window), theme: Theme, area: Rect, y: usize, buffer: &mut Buffer) {
    let load = gpu.utilisation.unwrap_or(0.0);
    let known = gpu.utilisation.map_or_else(|| "  —".into(), |load| format!("{:>3.0}%", load * 100.0));
    let mut pieces = vec![Span::raw(format!(" GPU{} ", gpu.index)), Span::raw(known), Span::raw(" ")];
    pieces.push(Span::styled(bar(load, 8), theme.accent()));
    let room = usize::from(area.width).saturating_sub(20);
    pieces.push(Span::styled(spark(history, room), theme.dim()));
    line(row(area, y), pieces, buffer);
    let mut text = String::from("     ");
    if let (Some(used), Some(total)) = (gpu.memory_used, gpu.memory_total) {
        text += &format!(" {}/{}", bytes(used), bytes(total));
    }
    if let Some(own) = gpu.process_memory {
        text += &format!(" (own {})", bytes(own));
    }
    if let Some(power) = gpu.power_w {
        text += &format!(" {power:.0}W");
    }
    if let Some(degrees) = gpu.temperature_c {
        text += &format!(" {degrees:.0}C");
    }
    put(row(area, y + 1), 0, &cut(&text, usize::from(area.width)), Style::new(), buffer);
}

fn processor(
    state: &State,
    now: &DeviceReading,
    theme: Theme,
    (area, y): (Rect, usize),
    buffer: &mut Buffer,
) {
    let width = usize::from(area.width);
    let cores: String =
        now.cores.iter().take(CORES.min(width.saturating_sub(20))).map(|load| block(*load)).collect();
    let used = cores.chars().count();
    let pieces = vec![
        Span::raw(format!(" CPU  {:>3.0}% ", now.cpu * 100.0)),
        Span::styled(format!("▕{cores}▏"), theme.accent()),
        Span::styled(
            spark((&state.device.cpu, state.device.window), width.saturating_sub(used + 14)),
            theme.dim(),
        ),
    ];
    line(row(area, y), pieces, buffer);
    let share = now.memory_used as f32 / now.memory_total.max(1) as f32;
    let pieces = vec![
        Span::raw(format!(" mem  {:>3.0}% ", share * 100.0)),
        Span::raw(format!("{} of {}", bytes(now.memory_used), bytes(now.memory_total))),
    ];
    line(row(area, y + 1), pieces, buffer);
    let own = format!(" own  {} cores, {}", short(f64::from(now.process_cpu)), bytes(now.process_memory));
    put(row(area, y + 2), 0, &own, Style::new(), buffer);
}

fn throughput(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let snapshot = &state.snapshot;
    if snapshot.step == 0 {
        return;
    }
    let wait = snapshot.loader_wait;
    let slow = if wait > 0.2 { theme.warn() } else { Style::new() };
    let pieces = vec![
        Span::raw(format!(" {:>4} img/s", short(f64::from(snapshot.images_per_s)))),
        Span::styled(format!("  waits for data {:.0}%", wait * 100.0), slow),
        Span::styled(format!("  {}", plain_line(&snapshot.compute)), theme.dim()),
    ];
    line(row(area, 0), pieces, buffer);
    // Where the time of a step goes, as far as there is room: the parts that are not next to nothing.
    let parts = PARTS.iter().zip(snapshot.parts).filter(|(_, share)| *share >= 0.005);
    let parts = parts.map(|(name, share)| format!(" {name} {:.0}", share * 100.0));
    let words = std::iter::once(" step % ".to_owned()).chain(parts);
    let words = words.map(|text| vec![Span::styled(text, theme.dim())]);
    line(row(area, 1), fitting(usize::from(area.width), words), buffer);
}

fn bar(load: f32, width: usize) -> String {
    let full = (load.clamp(0.0, 1.0) * width as f32).round() as usize;
    "█".repeat(full) + &"░".repeat(width - full)
}

/// The load over the window.
fn spark((course, window): (&Course, Window), width: usize) -> String {
    course.columns(window, width).iter().map(|load| block(*load)).collect()
}
