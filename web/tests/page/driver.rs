use std::{cell::RefCell, rc::Rc};

use heartline_core::{
    close::Dialect,
    line::{Ended, Input, Line, LineConfig, LineEvent, Machine, Message, State, Transmit},
    policy::Policy,
    time::{Duration, Instant},
};
use heartline_web::driver::Driver;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{FakeDial, Happening, Recorder, Wires};

#[wasm_bindgen_test]
fn a_line_opens_and_carries_messages() {
    let wires = Wires::default();
    let heard = Rc::new(RefCell::new(Vec::new()));
    let driver = drive(line(), wires.dial(), heard.clone());
    driver.with(Line::connect);
    assert_eq!(wires.done(), ["dial 1"]);

    wires.tell(0)(Input::Opened { generation: 1, subprotocol: None });
    assert!(driver.read(|line| *line.state() == State::Open));
    driver.with(|line, now| line.send(now, Message::Text("hi".into()))).unwrap();
    assert_eq!(wires.done()[1..], ["send Text(\"hi\")"]);

    wires.tell(0)(Input::Message { generation: 1, message: Message::Text("hi".into()) });
    assert!(heard.borrow().contains(&LineEvent::Message(Message::Text("hi".into()))));
}

#[wasm_bindgen_test]
fn an_abandoned_wire_is_dropped_and_its_late_words_are_nothing() {
    let wires = Wires::default();
    let driver = drive(line(), wires.dial(), Rc::default());
    driver.with(Line::connect);
    driver.with(Line::redial);
    driver.with(Line::connect);
    assert_eq!(wires.done()[..2], ["dial 1", "dropped 1"], "the old one goes before the new one is dialled");
    let generation = driver.read(Line::generation);
    assert!(generation > 1);

    wires.tell(0)(Input::Opened { generation: 1, subprotocol: None });
    wires.tell(0)(Input::Closed { generation: 1, ended: Ended::Eof });
    assert!(driver.read(|line| matches!(line.state(), State::Connecting { .. })));
    assert_eq!(driver.read(Line::generation), generation);
}

#[wasm_bindgen_test]
fn what_the_browser_refuses_to_dial_is_not_dialled_again() {
    let dial = FakeDial { wires: Wires::default(), refuses: Some("not a URL") };
    let driver = drive(line(), dial, Rc::default());
    driver.with(Line::connect);
    assert!(driver.read(|line| matches!(line.state(), State::Closed(_))));
    assert!(driver.read(|line| line.last_end().unwrap().to_string().contains("not a URL")));
}

#[wasm_bindgen_test]
async fn the_timer_rings_for_a_dial_that_hangs() {
    let json = r#"{"reconnect": {"dial_timeout_ms": 100}}"#;
    let mut config = LineConfig::new(Dialect::Plain);
    config.policy = Policy::from_json(json).unwrap();
    let ended = Happening::new();
    let driver = Driver::new(Line::new(config, 1), Wires::default().dial(), {
        let ended = ended.clone();
        move |_: &Line, events: Vec<LineEvent>| {
            if events.iter().any(|event| matches!(event, LineEvent::Ended(_))) {
                ended.now();
            }
        }
    })
    .unwrap();
    driver.with(Line::connect);
    ended.wait().await;
    assert!(driver.read(|line| matches!(line.state(), State::Waiting { .. } | State::Connecting { .. })));
}

#[wasm_bindgen_test]
async fn input_that_waits_goes_in_before_the_timeout() {
    let recorder = Recorder::new();
    let told = recorder.told.clone();
    let wires = Wires::default();
    let rang = Happening::new();
    let driver = Driver::new(recorder, wires.dial(), {
        let (told, rang) = (told.clone(), rang.clone());
        move |_: &Recorder, _| {
            if told.borrow().contains(&Input::Timeout) {
                rang.now();
            }
        }
    })
    .unwrap();
    driver.with(|machine, now| {
        machine.transmits.push_back(Transmit::Dial { generation: 1 });
        machine.deadline = Some(now);
    });
    // Lies in the queue when the timer, long due, fires: as after a freeze.
    let opened = Input::Opened { generation: 1, subprotocol: None };
    let (tell, waiting) = (wires.tell(0), opened.clone());
    wasm_bindgen_futures::spawn_local(async move { tell(waiting) });
    rang.wait().await;
    assert_eq!(*told.borrow(), [opened, Input::Timeout]);
}

#[wasm_bindgen_test]
fn a_timer_is_armed_for_the_future_only_once() {
    let driver = Driver::new(Recorder::new(), Wires::default().dial(), |_: &Recorder, _| {}).unwrap();
    driver.with(|machine, now| machine.deadline = Some(now + Duration::from_secs(3_600)));
    driver.with(|_, _| ());
    assert!(driver.read(|machine| machine.poll_timeout().is_some_and(|(at, _)| at > Instant::now())));
    assert!(driver.read(|machine| machine.told.borrow().is_empty()), "nothing was told");
}

#[wasm_bindgen_test]
fn a_dropped_driver_lets_go_of_everything() {
    let wires = Wires::default();
    let driver = drive(line(), wires.dial(), Rc::default());
    driver.with(Line::connect);
    drop(driver);
    assert_eq!(wires.done(), ["dial 1", "dropped 1"]);
    wires.tell(0)(Input::Opened { generation: 1, subprotocol: None });
    assert_eq!(wires.done().len(), 2, "and whoever still speaks speaks to nobody");
}

fn line() -> Line {
    Line::new(LineConfig::new(Dialect::Plain), 1)
}

fn drive(line: Line, dial: FakeDial, heard: Rc<RefCell<Vec<LineEvent>>>) -> Driver<Line> {
    Driver::new(line, dial, move |_: &Line, events| heard.borrow_mut().extend(events)).unwrap()
}
