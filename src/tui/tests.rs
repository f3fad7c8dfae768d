//! The screens as text, drawn from a run that stands still, and keys against an engine that is played.

use super::{
    glyphs::Glyphs,
    pictures::Pictures,
    played::{Played, machine, snapshot},
    state::{Effect, Over, Pane, Screen, State, palette::Palette},
    theme::{Depth, Ground, Theme},
};
use crate::{
    device::{DeviceReading, Gpu},
    engine::{
        line,
        message::{Command, Event, InvarianceReport, NeighbourRequest, Phase, Snapshot, Span, StepRecord},
    },
};
use std::{sync::Arc, time::Instant};

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
fn the_screen_of_invariance_tells_every_figure_and_its_course() {
    let mut it = Played::training();
    it.press("3");
    insta::assert_snapshot!("screen_invariance_120x36", it.draw(120, 36));
    it.press("jhhhhf\t\t");
    insta::assert_snapshot!("screen_invariance_80x24", it.draw(80, 24));
    it.press("v");
    let raw = it.draw(120, 36);
    assert!(raw.contains("mean cosine") && !raw.contains("select. "), "{raw}");
    // More columns than there is room for: the chosen one is among those that are shown.
    let mut wide = snapshot();
    let report = wide.invariance.as_deref().cloned().unwrap();
    let names = (0..30).map(|i| format!("a{i:02}")).collect();
    let (rescaled, raw) = (vec![vec![0.5; 30]; 3], vec![vec![0.5; 30]; 3]);
    wide.invariance =
        Some(Arc::new(InvarianceReport { step: 1801, augmentations: names, rescaled, raw, ..report }));
    it.publish(wide);
    it.press(&"l".repeat(24));
    let screen = it.draw(100, 36);
    assert!(screen.contains("Invariance to a24") && screen.contains(" a24"), "{screen}");
}

#[test]
fn the_screen_of_neighbours_shows_every_space() {
    let mut it = Played::training();
    it.press("4");
    insta::assert_snapshot!("neighbours_120x36", it.draw(120, 36));
    it.press("jj");
    insta::assert_snapshot!("neighbours_80x24", it.draw(80, 24));
    it.press("z");
    insta::assert_snapshot!("neighbours_large_120x36", it.draw(120, 36));
}

/// An action is found by what it is called, done, and its key learned.
#[test]
fn any_action_is_done_by_its_name() {
    let mut it = Played::training();
    it.press(":");
    insta::assert_snapshot!("palette_80x24", it.draw(80, 24));
    it.press("checkpoint");
    let screen = it.draw(120, 36);
    assert!(screen.contains("▸c               write a checkpoint now"), "{screen}");
    it.press("\n");
    assert_eq!(it.asked(), [Command::Checkpoint]);
    it.press(":neighb\n");
    assert_eq!((it.state.screen, &it.state.over), (Screen::Neighbours, &Over::Nothing));
    assert!(matches!(it.asked()[..], [Command::Neighbours(_)]));
    it.press(":qxz");
    assert!(it.draw(120, 36).contains("nothing here is called so"));
    it.press("\n");
    assert!(it.asked().is_empty());
    assert_eq!(it.press(":leave\ny"), None);
    assert_eq!(it.asked(), [Command::Stop], "a question that an action asks is asked");
}

/// The crosshair reads every curve, and zooming keeps it in sight.
#[test]
fn the_curves_are_read_and_looked_at_nearer() {
    let mut it = Played::training();
    it.press("sss");
    it.press(&"[".repeat(21));
    let screen = it.draw(120, 36);
    assert!(screen.contains("at step 1040") && screen.contains("╎"), "{screen}");
    // 6.9 · (0.4 + 0.6 · exp(−1040/600)).
    let value = 6.9 * (0.4 + 0.6 * (-1040.0f64 / 600.0).exp());
    assert!(screen.contains(&format!("z0 all       {value:.2}")), "{value:.2}:\n{screen}");
    it.press("zz");
    let screen = it.draw(120, 36);
    assert!(screen.contains("790") && screen.contains("1290") && screen.contains("at step 1040"), "{screen}");
    it.press("Z");
    assert!(!it.draw(120, 36).contains("at step"));
}

#[test]
fn the_log_keeps_what_has_happened() {
    let mut it = Played::training();
    let (path, from, to) = ("augment.color.p".into(), "0.8".into(), "0.5".into());
    it.engine.event(Event::Edited { step: 1800, path, from, to });
    it.engine.event(Event::Saved { step: 1840, path: "runs/r0042/checkpoints/step-00001840".into() });
    it.engine.event(Event::Warning(format!("the disk is nearly full: {}", "a long story ".repeat(12))));
    it.state.refresh(Instant::now());
    it.press("6");
    insta::assert_snapshot!("log_80x24", it.draw(80, 24));
    it.press("w");
    let screen = it.draw(80, 24);
    assert!(screen.contains("nearly full") && !screen.contains("augment.color.p"), "{screen}");
}

