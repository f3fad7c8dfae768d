//! The screens as text, drawn from a run that stands still, and keys against an engine that is played.

use super::{
    pictures::{Images, Pictures},
    state::{Effect, Over, Pane, Screen, State},
    theme::{Depth, Theme},
    view,
};
use crate::{
    config::Config,
    device::{DeviceReading, Gpu},
    engine::{
        Publisher, line,
        message::{
            Command, Edit, Event, InvarianceReport, Phase, Snapshot, Span, StepRecord, ViewParam,
            ViewRequest, ViewSheet, ViewTile,
        },
    },
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{buffer::Buffer, layout::Rect};
use serde_json::json;
use std::{sync::Arc, time::Instant};

/// A run, its engine played by the test.
struct Played {
    state: State,
    engine: Publisher,
    pictures: Pictures,
    theme: Theme,
}

impl Played {
    /// At step 1840 of 7800, with everything measured.
    fn training() -> Self {
        let (handle, engine) = line(Snapshot::default());
        let theme = Theme { depth: Depth::True };
        let pictures = Pictures::new(theme, Some(Images::Ascii), false);
        let mut it = Self { state: State::new(handle, None, Instant::now()), engine, pictures, theme };
        for step in 1..=1840 {
            let fall = |start: f32| start * (0.4 + 0.6 * (-(step as f32) / 600.0).exp());
            let values = [("loss/all", 6.9), ("loss/color", 5.9), ("loss/rotation", 6.4)];
            let values = values.map(|(tag, start)| (Arc::from(tag), Span::of(fall(start)))).to_vec();
            it.engine.record(StepRecord { step, time: step as f64 * 0.2, values });
        }
        it.publish(snapshot());
        it.state.device.take(machine());
        it
    }

    fn publish(&mut self, snapshot: Snapshot) {
        self.engine.publish(snapshot);
        self.state.refresh(Instant::now());
    }

    fn press(&mut self, keys: &str) -> Option<Effect> {
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

    /// What the engine was asked for since the last call.
    fn asked(&self) -> Vec<Command> {
        self.engine.commands.try_iter().filter(|command| !matches!(command, Command::Views(_))).collect()
    }

    fn draw(&mut self, width: u16, height: u16) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        view::draw(&self.state, self.theme, &mut self.pictures, &mut buffer);
        let row = |y: u16| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..height).map(|y| row(y).trim_end().to_owned() + "\n").collect()
    }
}

fn snapshot() -> Snapshot {
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
        compute: "cpu (avx512)".into(),
        invariance: Some(Arc::new(report(1800, 0.21))),
        invariance_at_start: Some(Arc::new(report(0, 0.35))),
        knn: vec![("shape".into(), 0.31), ("colour".into(), 0.8)],
        views: Some(Arc::new(sheet(1840))),
        images: (5000, 1000),
        ..Snapshot::default()
    }
}

