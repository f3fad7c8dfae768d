//! Sets of labels that both parts of a set in shards have, and the share of each class that is held out.

use super::part::Part;
use crate::data::Damaged;
use crate::data::folder::split::aside;
use std::collections::BTreeSet;

/// A set of labels with its classes' names.
pub struct Set {
    pub name: String,
    pub classes: Vec<String>,
}

/// Leaves in both parts only those sets of labels that both have, in the order of the first, and of those
/// only the images that have a label in each. `names` are the names of classes by the set's name; what is
/// beyond them goes by number.
pub fn agree(
    parts: &mut [Part; 2],
    names: &[(String, Vec<String>)],
    damaged: &mut Vec<Damaged>,
    notes: &mut Vec<String>,
) -> Vec<Set> {
    let has = |part: &Part, set: &str| {
        let at = part.sets.iter().position(|own| own == set);
        at.is_some_and(|at| part.labels[at].iter().any(Option::is_some))
    };
    let (mut sets, mut seen) = (Vec::new(), BTreeSet::new());
    for set in parts.iter().flat_map(|part| &part.sets) {
        if !seen.insert(set) || !parts.iter().any(|part| has(part, set)) {
            continue;
        }
        match parts.iter().all(|part| part.is_empty() || has(part, set)) {
            true => sets.push(set.clone()),
            false => notes.push(format!("only one of the two parts has {set} labels: they are not used")),
        }
    }
    for part in parts.iter_mut() {
        choose(part, &sets);
        drop_lacking(part, damaged);
    }
    let named = |name: String| {
        let most = parts.iter().filter_map(|part| {
            let at = part.sets.iter().position(|own| *own == name)?;
            part.labels[at].iter().flatten().max().copied()
        });
        let count = most.max().map_or(0, |most| usize::from(most) + 1);
        let known = names.iter().filter(|(set, _)| *set == name).map(|(_, names)| names);
        let mut classes = known.max_by_key(|names| names.len()).cloned().unwrap_or_default();
        classes.extend((classes.len()..count).map(|class| class.to_string()));
        Set { name, classes }
    };
    let sets: Vec<Set> = sets.into_iter().map(named).collect();
    for set in &sets {
        if let [only] = set.classes.as_slice() {
            notes.push(format!("all images are of one {}, {only}: accuracies mean nothing", set.name));
        }
    }
    sets
}

/// Leaves these sets of labels, in this order.
fn choose(part: &mut Part, sets: &[String]) {
    let take = |set: &String| {
        let at = part.sets.iter().position(|own| own == set);
        at.map(|at| std::mem::take(&mut part.labels[at])).unwrap_or_default()
    };
    part.labels = sets.iter().map(take).collect();
    part.sets = sets.to_vec();
}

/// Leaves out the images without a label where others have one.
fn drop_lacking(part: &mut Part, damaged: &mut Vec<Damaged>) {
    let mut lacking = vec![false; part.count];
    for (place, name) in std::mem::take(&mut part.lacking) {
        let set = part.labels.iter().position(|of| of[place].is_none());
        if let Some(set) = set {
            damaged.push(Damaged { file: name, why: format!("it has no {} label", part.sets[set]) });
            lacking[place] = true;
        }
    }
    if lacking.contains(&true) {
        part.take(&lacking);
    }
}

/// Takes a share of each class out of a part, of all images where there are no classes.
pub fn hold_out(part: &mut Part, sets: &[Set], share: f64) -> Part {
    let mut out = vec![false; part.count];
    match (part.labels.first(), sets.first()) {
        (Some(of), Some(set)) => {
            let mut places = vec![Vec::new(); set.classes.len()];
            for (place, class) in of.iter().enumerate() {
                places[usize::from(class.unwrap_or_default())].push(place);
            }
            for (places, name) in places.iter().zip(&set.classes) {
                let aside = aside(places.len(), name, share);
                places.iter().zip(aside).for_each(|(&place, aside)| out[place] = aside);
            }
        }
        _ => out = aside(part.count, "", share),
    }
    part.take(&out)
}
