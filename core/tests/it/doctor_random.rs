//! Whatever ends lines, and whatever lines there are to see it by: the doctor claims nothing that is false.

use std::cell::Cell;

use heartline_core::doctor::{Effect, Finding, Kind, Sign, Story, Verdict};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::doctor_hop::{Means, Mechanism, Path, Server, verdict};
use crate::fixed;

#[test]
fn what_is_claimed_of_one_mechanism_is_true_of_it() {
    TestRunner::new(fixed(400))
        .run(&(path(), any::<u32>()), |(path, kept)| {
            let stories = some_of(path.stories(), kept);
            let verdict = verdict(&stories, path.watch);
            let (mechanism, _) = &path.hops[0];
            prop_assert!(verdict.findings.len() <= 1, "one mechanism, and more found: {}", verdict.text());
            for finding in &verdict.findings {
                is_true(finding, mechanism, &verdict)?;
            }
            Ok(())
        })
        .unwrap();
}

/// One mechanism is believed before two, so two whose ends happen to fall together pass for one. That takes a chance: it is rare.
#[test]
fn what_is_sure_of_two_mechanisms_is_true_of_one_of_them_but_for_rare_chances() {
    let is_told = |means: &Means| matches!(means, Means::Fin | Means::Reset | Means::Close(_));
    let cases =
        (path(), mechanism(), means()).prop_filter("too close to tell", move |(path, mechanism, means)| {
            let (one, other) = (number(&path.hops[0].0), number(mechanism));
            (one - other).abs() > 0.2 * one.max(other) + 0.5 && is_told(means) && is_told(&path.hops[0].1)
        });
    let (sure, wrong) = (Cell::new(0), Cell::new(0));
    TestRunner::new(fixed(400))
        .run(&cases, |(path, mechanism, means)| {
            let path = path.and(mechanism, means);
            let verdict = verdict(&path.stories(), path.watch);
            for finding in verdict.findings.iter().filter(|finding| finding.is_sure) {
                let is_true =
                    path.hops.iter().any(|(mechanism, _)| is_true(finding, mechanism, &verdict).is_ok());
                sure.set(sure.get() + 1);
                wrong.set(wrong.get() + u32::from(!is_true));
            }
            Ok(())
        })
        .unwrap();
    assert!(sure.get() > 150, "only {} findings were sure: this shows nothing", sure.get());
    assert!(wrong.get() * 200 <= sure.get(), "{} of {} were wrong", wrong.get(), sure.get());
}

fn number(mechanism: &Mechanism) -> f64 {
    match mechanism {
        Mechanism::Timer { period, .. }
        | Mechanism::FirstMessage { period }
        | Mechanism::Sweep { period, .. } => *period,
        Mechanism::Pong { grace } => *grace,
        Mechanism::Event { at } | Mechanism::Drain { at, .. } => *at,
        Mechanism::Refused { after } => *after,
    }
}

#[test]
fn no_story_however_absurd_makes_it_panic() {
    let story = any::<(u32, u8, u32, u32, Option<u32>)>();
    let mark = any::<(u32, u8)>();
    let stories = proptest::collection::vec((story, proptest::collection::vec(mark, 0..12)), 0..12);
    TestRunner::new(fixed(600))
        .run(&stories, |stories| {
            let stories: Vec<Story> = stories.into_iter().map(absurd).collect();
            let verdict = verdict(&stories, 10.0);
            prop_assert!(!verdict.text().is_empty());
            let _ = heartline_core::doctor::ladder::bracket(&stories);
            let json = serde_json::to_string(&verdict).unwrap();
            let again: Verdict = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(again.cause, verdict.cause);
            Ok(())
        })
        .unwrap();
}

/// Whether a finding claims nothing that is false of what really ended the lines.
fn is_true(finding: &Finding, mechanism: &Mechanism, verdict: &Verdict) -> Result<(), TestCaseError> {
    let words = || format!("{mechanism:?}\n{finding:?}\n{}", verdict.text());
    let (kind, number, set): (Kind, f64, Vec<Sign>) = match mechanism {
        Mechanism::Timer { period, set } if set.is_empty() => (Kind::Lifetime, *period, Vec::new()),
        Mechanism::Timer { period, set } => (Kind::IdleTimer, *period, set.clone()),
        Mechanism::FirstMessage { period } => (Kind::FirstMessage, *period, vec![Sign::ClientData]),
        Mechanism::Pong { grace } => (Kind::PongDemanded, *grace, vec![Sign::ClientControl]),
        Mechanism::Event { at } => (Kind::Event, *at, Vec::new()),
        Mechanism::Refused { after } => (Kind::MessageRefused, *after, Vec::new()),
        Mechanism::Sweep { .. } | Mechanism::Drain { .. } => {
            unreachable!("they are not drawn: what is not exact is never sure")
        }
    };
    prop_assert!(finding.kinds.contains(&kind), "the truth was left out: {}", words());
    if finding.is_sure {
        prop_assert_eq!(finding.kind, Some(kind), "sure of another: {}", words());
    }
    for (sign, effect) in &finding.effects {
        match effect {
            Effect::Resets => prop_assert!(set.contains(sign), "{sign:?} does not: {}", words()),
            Effect::DoesNot => prop_assert!(!set.contains(sign), "{sign:?} does: {}", words()),
            Effect::Unknown => {}
        }
    }
    let measure = if kind == Kind::Event { finding.moment } else { finding.period };
    if let Some(measure) = measure.filter(|_| finding.kind == Some(kind)) {
        let is_within = measure.least.as_secs_f64() <= number
            && measure.most.is_none_or(|most| most.as_secs_f64() >= number);
        prop_assert!(is_within, "{number} s is out of bounds: {}", words());
        if let Some(about) = measure.about {
            let off = (about.as_secs_f64() - number).abs();
            prop_assert!(off <= (number * 0.05).max(0.5), "{number} s, told as {about:?}: {}", words());
        }
    }
    Ok(())
}

