//! The doctor names what ends lines: every scenario of real hops and servers, in a model of them.

use heartline_core::doctor::{
    Address, Cause, Effect, Ending, Fate, Finding, How, Kind, Life, Manner, Reached, Report, Sign, Survey,
    TcpKeepalive, Tls, Verdict, Watch, diagnose,
};
use heartline_core::time::Duration;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::doctor_hop::{Means, Mechanism, Path, Server, secs, verdict};

const OURS: [Sign; 2] = [Sign::ClientData, Sign::ClientControl];
const THEIRS: [Sign; 2] = [Sign::ServerData, Sign::ServerControl];
const BYTES: [Sign; 4] = [Sign::ClientData, Sign::ClientControl, Sign::ServerData, Sign::ServerControl];

#[test]
fn a_proxy_that_closes_after_a_silence_is_an_idle_timer_that_bytes_of_either_side_reset() {
    let verdict = timer(3.0, &BYTES, Means::Fin).verdict();
    let finding = only(&verdict, Cause::IdleTimer);
    assert_eq!(finding.manner, Manner::Cut);
    assert_about(finding, 3.0);
    assert_eq!(
        finding.effect(Sign::ClientControl),
        Effect::Resets,
        "pong frames kept a line up by themselves"
    );
    assert_eq!(finding.effect(Sign::TcpProbe), Effect::DoesNot);
    let words = verdict.text();
    for said in [
        "An idle timer of about 3.0 s",
        "TCP was closed (FIN) without a close frame",
        "hardly the application",
        "heartbeat of 1.2 s",
    ] {
        assert!(words.contains(said), "{said}: {words}");
    }
}

#[test]
fn behind_an_echo_alone_it_is_not_known_which_half_of_it_counts() {
    let verdict = timer(3.0, &BYTES, Means::Fin).verdict();
    let finding = only(&verdict, Cause::IdleTimer);
    for sign in [Sign::ClientData, Sign::ServerData, Sign::ServerControl] {
        assert_eq!(finding.effect(sign), Effect::Unknown, "{sign:?}");
    }
    assert!(verdict.text().contains("is not known"), "{}", verdict.text());
}

#[test]
fn a_proxy_that_times_the_server_alone_is_told_by_lines_that_only_one_side_speaks_on() {
    let path = timer(3.0, &THEIRS, Means::Fin).server(Server { pings: Some(1.0), ..Server::default() });
    assert_eq!(path.verdict().cause, Cause::NothingEnded, "pings of the server keep all lines up");
    let verdict = timer(3.0, &THEIRS, Means::Fin).verdict();
    let finding = only(&verdict, Cause::IdleTimer);
    assert_eq!(finding.effect(Sign::ClientControl), Effect::DoesNot);
    assert_eq!(finding.effect(Sign::ServerControl), Effect::Resets);
    assert_eq!(finding.effect(Sign::ServerData), Effect::Unknown, "of an echo, either half may count");
    assert_about(finding, 3.0);
}

#[test]
fn a_proxy_that_times_the_client_alone_is_told_from_one_that_times_both() {
    let path =
        timer(3.0, &OURS, Means::Fin).server(Server { echoes: false, talks: Some(0.7), ..Server::default() });
    let verdict = path.verdict();
    let finding = only(&verdict, Cause::IdleTimer);
    assert_about(finding, 3.0);
    for (sign, effect) in [
        (Sign::ClientData, Effect::Resets),
        (Sign::ClientControl, Effect::Resets),
        (Sign::ServerData, Effect::DoesNot),
        (Sign::ServerControl, Effect::Unknown),
        (Sign::TcpProbe, Effect::DoesNot),
    ] {
        assert_eq!(finding.effect(sign), effect, "{sign:?}");
    }
}

#[test]
fn a_server_that_closes_with_a_code_is_named_with_it() {
    let verdict = timer(4.0, &[Sign::ClientData], Means::Close(1001)).verdict();
    let finding = only(&verdict, Cause::IdleTimer);
    assert_eq!(finding.manner, Manner::Closed { code: 1001 });
    assert_about(finding, 4.0);
    assert_eq!(finding.effect(Sign::ClientControl), Effect::DoesNot);
    let words = verdict.text();
    assert!(words.contains("close frame 1001") && words.contains("speaks WebSocket"), "{words}");
}

