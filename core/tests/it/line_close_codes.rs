//! What each end of a line leads to.

use std::collections::BTreeMap;

use heartline_core::close::{Dialect, code};
use heartline_core::line::{
    Cause, Ended, Input, Line, LineConfig, LineEvent, Machine, Message, Reason, Reconnect, State,
};
use heartline_core::policy::{MAX_TOLD_WAIT, Policy};
use heartline_core::time::{Duration, Instant};
use heartline_core::wire::{self, Beat, Limits, ServerMessage};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{draining, page, secs, v1};

/// What the design's tables say.
const COME_BACK: [u16; 8] = [1001, 1005, 1006, 1011, 1012, 1013, 1014, 3008];
const STAY_AWAY: [u16; 10] = [1000, 1002, 1003, 1007, 1008, 1009, 1010, 1015, 3000, 3003];
const OTHER_COME_BACK: [u16; 6] = [3001, 3999, 4005, 4042, 4410, 4999];
const V1_COME_BACK: [u16; 5] = [4000, 4001, 4002, 4003, 4004];
const V1_STAY_AWAY: [u16; 5] = [4400, 4403, 4406, 4408, 4409];

#[test]
fn every_close_code_does_what_the_table_says_on_a_plain_line() {
    for code in COME_BACK.into_iter().chain(OTHER_COME_BACK).chain(V1_COME_BACK).chain(V1_STAY_AWAY) {
        assert!(comes_back(&closed_with(open(page()), code)), "{code}");
    }
    for code in STAY_AWAY {
        assert!(is_final(&closed_with(open(page()), code)), "{code}");
    }
}

#[test]
fn every_close_code_does_what_the_table_says_on_a_v1_line() {
    for code in COME_BACK.into_iter().chain(OTHER_COME_BACK).chain(V1_COME_BACK) {
        assert!(comes_back(&closed_with(open(v1()), code)), "{code}");
    }
    for code in STAY_AWAY.into_iter().chain(V1_STAY_AWAY) {
        assert!(is_final(&closed_with(open(v1()), code)), "{code}");
    }
}

#[test]
fn reconnect_overrides_the_table() {
    for dialect in [Dialect::Plain, Dialect::V1] {
        for code in (0..=5000).step_by(7).chain(1000..1020).chain(V1_STAY_AWAY) {
            let always = LineConfig { reconnect: Reconnect::Always, ..LineConfig::new(dialect) };
            assert!(comes_back(&closed_with(open(always), code)), "{code}");
            let never = LineConfig { reconnect: Reconnect::Never, ..LineConfig::new(dialect) };
            let line = closed_with(open(never), code);
            assert!(matches!(line.state(), State::Closed(Reason::NoReconnect(_))), "{code}");
        }
    }
}

#[test]
fn ends_without_a_close_frame_come_back() {
    for ended in [Ended::Eof, Ended::Reset { why: "reset".to_owned() }] {
        for config in [page(), v1()] {
            let (mut line, now) = open(config);
            line.handle_closed(now, 1, ended.clone());
            assert!(comes_back(&line), "{ended:?}");
            assert_eq!(line.last_end().unwrap().cause, Cause::Peer(ended.clone()));
        }
    }
}

#[test]
fn http_statuses_that_may_pass_come_back_and_others_do_not() {
    let passing: BTreeMap<u16, bool> = [
        (200, false),
        (301, false),
        (400, false),
        (401, false),
        (403, false),
        (404, false),
        (408, true),
        (425, true),
        (426, false),
        (429, true),
        (500, true),
        (501, false),
        (502, true),
        (503, true),
        (504, true),
    ]
    .into();
    for (status, passes) in passing {
        let line = dial_ended(page(), refused(status, None));
        assert_eq!((comes_back(&line), is_final(&line)), (passes, !passes), "{status}");
    }
}

#[test]
fn retry_after_sets_the_shortest_wait_and_nobody_comes_back_at_the_same_moment() {
    let cap = Policy::default().reconnect().base();
    let mut waits: Vec<_> = (0..100)
        .map(|seed| {
            let now = Instant::now();
            let mut line = Line::new(page(), seed);
            line.connect(now);
            line.handle_closed(now, 1, refused(503, Some(secs(7))));
            line.next_dial().unwrap() - now
        })
        .collect();
    assert!(waits.iter().all(|wait| (secs(7)..=secs(7) + cap).contains(wait)), "{waits:?}");
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 90, "only {} different waits", waits.len());
}

#[test]
fn an_absurd_retry_after_is_cut() {
    let line = dial_ended(page(), refused(429, Some(Duration::MAX)));
    let wait = line.next_dial().unwrap() - line.last_end().unwrap().at;
    assert!(wait <= MAX_TOLD_WAIT + Policy::default().reconnect().cap(), "{wait:?}");
}

#[test]
fn a_dial_that_cannot_ever_succeed_is_final() {
    for retry in [false, true] {
        let why = "the certificate is for another name".to_owned();
        let line = dial_ended(page(), Ended::DialFailed { why, retry });
        assert_eq!(comes_back(&line), retry);
    }
}

#[test]
fn the_first_dial_is_final_where_nobody_insists() {
    let config = LineConfig { retry_first: false, ..page() };
    let failed = || Ended::DialFailed { why: "refused".to_owned(), retry: true };
    let line = dial_ended(config.clone(), failed());
    assert!(matches!(line.state(), State::Closed(Reason::FirstDial(_))));

    let (mut line, now) = open(config);
    line.handle_closed(now, 1, Ended::Eof);
    line.handle_timeout(now + secs(1));
    line.handle_closed(now + secs(1), 2, failed());
    assert!(comes_back(&line), "once a line was open, the command insists");
}

