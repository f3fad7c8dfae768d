//! Whatever is pressed, at whatever size, and whatever the engine says meanwhile: nothing panics, and nothing
//! that a terminal would obey comes into a cell.

use super::played::{Played, snapshot};
use crate::engine::message::{Event, Phase, Snapshot, Span, StepRecord};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use std::{sync::Arc, time::Instant};

/// Text that must not reach a terminal as it is.
const FOREIGN: &str = "a\u{1b}[2J\u{9b}5m\u{202e}b\u{7}\n\t\u{301}c";

#[derive(Clone, Debug)]
enum Happening {
    Key(KeyCode, KeyModifiers),
    Size(u16, u16),
    Measured(f32),
    Phase(Phase),
    Said(bool),
    Pasted,
    Mouse(MouseEventKind, u16, u16),
}

fn happening() -> impl Strategy<Value = Happening> {
    let letters = "jkhlgzvVfaebsxyopcn.,uUq?1234567890-+ \n:[]{}ZgGw6dtiTYmE/R".chars().collect::<Vec<_>>();
    let others = [
        KeyCode::Esc,
        KeyCode::Enter,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Backspace,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Home,
        KeyCode::End,
    ];
    let phases = [
        Phase::Starting,
        Phase::Loading { what: FOREIGN.into(), done: 7, of: 3 },
        Phase::Training,
        Phase::Paused,
        Phase::Finished,
        Phase::Stopped,
        Phase::Failed(FOREIGN.into()),
        Phase::Lost(FOREIGN.into()),
        Phase::Recorded(FOREIGN.into()),
    ];
    let mouse = [
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
    ];
    let key = |code| Happening::Key(code, KeyModifiers::NONE);
    prop_oneof![
        8 => prop::sample::select(letters).prop_map(move |c| key(KeyCode::Char(c))),
        4 => prop::sample::select(others.to_vec()).prop_map(key),
        1 => prop::sample::select(vec!['c', 'l', 'u'])
            .prop_map(|c| Happening::Key(KeyCode::Char(c), KeyModifiers::CONTROL)),
        2 => (0u16..220, 0u16..70).prop_map(|(width, height)| Happening::Size(width, height)),
        1 => prop::sample::select(vec![0.5, -3.0, 0.0, 1e30, f32::NAN, f32::INFINITY]).prop_map(Happening::Measured),
        1 => prop::sample::select(phases.to_vec()).prop_map(Happening::Phase),
        1 => any::<bool>().prop_map(Happening::Said),
        1 => Just(Happening::Pasted),
        3 => (prop::sample::select(mouse.to_vec()), 0u16..220, 0u16..70)
            .prop_map(|(kind, column, row)| Happening::Mouse(kind, column, row)),
    ]
}

impl Played {
    fn happens(&mut self, what: Happening, size: &mut (u16, u16), step: u64) {
        match what {
            Happening::Key(code, modifiers) => {
                self.state.press(&KeyEvent::new(code, modifiers), Instant::now());
            }
            Happening::Size(width, height) => *size = (width, height),
            Happening::Measured(value) => self.measured(value, step),
            Happening::Phase(phase) => self.publish(Snapshot { phase, step, ..snapshot() }),
            Happening::Said(warning) => self.engine.event(match warning {
                true => Event::Warning(FOREIGN.into()),
                false => Event::Edited { step, path: FOREIGN.into(), from: "1".into(), to: FOREIGN.into() },
            }),
            Happening::Pasted => self.state.type_text(FOREIGN),
            Happening::Mouse(kind, column, row) => {
                let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
                self.state.point(&event, Instant::now());
            }
        }
        self.state.refresh(Instant::now());
    }

    /// A step's and a measurement's figures, and names that come from files.
    fn measured(&mut self, value: f32, step: u64) {
        let tags = ["loss/all", "loss/color", "knn/shape", "std/all", "invariance/all/color", FOREIGN];
        let values = tags.map(|tag| (Arc::from(tag), Span::of(value))).to_vec();
        self.engine.record(StepRecord { step, time: step as f64, values });
        let mut next = snapshot();
        let mut report = next.invariance.as_deref().cloned().unwrap_or_default();
        (report.step, report.rescaled[0][0], report.selectivity[1]) = (step, value, Some(value));
        next.invariance = Some(Arc::new(report));
        next.knn = vec![(FOREIGN.into(), value)];
        let mut sheet = next.neighbours.as_deref().cloned().unwrap();
        (sheet.sets[0].0, sheet.query.labels[0].0) = (FOREIGN.into(), FOREIGN.into());
        (sheet.spaces[1].near[0].cosine, sheet.spaces[2].near) = (value, Vec::new());
        sheet.spaces[0].near[1].labels[0].0 = FOREIGN.into();
        next.neighbours = Some(Arc::new(sheet));
        self.publish(next);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_is_too_much(happenings in prop::collection::vec(happening(), 1..40)) {
        let mut it = Played::training();
        it.state.folder = None;
        let mut size = (120, 36);
        for (i, what) in happenings.into_iter().enumerate() {
            it.happens(what, &mut size, 1900 + i as u64);
            let screen = it.draw(size.0, size.1);
            let raw = screen.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
            prop_assert!(raw.is_none(), "{raw:?} reaches the terminal:\n{screen}");
        }
    }
}