#[test]
fn whoever_counts_messages_only_looks_into_frames_and_is_no_proxy_of_bytes() {
    let verdict = timer(3.0, &[Sign::ClientData, Sign::ServerData], Means::Fin).verdict();
    assert!(only(&verdict, Cause::IdleTimer).tells_frames_apart());
    let words = verdict.text();
    assert!(
        words.contains("tells messages from pings") && !words.contains("hardly the application"),
        "{words}"
    );
    assert!(verdict.suspects.is_empty(), "{:?}", verdict.suspects);
    let verdict = timer(3.0, &BYTES, Means::Fin).verdict();
    assert!(!only(&verdict, Cause::IdleTimer).tells_frames_apart());
    assert!(!verdict.suspects.is_empty());
}

#[test]
fn a_reset_is_told_from_an_orderly_end() {
    let verdict = timer(3.0, &BYTES, Means::Reset).verdict();
    assert_about(only(&verdict, Cause::IdleTimer), 3.0);
    assert!(verdict.text().contains("TCP was reset (RST)"), "{}", verdict.text());
}

#[test]
fn a_lifetime_ends_busy_lines_as_well() {
    let verdict = timer(4.0, &[], Means::Fin).verdict();
    let finding = only(&verdict, Cause::Lifetime);
    assert_about(finding, 4.0);
    assert_eq!(verdict.heartbeat, None, "none helps");
    assert!(verdict.text().contains("No heartbeat helps"), "{}", verdict.text());
}

#[test]
fn a_reload_ends_lines_of_all_ages_at_one_moment() {
    for means in [Means::Fin, Means::Close(1001), Means::Reset] {
        let verdict = path(Mechanism::Event { at: 8.0 }, means.clone()).verdict();
        let finding = only(&verdict, Cause::Event);
        let moment = finding.moment.unwrap().about.unwrap().as_secs_f64();
        assert!((moment - 8.0).abs() <= 0.5, "{means:?}: {moment}");
        assert_eq!(verdict.heartbeat, None);
    }
}

#[test]
fn a_firewall_that_drops_silently_is_found_by_the_ladder() {
    for period in [2.0, 3.0, 4.5, 5.5] {
        let mut all = BYTES.to_vec();
        all.push(Sign::TcpProbe);
        let verdict = timer(period, &all, nothing(3)).verdict();
        let finding = only(&verdict, Cause::SilentIdleTimer);
        assert_about(finding, period);
        assert_eq!(finding.effect(Sign::TcpProbe), Effect::Resets, "it counts packets");
        assert_eq!(finding.effect(Sign::ClientControl), Effect::Resets);
        let words = verdict.text();
        assert!(words.contains("nobody is told") && words.contains("deadline"), "{words}");
    }
}

#[test]
fn a_hop_that_forgets_and_resets_what_comes_later_is_an_idle_timer() {
    let mut all = BYTES.to_vec();
    all.push(Sign::TcpProbe);
    let verdict = timer(4.0, &all, Means::ResetLater).verdict();
    let finding = only(&verdict, Cause::IdleTimer);
    assert_about(finding, 4.0);
    assert_eq!(finding.effect(Sign::TcpProbe), Effect::Resets);
}

#[test]
fn one_direction_that_is_lost_is_named() {
    let server = Server { talks: Some(0.7), echoes: false, ..Server::default() };
    let lost = Means::Nothing { unacknowledged: 4, half: true };
    let verdict = path(Mechanism::Event { at: 6.0 }, lost).server(server).verdict();
    let finding = only(&verdict, Cause::PathLost);
    assert!(finding.one_direction);
    assert!(verdict.text().contains("what we send gets lost"), "{}", verdict.text());
}

#[test]
fn a_frozen_server_is_told_from_a_path_that_is_lost() {
    let event = || Mechanism::Event { at: 7.0 };
    let frozen = path(event(), nothing(0)).verdict();
    only(&frozen, Cause::Frozen);
    assert!(frozen.text().contains("its system still acknowledges"), "{}", frozen.text());
    assert!(frozen.text().contains("Here never"), "TCP's keepalive does not notice: {}", frozen.text());
    let lost = path(event(), nothing(5)).verdict();
    only(&lost, Cause::PathLost);
    for verdict in [frozen, lost] {
        let moment = verdict.findings[0].moment.unwrap();
        assert!(moment.least <= secs(7.0) && moment.most.unwrap() >= secs(7.0), "{moment:?}");
    }
}

