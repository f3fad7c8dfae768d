//! A run that stands still, its engine played by the test.

use super::{
    glyphs::Glyphs,
    pictures::{Images, Pictures},
    state::{Effect, State},
    theme::{Depth, Ground, Theme},
    view,
};
use crate::{
    config::Config,
    device::DeviceReading,
    engine::{
        Publisher, line,
        message::{
            Command, InvarianceReport, Near, NeighbourRequest, NeighbourSheet, Neighbourhood, OWN_SCREEN,
            Phase, Snapshot, Span, StepRecord, ViewParam, ViewRequest, ViewSheet, ViewTile,
        },
    },
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{sync::Arc, time::Instant};

/// A run, its engine played by the test.
pub struct Played {
    pub state: State,
    pub engine: Publisher,
    pub pictures: Pictures,
    pub theme: Theme,
    pub glyphs: Glyphs,
}

impl Played {
    /// At step 1840 of 7800, with everything measured.
    pub fn training() -> Self {
        let (handle, engine) = line(Snapshot::default());
        let theme = Theme::new(Depth::True, Ground::Dark);
        let pictures = Pictures::new(theme, Some(Images::Ascii), false);
        let state = State::new(handle, None, Instant::now());
        let mut it = Self { state, engine, pictures, theme, glyphs: Glyphs::Unicode };
        for step in 1..=1840 {
            let fall = |start: f32| start * (0.4 + 0.6 * (-(step as f32) / 600.0).exp());
            let values = [("loss/all", 6.9), ("loss/color", 5.9), ("loss/rotation", 6.4)];
            let values = values.map(|(tag, start)| (Arc::from(tag), Span::of(fall(start)))).to_vec();
            it.engine.record(StepRecord { step, time: step as f64 * 0.2, values });
        }
        for step in (0..=1800).step_by(100) {
            let part = 1.0 - (-(step as f32) / 500.0).exp();
            let mut values: Vec<(Arc<str>, Span)> = Vec::new();
            let mut put = |tag: String, from: f32, to: f32| {
                values.push((tag.into(), Span::of(from + (to - from) * part)));
            };
            for (head, own) in [("all", 0.9), ("color", 0.2), ("rotation", 0.9)] {
                put(format!("invariance/{head}/crop"), 0.7, 0.92);
                put(format!("invariance/{head}/color"), 0.35, own);
                put(format!("invariance_raw/{head}/crop"), 0.9, 0.95);
                put(format!("std/{head}"), 0.03, 0.08);
                put(format!("rankme/{head}"), 9.0, 60.0);
            }
            put("selectivity/color".into(), 0.1, 0.73);
            put("selectivity/rotation".into(), 0.05, 0.97);
            put("knn/shape".into(), 0.1, 0.31);
            put("knn/colour".into(), 0.4, 0.8);
            put("probe/rotation".into(), 0.4, 0.6);
            it.engine.record(StepRecord { step, time: step as f64 * 0.2, values });
        }
        it.publish(snapshot());
        it.state.device.take(machine());
        it
    }

    pub fn publish(&mut self, snapshot: Snapshot) {
        self.engine.publish(snapshot);
        self.state.refresh(Instant::now());
    }

    pub fn press(&mut self, keys: &str) -> Option<Effect> {
        let mut effect = None;
        for c in keys.chars() {
            let code = match c {
                '\t' => KeyCode::Tab,
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                c => KeyCode::Char(c),
            };
            effect = self.state.press(&KeyEvent::new(code, KeyModifiers::NONE), Instant::now());
        }
        effect
    }

    /// Takes in what other threads read, until the screen shows it.
    pub fn until(&mut self, what: &str, shown: impl Fn(&str) -> bool) {
        let since = Instant::now();
        loop {
            self.state.refresh(Instant::now());
            let screen = self.draw(120, 36);
            if shown(&screen) {
                return;
            }
            assert!(since.elapsed().as_secs() < 60, "no {what}:\n{screen}");
            std::thread::yield_now();
        }
    }

    /// What the engine was asked for since the last call. Edits say that they are of what the screen shows.
    pub fn asked(&self) -> Vec<Command> {
        let shown = |command| match command {
            Command::EditAt { edit, base, editor } => {
                assert_eq!((base, editor), (self.state.snapshot.revision, OWN_SCREEN));
                Command::Edit(edit)
            }
            other => other,
        };
        let commands = self.engine.commands.try_iter().filter(|it| !matches!(it, Command::Views(_)));
        commands.map(shown).collect()
    }

    pub fn draw(&mut self, width: u16, height: u16) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        view::draw(self.state.front(), self.theme, &mut self.pictures, &mut buffer);
        self.glyphs.reduce(&mut buffer);
        let row = |y: u16| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..height).map(|y| row(y).trim_end().to_owned() + "\n").collect()
    }
}

