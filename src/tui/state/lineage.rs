//! Which run came from which: a fork knows its parent by name and by when that was made.

use super::catalogue::Listed;

/// More generations than these are not drawn apart.
const DEEPEST: usize = 6;

/// The run that this one was forked from, if it is among these.
pub fn parent_of<'a>(run: &Listed, runs: &[&'a Listed]) -> Option<&'a Listed> {
    let wanted = run.parent.as_ref()?;
    // A copy of the parent under another name was made at the same time.
    let made_then = || runs.iter().filter(|it| it.created == wanted.created && it.path != run.path);
    made_then().find(|it| it.name == wanted.name()).or_else(|| made_then().next()).copied()
}

/// Each run below the one that it was forked from, as far as that is there; children and runs without a parent stay
/// in their order. With each, how deep it lies.
pub fn tree<'a>(runs: &[&'a Listed]) -> Vec<(usize, &'a Listed)> {
    let parents: Vec<Option<&Listed>> = runs.iter().map(|run| parent_of(run, runs)).collect();
    let mut placed = Vec::with_capacity(runs.len());
    for (run, parent) in runs.iter().zip(&parents) {
        if parent.is_none() {
            place(run, 0, runs, &parents, &mut placed);
        }
    }
    // Runs that name each other as their parents: somebody wrote that.
    for run in runs {
        if !placed.iter().any(|(_, it): &(usize, &Listed)| it.path == run.path) {
            placed.push((0, *run));
        }
    }
    placed
}

fn place<'a>(
    run: &'a Listed,
    depth: usize,
    runs: &[&'a Listed],
    parents: &[Option<&Listed>],
    placed: &mut Vec<(usize, &'a Listed)>,
) {
    placed.push((depth, run));
    for (child, parent) in runs.iter().zip(parents) {
        if parent.is_some_and(|it| it.path == run.path) {
            place(child, (depth + 1).min(DEEPEST), runs, parents, placed);
        }
    }
}
