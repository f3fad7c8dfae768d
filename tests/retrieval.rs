//! Neighbours in every space: against a plain search, and as a viewer asks for them.

#[expect(dead_code, reason = "of what there is to watch a run by, these tests take a part")]
mod common;

use candle_core::{Device, Tensor};
use common::{Watched, config};
use looc::{
    data,
    engine::{
        Place,
        message::{Command, NeighbourRequest, NeighbourSheet, Phase},
        models,
    },
    eval::{Frozen, Gallery, clean},
};
use std::{ops::ControlFlow, sync::Arc};

const SMALL: &[&str] = &[
    "data.train=300",
    "data.held_out=60",
    "model.width=8",
    "train.batch=32",
    "contrast.queue=256",
    "model.bn_splits=2",
    "eval.every=0",
    "eval.images=16",
];

/// Cosines in f64 to every image of the bank, in V and in every space.
#[test]
fn a_gallery_finds_what_a_plain_search_finds() {
    let config = config(SMALL);
    let data = data::open(&config.data, &mut |_, _, _| ControlFlow::Continue(())).unwrap();
    let device = Device::Cpu;
    let learner = models::fresh(&config, &data.train, &device).unwrap();
    let frozen = || {
        let mut frozen = Frozen::of(&learner).unwrap();
        frozen.calibrate_on(&data.train, config.model.bn_splits, 0).unwrap();
        frozen
    };
    let mut gallery = Gallery::new(frozen(), 0, (data.train.len(), data.train.len()), 0);
    while gallery.progress().0 < gallery.progress().1 {
        gallery.advance(&data.train, &device).unwrap();
    }
    let query = clean(&data.held_out, &[7], &device).unwrap();
    let found = gallery.nearest(&query, 20).unwrap();
    assert_eq!(
        found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["V", "all", "color", "rotation"]
    );

    let all: Vec<u32> = (0..data.train.len() as u32).collect();
    let mut frozen = frozen();
    let mut spaces = |images: &Tensor| -> Vec<Vec<Vec<f32>>> {
        let (features, z) = frozen.represent(images).unwrap();
        std::iter::once(&features).chain(&z).map(|rows| rows.to_vec2().unwrap()).collect()
    };
    let bank = spaces(&clean(&data.train, &all, &device).unwrap());
    let queries = spaces(&query);
    for (((name, found), bank), query) in found.iter().zip(&bank).zip(&queries) {
        let dot =
            |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        let cosine = |row: &[f32]| dot(row, &query[0]) / (dot(row, row) * dot(&query[0], &query[0])).sqrt();
        let mut wanted: Vec<f64> = bank.iter().map(|row| cosine(row)).collect();
        for near in found {
            assert!((f64::from(near.cosine) - wanted[near.index]).abs() < 1e-5, "{name}");
        }
        wanted.sort_by(|a, b| b.total_cmp(a));
        for (near, wanted) in found.iter().zip(wanted) {
            assert!((f64::from(near.cosine) - wanted).abs() < 1e-5, "{name}: {} {wanted}", near.cosine);
        }
    }
}

/// The sheet that answers a request, whole.
fn answer(watched: &mut Watched, request: NeighbourRequest) -> Arc<NeighbourSheet> {
    watched.send(Command::Neighbours(request.clone()));
    let whole = |sheet: &NeighbourSheet| {
        sheet.request == request && sheet.searched.0 == sheet.searched.1 && !sheet.outdated
    };
    watched.until(|snapshot| snapshot.neighbours.as_ref().is_some_and(|sheet| whole(sheet)));
    watched.snapshot().neighbours.clone().unwrap()
}

/// While it trains, and while it rests.
#[test]
fn neighbours_are_found_while_it_trains() {
    let folder = tempfile::tempdir().unwrap();
    let mut watched = Watched::start(config(SMALL), Place::New(folder.path().join("run")), 1_000_000);
    watched.until_step(2);
    let fresh = NeighbourRequest { fresh: true, ..NeighbourRequest::default() };
    let sheet = answer(&mut watched, fresh.clone());
    assert_eq!((sheet.candidates, sheet.searched, sheet.index), (60, (300, 300), 0));
    for space in &sheet.spaces {
        assert_eq!(space.near.len(), 16);
        assert!(space.near.windows(2).all(|two| two[0].cosine >= two[1].cosine), "{}", space.name);
        assert!(space.near.iter().all(|near| near.labels.len() == 3 && near.rgb.len() == 32 * 32 * 3));
    }
    watched.send(Command::Pause);
    watched.until(|snapshot| snapshot.phase == Phase::Paused);
    // The third colour's images only; from the same model as before.
    let within = NeighbourRequest { within: Some((1, 2)), place: 1, fresh: false };
    let of_class = answer(&mut watched, within);
    assert_eq!(of_class.step, sheet.step);
    assert!(of_class.candidates < 60 && of_class.query.labels[1].0 == of_class.sets[1].1[2]);
    // A query agrees with itself, and a neighbour says whether it does.
    assert!(of_class.query.labels.iter().all(|(_, same)| *same));
    for near in of_class.spaces.iter().flat_map(|space| &space.near) {
        for ((class, same), (own, _)) in near.labels.iter().zip(&of_class.query.labels) {
            assert_eq!(class == own, *same);
        }
    }
    let step = watched.snapshot().step;
    assert_eq!(answer(&mut watched, fresh).step, step, "by the model as it is now");
    watched.stop();
}

/// After the last step, until the viewer leaves.
#[test]
fn neighbours_are_found_after_the_last_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut watched = Watched::attend(config(SMALL), Place::New(folder.path().join("run")), 3);
    watched.until(|snapshot| snapshot.phase == Phase::Finished);
    let last = answer(&mut watched, NeighbourRequest { place: 59, fresh: true, within: None });
    assert_eq!((last.step, last.index), (3, 59));
    watched.send(Command::Stop);
    assert_eq!(watched.join().phase, Phase::Finished);
}