#[test]
fn a_server_that_wants_its_pings_answered_ends_who_does_not() {
    let server = Server { pings: Some(2.0), ..Server::default() };
    let verdict = path(Mechanism::Pong { grace: 1.5 }, Means::Fin).server(server).verdict();
    let finding = only(&verdict, Cause::PongDemanded);
    assert_eq!(finding.lines.len(), 1);
    for said in
        ["Lines stand as long as the server's pings are answered", "Answer pings", "hides an idle timer"]
    {
        assert!(verdict.text().contains(said), "{said}: {}", verdict.text());
    }
}

#[test]
fn a_server_that_answers_no_pings_is_not_taken_for_a_dead_one() {
    let server = Server { answers: false, ..Server::default() };
    let quiet = path(Mechanism::Event { at: 99.0 }, Means::Fin).server(server.clone());
    assert_eq!(quiet.verdict().cause, Cause::NothingEnded);
    let verdict = timer(3.0, &BYTES, Means::Fin).server(server).verdict();
    assert_about(only(&verdict, Cause::IdleTimer), 3.0);
}

#[test]
fn a_server_that_wants_a_first_word_is_told_from_an_idle_timer() {
    let verdict = path(Mechanism::FirstMessage { period: 3.0 }, Means::Close(4000)).verdict();
    let finding = only(&verdict, Cause::FirstMessageDemanded);
    assert_about(finding, 3.0);
    assert!(verdict.text().contains("right after the opening"), "{}", verdict.text());
}

#[test]
fn what_the_doctors_own_message_brought_about_hides_nothing_else() {
    let refused = Mechanism::Refused { after: 0.1 };
    let verdict = path(refused.clone(), Means::Close(1003)).verdict();
    let finding = only(&verdict, Cause::MessageRefused);
    assert_eq!(finding.lines.len(), 2, "those that sent one");
    let verdict = timer(3.0, &BYTES, Means::Fin).and(refused, Means::Close(1003)).verdict();
    assert_eq!(verdict.cause, Cause::IdleTimer, "{}", verdict.text());
    assert!(verdict.text().contains("does not expect that one"), "{}", verdict.text());
}

#[test]
fn pings_of_the_server_hide_a_longer_timer_and_the_doctor_says_so() {
    let server = Server { pings: Some(2.0), ..Server::default() };
    let verdict = timer(5.0, &BYTES, Means::Fin).server(server).verdict();
    assert_eq!(verdict.cause, Cause::NothingEnded);
    assert!(verdict.text().contains("hides an idle timer"), "{}", verdict.text());
}

#[test]
fn a_timer_that_looks_at_the_clock_now_and_then_is_still_an_idle_timer_and_less_sure() {
    for every in [1.0, 1.4] {
        let verdict = path(Mechanism::Sweep { period: 4.0, every }, Means::Close(1001)).verdict();
        let finding = only(&verdict, Cause::IdleTimer);
        assert!(!finding.is_sure);
        let period = finding.period.unwrap();
        assert!(period.least <= secs(4.0) && period.most.unwrap() >= secs(4.0), "{period:?}");
    }
}

#[test]
fn a_server_that_ends_at_its_sweep_who_left_its_ping_unanswered_wants_answers() {
    // The ping that stayed unanswered is a sweep old, and the silences of all others are as long.
    let server = Server { pings: Some(3.0), ..Server::default() };
    let verdict = path(Mechanism::Pong { grace: 3.0 }, Means::Fin).server(server).verdict();
    only(&verdict, Cause::PongDemanded);
}

#[test]
fn a_server_that_wants_no_line_at_all_is_named_with_what_it_says() {
    let verdict = path(Mechanism::Timer { period: 0.1, set: Vec::new() }, Means::Close(4401)).verdict();
    assert_eq!(verdict.cause, Cause::NoLine, "{}", verdict.text());
    let words = verdict.text();
    assert!(
        words.contains("as soon as it is open") && words.contains("4401") && words.contains("a token"),
        "{words}"
    );
    assert_eq!(verdict.heartbeat, None);
}

#[test]
fn a_limit_on_messages_is_no_event_and_no_timer() {
    let mut stories = path(Mechanism::Event { at: 99.0 }, Means::Fin).stories();
    for story in stories.iter_mut().filter(|story| story.life == Life::Data) {
        story.probed = None;
        story.marks.retain(|mark| mark.at < secs(3.05));
        story.fate =
            Fate::Ended(Ending { at: secs(3.1), how: How::CloseFrame { code: 1008, reason: String::new() } });
    }
    let verdict = verdict(&stories, 15.0);
    assert_eq!(verdict.cause, Cause::Unexplained, "{}", verdict.text());
    assert!(verdict.text().contains("Only lines that send messages ended"), "{}", verdict.text());
}

