//! What the doctor advises: intervals that fit twice into a period, policies that are valid, names only where something points to them.

use heartline_core::doctor::{
    Handshake, HandshakeVerdict, Pointer, Sign, Sureness, Survey, TcpKeepalive, Verdict, Watch, Which,
    diagnose, interval_for, policy_for,
};
use heartline_core::policy::Policy;
use heartline_core::time::Duration;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::doctor_hop::{Means, Mechanism, Path, secs};
use crate::fixed;

#[test]
fn intervals_are_what_people_would_write() {
    for (period, interval) in [
        (60.0, Some(25.0)),
        (55.0, Some(25.0)),
        (30.0, Some(10.0)),
        (100.0, Some(45.0)),
        (240.0, Some(110.0)),
        (350.0, Some(165.0)),
        (3.0, Some(1.2)),
        (2.0, Some(1.0)),
        (1.4, None),
        (0.0, None),
    ] {
        assert_eq!(interval_for(secs(period)), interval.map(secs), "{period} s");
    }
}

#[test]
fn two_beats_fit_into_any_period_and_every_policy_is_valid() {
    TestRunner::new(fixed(500))
        .run(&(0_u64..200_000_000), |millis| {
            let period = Duration::from_millis(millis);
            let interval = interval_for(period);
            if let Some(interval) = interval.filter(|interval| *interval > Duration::from_secs(1)) {
                prop_assert!(interval * 2 <= period - period / 25, "{interval:?} for {period:?}");
            }
            let policy = policy_for(interval);
            prop_assert_eq!(Policy::from_json(&policy.to_json()), Ok(policy.clone()));
            prop_assert!(policy.heartbeat().interval() <= Policy::default().heartbeat().interval());
            Ok(())
        })
        .unwrap();
    assert_eq!(policy_for(None), Policy::default());
    assert_eq!(policy_for(Some(Duration::MAX)), Policy::default());
}

#[test]
fn a_number_alone_makes_nobody_likely() {
    let verdict = idle(60.0, &[]);
    assert!(!verdict.suspects.is_empty());
    assert!(
        verdict.suspects.iter().all(|suspect| suspect.sureness == Sureness::Unknown),
        "{:?}",
        verdict.suspects
    );
    assert!(verdict.suspects.iter().all(|suspect| !suspect.source.is_empty()));
}

#[test]
fn a_field_and_a_number_make_one_likely_and_doubtful_sources_are_told_with_their_doubt() {
    let nginx = idle(60.0, &[("Server", "nginx/1.24.0", "nginx")]);
    assert_eq!((nginx.suspects[0].who.as_str(), nginx.suspects[0].sureness), ("nginx", Sureness::Likely));
    let other = idle(90.0, &[("Server", "nginx", "nginx")]);
    assert!(other.suspects[0].why.contains("here set to another value"), "{:?}", other.suspects);
    let heroku = idle(55.0, &[("Via", "1.1 heroku-router", "a proxy that names itself")]);
    assert_eq!(heroku.suspects[0].who, "Heroku's router");
    let cloudflare = idle(100.0, &[("CF-RAY", "8", "Cloudflare")]);
    assert!(cloudflare.suspects[0].why.contains("known from a quote only"), "{:?}", cloudflare.suspects);
}

#[test]
fn each_of_the_three_keep_alives_is_told_what_it_would_have_noticed() {
    let told = idle(60.0, &[]);
    assert_eq!(
        told.keepalives.iter().map(|one| one.which).collect::<Vec<_>>(),
        [Which::Tcp, Which::Http, Which::WebSocket]
    );
    assert!(
        told.keepalives.iter().all(|one| one.notices_after.is_none()),
        "there was nothing to notice: the end was told"
    );
    let silent = Path::new(
        Mechanism::Timer { period: 4.0, set: Sign::ALL.to_vec() },
        Means::Nothing { unacknowledged: 1, half: false },
    );
    let lost = silent.verdict();
    assert_eq!(lost.keepalives[0].notices_after, Some(Duration::from_secs(7875)));
    assert_eq!(lost.keepalives[1].notices_after, None, "HTTP's never notices");
    assert_eq!(lost.keepalives[2].notices_after, Some(lost.policy().heartbeat().detection()));
    assert!(lost.keepalives[0].text.contains("the first one comes too late"), "{}", lost.keepalives[0].text);
}

/// A proxy with an idle timer, and an answer with these fields and whom they point to.
fn idle(period: f64, fields: &[(&str, &str, &str)]) -> Verdict {
    let set = vec![Sign::ClientData, Sign::ClientControl, Sign::ServerData, Sign::ServerControl];
    let path = Path {
        watch: 3.0 * period,
        beat: period / 20.0,
        ..Path::new(Mechanism::Timer { period, set }, Means::Fin)
    };
    let pointers = fields.iter().map(|(field, value, suggests)| Pointer {
        field: (*field).to_owned(),
        value: (*value).to_owned(),
        suggests: (*suggests).to_owned(),
    });
    let handshake =
        Handshake { verdict: HandshakeVerdict::Open, pointers: pointers.collect(), ..Handshake::default() };
    let survey = Survey { handshake: Some(handshake), ..Survey::default() };
    let watch = Watch { lasted: secs(path.watch), ..Watch::default() };
    diagnose(&survey, &watch, &path.stories(), &TcpKeepalive::default())
}
