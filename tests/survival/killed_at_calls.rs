//! Killed at a certain call to the system: at each of those that bring something to the disk.

use crate::{
    course::{Course, was_killed},
    strace::{chosen, counts, killed_at, missing, under},
    tally::Tally,
};
use std::collections::BTreeSet;

/// Kills what `course` makes at each call that it makes, and lets it go on.
fn at_each_call(tally: &mut Tally, course: impl Fn() -> Course) {
    if let Some(why) = missing() {
        return tally.skip(why);
    }
    let mut places = BTreeSet::new();
    for (call, count) in counts(&mut course()) {
        for n in chosen(count) {
            let mut course = course();
            course.under = under(&[&format!("inject={call}:signal=SIGKILL:when={n}")]);
            let ended = course.train();
            let Some(place) = killed_at(&course) else { continue };
            let what = format!("killed at {place}, {call} {n} of {count}");
            assert!(was_killed(ended), "{what}: {ended}");
            tally.tried += 1;
            course.look(tally, &what);
            course.compare(tally, &what);
            places.insert(place);
        }
    }
    println!("killed at {} places: {}", places.len(), places.into_iter().collect::<Vec<_>>().join(", "));
}

/// Case 1. The run's own files, its journal, its figures, its checkpoints, and the removal of older ones.
#[test]
fn a_run_killed_at_any_call_goes_on_with_the_same_bits() {
    at_each_call(&mut Tally::new("1", "kills at a call of a run"), Course::new);
}

/// Cases 1 and 3. The same while it takes up what another kill left.
#[test]
fn a_resume_killed_at_any_call_is_resumed() {
    at_each_call(&mut Tally::new("1, 3", "kills at a call of a resumed run"), || {
        let mut course = Course::new();
        // In the middle of its fourth checkpoint.
        course.under = under(&["inject=fsync:signal=SIGKILL:when=28"]);
        assert!(was_killed(course.train()), "{}", course.said());
        course
    });
}
