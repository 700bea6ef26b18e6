use heartline_core::{
    close::Dialect,
    echo::Event,
    line::{Ended, Input, Line, LineConfig, LineEvent, Machine, Message},
    time::{Duration, Instant},
};
use heartline_web::model::{
    echo_view,
    log::{Filter, KEPT, KEPT_BYTES, Kind, Log, What},
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
fn what_was_agreed_on_is_told() {
    let opened = |offered: Option<&str>| {
        let mut log = Log::default();
        let mut line = Line::new(LineConfig::new(Dialect::Plain), 1);
        line.connect(Instant::now());
        let subprotocol = offered.map(ToOwned::to_owned);
        line.handle(Instant::now(), Input::Opened { generation: line.generation(), subprotocol });
        while let Some(event) = line.poll_event() {
            echo_view::note(&mut log, &Event::Line(event), "12:00:00");
        }
        texts(&log)
    };
    assert_eq!(opened(None), ["connected, without a subprotocol"]);
    assert_eq!(opened(Some("chat.v2")), ["connected, subprotocol chat.v2"]);
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
    let rows = log.window(0, 9);
    assert_eq!(rows.iter().map(|row| row.kind).collect::<Vec<_>>(), [Kind::Out, Kind::In]);
    assert_eq!([&rows[0].aside, &rows[1].aside], ["5 bytes", "5 bytes, nobody asked"]);
}

#[wasm_bindgen_test]
fn the_log_is_bounded_and_its_keys_are_never_given_twice() {
    let mut log = Log::default();
    for n in 0..KEPT + 10 {
        log.note(String::new(), n.to_string());
    }
    assert_eq!(log.asked(), KEPT);
    let last = log.window(KEPT - 1, 9);
    let newest = KEPT as u64 + 9;
    assert_eq!(
        last.iter().map(|row| (row.key, row.text.clone())).collect::<Vec<_>>(),
        [(newest, newest.to_string())]
    );
    assert!(log.get(9).is_none() && log.get(10).is_some(), "the oldest went");
    assert_eq!(log.window(0, 1)[0].key, 10);

    let mut log = Log::default();
    for _ in 0..3 {
        log.message(Kind::In, String::new(), Message::Binary(vec![0; KEPT_BYTES / 2]), String::new());
    }
    assert_eq!(log.asked(), 1, "large messages push out large messages, and the newest stays");
    log.clear();
    log.note(String::new(), "anew".into());
    assert_eq!(log.window(0, 9)[0].key, 3);
}

#[wasm_bindgen_test]
fn what_is_asked_for_is_found_and_saved() {
    let mut log = Log::default();
    let text = |text: &str| Message::Text(text.to_owned());
    log.message(Kind::Out, "12:00:00".into(), text("Hello"), "5 bytes".into());
    log.note("12:00:01".into(), "line ended: hello is no code".into());
    log.message(Kind::In, "12:00:02".into(), Message::Binary(vec![0xca, 0xfe]), String::new());
    let shown = |log: &Log| log.window(0, 9).into_iter().map(|row| row.text).collect::<Vec<_>>();

    log.ask(Filter { kind: None, words: "hELLo".into() });
    assert_eq!(shown(&log), ["Hello", "line ended: hello is no code"]);
    log.message(Kind::In, "12:00:03".into(), text("say hello"), String::new());
    log.message(Kind::In, "12:00:04".into(), text("say nothing"), String::new());
    assert_eq!(log.asked(), 3, "what comes is asked, too");
    log.ask(Filter { kind: Some(Kind::In), words: "ca fe".into() });
    assert_eq!(shown(&log), ["ca fe"]);
    log.ask(Filter { kind: Some(Kind::Out), words: String::new() });
    assert_eq!(shown(&log), ["Hello"]);

    log.ask(Filter::default());
    let lines: Vec<serde_json::Value> =
        log.as_lines().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(
        lines[0],
        serde_json::json!({"time": "12:00:00", "kind": "out", "text": "Hello", "aside": "5 bytes"})
    );
    assert_eq!(lines[2], serde_json::json!({"time": "12:00:02", "kind": "in", "base64": "yv4="}));
}

#[wasm_bindgen_test]
fn a_long_message_is_shown_in_part_and_found_whole() {
    let mut log = Log::default();
    let long = "x".repeat(10_000) + "needle";
    log.message(Kind::In, String::new(), Message::Text(long.clone()), String::new());
    assert!(log.window(0, 1)[0].text.len() < 1_000);
    log.ask(Filter { kind: None, words: "NEEDLE".into() });
    assert_eq!(log.get(log.window(0, 1)[0].key).unwrap().what, What::Message(Message::Text(long)));
}

fn texts(log: &Log) -> Vec<String> {
    log.window(0, 99).into_iter().map(|row| row.text).collect()
}
