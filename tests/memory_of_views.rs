//! Making views takes no memory from the system once a thread has made its first ones.

mod counting;

use counting::of_this_thread;
use looc::{
    augment::{Entry, KINDS, Kind, PlanAddress, ViewPlan},
    data::{Cache, DataSettings, Donors, Images, Pixels, Recipe, make_batch, open, quiet},
    rng::Domain,
};
use serde_json::json;
use std::sync::Arc;

/// Every kind is on but JPEG, whose encoder and decoder take memory of their own; coins fall as they do by
/// default. `method` is that of texture, which is the first because of its twins.
fn entries(method: &str) -> Vec<Entry> {
    let mut kinds: Vec<_> = KINDS.iter().filter(|kind| kind.name != "jpeg").collect();
    kinds.sort_by_key(|kind| kind.name != "texture");
    assert_eq!((kinds.len(), kinds[0].name), (KINDS.len() - 1, "texture"));
    let entry = |kind: &Kind| {
        let document = if kind.name == "texture" { json!({"method": method}) } else { json!({}) };
        Entry { settings: (kind.read)(document).unwrap(), enabled: true, head: true, distinct: false }
    };
    kinds.into_iter().map(entry).collect()
}

const METHODS: [&str; 3] = ["filter", "fourier", "bank"];

fn noise(count: usize, side: usize) -> Images {
    let pixels: Vec<u8> = (0..count * side * side * 3).map(|place| (place * 31 % 251) as u8).collect();
    let twins = Images { side, pixels: pixels.into(), ..Images::default() };
    Images { twins: Some(twins.clone().into()), ..twins }
}

#[test]
fn a_view_takes_none() {
    for (side, method) in [32, 96].into_iter().flat_map(|side| METHODS.map(|method| (side, method))) {
        let entries = entries(method);
        let images = noise(40, side);
        let mut scratch = Vec::new();
        let mut source = images.image(0).unwrap();
        let (mut view, mut plan) = (source.clone(), ViewPlan::default());
        let mut donors = Donors::new(&images, &images);
        let mut make = |sample: usize| {
            let at = PlanAddress { seed: 1, domain: Domain::Views, epoch: 0, sample: sample as u64 };
            plan.redraw(&entries, at, side, side);
            source.set_bytes(images.bytes(sample, &mut scratch).unwrap());
            for params in &plan.views {
                view.pixels.clone_from(&source.pixels);
                donors.lend(sample, |others| params.apply_to(&mut view, others)).unwrap();
            }
        };
        (0..10).for_each(&mut make);
        assert_eq!(of_this_thread(|| (10..40).for_each(&mut make)), 0, "side {side}, {method}");
    }
}

/// The same from files, through the image cache.
fn stored(count: usize, side: usize) -> (tempfile::TempDir, Arc<Images>) {
    let folder = tempfile::tempdir().unwrap();
    for place in 0..count {
        let path = folder.path().join(format!("{place:02}.png"));
        image::RgbImage::from_pixel(20, 20, image::Rgb([place as u8; 3])).save(path).unwrap();
    }
    let settings = DataSettings {
        kind: "folder".into(),
        path: Some(folder.path().into()),
        size: side,
        cache: Cache::Folder(folder.path().join("cache")),
        memory: 0,
        ..DataSettings::default()
    };
    let images = open(&settings, &mut quiet).unwrap().train;
    assert!(matches!(images.pixels, Pixels::Stored(_)));
    (folder, images)
}

#[test]
fn a_larger_batch_takes_no_more_often() {
    let (_folder, stored) = stored(64, 32);
    batches_take_as_often(&noise(64, 32));
    batches_take_as_often(&stored);
}

fn batches_take_as_often(images: &Images) {
    let recipe = |batch| Recipe { entries: entries("fourier"), seed: 2, batch, threads: 1 };
    let (small, large) = (recipe(4), recipe(32));
    let of = |recipe: &Recipe| of_this_thread(|| drop(make_batch(images, recipe, 0).unwrap()));
    of(&small);
    assert_eq!(of(&small), of(&large));
}