pub fn snapshot() -> Snapshot {
    let report = |step, own: f32| InvarianceReport {
        step,
        heads: ["all", "color", "rotation"].map(String::from).to_vec(),
        augmentations: ["crop", "flip", "color", "blur", "rotation"].map(String::from).to_vec(),
        raw: vec![vec![0.9; 5]; 3],
        rescaled: vec![
            vec![0.93, 0.98, 0.91, 0.99, 0.9],
            vec![0.9, 0.97, own, 0.99, 0.88],
            vec![0.92, 0.95, 0.89, 0.99, -0.03],
        ],
        selectivity: vec![None, Some(0.73), Some(0.97)],
    };
    Snapshot {
        phase: Phase::Training,
        run: Some("runs/r0042".into()),
        config: Arc::new(Config::quickstart()),
        step: 1840,
        steps: 7800,
        epoch: 23.6,
        loss: Some(2.314),
        losses: vec![
            ("all".into(), Some(2.76)),
            ("color".into(), Some(2.36)),
            ("rotation".into(), Some(2.56)),
        ],
        lr: 0.0517,
        images_per_s: 412.0,
        parts: [0.17, 0.44, 0.03, 0.35, 0.003, 0.0],
        compute: "cpu (avx512)".into(),
        invariance: Some(Arc::new(report(1800, 0.21))),
        invariance_at_start: Some(Arc::new(report(0, 0.35))),
        knn: vec![("shape".into(), 0.31), ("colour".into(), 0.8)],
        views: Some(Arc::new(sheet(1840))),
        neighbours: Some(Arc::new(neighbours())),
        images: (5000, 1000),
        ..Snapshot::default()
    }
}

pub fn sheet(step: u64) -> ViewSheet {
    let tile = |name: &'static str, shade: u8, cosines: [f32; 3]| ViewTile {
        name: name.into(),
        rgb: (0..32 * 32).flat_map(|i| [(i / 32 * 8) as u8, shade, (i % 32 * 8) as u8]).collect(),
        params: ["crop area 0.62, 25×25 at 3,4", "flip no", "color hue +.03 · gray", "rotation 90°"]
            .map(|text| text.split_once(' ').unwrap())
            .map(|(augmentation, text)| ViewParam {
                augmentation: augmentation.into(),
                text: text.into(),
                shared: augmentation == name,
            })
            .to_vec(),
        cosines: ["all", "color", "rotation"].map(Arc::from).into_iter().zip(cosines).collect(),
    };
    ViewSheet {
        request: ViewRequest { index: 16, draw: 0 },
        count: 1000,
        step,
        side: 32,
        original: vec![0; 32 * 32 * 3].into(),
        labels: vec!["shape house".into(), "colour red".into()],
        views: vec![
            tile("q", 200, [1.0, 1.0, 1.0]),
            tile("k0", 160, [0.91, 0.22, 0.8]),
            tile("color", 120, [0.88, 0.87, 0.77]),
            tile("rotation", 80, [0.9, 0.19, 0.95]),
        ],
    }
}

/// A red house; in z1 its neighbours are red, in the others of any colour.
pub fn neighbours() -> NeighbourSheet {
    let near = |i: usize, colour: &str| Near {
        index: i,
        cosine: 0.98 - i as f32 * 0.01,
        rgb: vec![(i * 16) as u8; 32 * 32 * 3].into(),
        labels: vec![
            (if i < 3 { "house" } else { "crescent" }.into(), i < 3),
            (colour.into(), colour == "red"),
        ],
    };
    let space = |name: &str, colours: usize| Neighbourhood {
        name: name.into(),
        near: (0..16).map(|i| near(i, if i % colours == 0 { "red" } else { "teal" })).collect(),
    };
    NeighbourSheet {
        request: NeighbourRequest { place: 16, ..NeighbourRequest::default() },
        index: 16,
        candidates: 1000,
        step: 1800,
        searched: (5000, 5000),
        outdated: false,
        side: 32,
        query: near(0, "red"),
        sets: [("shape", "house crescent"), ("colour", "red teal")]
            .map(|(set, classes)| (set.to_owned(), classes.split(' ').map(str::to_owned).collect()))
            .to_vec(),
        spaces: vec![space("V", 3), space("all", 4), space("color", 1), space("rotation", 4)],
    }
}

pub fn machine() -> DeviceReading {
    DeviceReading {
        gpu_note: "no GPU found: no NVIDIA driver; no AMD GPU".into(),
        cores: vec![0.9, 0.5],
        cpu: 0.7,
        memory_used: 3 << 30,
        memory_total: 24 << 30,
        process_cpu: 1.4,
        process_memory: 400 << 20,
        ..DeviceReading::default()
    }
}
