//! The leave-one-out plan: who shares what with whom, and what a change of the list leaves alone.

use super::*;
use std::sync::LazyLock;

/// So large that two boxes never coincide by chance.
const SIDE: usize = 1 << 20;

fn address(sample: u64) -> PlanAddress {
    PlanAddress { seed: 11, domain: Domain::Views, epoch: sample % 7, sample }
}

/// Lists of augmentations in an allowed order, each with its switches. All coins fall, so that what is
/// continuous is always drawn.
fn any_entries() -> impl Strategy<Value = Vec<Entry>> {
    let switches = proptest::collection::vec(any::<(bool, bool, bool)>(), KINDS.len());
    (Just((0..KINDS.len()).collect::<Vec<_>>()).prop_shuffle(), switches).prop_map(|(order, switches)| {
        let mut entries = Vec::new();
        for at in order {
            let (listed, enabled, head) = switches[at];
            let settings = always(KINDS[at].name);
            if listed || enabled {
                entries.push(Entry { settings, enabled, head, distinct: false });
            }
        }
        // Rotation follows flip.
        entries.sort_by_key(|entry| entry.name() == "rotation");
        entries
    })
}

/// Default settings, but all coins fall.
fn always(name: &str) -> Settings {
    let mut document = (kind(name).read)(serde_json::json!({})).unwrap().document().unwrap();
    if let Some(p) = document.get_mut("p") {
        *p = 1.0.into();
    }
    (kind(name).read)(document).unwrap()
}

/// Whether draws never coincide by chance. A flip's and a rotation's do, and so does what is not drawn at
/// all once its coin has fallen, such as a threshold.
fn continuous(name: &str) -> bool {
    static CONTINUOUS: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let differ = |kind: &&Kind| {
            let settings = always(kind.name);
            let drawn: Vec<Params> =
                (0..48).map(|seed| settings.sample(&mut stream(seed), SIDE, SIDE)).collect();
            drawn.iter().enumerate().all(|(at, one)| !drawn[..at].contains(one))
        };
        KINDS.iter().filter(differ).map(|kind| kind.name).collect()
    });
    CONTINUOUS.contains(&name)
}

#[test]
fn what_is_continuous_is_told_from_what_is_not() {
    let discrete: Vec<&str> = KINDS.iter().map(|kind| kind.name).filter(|name| !continuous(name)).collect();
    assert_eq!(discrete, ["flip", "rotation", "posterize", "solarize", "jpeg"]);
    // Those that can be distinct are of few values.
    assert!(KINDS.iter().filter(|kind| kind.discrete).all(|kind| discrete.contains(&kind.name)));
}

/// What the plan promises: kᵢ has q's parameters of augmentation i, and nothing else of any other view.
fn check(entries: &[Entry], plan: &ViewPlan) -> Result<(), String> {
    let heads = entries.iter().filter(|entry| entry.enabled && entry.head).map(Entry::name);
    let expected: Vec<&str> = ["q", "k0"].into_iter().chain(heads).collect();
    let labels: Vec<&str> = plan.views.iter().map(|view| view.name.label()).collect();
    if labels != expected {
        return Err(format!("views {labels:?}, not {expected:?}"));
    }
    let applied: Vec<&str> = entries.iter().filter(|entry| entry.enabled).map(Entry::name).collect();
    for (at, view) in plan.views.iter().enumerate() {
        let names: Vec<&str> = view.params.iter().map(|(name, _)| *name).collect();
        if names != applied {
            return Err(format!("{} applies {names:?}, not {applied:?}", view.name.label()));
        }
        for earlier in &plan.views[..at] {
            for &name in &applied {
                // q and kᵢ share i. Then k₀'s, kⱼ's and the rest of kᵢ's are draws of their own.
                let shares = earlier.name == ViewName::Query && view.name == ViewName::Sharing(name);
                let equal = earlier.of(name) == view.of(name);
                if shares && !equal || !shares && equal && continuous(name) {
                    let how = if equal { "shares" } else { "does not share" };
                    return Err(format!("{} {how} {name} with {}", view.name.label(), earlier.name.label()));
                }
            }
        }
    }
    Ok(())
}

