//! The mouse, the clipboard, the tour, and the list of keys in the documentation.

use super::{
    keymap::{Keymap, Place},
    played::Played,
    state::{Effect, Pane, Screen},
};
use crate::engine::message::Command;
use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use std::{fmt::Write, time::Instant};

impl Played {
    /// The mouse at the first cell that shows this text, so many cells further right.
    fn mouse(&mut self, kind: MouseEventKind, at: &str, right: u16) -> Option<Effect> {
        let screen = self.draw(120, 36);
        let place = screen.lines().enumerate().find_map(|(y, line)| {
            let (before, _) = line.split_once(at)?;
            Some((before.chars().count() as u16, y as u16))
        });
        let (column, row) = place.unwrap_or_else(|| panic!("no {at}:\n{screen}"));
        let event = MouseEvent { kind, column: column + right, row, modifiers: KeyModifiers::NONE };
        self.state.point(&event, Instant::now())
    }

    fn click(&mut self, at: &str) -> Option<Effect> {
        self.mouse(MouseEventKind::Down(MouseButton::Left), at, 0)
    }
}

#[test]
fn a_click_chooses_what_is_under_it() {
    let mut it = Played::training();
    it.click("2 Views");
    assert_eq!(it.state.screen, Screen::Views);
    it.click("1 Train");
    it.click("Device   [1m]");
    assert_eq!((it.state.screen, it.state.focus), (Screen::Train, Pane::Device));
    it.click("temperature");
    assert!(it.state.focus == Pane::Augmentations && it.draw(120, 36).contains("▸ temperature"));
    assert!(it.asked().is_empty(), "a row is chosen, nothing is changed");
    it.click("[x] color");
    assert!(matches!(&it.asked()[..], [Command::Edit(edit)] if edit.path == "augment.color.enabled"));
    it.click("3 Invariance");
    it.click("[.21]");
    assert!(it.draw(120, 36).contains("▸[.21]"));
    it.click(".97");
    assert!(it.draw(120, 36).contains("Invariance to flip"), "{}", it.draw(120, 36));
    it.press("?");
    it.click("Help   j/k");
    assert!(it.draw(120, 36).contains("Help   j/k"), "a click into the help leaves it");
    it.click("1 Train");
    assert!(!it.draw(120, 36).contains("Help   j/k") && it.state.screen == Screen::Invariance);
    it.press(":");
    it.press("screen of v");
    it.click("the screen of views");
    assert_eq!(it.state.screen, Screen::Views);
}

/// A click reads the curves, the wheel zooms around the mouse, a drag moves what is shown.
#[test]
fn curves_are_read_zoomed_and_dragged() {
    let mut it = Played::training();
    // The plot begins at step 0 behind the axis, and ends at 2,000.
    it.mouse(MouseEventKind::Down(MouseButton::Left), "4.00┤", 5 + 25);
    assert!(it.state.focus == Pane::Losses);
    let read = it.state.lens.cross.unwrap();
    assert!((900.0..1100.0).contains(&read), "{read}");
    it.mouse(MouseEventKind::ScrollUp, "4.00┤", 5 + 25);
    let (from, to) = it.state.lens.window.unwrap();
    assert!((to - from - 1000.0).abs() < 1.0 && from < read && read < to, "{from} {to}");
    it.mouse(MouseEventKind::Down(MouseButton::Left), "4.00┤", 5 + 25);
    it.mouse(MouseEventKind::Drag(MouseButton::Left), "4.00┤", 5 + 12);
    let (dragged, _) = it.state.lens.window.unwrap();
    assert!(dragged > from + 200.0, "{from} {dragged}");
    it.mouse(MouseEventKind::Up(MouseButton::Left), "4.00┤", 5);
    it.mouse(MouseEventKind::Drag(MouseButton::Left), "4.00┤", 5);
    assert_eq!(it.state.lens.window.unwrap().0, dragged, "nothing is dragged any more");
    it.mouse(MouseEventKind::ScrollDown, "4.00┤", 5);
    assert_eq!(it.state.lens.window, None);
}

#[test]
fn the_mouse_is_left_to_the_terminal_and_taken_back() {
    let mut it = Played::training();
    assert_eq!(it.press("m"), Some(Effect::Mouse(true)));
    assert_eq!(it.press("m"), Some(Effect::Mouse(false)));
    assert!(it.draw(120, 36).contains("the mouse selects text"));
}

/// What is copied is what is looked at.
#[test]
fn figures_are_copied() {
    let mut it = Played::training();
    let mut copied = |keys: &str| match it.press(keys) {
        Some(Effect::Copy(text)) => text,
        other => panic!("{other:?} is no copy"),
    };
    assert_eq!(copied("jjY"), "--set augment.color.enabled=true");
    assert_eq!(copied("\t[Y").lines().next(), Some("step\t1840"));
    let matrix = copied("\tY");
    assert!(
        matrix.starts_with("head\tcrop\tflip\tcolor") && matrix.contains("color\t0.9\t0.97\t0.21"),
        "{matrix}"
    );
    assert!(copied("\tY").contains("q\tcrop area 0.62"));
    assert!(copied("4Y").starts_with("index\tcosine\n0\t0.98"));
    assert_eq!(it.press("6Y"), None);
    assert!(it.draw(120, 36).contains("nothing to copy here"));
}

#[test]
fn every_pane_explains_itself_until_it_is_told_not_to() {
    let mut it = Played::training();
    it.state.tour = true;
    insta::assert_snapshot!("tour_120x36", it.draw(120, 36));
    it.press("2");
    assert!(it.draw(120, 36).contains("= q marks what a key shares"));
    assert_eq!(it.press("T"), Some(Effect::Tour(false)));
    assert!(!it.draw(120, 36).contains("= q marks what a key shares"));
}

/// The list of keys in the documentation is the table itself: `LOOC_UPDATE_DOCS=1 cargo test` writes it.
#[test]
fn the_documentation_lists_every_key() {
    let mut text = String::from(
        "# Keys\n\nWritten by the program's own table of keys. The names are those of \
         [the settings](settings.md); `?` lists what holds where you are.\n",
    );
    let map = Keymap::default();
    let mut places: Vec<Place> = Vec::new();
    for binding in super::keymap::BINDINGS {
        if !places.contains(&binding.place) {
            places.push(binding.place);
        }
    }
    for place in places {
        let title = place.title();
        write!(
            text,
            "\n## {}{}\n\n| key | name | does |\n|---|---|---|\n",
            &title[..1].to_uppercase(),
            &title[1..]
        )
        .unwrap();
        for binding in map.bindings(&[place]) {
            let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{}`", key.name())).collect();
            writeln!(text, "| {} | {} | {} |", keys.join(" "), binding.action.name(), binding.help).unwrap();
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
    if std::env::var_os("LOOC_UPDATE_DOCS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == text,
        "docs/keys.md is not the table any more: LOOC_UPDATE_DOCS=1 cargo test writes it"
    );
}
