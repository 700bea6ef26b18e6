//! What the browser tells a page about being seen, frozen and online, as signals for a machine.

use std::rc::Rc;

use heartline_core::line::Signal;
use wasm_bindgen::JsCast;
use web_sys::{Document, PageTransitionEvent, Window};

use crate::listener::Listener;

/// The listeners of one driver; dropping it detaches them all.
pub struct Lifecycle {
    // Held only for its `Drop`.
    _listeners: Vec<Listener>,
}

impl Lifecycle {
    /// Listens on window and document and calls `tell` with what they report.
    ///
    /// What already holds (a page opened in the background, a machine that is offline) is for [`present`] to say.
    pub fn listen(window: &Window, document: &Document, tell: Rc<dyn Fn(Signal)>) -> Self {
        let on_document = |event, signal: fn(&Document) -> Signal| {
            let (tell, document_then) = (tell.clone(), document.clone());
            Listener::new(document, event, move |_| tell(signal(&document_then)))
        };
        let on_window = |event, signal: Signal| {
            let tell = tell.clone();
            Listener::new(window, event, move |_| tell(signal))
        };
        // `pagehide` and `pageshow` matter only for a page that is kept (back/forward cache); else it is gone anyway.
        let on_transition = |event, signal: Signal| {
            let tell = tell.clone();
            Listener::new(window, event, move |event| {
                if event.dyn_ref::<PageTransitionEvent>().is_some_and(PageTransitionEvent::persisted) {
                    tell(signal);
                }
            })
        };
        Self {
            _listeners: vec![
                on_document("visibilitychange", visibility),
                on_document("freeze", |_| Signal::Frozen),
                on_document("resume", |_| Signal::Resumed),
                on_window("online", Signal::Online),
                on_window("offline", Signal::Offline),
                on_transition("pagehide", Signal::Frozen),
                on_transition("pageshow", Signal::Resumed),
            ],
        }
    }
}

/// What is the case now and differs from what a machine assumes (seen, and online).
pub fn present(window: &Window, document: &Document) -> Vec<Signal> {
    let mut signals = Vec::new();
    if document.hidden() {
        signals.push(Signal::Hidden);
    }
    if !window.navigator().on_line() {
        signals.push(Signal::Offline);
    }
    signals
}

fn visibility(document: &Document) -> Signal {
    if document.hidden() { Signal::Hidden } else { Signal::Visible }
}