#[test]
fn a_shutdown_that_takes_its_time_is_still_an_event() {
    let verdict = path(Mechanism::Drain { at: 8.0, within: 3.0 }, Means::Close(1001)).verdict();
    let finding = only(&verdict, Cause::Event);
    assert!(!finding.is_sure);
}

#[test]
fn a_server_that_takes_leave_of_some_and_drops_others_is_one_event() {
    let mut stories = path(Mechanism::Event { at: 8.0 }, Means::Close(1001)).stories();
    // By themselves two lines of one age could have had a lifetime.
    for story in stories.iter_mut().filter(|story| [1, 2].contains(&story.number)) {
        if let Fate::Ended(ending) = &mut story.fate {
            ending.how = How::Fin;
        }
    }
    let verdict = verdict(&stories, 15.0);
    assert_eq!(verdict.cause, Cause::Event, "{}", verdict.text());
    assert_eq!(verdict.findings.len(), 2);
}

#[test]
fn a_survey_alone_claims_nothing_of_how_lines_end() {
    let report = Report::new(
        "ws://example.org".to_owned(),
        "2026-11-26T08:00:00Z".to_owned(),
        Watch::default(),
        nginx(),
        Vec::new(),
        TcpKeepalive::default(),
    );
    assert_eq!(report.verdict.cause, Cause::NothingEnded);
    assert!(report.text().contains("No line was watched"), "{}", report.text());
}

#[test]
fn a_certificate_that_ends_soon_and_an_address_that_takes_nobody_are_told() {
    let reached = |address: &str, reached| Address { address: address.to_owned(), reached };
    let survey = Survey {
        tls: Some(Tls { version: "TLS 1.3".to_owned(), days_left: Some(5), ..Tls::default() }),
        addresses: vec![
            reached("192.0.2.1:443", Reached::Connected(secs(0.02))),
            reached("[2001:db8::1]:443", Reached::Failed("connection refused".to_owned())),
        ],
        ..nginx()
    };
    let verdict = diagnose(&survey, &Watch::default(), &[], &TcpKeepalive::default());
    for said in ["good for 5 more days", "Renew the certificate", "[2001:db8::1]:443"] {
        assert!(verdict.text().contains(said), "{said}: {}", verdict.text());
    }
}

#[test]
fn lines_of_one_of_several_servers_that_ended_together_are_said_to_have() {
    let mut stories = path(Mechanism::Event { at: 99.0 }, Means::Fin).stories();
    for story in stories.iter_mut().filter(|story| [1, 4, 6].contains(&story.number)) {
        story.probed = None;
        story.marks.retain(|mark| mark.at < secs(7.0));
        story.fate = Fate::Ended(Ending { at: secs(7.0 + f64::from(story.number) / 100.0), how: How::Fin });
    }
    let verdict = verdict(&stories, 15.0);
    assert_eq!(verdict.cause, Cause::Unexplained, "{}", verdict.text());
    assert!(verdict.text().contains("one of several servers"), "{}", verdict.text());
}

#[test]
fn two_hands_are_told_apart_by_their_manner_and_within_one() {
    let idle = || timer(3.0, &BYTES, Means::Fin);
    let lifetime = || Mechanism::Timer { period: 7.0, set: Vec::new() };
    for path in [idle().and(lifetime(), Means::Close(1001)), idle().and(lifetime(), Means::Fin)] {
        let verdict = path.verdict();
        assert_eq!(verdict.cause, Cause::Several, "{}", verdict.text());
        assert!(
            verdict.headline.contains("(about 3.0 s); lines end at the same age"),
            "{}",
            verdict.headline
        );
        let causes: Vec<(Option<Kind>, f64)> =
            verdict.findings.iter().map(|finding| (finding.kind, about(finding))).collect();
        assert_eq!(causes.len(), 2, "{causes:?}");
        assert_eq!(causes[0].0, Some(Kind::IdleTimer));
        assert_eq!(causes[1].0, Some(Kind::Lifetime));
        assert!((causes[0].1 - 3.0).abs() < 0.5 && (causes[1].1 - 7.0).abs() < 0.5, "{causes:?}");
    }
}