fn sheet(step: u64) -> ViewSheet {
    let tile = |name: &'static str, shade: u8, cosines: [f32; 3]| ViewTile {
        name,
        rgb: (0..32 * 32).flat_map(|i| [(i / 32 * 8) as u8, shade, (i % 32 * 8) as u8]).collect(),
        params: ["crop area 0.62, 25×25 at 3,4", "flip no", "color hue +.03 · gray", "rotation 90°"]
            .map(|text| text.split_once(' ').unwrap())
            .map(|(augmentation, text)| ViewParam {
                augmentation,
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

fn machine() -> DeviceReading {
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

#[test]
fn the_training_screen() {
    let mut it = Played::training();
    insta::assert_snapshot!("train_120x36", it.draw(120, 36));
    insta::assert_snapshot!("train_80x24", it.draw(80, 24));
    it.press("\t");
    insta::assert_snapshot!("losses_80x24", it.draw(80, 24));
    it.press("\t");
    insta::assert_snapshot!("invariance_80x24", it.draw(80, 24));
}

#[test]
fn the_screen_of_views_marks_what_is_shared() {
    let mut it = Played::training();
    it.press("2");
    let screen = it.draw(120, 36);
    assert_eq!(screen.matches("= q ").count(), 2, "{screen}");
    insta::assert_snapshot!("views_120x36", screen);
    insta::assert_snapshot!("views_80x24", it.draw(80, 24));
}

#[test]
fn help_lists_what_holds_here_and_a_small_terminal_says_so() {
    let mut it = Played::training();
    it.press("?");
    insta::assert_snapshot!("help_120x36", it.draw(120, 36));
    it.press("\u{1b}");
    insta::assert_snapshot!("tiny_50x10", it.draw(50, 10));
}

#[test]
fn a_gpu_is_shown_with_all_that_it_tells() {
    let mut it = Played::training();
    let gpu = Gpu {
        index: 0,
        name: "H100".into(),
        utilisation: Some(0.97),
        memory_used: Some(31 << 30),
        memory_total: Some(80 << 30),
        power_w: Some(402.0),
        temperature_c: Some(61.0),
        process_memory: Some(30 << 30),
        ..Gpu::default()
    };
    it.state.device.take(DeviceReading { gpus: vec![gpu], gpu_note: String::new(), ..machine() });
    let screen = it.draw(150, 40);
    for wanted in ["97%", "31G/80G", "402W", "61C", "own 30G"] {
        assert!(screen.contains(wanted), "{wanted} is missing:\n{screen}");
    }
}

/// No size, no place and no state makes it panic, or draw what cannot be seen.
#[test]
fn it_draws_at_every_size() {
    let mut fresh = {
        let (handle, engine) = line(Snapshot::default());
        let theme = Theme { depth: Depth::Mono };
        let pictures = Pictures::new(theme, None, false);
        Played { state: State::new(handle, None, Instant::now()), engine, pictures, theme }
    };
    let mut trained = Played::training();
    for it in [&mut fresh, &mut trained] {
        for screen in [Screen::Train, Screen::Views] {
            for focus in Pane::ALL {
                for over in
                    [Over::Nothing, Over::Question, Over::Help(3), Over::Help(usize::MAX), Over::Failure(0)]
                {
                    it.state.failure = matches!(over, Over::Failure(_)).then(|| "the disk is full".into());
                    (it.state.screen, it.state.focus, it.state.over) = (screen, focus, over);
                    for (width, height) in [
                        (0, 0),
                        (1, 1),
                        (2, 40),
                        (500, 2),
                        (59, 16),
                        (60, 15),
                        (60, 16),
                        (61, 17),
                        (75, 16),
                        (80, 24),
                        (99, 30),
                        (100, 29),
                        (100, 30),
                        (120, 36),
                        (200, 60),
                        (500, 100),
                    ] {
                        it.draw(width, height);
                    }
                }
            }
        }
    }
}

/// What a value that is no number looks like.
#[test]
fn a_nan_is_never_a_healthy_line() {
    let mut it = Played::training();
    let values = vec![("loss/all".into(), Span::of(f32::NAN))];
    it.engine.record(StepRecord { step: 1841, time: 400.0, values });
    it.publish(Snapshot { step: 1841, revision: 1, ..snapshot() });
    assert!(it.draw(120, 36).contains("×NaN"));
}

#[test]
fn an_edit_is_pending_until_the_engine_confirms_it() {
    let mut it = Played::training();
    it.press("jj ");
    let off = Edit { path: "augment.color.enabled".into(), value: json!(false) };
    assert_eq!(it.asked(), [Command::Edit(off.clone())]);
    assert!(it.draw(120, 36).contains("[ ] color"), "shown at once");
    let next = Config::quickstart().edited(&off.path, &off.value).unwrap();
    it.engine.publish(Snapshot { config: Arc::new(next), revision: 1, ..snapshot() });
    let (from, to) = ("true".into(), "false".into());
    it.engine.event(Event::Edited { step: 1840, path: off.path, from, to });
    it.state.refresh(Instant::now());
    let screen = it.draw(120, 36);
    assert!(screen.contains("▲ color off") || screen.contains("color off ▲"), "{screen}");
    assert!(screen.contains("z1 rests"), "{screen}");
    it.press("u");
    let on = Edit { path: "augment.color.enabled".into(), value: json!(true) };
    assert_eq!(it.asked(), [Command::Edit(on)]);
}

/// Several edits are on their way; the second is refused: undo takes the first back, and only it.
#[test]
fn a_refused_edit_leaves_the_history_of_the_others() {
    let mut it = Played::training();
    it.press("jjl");
    let path = "augment.color.p".to_owned();
    it.press("jll");
    assert_eq!(it.asked().len(), 2);
    let config = Config::quickstart().edited(&path, &json!(0.85)).unwrap();
    it.engine.publish(Snapshot { config: Arc::new(config), revision: 1, ..snapshot() });
    let (from, to) = ("0.8".into(), "0.85".into());
    it.engine.event(Event::Edited { step: 1840, path: path.clone(), from, to });
    it.engine.event(Event::Refused { path: path.clone(), why: "the disk is full".into() });
    it.state.refresh(Instant::now());
    assert!(it.draw(120, 36).contains("the disk is full"));
    it.press("uu");
    assert_eq!(it.asked(), [Command::Edit(Edit { path, value: json!(0.8) })]);
}

#[test]
fn leaving_asks_waits_for_the_checkpoint_and_can_be_hurried() {
    let mut it = Played::training();
    it.press("q");
    assert!(it.draw(120, 36).contains("Leave?"));
    it.press("n");
    assert!(it.asked().is_empty());
    assert_eq!(it.press("qy"), None);
    assert_eq!(it.asked(), [Command::Stop]);
    assert!(it.draw(120, 36).contains("SAVING AND LEAVING"));
    assert_eq!(it.press("qy"), Some(Effect::Leave));
}

/// The engine's last word is seen even when it has gone by then.
#[test]
fn a_failure_is_told_with_its_reason() {
    let mut it = Played::training();
    it.engine
        .publish(Snapshot { phase: Phase::Failed("the loss of head color is NaN".into()), ..snapshot() });
    let (_, other) = line(Snapshot::default());
    drop(std::mem::replace(&mut it.engine, other));
    it.state.refresh(Instant::now());
    let screen = it.draw(120, 36);
    assert!(screen.contains("the loss of head color is NaN"), "{screen}");
    it.press("\u{1b} ");
    assert!(it.draw(120, 36).contains("nothing can be changed"));
}

/// The cosines follow the model: with every measurement the same views are asked for again.
#[test]
fn views_are_asked_for_again_when_the_model_has_moved() {
    let mut it = Played::training();
    it.press("2.");
    let views =
        |it: &Played| it.engine.commands.try_iter().filter(|it| matches!(it, Command::Views(_))).count();
    assert!(views(&it) >= 1);
    let mut next = snapshot();
    next.invariance =
        next.invariance.map(|report| Arc::new(InvarianceReport { step: 1850, ..(*report).clone() }));
    it.publish(next.clone());
    assert_eq!(views(&it), 1);
    it.publish(next);
    assert_eq!(views(&it), 0);
}
