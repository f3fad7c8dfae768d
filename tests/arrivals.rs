//! When anything arrives makes no difference to what is computed: commands of several viewers, their looks, rests,
//! checkpoints, views from the loader, turns of the processors. `LOOC_ROUNDS` makes more of it.

#[expect(dead_code, reason = "of what there is to watch a run by, these tests take a part")]
mod common;

use common::{config, rows};
use looc::{
    config::Config,
    engine::{
        self, Door, Handle, Job, Place, Replaying,
        message::{Command, Edit, Event, NeighbourRequest, Phase, Snapshot, ViewRequest},
    },
    run::metrics::Row,
};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread::{scope, sleep},
    time::{Duration, Instant},
};

const TINY: &[&str] = &[
    "data.train=64",
    "data.held_out=16",
    "data.size=16",
    "model.width=4",
    "model.blocks=1",
    "model.dim=8",
    "model.bn_splits=2",
    "contrast.queue=64",
    "train.batch=16",
    "eval.every=6",
    "eval.images=8",
];
const STEPS: u64 = 24;
const PATIENCE: Duration = Duration::from_secs(300);

/// Numbers that tell one order from another.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        // Steele et al., 2014: SplitMix.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn rest(&mut self) {
        sleep(Duration::from_micros(self.below(3_000)));
    }
}

/// The edits of the run, and the steps that they are made at.
fn edits() -> Vec<(u64, &'static str, Value)> {
    vec![
        (3, "augment.color.enabled", json!(false)),
        (5, "optimizer.lr", json!(0.03)),
        (5, "augment.rotation.head", json!(false)),
        (8, "augment.color.enabled", json!(true)),
        (11, "augment.rotation.head", json!(true)),
        (11, "augment.crop.scale.0", json!(0.4)),
    ]
}

fn with(threads: usize) -> Config {
    config(&[TINY, &[&format!("train.threads={threads}")]].concat())
}

/// What changes nothing, from somebody who asks for it at any time.
fn pester(door: &Door, mut chance: Chance, done: &AtomicBool) -> u64 {
    let mut asked = 0;
    while !done.load(Relaxed) {
        chance.rest();
        door.command(match chance.below(6) {
            0 | 1 => Command::Views(ViewRequest { index: chance.below(99) as usize, draw: chance.below(9) }),
            2 => Command::Neighbours(NeighbourRequest { fresh: chance.below(2) == 0, ..Default::default() }),
            3 => Command::Checkpoint,
            4 => Command::Edit(Edit { path: "augment.color.p".into(), value: json!(3) }),
            _ => Command::Pause,
        });
        asked += 1;
    }
    asked
}

/// Sends a command as often as it takes to come to a state.
fn until(handle: &Handle, mut send: impl FnMut(), reached: impl Fn(&Snapshot) -> bool) {
    let since = Instant::now();
    loop {
        let now = handle.snapshot.borrow().clone();
        if reached(&now) {
            return;
        }
        assert!(!matches!(now.phase, Phase::Failed(_)), "{:?}", now.phase);
        assert!(since.elapsed() < PATIENCE, "{:?} at step {}", now.phase, now.step);
        send();
        sleep(Duration::from_micros(300));
    }
}

/// Makes an edit; the step that it took effect at.
fn edited(handle: &Handle, path: &str, value: Value) -> u64 {
    handle.commands.send(Command::Edit(Edit { path: path.into(), value })).unwrap();
    let since = Instant::now();
    loop {
        for event in handle.events.drain() {
            match event {
                Event::Edited { step, path: of, .. } if of == path => return step,
                Event::Refused { path: of, why } if of == path => panic!("{path}: {why}"),
                Event::Warning(why) => panic!("{why}"),
                _ => {}
            }
        }
        assert!(since.elapsed() < PATIENCE, "{path} is not edited");
        sleep(Duration::from_micros(300));
    }
}