#[test]
fn a_second_4401_in_a_row_is_final() {
    let config = LineConfig { token_source: true, ..v1() };
    let mut line = closed_with(open(config), code::UNAUTHORIZED);
    assert!(comes_back(&line));
    assert_eq!(tokens_wanted(&mut line), 1);
    // Other ends in between do not count as an answer to the token.
    let now = dial_again(&mut line);
    line.handle_closed(now, 2, Ended::Eof);
    let now = dial_again(&mut line);
    line.handle_opened(now, 3, Some(wire::PROTOCOL.to_owned()));
    line.handle_closed(now, 3, Ended::Code { code: code::UNAUTHORIZED, reason: String::new() });
    assert!(is_final(&line));

    // Somebody who connects by hand has perhaps another token, and gets the same two chances.
    line.connect(now);
    line.handle_opened(now, 4, Some(wire::PROTOCOL.to_owned()));
    line.handle_closed(now, 4, Ended::Code { code: code::UNAUTHORIZED, reason: String::new() });
    assert!(comes_back(&line));
}

#[test]
fn a_4401_after_a_welcome_begins_to_count_anew() {
    let config = LineConfig { token_source: true, ..v1() };
    let mut line = closed_with(open(config), code::UNAUTHORIZED);
    for generation in 2..6 {
        let now = dial_again(&mut line);
        line.handle_opened(now, generation, Some(wire::PROTOCOL.to_owned()));
        line.handle_message(now, generation, welcome());
        line.handle_closed(now, generation, Ended::Code { code: 4401, reason: String::new() });
        assert!(comes_back(&line), "dial {generation}");
    }
}

#[test]
fn a_4401_without_a_source_of_tokens_is_final_at_once() {
    let mut line = closed_with(open(v1()), code::UNAUTHORIZED);
    assert!(is_final(&line));
    assert_eq!(tokens_wanted(&mut line), 0);
}

#[test]
fn a_token_that_ran_out_is_fetched_anew_as_often_as_it_does() {
    let mut line = closed_with(open(v1()), code::TOKEN_EXPIRED);
    for generation in 2..6 {
        assert!(comes_back(&line));
        assert_eq!(tokens_wanted(&mut line), 1);
        let now = dial_again(&mut line);
        line.handle_opened(now, generation, Some(wire::PROTOCOL.to_owned()));
        line.handle_message(now, generation, welcome());
        line.handle_closed(now, generation, Ended::Code { code: 4004, reason: String::new() });
    }
}

#[test]
fn a_draining_server_is_come_back_to_within_its_window_however_it_left() {
    let code = |code| Ended::Code { code, reason: String::new() };
    for ended in [code(4002), code(1001), code(1006), Ended::Eof, Ended::Reset { why: "gone".to_owned() }] {
        let longest = (0..200).map(|seed| wait_after_draining(seed, ended.clone())).max().unwrap();
        assert!((secs(50)..=secs(60)).contains(&longest), "{longest:?} after {ended:?}");
    }
}

#[test]
fn a_window_of_one_line_does_not_outlive_it() {
    let (mut line, now) = open(v1());
    line.handle_message(now, 1, Message::Text(draining(secs(300)).encode()));
    line.disconnect(now, 1000, "");
    line.connect(now);
    line.handle_closed(now, 2, Ended::Eof);
    assert!(line.next_dial().unwrap() - now <= Policy::default().reconnect().base());
}

fn wait_after_draining(seed: u64, ended: Ended) -> Duration {
    let now = Instant::now();
    let mut line = Line::new(v1(), seed);
    line.connect(now);
    line.handle_opened(now, 1, Some(wire::PROTOCOL.to_owned()));
    line.handle_message(now, 1, Message::Text(draining(secs(60)).encode()));
    line.handle_closed(now, 1, ended);
    line.next_dial().unwrap() - now
}

fn welcome() -> Message {
    let welcome = ServerMessage::Welcome {
        session: "s".to_owned(),
        you: "y".to_owned(),
        heartbeat: Beat::default(),
        limits: Limits::default(),
    };
    Message::Text(welcome.encode())
}

fn refused(status: u16, retry_after: Option<Duration>) -> Ended {
    Ended::Refused { status, retry_after, why: format!("the server answered {status}") }
}

fn open(config: LineConfig) -> (Line, Instant) {
    let now = Instant::now();
    let subprotocol = (config.dialect == Dialect::V1).then(|| wire::PROTOCOL.to_owned());
    let mut line = Line::new(config, 1);
    line.connect(now);
    line.handle_opened(now, 1, subprotocol);
    assert_eq!(*line.state(), State::Open);
    (line, now)
}

fn closed_with((mut line, now): (Line, Instant), code: u16) -> Line {
    line.handle(now, Input::Closed { generation: 1, ended: Ended::Code { code, reason: "why".to_owned() } });
    line
}

fn dial_ended(config: LineConfig, ended: Ended) -> Line {
    let now = Instant::now();
    let mut line = Line::new(config, 1);
    line.connect(now);
    line.handle_closed(now, 1, ended);
    line
}

fn dial_again(line: &mut Line) -> Instant {
    let due = line.next_dial().unwrap();
    line.handle_timeout(due);
    due
}

fn comes_back(line: &Line) -> bool {
    matches!(line.state(), State::Waiting { .. })
}

fn is_final(line: &Line) -> bool {
    matches!(line.state(), State::Closed(Reason::Final(_)))
}

fn tokens_wanted(line: &mut Line) -> usize {
    std::iter::from_fn(|| line.poll_event()).filter(|event| *event == LineEvent::TokenWanted).count()
}