/// The plan with one view's parameters of one augmentation replaced.
fn with(plan: &ViewPlan, view: usize, name: &str, params: Params) -> ViewPlan {
    let mut plan = plan.clone();
    plan.views[view].params.iter_mut().filter(|(of, _)| *of == name).for_each(|(_, at)| *at = params.clone());
    plan
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn each_key_shares_its_own_augmentation_with_the_query_and_nothing_else(
        entries in any_entries(), sample in 0..1000u64,
    ) {
        check_order(&entries).unwrap();
        let plan = plan(&entries, address(sample), SIDE, SIDE);
        prop_assert_eq!(check(&entries, &plan), Ok(()));
    }

    /// The property must be able to fail: plans that share too little, too much, or with the wrong view.
    #[test]
    fn a_plan_that_shares_otherwise_is_found_out(entries in any_entries(), sample in 0..1000u64) {
        let right = plan(&entries, address(sample), SIDE, SIDE);
        let anew = plan(&entries, address(sample + 1000), SIDE, SIDE);
        for (at, view) in right.views.iter().enumerate() {
            for (name, query) in right.views[0].params.iter().filter(|(name, _)| continuous(name)) {
                if view.name == ViewName::Sharing(name) {
                    // Sharing switched off: everything in kᵢ is drawn anew.
                    let drawn = anew.views[at].of(name).unwrap().clone();
                    prop_assert!(check(&entries, &with(&right, at, name, drawn)).is_err());
                    // Shared with k₀ in the query's place.
                    let general = right.views[1].of(name).unwrap().clone();
                    prop_assert!(check(&entries, &with(&right, at, name, general)).is_err());
                } else if at > 0 {
                    // k₀ shares something; kᵢ shares more than i.
                    prop_assert!(check(&entries, &with(&right, at, name, query.clone())).is_err());
                }
            }
        }
        if right.views.len() > 2 {
            let mut fewer = right.clone();
            fewer.views.pop();
            prop_assert!(check(&entries, &fewer).is_err());
        }
    }

    #[test]
    fn a_change_of_one_augmentation_leaves_every_other_draw_as_it_was(
        entries in any_entries(), which in any::<prop::sample::Index>(), sample in 0..1000u64, change in 0..5u8,
    ) {
        prop_assume!(!entries.is_empty());
        let mut changed = entries.clone();
        let at = which.index(entries.len());
        let name = entries[at].name();
        match change {
            0 => changed[at].enabled = !entries[at].enabled,
            1 => changed[at].head = !entries[at].head,
            2 => drop(changed.remove(at)),
            3 => changed[at].settings = within_ranges(kind(name), &mut || 0.25),
            _ => changed.reverse(),
        }
        let (before, after) =
            (plan(&entries, address(sample), SIDE, SIDE), plan(&changed, address(sample), SIDE, SIDE));
        for view in &before.views {
            let Some(same) = after.views.iter().find(|other| other.name == view.name) else {
                prop_assert_eq!(view.name, ViewName::Sharing(name));
                continue;
            };
            for (other, params) in view.params.iter().filter(|(other, _)| *other != name) {
                prop_assert_eq!(Some(params), same.of(other), "{} of {}", other, view.name.label());
            }
        }
    }

    #[test]
    fn seed_domain_epoch_and_sample_each_make_another_plan(entries in any_entries(), sample in 0..1000u64) {
        prop_assume!(entries.iter().any(|entry| entry.enabled && continuous(entry.name())));
        let here = address(sample);
        let at = |address| plan(&entries, address, SIDE, SIDE);
        prop_assert_eq!(at(here), at(here));
        for there in [
            PlanAddress { seed: 12, ..here },
            PlanAddress { domain: Domain::Inspect, ..here },
            PlanAddress { epoch: here.epoch + 1, ..here },
            PlanAddress { sample: here.sample + 1, ..here },
        ] {
            prop_assert!(at(there) != at(here));
        }
    }

    #[test]
    fn a_different_draw_differs(settings in any_settings(), seed in any::<u64>()) {
        let from = settings.sample(&mut stream(seed), 32, 32);
        // None only where (nearly) every draw is the same one; never a draw that is equal.
        let drawn = settings.sample_different(&mut stream(seed ^ 1), 32, 32, &from);
        prop_assert!(drawn.as_ref() != Some(&from));
    }
}