#[test]
fn what_could_be_either_is_said_to_be() {
    let path = timer(3.0, &BYTES, Means::Fin);
    let silent: Vec<_> =
        path.stories().into_iter().filter(|story| story.life == Life::Silence && story.number == 1).collect();
    let verdict = verdict(&silent, path.watch);
    assert_eq!(verdict.cause, Cause::Ambiguous);
    let finding = &verdict.findings[0];
    assert!(
        finding.kinds.contains(&Kind::IdleTimer)
            && finding.kinds.contains(&Kind::Lifetime)
            && finding.kinds.contains(&Kind::Event)
    );
    assert!(!finding.is_sure && finding.kind.is_none());
}

#[test]
fn where_nothing_ended_no_more_is_claimed_than_was_watched() {
    let verdict = timer(60.0, &BYTES, Means::Fin).verdict();
    assert_eq!(verdict.cause, Cause::NothingEnded);
    assert!(verdict.text().contains("Within 15.0 s nothing ended a line"), "{}", verdict.text());
    assert_eq!(verdict.policy(), heartline_core::policy::Policy::default());
}

#[test]
fn without_any_story_there_is_no_line() {
    assert_eq!(verdict(&[], 0.0).cause, Cause::NoLine);
}

#[test]
fn the_classic_case_reads_as_a_tired_person_needs_it() {
    let mut path = timer(60.0, &BYTES, Means::Fin);
    (path.watch, path.beat) = (180.0, 3.0);
    let report = Report::new(
        "wss://example.org/live".to_owned(),
        "2026-11-26T08:00:00Z".to_owned(),
        Watch { lasted: secs(path.watch), beat: secs(path.beat), ..Watch::default() },
        nginx(),
        path.stories(),
        TcpKeepalive::default(),
    );
    let words = report.text();
    for said in [
        "An idle timer of about 60.0 s",
        "without a byte in either direction",
        "its default (proxy_read_timeout) is 60 s, and the answer said `Server: nginx/1.22.1`",
        "Set a heartbeat of 25 s",
        "Lines end after about 60.0 s without a byte in either direction: TCP was closed (FIN) without a close frame. Ping frames from \
         you and messages from you kept a line up, TCP keepalive did not. Set a heartbeat of 25 s, or at nginx raise",
        "TCP keepalive does not help here",
        "raise `proxy_read_timeout`",
        "7200/75/9",
        "7875 s (2 h 11 min 15 s)",
    ] {
        assert!(words.contains(said), "{said}: {words}");
    }
    assert_eq!(report.policy.heartbeat().interval(), Duration::from_secs(25));
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap().verdict.cause, Cause::IdleTimer);
}

fn nginx() -> Survey {
    use heartline_core::doctor::{Handshake, HandshakeVerdict, Pointer};
    let pointer = Pointer {
        field: "Server".to_owned(),
        value: "nginx/1.22.1".to_owned(),
        suggests: "nginx".to_owned(),
    };
    let handshake = Handshake {
        verdict: HandshakeVerdict::Open,
        status: Some(101),
        pointers: vec![pointer],
        ..Handshake::default()
    };
    Survey { handshake: Some(handshake), ..Survey::default() }
}

fn timer(period: f64, set: &[Sign], means: Means) -> Path {
    path(Mechanism::Timer { period, set: set.to_vec() }, means)
}

fn path(mechanism: Mechanism, means: Means) -> Path {
    Path::new(mechanism, means)
}

fn nothing(unacknowledged: u32) -> Means {
    Means::Nothing { unacknowledged, half: false }
}

/// The one finding, which must have this cause.
fn only(verdict: &Verdict, cause: Cause) -> &Finding {
    assert_eq!(verdict.cause, cause, "{}\n{:#?}", verdict.text(), verdict.findings);
    assert_eq!(verdict.findings.len(), 1, "{}", verdict.text());
    &verdict.findings[0]
}

fn about(finding: &Finding) -> f64 {
    finding.period.and_then(|period| period.about).map_or(f64::NAN, |about| about.as_secs_f64())
}

/// Within half a second or 5 %, as the issue asks.
fn assert_about(finding: &Finding, period: f64) {
    let told = about(finding);
    assert!((told - period).abs() <= (period * 0.05).max(0.5), "{told} for {period}: {:?}", finding.period);
}
