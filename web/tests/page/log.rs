use heartline_core::{
    close::Dialect,
    echo::Event,
    line::{Ended, Input, Line, LineConfig, LineEvent, Machine, Message},
    time::{Duration, Instant},
};
use heartline_web::model::{
    echo_view,
    log::{Kind, Log},
};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn a_server_that_stays_away_is_told_of_once() {
    let mut log = Log::default();
    let mut line = Line::new(LineConfig::new(Dialect::Plain), 1);
    let now = Instant::now();
    for _ in 0..3 {
        line.redial(now);
        let ended = Ended::DialFailed { why: "nobody there".into(), retry: true };
        line.handle(now, Input::Closed { generation: line.generation(), ended });
    }
    while let Some(event) = line.poll_event() {
        echo_view::note(&mut log, &Event::Line(event), "12:00:00");
    }
    assert_eq!(texts(&log), ["no connection: nobody there"]);
}

#[wasm_bindgen_test]
fn an_echo_is_told_with_what_is_odd_about_it() {
    let mut log = Log::default();
    let message = Message::Text("hello".into());
    echo_view::sent(&mut log, &message, "12:00:00");
    let unasked = Event::Unasked(message);
    echo_view::note(&mut log, &unasked, "12:00:01");
    echo_view::note(&mut log, &Event::ProbeSent { number: 1 }, "12:00:01");
    echo_view::note(&mut log, &Event::Line(LineEvent::RoundTrip(Duration::ZERO)), "12:00:01");
    let entries = log.entries();
    assert_eq!(entries.iter().map(|entry| entry.kind).collect::<Vec<_>>(), [Kind::Out, Kind::In]);
    assert_eq!([&entries[0].aside, &entries[1].aside], ["5 bytes", "nobody asked"]);
}

#[wasm_bindgen_test]
fn the_log_is_bounded_and_its_keys_are_never_given_twice() {
    let mut log = Log::default();
    for n in 0..1_000 {
        log.push(Kind::In, String::new(), n.to_string(), String::new());
    }
    let entries = log.entries();
    assert!(entries.len() < 500);
    assert_eq!(entries.last().map(|entry| (entry.key, entry.text.as_str())), Some((999, "999")));
}

fn texts(log: &Log) -> Vec<String> {
    log.entries().into_iter().map(|entry| entry.text).collect()
}