/// Rotation has four values, so a key that is drawn anew has the query's in a quarter of the plans, and one
/// that shares has it in all.
#[test]
fn a_discrete_augmentation_is_shared_always_and_otherwise_by_chance_only() {
    let entry = |name, head| Entry { settings: always(name), enabled: true, head, distinct: false };
    let entries = [entry("crop", true), entry("rotation", true)];
    let mut equal = [0; 4];
    for sample in 0..4000 {
        let views = plan(&entries, address(sample), 32, 32).views;
        for (count, view) in equal.iter_mut().zip(&views) {
            *count += usize::from(view.of("rotation") == views[0].of("rotation"));
        }
    }
    let [query, general, crop, rotation] = equal;
    assert_eq!((query, rotation), (4000, 4000));
    // 1000 ± 4.4 standard deviations of 27.4.
    assert!((880..1120).contains(&general) && (880..1120).contains(&crop), "{equal:?}");
}

/// The keys that do not share a distinct rotation never have the query's; where they had another one anyhow, and
/// in every other augmentation, they are as without it.
#[test]
fn a_distinct_augmentation_is_shared_by_its_own_key_alone() {
    let entries = |head, distinct| {
        let entry = |name, head| Entry { settings: always(name), enabled: true, head, distinct: false };
        let rotation = Entry { distinct, ..entry("rotation", head) };
        [entry("crop", true), entry("flip", false), rotation]
    };
    let mut redrawn = 0;
    for sample in 0..1000 {
        let drawn = |head, distinct| plan(&entries(head, distinct), address(sample), 32, 32);
        let (plain, distinct) = (drawn(true, false), drawn(true, true));
        let query = &plain.views[0];
        assert_eq!(&distinct.views[0], query);
        for (plain, distinct) in plain.views.iter().zip(&distinct.views).skip(1) {
            for name in ["crop", "flip"] {
                assert_eq!(plain.of(name), distinct.of(name));
            }
            let (own, before, of_query) =
                (distinct.of("rotation"), plain.of("rotation"), query.of("rotation"));
            if plain.name == ViewName::Sharing("rotation") {
                assert_eq!(own, of_query);
            } else {
                assert_ne!(own, of_query, "{:?} of sample {sample}", plain.name);
                assert!(own == before || before == of_query);
                redrawn += usize::from(before == of_query);
            }
        }
        assert_eq!(
            drawn(false, true),
            drawn(false, false),
            "without a head it is an augmentation like others"
        );
    }
    // 500 of k0 and of crop's key ± 4.4 standard deviations of 19.4.
    assert!((415..585).contains(&redrawn), "{redrawn}");
}

/// What never differs stays: a flip that always flips.
#[test]
fn a_distinct_augmentation_of_one_value_stays_as_it_is() {
    let entries = [Entry { settings: always("flip"), enabled: true, head: true, distinct: true }];
    let views = plan(&entries, address(0), 32, 32).views;
    assert!(views.iter().all(|view| view.of("flip") == Some(&Params::Flip(true))));
}

#[test]
fn sample_different_gives_up_where_there_is_one_value() {
    let of = |name: &str, document| (kind(name).read)(document).unwrap();
    for (settings, from) in [
        (of("flip", serde_json::json!({"p": 0.0})), Params::Flip(false)),
        (of("rotation", serde_json::json!({"angles": [90]})), Params::Rotation(1)),
        (of("blur", serde_json::json!({"p": 0.0})), Params::Blur(None)),
    ] {
        assert_eq!(settings.sample_different(&mut stream(0), 32, 32, &from), None);
    }
    for kind in KINDS {
        let settings = of(kind.name, serde_json::json!({}));
        let from = settings.sample(&mut stream(1), 32, 32);
        assert!(settings.sample_different(&mut stream(1), 32, 32, &from).is_some(), "{}", kind.name);
    }
}

#[test]
fn a_kind_comes_once_and_after_those_that_it_must_follow() {
    let list = |names: &[&str]| -> Vec<Entry> {
        names
            .iter()
            .map(|name| Entry { settings: always(name), enabled: false, head: false, distinct: false })
            .collect()
    };
    for good in [
        &["crop", "flip", "color", "blur", "rotation"][..],
        &["rotation", "crop"],
        &["flip", "rotation", "crop"],
        &[],
    ] {
        check_order(&list(good)).unwrap();
    }
    let error = check_order(&list(&["crop", "rotation", "color", "flip"])).unwrap_err();
    assert_eq!(error.path, "augment.3");
    assert!(error.why.starts_with("flip must come before rotation: a mirrored"), "{}", error.why);
    let error = check_order(&list(&["crop", "flip", "crop"])).unwrap_err();
    assert_eq!(error.path, "augment.2");
    assert_eq!(error.why, "crop stands at augment.0 already: each augmentation may appear once");
}
