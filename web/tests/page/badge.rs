use heartline_core::{
    close::Dialect,
    line::{Ended, Input, Line, LineConfig, Machine, Message, Proof},
    time::{Duration, Instant},
};
use heartline_web::{
    components::{app::provide_tick, badge::Badge as View},
    model::badge::{Badge, Tone},
};
use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{mount, settled};

#[wasm_bindgen_test]
fn an_open_line_without_proof_is_unknown_and_never_green() {
    let (mut line, now) = open(Proof::Auto);
    line.handle(now, Input::Message { generation: 1, message: Message::Text("somebody speaks".into()) });
    let badge = of(&line);
    assert_eq!((badge.tone, badge.state), (Tone::Unknown, "Connected, life unknown"));
    assert!(badge.last_sign.is_some());
}

#[wasm_bindgen_test]
fn a_beat_that_was_answered_is_green() {
    let (mut line, now) = open(Proof::Text { send: "beat".into(), expect: "beat".into() });
    let mut at = now;
    for _ in 0..3 {
        at = line.poll_timeout().map_or(at, |(due, _)| due);
        line.handle(at, Input::Timeout);
        line.handle(at, Input::Message { generation: 1, message: Message::Text("beat".into()) });
    }
    assert_eq!(of(&line).tone, Tone::Good);
    assert!(of(&line).round_trip.is_some());
}

#[wasm_bindgen_test]
fn why_a_line_ended_is_not_forgotten_over_dials_that_fail() {
    let (mut line, now) = open(Proof::Auto);
    let later = now + Duration::from_secs(75);
    line.handle(
        later,
        Input::Closed { generation: 1, ended: Ended::Code { code: 1006, reason: String::new() } },
    );
    let ended = of(&line);
    assert!(ended.last_end.as_ref().unwrap().contains("1006"));
    assert!(ended.last_end.as_ref().unwrap().ends_with("it lived 1 min 15 s"));
    assert_eq!(ended.dial, Some("Now"));

    line.redial(later);
    let failed = Ended::DialFailed { why: "nobody there".into(), retry: true };
    line.handle(later, Input::Closed { generation: line.generation(), ended: failed });
    let badge = Badge::of(&line, &ended);
    assert_eq!(badge.last_end, ended.last_end);
    assert_eq!(badge.last_dial.as_deref(), Some("nobody there"));

    line.redial(later);
    line.handle(later, Input::Opened { generation: line.generation(), subprotocol: None });
    assert_eq!(Badge::of(&line, &badge).last_dial, None, "there is a line again");
}

#[wasm_bindgen_test]
fn an_outage_is_read_out_once() {
    let mut line = Line::new(LineConfig::new(Dialect::Plain), 1);
    let now = Instant::now();
    line.connect(now);
    let connecting = of(&line);
    line.handle(
        now,
        Input::Closed { generation: 1, ended: Ended::DialFailed { why: String::new(), retry: true } },
    );
    let waiting = of(&line);
    assert_ne!(connecting.state, waiting.state);
    assert_eq!(connecting.spoken(), waiting.spoken());
}

#[wasm_bindgen_test]
async fn the_countdown_has_a_button() {
    let pressed = ArcRwSignal::new(0);
    let count = pressed.clone();
    let mounted = mount(move || {
        provide_tick();
        let mut badge = Badge::idle();
        badge.next_dial = Some(Instant::now() + Duration::from_secs(90));
        badge.dial = Some("Now");
        let on_now = Callback::new(move |()| count.update(|count| *count += 1));
        view! { <View shown=RwSignal::new(badge) on_now /> }
    });
    settled().await;
    assert_eq!(mounted.text("badge-next-dial"), "in 1 min 30 s");
    assert_eq!(mounted.text("badge-rtt"), "–");
    mounted.click("dial-now").await;
    assert_eq!(pressed.get_untracked(), 1);
}

fn of(line: &Line) -> Badge {
    Badge::of(line, &Badge::idle())
}

fn open(proof: Proof) -> (Line, Instant) {
    let mut config = LineConfig::new(Dialect::Plain);
    config.proof = proof;
    let mut line = Line::new(config, 1);
    let now = Instant::now();
    line.connect(now);
    line.handle(now, Input::Opened { generation: 1, subprotocol: None });
    (line, now)
}
