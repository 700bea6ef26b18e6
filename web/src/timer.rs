//! The one timer of a driver.
//!
//! When it fires it first lets the browser deliver what already waits: a message that lies in the task queue beside an
//! overdue timer must reach the machine before its timeout does.

use std::{cell::Cell, rc::Rc};

use heartline_core::time::Duration;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{MessageChannel, MessagePort};

/// The longest wait `setTimeout` understands, in milliseconds; it fires at once beyond.
const LONGEST_MS: f64 = 2_147_483_647.0;

/// One `setTimeout` that is cleared, with its closures, when dropped.
pub struct Timer {
    id: Rc<Cell<Option<i32>>>,
    fired: Closure<dyn FnMut()>,
    // Kept only to be freed with the timer.
    _turn: Closure<dyn FnMut()>,
    ports: (MessagePort, MessagePort),
}

impl Timer {
    /// A timer that calls `ring` one turn of the event loop after it fires.
    ///
    /// # Panics
    /// In a browser without `MessageChannel`; every one that runs WebAssembly has it.
    pub fn new(ring: impl FnMut() + 'static) -> Self {
        let channel = MessageChannel::new().expect("browsers that run WebAssembly have message channels");
        let ports = (channel.port1(), channel.port2());
        let turn = Closure::<dyn FnMut()>::new(ring);
        ports.1.set_onmessage(Some(turn.as_ref().unchecked_ref()));

        let id = Rc::new(Cell::new(None));
        let fired = Closure::<dyn FnMut()>::new({
            let (id, port) = (id.clone(), ports.0.clone());
            move || {
                id.set(None);
                // A posted message is not throttled in a hidden tab, as a second timer would be.
                let _ = port.post_message(&JsValue::NULL);
            }
        });
        Self { id, fired, _turn: turn, ports }
    }

    /// Fires once after `delay`, rounded up to whole milliseconds; what was armed before is forgotten.
    pub fn arm(&self, delay: Duration) {
        self.clear();
        let ms = (delay.as_secs_f64() * 1000.0).ceil().min(LONGEST_MS) as i32;
        let id = web_sys::window().and_then(|window| {
            window
                .set_timeout_with_callback_and_timeout_and_arguments_0(
                    self.fired.as_ref().unchecked_ref(),
                    ms,
                )
                .ok()
        });
        self.id.set(id);
    }

    /// Rings in the next turn of the event loop, throttled by no browser; an armed delay stays armed.
    pub fn soon(&self) {
        let _ = self.ports.0.post_message(&JsValue::NULL);
    }

    /// Does not fire any more, unless it just did.
    pub fn clear(&self) {
        if let (Some(id), Some(window)) = (self.id.take(), web_sys::window()) {
            window.clear_timeout_with_handle(id);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clear();
        self.ports.1.set_onmessage(None);
        self.ports.0.close();
        self.ports.1.close();
    }
}
