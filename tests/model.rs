//! Random edits and kills: after each, the run's directory and its process are what a small model of a run says.
//!
//! A kill is a copy of the directory at that moment, with the torn ends that a kill leaves, in which another
//! process goes on. `LOOC_ROUNDS` makes more of it: 32 are 10,240 transitions.

#[expect(dead_code, reason = "of what there is to watch a run by, these tests take a part")]
mod common;
#[path = "model/course.rs"]
mod course;
#[path = "common/record.rs"]
#[expect(dead_code, reason = "these tests change no record under right hashes")]
mod record;
#[path = "model/run.rs"]
mod run;

use course::{Course, Transition};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use run::{Run, TALLY};
use std::sync::atomic::Ordering;

/// Of one round: so many sequences of so many transitions.
const SEQUENCES: u32 = 8;
const TRANSITIONS: usize = 40;

struct Agreement;

impl StateMachineTest for Agreement {
    type SystemUnderTest = Run;
    type Reference = Course;

    fn init_test(_: &Course) -> Run {
        Run::new()
    }

    fn apply(mut run: Run, expected: &Course, transition: Transition) -> Run {
        run.make(&transition, expected);
        run
    }

    fn check_invariants(run: &Run, expected: &Course) {
        run.agrees(expected);
    }

    fn teardown(run: Run, expected: Course) {
        run.ends_as_recorded(&expected);
    }
}

#[test]
fn random_edits_and_kills_agree_with_the_model() {
    let rounds = std::env::var("LOOC_ROUNDS").map_or(1, |rounds| rounds.parse().expect("a number"));
    let config = Config {
        cases: SEQUENCES * rounds,
        rng_seed: RngSeed::Fixed(55),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let sequences = Course::sequential_strategy(TRANSITIONS);
    let mut runner = TestRunner::new(config.clone());
    let agrees = runner.run(&sequences, |(first, transitions, seen)| {
        Agreement::test_sequential(config.clone(), first, transitions, seen);
        Ok(())
    });
    agrees.unwrap_or_else(|error| panic!("{error}"));
    let tally = [&TALLY.all, &TALLY.edits, &TALLY.kills, &TALLY.resumed];
    let [all, edits, kills, resumed] = tally.map(|it| it.load(Ordering::Relaxed));
    println!("case 55: {all} transitions, {edits} edits, {kills} kills, 0 differ");
    println!("resumed {resumed} times");
    assert_eq!(all, TRANSITIONS as u64 * u64::from(SEQUENCES * rounds));
    assert!(edits * 10 > all && kills * 10 > all && resumed * 10 > all, "the test has lost its eyes");
}
