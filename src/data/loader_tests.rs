use super::*;
use crate::augment::{Entry, KINDS, ViewName};
use crate::data::{Donors, make_batch};

fn images(count: usize, side: usize) -> Arc<Images> {
    let pixels: Vec<u8> = (0..count * side * side * 3).map(|place| (place * 31 % 251) as u8).collect();
    Arc::new(Images { side, pixels: pixels.into(), ..Images::default() })
}

fn recipe(batch: usize) -> Recipe {
    let with = |name: &str, document, head| {
        let kind = KINDS.iter().find(|kind| kind.name == name).unwrap();
        Entry { settings: (kind.read)(document).unwrap(), enabled: true, head, distinct: false }
    };
    let entry = |name, head| with(name, serde_json::json!({}), head);
    // Takes something of other images.
    let texture = with("texture", serde_json::json!({"method": "fourier"}), false);
    let (crop, flip) = (entry("crop", false), entry("flip", false));
    let entries = vec![crop, flip, texture, entry("color", true), entry("rotation", true)];
    Recipe { entries, seed: 5, batch, threads: 1 }
}

#[test]
fn batches_are_those_of_their_steps_across_epochs() {
    let (images, recipe) = (images(10, 8), recipe(3));
    let mut loader = Loader::start(images.clone(), recipe.clone(), 0).unwrap();
    for step in 0..8 {
        let batch = loader.next_batch().unwrap();
        assert_eq!((batch.step, batch.epoch, batch.indices.len()), (step, step / 3, 3));
        assert_eq!(batch, make_batch(&images, &recipe, step).unwrap());
    }
}

#[test]
fn a_restart_at_any_step_goes_on_as_if_nothing_had_been() {
    let (images, recipe) = (images(10, 8), recipe(4));
    for first in [1, 2, 5, 1_000_003] {
        let mut loader = Loader::start(images.clone(), recipe.clone(), first).unwrap();
        for step in first..first + 3 {
            assert_eq!(loader.next_batch().unwrap(), make_batch(&images, &recipe, step).unwrap());
        }
    }
}

#[test]
fn views_are_those_of_the_plan_normalised() {
    use crate::augment::{PlanAddress, plan};
    let (images, recipe) = (images(6, 8), recipe(2));
    let batch = make_batch(&images, &recipe, 4).unwrap();
    let names: Vec<ViewName> = batch.views.iter().map(|(name, _)| *name).collect();
    let heads = [ViewName::Sharing("color"), ViewName::Sharing("rotation")];
    assert_eq!(names, [ViewName::Query, ViewName::General, heads[0], heads[1]]);
    let length = 3 * 8 * 8;
    for (place, &index) in batch.indices.iter().enumerate() {
        let domain = crate::rng::Domain::Views;
        let address = PlanAddress { seed: recipe.seed, domain, epoch: 1, sample: index.into() };
        for (params, (_, made)) in plan(&recipe.entries, address, 8, 8).views.iter().zip(&batch.views) {
            let mut expected = vec![0.0; length];
            let mut donors = Donors::new(&images, &images);
            let image = images.image(index as usize).unwrap();
            let view = donors.lend(index as usize, |others| params.apply(&image, others)).unwrap();
            crate::data::normalise(&view, &mut expected);
            assert_eq!(made[place * length..(place + 1) * length], expected);
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let images = images(9, 8);
    let one = make_batch(&images, &recipe(7), 0).unwrap();
    for threads in [0, 2, 3, 7, 50] {
        assert_eq!(
            one,
            make_batch(&images, &Recipe { threads, ..recipe(7) }, 0).unwrap(),
            "{threads} threads"
        );
    }
}

/// Whoever makes them and whoever takes them, and when: batches of a step are the same.
#[test]
fn the_times_at_which_batches_are_made_and_taken_change_nothing() {
    let images = images(20, 8);
    let mut chance = crate::rng::Stream::at(1, crate::rng::Domain::Order, Default::default());
    let mut wait = move || std::thread::sleep(std::time::Duration::from_micros(chance.below(2_000).into()));
    for threads in 1..=4 {
        let recipe = Recipe { threads, ..recipe(5) };
        let expected: Vec<Batch> = (0..12)
            .map(|step| make_batch(&images, &Recipe { threads: 1, ..recipe.clone() }, step).unwrap())
            .collect();
        // Two at once, from steps apart; the second is thrown away and begun again in the middle.
        let begin = |first| Loader::start(images.clone(), recipe.clone(), first).unwrap();
        let (mut one, mut other) = (begin(0), begin(6));
        for step in 0..12usize {
            wait();
            assert_eq!(one.next_batch().unwrap(), expected[step], "{threads} threads");
            if step == 3 {
                other = begin(9);
                wait();
                assert_eq!(other.next_batch().unwrap(), expected[9], "{threads} threads");
            } else if step < 3 {
                wait();
                assert_eq!(other.next_batch().unwrap(), expected[6 + step], "{threads} threads");
            }
        }
    }
    // The thread that makes them is kept waiting itself.
    let (of, recipe) = (images.clone(), recipe(5));
    let (all, same) = (recipe.clone(), recipe.clone());
    let mut slow = Loader::spawn(move |sender, _| {
        for step in 0..12 {
            wait();
            if sender.send(make_batch(&of, &all, step)).is_err() {
                return;
            }
        }
    })
    .unwrap();
    for step in 0..12 {
        assert_eq!(slow.next_batch().unwrap(), make_batch(&images, &same, step).unwrap());
    }
}

#[test]
fn no_augmentation_leaves_q_and_its_key_as_the_image() {
    let images = images(4, 8);
    let batch = make_batch(&images, &Recipe { entries: Vec::new(), ..recipe(2) }, 0).unwrap();
    assert_eq!(batch.views.len(), 2);
    assert_eq!(batch.views[0].1, batch.views[1].1);
}

#[test]
fn a_batch_that_cannot_be_filled_is_refused() {
    for batch in [0, 5] {
        let message = Loader::start(images(4, 8), recipe(batch), 0).err().unwrap().to_string();
        assert!(message.contains("train.batch") && message.contains('4'), "{message}");
    }
    assert!(Loader::start(images(4, 8), recipe(4), 0).is_ok());
}

/// Ends with the test, or hangs it: once while the thread waits for room, once while it works.
#[test]
fn drop_joins_the_thread() {
    let images = images(64, 32);
    let mut waiting = Loader::start(images.clone(), recipe(1), 0).unwrap();
    let stop = Arc::downgrade(&waiting.stop);
    waiting.next_batch().unwrap();
    drop(waiting);
    assert!(stop.upgrade().is_none(), "the thread still holds its flag");
    let working = Loader::start(images.clone(), recipe(64), 0).unwrap();
    drop(working);
    assert_eq!(Arc::strong_count(&images), 1, "the thread still holds the images");
}

#[test]
fn a_panic_of_the_thread_is_an_error_that_says_what_it_said() {
    let mut loader = Loader::spawn(|_, _| panic!("angle {} is odd", 7)).unwrap();
    let message = loader.next_batch().unwrap_err().to_string();
    assert!(message.contains("angle 7 is odd"), "{message}");
    assert_eq!(loader.next_batch().unwrap_err().to_string(), message);
}
