use heartline_core::line::{Input, Signal};
use heartline_web::driver::Driver;
use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Event, EventTarget, PageTransitionEvent};

use crate::support::{Recorder, Wires};

#[wasm_bindgen_test]
fn the_browser_s_events_become_signals() {
    let window: EventTarget = leptos::prelude::window().into();
    let document: EventTarget = leptos::prelude::document().into();
    for (target, event, signal) in [
        (&window, "offline", Signal::Offline),
        (&window, "online", Signal::Online),
        (&document, "freeze", Signal::Frozen),
        (&document, "resume", Signal::Resumed),
        (&document, "visibilitychange", now_visible()),
    ] {
        let told = heard(|| fire(target, &Event::new(event).unwrap()));
        assert_eq!(told, [Input::Signal(signal)], "{event}");
    }
}

#[wasm_bindgen_test]
fn a_page_kept_by_the_browser_freezes_and_resumes_and_one_that_goes_does_not() {
    let window: EventTarget = leptos::prelude::window().into();
    assert_eq!(heard(|| fire(&window, &transition("pagehide", true))), [Input::Signal(Signal::Frozen)]);
    assert_eq!(heard(|| fire(&window, &transition("pageshow", true))), [Input::Signal(Signal::Resumed)]);
    assert_eq!(heard(|| fire(&window, &transition("pagehide", false))), []);
}

#[wasm_bindgen_test]
fn a_dropped_driver_listens_no_more() {
    let recorder = Recorder::new();
    let told = recorder.told.clone();
    drop(Driver::new(recorder, Wires::default().dial(), |_: &Recorder, _| {}).unwrap());
    let before = told.borrow().len();
    fire(&leptos::prelude::window().into(), &Event::new("offline").unwrap());
    assert_eq!(told.borrow().len(), before);
}

/// What a fresh driver's machine is told while `act` runs.
fn heard(act: impl FnOnce()) -> Vec<Input> {
    let recorder = Recorder::new();
    let told = recorder.told.clone();
    let _driver = Driver::new(recorder, Wires::default().dial(), |_: &Recorder, _| {}).unwrap();
    // A test may run in a hidden page, which is told at once.
    told.borrow_mut().clear();
    act();
    told.take()
}

fn now_visible() -> Signal {
    if leptos::prelude::document().hidden() { Signal::Hidden } else { Signal::Visible }
}

fn fire(target: &EventTarget, event: &Event) {
    target.dispatch_event(event).unwrap();
}

fn transition(name: &str, persisted: bool) -> Event {
    let init = js_sys::Object::new();
    Reflect::set(&init, &"persisted".into(), &JsValue::from_bool(persisted)).unwrap();
    let constructor: js_sys::Function =
        Reflect::get(&js_sys::global(), &"PageTransitionEvent".into()).unwrap().unchecked_into();
    let arguments = js_sys::Array::of2(&name.into(), &init);
    let event: PageTransitionEvent = Reflect::construct(&constructor, &arguments).unwrap().unchecked_into();
    event.into()
}
