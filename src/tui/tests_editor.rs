//! Edits against an engine that is played: what is asked, what waits, what is refused, what is taken back.

use super::played::{Played, snapshot};
use crate::{
    config::Config,
    engine::message::{Command, Edit, Event, Snapshot},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::json;
use std::{sync::Arc, time::Instant};

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

/// A number that the objective does not read is not offered.
#[test]
fn only_numbers_that_count_can_be_changed() {
    let mut it = Played::training();
    for (kind, shown) in [("moco", [true, true]), ("simclr", [true, false]), ("supervised", [false, false])] {
        let config = Config::quickstart().edited("contrast.kind", &json!(kind));
        it.publish(Snapshot { config: Arc::new(config.unwrap()), ..snapshot() });
        let screen = it.draw(120, 36);
        assert_eq!(["temperature", "momentum"].map(|word| screen.contains(word)), shown, "{kind}:\n{screen}");
    }
}

/// A list of angles has no number to step: it is typed, as in a file; beside it is a switch.
#[test]
fn chance_collisions_are_switched_off_by_key() {
    let mut it = Played::training();
    it.press("jjjjlj");
    assert!(it.draw(120, 36).contains("▸    angles       [0, 90, 180, 270]"), "{}", it.draw(120, 36));
    it.press("l");
    assert!(it.asked().is_empty() && it.draw(120, 36).contains("e types another value"));
    it.press("e");
    for _ in 0..2 {
        it.state.press(&KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE), Instant::now());
    }
    it.press("5\n");
    assert!(it.asked().is_empty() && it.draw(120, 36).contains("cannot be read"), "{}", it.draw(120, 36));
    it.press("]\n");
    assert!(
        it.asked().is_empty() && it.draw(120, 36).contains("90"),
        "an angle of 275 is explained in place"
    );
    it.state.press(&KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL), Instant::now());
    it.press("[0, 180]\n");
    let half = Edit { path: "augment.rotation.angles".into(), value: json!([0, 180]) };
    assert_eq!(it.asked(), [Command::Edit(half)]);
    it.press("j");
    assert!(it.draw(120, 36).contains("▸    distinct          off"), "{}", it.draw(120, 36));
    it.press(" ");
    let edit = Edit { path: "augment.rotation.distinct".into(), value: json!(true) };
    assert_eq!(it.asked(), [Command::Edit(edit)]);
    assert!(it.draw(120, 36).contains("distinct           on …"), "{}", it.draw(120, 36));
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

/// What is rarely changed is folded away, and there when it is wanted.
#[test]
fn the_schedule_is_edited_like_everything_else() {
    let mut it = Played::training();
    let config = it.state.snapshot.config.clone();
    it.state.editor.select(&config, usize::MAX);
    it.press("\n");
    let screen = it.draw(120, 36);
    assert!(screen.contains("weight_decay") && screen.contains("cosine"), "{screen}");
    it.press("je0.95\n");
    assert!(it.asked().is_empty() && it.draw(120, 36).contains("k0"), "no choice of positives is a number");
    it.press("\u{1b}je0.95\n");
    let edit = Edit { path: "optimizer.momentum".into(), value: json!(0.95) };
    assert_eq!(it.asked(), [Command::Edit(edit)]);
    it.press("\n");
    assert!(it.draw(120, 36).contains("weight_decay"), "a value of the schedule folds nothing");
    it.press("G");
    let config = it.state.snapshot.config.clone();
    it.state.editor.select(&config, usize::MAX);
    assert!(it.draw(120, 36).contains("▸ measure images"), "{}", it.draw(120, 36));
}

/// A preset is one edit, as far as taking it back is concerned; what cannot be changed now is told.
#[test]
fn a_preset_is_taken_over_and_taken_back_as_one() {
    let mut it = Played::training();
    it.press("L");
    it.until("the presets", |screen| screen.contains("simclr-views"));
    it.press("simclr-v\n");
    let edits = it.asked();
    let of = |path: &str| edits.iter().find(|it| matches!(it, Command::Edit(edit) if edit.path == path));
    assert!(of("augment.color.brightness").is_some() && of("augment.crop.scale").is_some(), "{edits:?}");
    assert!(of("model.width").is_none() && of("contrast.queue").is_none());
    assert!(it.draw(120, 36).contains("need a run of their own"), "{}", it.draw(120, 36));
    it.press("u");
    assert_eq!(it.asked().len(), edits.len());
    it.press("U");
    assert_eq!(it.asked(), edits, "in the same order");
}

/// The configuration as it is goes into a file, and no file is written over.
#[test]
fn the_configuration_is_written_into_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.yaml");
    let mut it = Played::training();
    it.press("w");
    assert!(it.draw(120, 36).contains("write the configuration as it is now to: r0042.yaml"));
    it.state.press(&KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL), Instant::now());
    it.press(&format!("{}\n", path.display()));
    it.until("the file", |screen| screen.contains("written: "));
    assert_eq!(Config::load(Some(&path), &[]).unwrap(), Config::quickstart());
    std::fs::write(&path, "mine").unwrap();
    it.press(&format!("w{}", ""));
    it.state.press(&KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL), Instant::now());
    it.press(&format!("{}\n", path.display()));
    assert!(it.draw(120, 36).contains("is there already"), "{}", it.draw(120, 36));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}
