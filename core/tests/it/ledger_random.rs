//! Random lives of clients, servers and a store: whatever breaks, the ledger agrees in the end.
//!
//! `HEARTLINE_SEED` lives one of them again, the one of that seed.

use std::panic::{AssertUnwindSafe, catch_unwind};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::ledger_schedule::{Schedule, Step};
use crate::ledger_world::Life;
use crate::{asked, long};
use heartline_ledger::Totals;

#[test]
fn whatever_breaks_nothing_accepted_is_missing_or_doubled_and_every_hole_is_told() {
    if let Some(seed) = asked("HEARTLINE_SEED") {
        let schedule = Schedule::new(seed.parse().expect("HEARTLINE_SEED is a number"));
        return replay(schedule);
    }
    let lives = long(if cfg!(target_arch = "wasm32") { 60 } else { 400 }) as usize;
    let (mut accepted, mut gaps) = (0, 0);
    for seed in 0..lives as u64 {
        let schedule = Schedule::new(seed);
        match catch_unwind(AssertUnwindSafe(|| live(&schedule))) {
            Ok(totals) => (accepted, gaps) = (accepted + totals.accepted, gaps + totals.gaps),
            Err(_) => panic!(
                "it fails as said above; to live this again and see how little it takes:\n\
                 HEARTLINE_SEED={seed} cargo test -p heartline-core --test it ledger_random\n{schedule:?}"
            ),
        }
    }
    // A world in which nothing arrives, or nothing is ever lost, would prove nothing.
    assert!(accepted > 10 * lives && gaps > lives / 20, "{lives} lives, {accepted} accepted, {gaps} gaps");
}

/// Lives a schedule to its end; the ledger must agree.
fn live(schedule: &Schedule) -> Totals {
    let mut life = Life::new(schedule);
    schedule.steps.iter().for_each(|step| life.happen(step));
    life.heal();
    let findings = life.findings();
    let findings: Vec<String> = findings.iter().take(10).map(ToString::to_string).collect();
    assert!(findings.is_empty(), "the ledger finds:\n{}", findings.join("\n"));
    life.totals()
}

/// Lives one schedule; if it fails, it leaves out whatever it can while it still fails, for the reader's sake.
fn replay(schedule: Schedule) {
    let fails = |steps: &[Step]| {
        let schedule = Schedule { steps: steps.to_vec(), ..schedule };
        catch_unwind(AssertUnwindSafe(|| live(&schedule))).is_err()
    };
    let mut steps = schedule.steps.clone();
    if !fails(&steps) {
        return;
    }
    let mut piece = steps.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + piece).min(steps.len()));
            if fails(&fewer) { steps = fewer } else { at += piece }
        }
        piece /= 2;
    }
    let schedule = Schedule { steps, ..schedule };
    panic!("fails, with as little as this: {schedule:#?}");
}
