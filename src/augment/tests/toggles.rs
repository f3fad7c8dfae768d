//! Whatever is done to one augmentation, every other one draws what it drew: for all pairs of the registry.

use super::*;

/// Enough that no coin, angle or threshold of few values is the same in all of them by chance.
const SAMPLES: u64 = 64;
const SIDE: usize = 224;

fn entry(kind: &Kind, head: bool) -> Entry {
    let mut document = (kind.read)(serde_json::json!({})).unwrap().document().unwrap();
    if let Some(p) = document.get_mut("p") {
        // Coins that may fall either way are drawn too.
        *p = 0.7.into();
    }
    Entry { settings: (kind.read)(document).unwrap(), enabled: true, head, distinct: kind.discrete && head }
}

/// What `name` draws in each view of each sample.
fn drawn(entries: &[Entry], name: &str, seed: u64) -> Vec<(u64, ViewName, Params)> {
    let of = |sample: u64| {
        let at = PlanAddress { seed, domain: Domain::Views, epoch: sample % 3, sample };
        let views = plan(entries, at, SIDE, SIDE).views;
        views.into_iter().map(move |view| (sample, view.name, view.of(name).unwrap().clone()))
    };
    (0..SAMPLES).flat_map(of).collect()
}

/// The same, of the views that are there whatever is done to the other.
fn kept(entries: &[Entry], name: &'static str) -> Vec<(u64, ViewName, Params)> {
    let mut drawn = drawn(entries, name, 5);
    let always = [ViewName::Query, ViewName::General, ViewName::Sharing(name)];
    drawn.retain(|(_, view, _)| always.contains(view));
    drawn
}

#[test]
fn toggling_one_augmentation_leaves_the_draws_of_every_other() {
    let (mut pairs, mut lists) = (0, 0);
    for one in KINDS {
        for other in KINDS.iter().filter(|other| other.name != one.name) {
            pairs += 1;
            for head in [false, true] {
                let alone = entry(other, head);
                let expected = kept(std::slice::from_ref(&alone), other.name);
                assert!(expected.iter().any(|it| it.2 != expected[0].2), "{} draws nothing", other.name);
                for (toggled, enabled) in [(entry(one, false), false), (entry(one, false), true)]
                    .into_iter()
                    .chain([(entry(one, true), true), (entry(one, true), false)])
                {
                    let toggled = Entry { enabled, ..toggled };
                    for list in [[toggled.clone(), alone.clone()], [alone.clone(), toggled.clone()]] {
                        lists += 1;
                        assert!(kept(&list, other.name) == expected, "{}: {list:?}", other.name);
                    }
                }
            }
        }
    }
    assert_eq!(pairs, KINDS.len() * (KINDS.len() - 1));
    println!("case 52: {pairs} pairs, {lists} lists of {SAMPLES} samples, 0 differ");
}

/// The control: draws of another address are other draws, of every augmentation.
#[test]
fn draws_that_moved_are_seen() {
    for kind in KINDS {
        let entries = [entry(kind, true)];
        assert!(drawn(&entries, kind.name, 5) != drawn(&entries, kind.name, 6), "{}", kind.name);
    }
}