/// The run: its edits at their steps, the rest of it in one go. `order` shuffles everything else. How much was
/// asked for between.
fn trained(path: &Path, threads: usize, order: Option<u64>) -> u64 {
    let job =
        Job { config: with(threads), place: Place::New(path.into()), steps: Some(STEPS), attended: false };
    let (handle, thread) = engine::start(job).unwrap();
    handle.commands.send(Command::Pause).unwrap();
    until(&handle, || (), |now| now.phase == Phase::Paused);
    assert_eq!(handle.snapshot.borrow().step, 0, "it does not rest");
    let (done, door) = (AtomicBool::new(false), handle.door());
    let asked = scope(|all| {
        let chances = order.iter().flat_map(|order| (1..=3).map(move |which| Chance(order * 10 + which)));
        let (door, done) = (&door, &done);
        let pesterers: Vec<_> = chances.map(|chance| all.spawn(move || pester(door, chance, done))).collect();
        let _stops = Stops(done);
        let mut chance = Chance(order.unwrap_or(0));
        for (step, path, value) in edits() {
            while handle.snapshot.borrow().step < step {
                let next = handle.snapshot.borrow().step + 1;
                if order.is_some() {
                    chance.rest();
                }
                door.command(Command::StepOnce);
                until(&handle, || (), |now| now.step == next);
            }
            assert_eq!(edited(&handle, path, value), step);
        }
        // Whoever pesters it makes it rest again.
        until(&handle, || door.command(Command::Resume), |now| now.phase == Phase::Finished);
        done.store(true, Relaxed);
        pesterers.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    thread.join().unwrap();
    asked
}

/// However it ends, nobody goes on for ever.
struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

fn figures(path: &Path) -> Vec<(u64, String, u32)> {
    let kept = |tag: &str| tag == "loss" || tag == "lr" || tag.starts_with("loss/");
    let of = |row: Row| {
        let values = row.values.into_iter().filter(|(tag, _)| kept(tag));
        values.map(|(tag, value)| (row.step, tag.to_string(), value.to_bits())).collect::<Vec<_>>()
    };
    rows(path).into_iter().flat_map(of).collect()
}

fn final_state(path: &Path) -> Vec<u8> {
    fs::read(path.join(format!("checkpoints/step-{STEPS:08}/state.safetensors"))).unwrap()
}

#[test]
fn the_order_in_which_things_arrive_changes_no_bit() {
    let rounds: u64 = std::env::var("LOOC_ROUNDS").map_or(1, |rounds| rounds.parse().expect("a number"));
    let folder = tempfile::tempdir().unwrap();
    let quiet = folder.path().join("quiet");
    trained(&quiet, 1, None);
    assert!(!figures(&quiet).is_empty());
    let (mut asked, mut replays) = (0, 0);
    for order in 0..4 * rounds {
        let threads = 1 + order as usize % 4;
        let path = folder.path().join(format!("run-{order}"));
        // Busy processors, so that turns are taken at other moments.
        let done = AtomicBool::new(false);
        scope(|all| {
            let _stops = Stops(&done);
            for which in 0..order % 3 {
                let (done, mut chance) = (&done, Chance(order * 7 + which));
                all.spawn(move || {
                    while !done.load(Relaxed) {
                        if std::hint::black_box(chance.below(50_000)) == 0 {
                            chance.rest();
                        }
                    }
                });
            }
            asked += trained(&path, threads, Some(order));
            assert!(figures(&path) == figures(&quiet), "order {order}, {threads} threads");
            assert!(final_state(&path) == final_state(&quiet), "order {order}, {threads} threads");
            // Without a screen, by another number of threads.
            let (into, threads) = (folder.path().join(format!("again-{order}")), Some(5 - threads));
            let task = Replaying { run: path.clone(), until: None, into: into.clone(), keep: true, threads };
            let (handle, thread) = engine::replay(task).unwrap_or_else(|error| panic!("{error}"));
            let verdict = thread.join().unwrap().unwrap_or_else(|error| panic!("{error}"));
            let warned = handle.events.drain().into_iter().any(|event| matches!(event, Event::Warning(_)));
            assert_eq!((verdict.difference, verdict.steps, verdict.edits, warned), (None, STEPS, 6, false));
            assert!(final_state(&into) == final_state(&quiet), "the replay of order {order}");
            replays += 1;
        });
    }
    println!("case 53: {replays} orders, {asked} commands between, 0 differ");
    assert!(asked > 20 * replays, "nobody asked for anything: the test has lost its eyes");
}
