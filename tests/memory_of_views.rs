//! Making views takes no memory from the system once a thread has made its first ones.

mod counting;

use counting::of_this_thread;
use looc::{
    augment::{Entry, Image, KINDS, PlanAddress, ViewPlan},
    data::{Images, Recipe, make_batch},
    rng::Domain,
};

/// Every operation is on; coins fall as they do by default.
fn entries() -> Vec<Entry> {
    let entry = |name| {
        let kind = KINDS.iter().find(|kind| kind.name == name).unwrap();
        let settings = (kind.read)(serde_json::json!({})).unwrap();
        Entry { settings, enabled: true, head: true, distinct: false }
    };
    ["crop", "flip", "color", "blur", "rotation"].map(entry).into()
}

fn noise(count: usize, side: usize) -> Images {
    let pixels = (0..count * side * side * 3).map(|place| (place * 31 % 251) as u8).collect();
    Images { side, pixels, labels: Vec::new() }
}

#[test]
fn a_view_takes_none() {
    let entries = entries();
    for side in [32, 96] {
        let images = noise(40, side);
        let mut source = Image::from_bytes(side, side, images.bytes(0));
        let (mut view, mut plan) = (source.clone(), ViewPlan::default());
        let mut make = |sample: usize| {
            let at = PlanAddress { seed: 1, domain: Domain::Views, epoch: 0, sample: sample as u64 };
            plan.redraw(&entries, at, side, side);
            source.set_bytes(images.bytes(sample));
            for params in &plan.views {
                view.pixels.clone_from(&source.pixels);
                params.apply_to(&mut view);
            }
        };
        (0..10).for_each(&mut make);
        assert_eq!(of_this_thread(|| (10..40).for_each(&mut make)), 0, "side {side}");
    }
}

#[test]
fn a_larger_batch_takes_no_more_often() {
    let images = noise(64, 32);
    let recipe = |batch| Recipe { entries: entries(), seed: 2, batch, threads: 1 };
    let (small, large) = (recipe(4), recipe(32));
    let of = |recipe: &Recipe| of_this_thread(|| drop(make_batch(&images, recipe, 0)));
    of(&small);
    assert_eq!(of(&small), of(&large));
}