/// What the keys of that screen ask for.
#[test]
fn neighbours_are_asked_for_by_number_by_class_and_by_chance() {
    let mut it = Played::training();
    let mut asked = |keys: &str| {
        it.press(keys);
        let last = it.engine.commands.try_iter().filter_map(|command| match command {
            Command::Neighbours(request) => Some(request),
            _ => None,
        });
        let last = last.last();
        (last, it.draw(120, 36))
    };
    let at = |place| NeighbourRequest { place, ..NeighbourRequest::default() };
    assert_eq!(asked("4").0, Some(NeighbourRequest { fresh: true, ..at(0) }), "by the model as it is now");
    assert_eq!(asked(".").0, Some(at(1)));
    assert_eq!(asked(",").0, Some(at(0)));
    assert_eq!(asked(",").0, Some(at(999)), "round the end");
    let (none, screen) = asked("e1001\n");
    assert!(none.is_none() && screen.contains("“1001” is none of the held-out images: 1 – 1000"), "{screen}");
    assert_eq!(asked("\u{1b}e17\n").0, Some(at(16)));
    assert_eq!(asked("v").0, Some(NeighbourRequest { within: Some((0, 0)), ..at(0) }));
    assert_eq!(asked("vv").0, Some(NeighbourRequest { within: Some((1, 0)), ..at(0) }), "the next set");
    assert_eq!(asked("V").0, Some(NeighbourRequest { within: Some((0, 1)), ..at(0) }));
    let (any, other) = (asked("g").0.unwrap(), asked("g").0.unwrap());
    assert_eq!((any.within, any.place == other.place), (Some((0, 1)), false));
    assert_eq!(asked("a").0, Some(NeighbourRequest { fresh: true, ..other }));
    assert_eq!(asked("1a").0, None, "elsewhere the key means nothing");
}

/// A terminal without Unicode: the same screens in ASCII, with and without colours.
#[test]
fn every_screen_in_ascii() {
    let mut it = Played::training();
    it.glyphs = Glyphs::Ascii;
    insta::assert_snapshot!("ascii_80x24", it.draw(80, 24));
    insta::assert_snapshot!("ascii_120x36", it.draw(120, 36));
    for depth in [Depth::True, Depth::Mono] {
        it.theme.depth = depth;
        for (_, key, name) in Screen::ALL {
            for keys in ["", "?", ":"] {
                it.press(&format!("\u{1b}{key}{keys}"));
                it.glyphs = Glyphs::Unicode;
                let asked = it.draw(120, 36).matches('?').count();
                it.glyphs = Glyphs::Ascii;
                let screen = it.draw(120, 36);
                let unknown = screen.matches('?').count() - asked;
                assert!(screen.is_ascii() && unknown == 0, "{name} {keys}:\n{screen}");
                it.press("\u{1b}");
            }
        }
    }
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
        let theme = Theme::new(Depth::Mono, Ground::Dark);
        let pictures = Pictures::new(theme, None, false);
        let state = State::new(handle, None, Instant::now());
        Played { state, engine, pictures, theme, glyphs: Glyphs::Ascii }
    };
    let mut trained = Played::training();
    for it in [&mut fresh, &mut trained] {
        for (screen, ..) in Screen::ALL {
            for focus in Pane::ALL {
                for over in [
                    Over::Nothing,
                    Over::Question,
                    Over::Help(3),
                    Over::Help(usize::MAX),
                    Over::Failure(0),
                    Over::Palette(Palette { text: "e".into(), chosen: 9, ..Palette::default() }),
                ] {
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

/// The image itself beside its views, any image by its number, and views that stay while the model moves on.
#[test]
fn views_are_chosen_compared_and_kept() {
    let mut it = Played::training();
    it.press("2o");
    let screen = it.draw(150, 40);
    assert!(screen.contains("the image itself") && screen.contains("k2 same rotation"), "{screen}");
    let asked = |it: &Played| {
        let views = it.engine.commands.try_iter().filter_map(|command| match command {
            Command::Views(request) => Some(request.index),
            _ => None,
        });
        views.collect::<Vec<_>>()
    };
    asked(&it);
    it.press("e1001\n");
    assert!(it.draw(120, 36).contains("“1001” is none of the held-out images: 1 – 1000"));
    it.press("\u{1b}e17\n");
    assert_eq!(asked(&it), [16]);
    it.press("f");
    let mut next = Snapshot::clone(&it.state.snapshot);
    next.invariance =
        next.invariance.map(|report| Arc::new(InvarianceReport { step: 1850, ..(*report).clone() }));
    it.publish(next);
    assert!(asked(&it).is_empty() && it.draw(120, 36).contains("frozen"));
    it.press("f");
    assert_eq!(asked(&it), [16], "by the model as it is now");
}

/// The cosines follow the model: with every measurement the same views are asked for again.
#[test]
fn views_are_asked_for_again_when_the_model_has_moved() {
    let mut it = Played::training();
    it.press("2.");
    let views =
        |it: &Played| it.engine.commands.try_iter().filter(|it| matches!(it, Command::Views(_))).count();
    assert!(views(&it) >= 1);
    let mut next = Snapshot::clone(&it.state.snapshot);
    next.invariance =
        next.invariance.map(|report| Arc::new(InvarianceReport { step: 1850, ..(*report).clone() }));
    it.publish(next.clone());
    assert_eq!(views(&it), 1);
    it.publish(next);
    assert_eq!(views(&it), 0);
}