/// Those stories whose bit is set: a watch that was cut short, or a shell that opened others.
fn some_of(stories: Vec<Story>, kept: u32) -> Vec<Story> {
    // Every other case has them all.
    if kept.is_multiple_of(2) {
        return stories;
    }
    stories.into_iter().filter(|story| kept & (1 << (story.number % 32)) != 0).collect()
}

fn path() -> impl Strategy<Value = Path> {
    let server = (any::<bool>(), prop::bool::weighted(0.8), rare(), rare())
        .prop_map(|(echoes, answers, pings, talks)| Server { echoes, answers, pings, talks });
    (mechanism(), means(), server, any::<u64>(), any::<bool>()).prop_map(
        |(mechanism, means, server, seed, is_long)| {
            let path = Path { seed, ..Path::new(mechanism, means).server(server) };
            if is_long { Path { watch: 24.0, beat: 0.7, ..path } } else { path }
        },
    )
}

/// The server does it now and then, in few cases.
fn rare() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![2 => Just(None), 1 => (0.3..6.0).prop_map(Some)]
}

fn mechanism() -> impl Strategy<Value = Mechanism> {
    let set = prop::sample::subsequence(Sign::ALL.to_vec(), 0..=5);
    prop_oneof![
        4 => (1.0..16.0, set).prop_map(|(period, set)| Mechanism::Timer { period, set }),
        1 => (1.0..12.0).prop_map(|period| Mechanism::FirstMessage { period }),
        1 => (0.3..6.0).prop_map(|grace| Mechanism::Pong { grace }),
        1 => (2.0..15.0).prop_map(|at| Mechanism::Event { at }),
        1 => (0.15..0.6).prop_map(|after| Mechanism::Refused { after }),
    ]
}

fn means() -> impl Strategy<Value = Means> {
    prop_oneof![
        3 => Just(Means::Fin),
        1 => Just(Means::Reset),
        1 => prop_oneof![Just(1000_u16), Just(1001), Just(4000)].prop_map(Means::Close),
        2 => (0..3_u32, any::<bool>()).prop_map(|(unacknowledged, half)| Means::Nothing { unacknowledged, half }),
        1 => Just(Means::ResetLater),
    ]
}

type Absurd = ((u32, u8, u32, u32, Option<u32>), Vec<(u32, u8)>);

/// A story out of any numbers: ends before it begins, marks in no order.
fn absurd(((number, kinds, opened, at, probed), marks): Absurd) -> Story {
    use heartline_core::doctor::{Ending, Fate, How, Life, Mark, Standing};
    use heartline_core::time::Duration;
    let millis = |millis: u32| Duration::from_millis(u64::from(millis) % 20_000);
    let lives =
        [Life::Silence, Life::Mute, Life::TcpKeepalive, Life::Pongs, Life::Pings, Life::Data, Life::Once];
    let how = match kinds % 8 {
        0 => How::Fin,
        1 => How::Reset,
        2 => How::CloseFrame { code: number as u16, reason: "\u{1b}[2J".to_owned() },
        3 => How::Error { why: "Connection timed out (os error 110)".to_owned() },
        4 => How::Silence { probed: Duration::from_millis(u64::from(at)), tcp: None },
        _ => How::Silence { probed: probed.map_or(Duration::MAX, millis), tcp: None },
    };
    let fate = if kinds % 3 == 0 {
        Fate::Stood(Standing { at: millis(at), proven: kinds % 2 == 0 })
    } else {
        Fate::Ended(Ending { at: millis(at), how })
    };
    let marks =
        marks.into_iter().map(|(at, sign)| Mark { at: millis(at), sign: Sign::ALL[usize::from(sign) % 5] });
    Story {
        number,
        life: lives[usize::from(kinds / 8) % 7],
        opened: millis(opened),
        marks: marks.collect(),
        probed: probed.map(millis),
        fate,
    }
}
