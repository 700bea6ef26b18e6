//! One browser WebSocket: one dial of a machine.
//!
//! A socket owns the closures the browser calls. Dropping it detaches them first, so whatever an abandoned socket still
//! says reaches nobody, and no wait for its `onclose` (up to a minute on a dead link) holds anything up.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use heartline_core::{
    line::{Ended, Input, Message},
    time::Duration,
};
use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use crate::{
    driver::{Tell, Wire},
    model::flow::Flow,
    server_probe::ServerProbe,
    timer::Timer,
};

/// How often to look whether the network took something. A browser has a number to read for that, and no event.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A WebSocket, its closures, and the number of the dial it belongs to.
pub struct Socket {
    line: Rc<Line>,
    // Held only because the browser calls them while the socket lives.
    _opened: Closure<dyn FnMut(Event)>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _closed: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Begins to connect; everything heard is told with `generation`.
    ///
    /// When the dial fails, `probe` is asked what its server says of itself: the browser tells a page nothing.
    ///
    /// # Errors
    /// The browser refuses to try (not a URL, not a subprotocol, mixed content), with its words.
    pub fn dial(
        url: &str,
        subprotocols: &[String],
        generation: u64,
        probe: ServerProbe,
        tell: Tell,
    ) -> Result<Self, String> {
        let socket = open(url, subprotocols).map_err(words_of)?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let line = Line::new(socket.clone(), generation, tell);
        let was_open = Rc::new(Cell::new(false));

        let opened = Closure::<dyn FnMut(Event)>::new({
            let (line, was_open) = (line.clone(), was_open.clone());
            move |_| {
                was_open.set(true);
                let subprotocol = Some(line.socket.protocol()).filter(|name| !name.is_empty());
                (line.tell)(Input::Opened { generation, subprotocol });
            }
        });
        let message = Closure::<dyn FnMut(MessageEvent)>::new({
            let line = line.clone();
            move |event: MessageEvent| {
                line.look();
                if let Some(message) = read(&event.data()) {
                    (line.tell)(Input::Message { generation, message });
                }
            }
        });
        let closed = Closure::<dyn FnMut(CloseEvent)>::new({
            let line = line.clone();
            move |event: CloseEvent| {
                if was_open.get() {
                    let ended = Ended::Code { code: event.code(), reason: event.reason() };
                    (line.tell)(Input::Closed { generation, ended });
                } else {
                    probe.explain(generation, line.tell.clone());
                }
            }
        });
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        // There is no `onerror`: it says nothing, and `onclose` always follows it.
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        Ok(Self { line, _opened: opened, _message: message, _closed: closed })
    }
}

impl Wire for Socket {
    fn send(&self, message: &Message) {
        // It throws only before the socket is open, when no machine sends; on a closing one the browser drops the
        // message, and the machine hears of the end anyway.
        let _ = match message {
            Message::Text(text) => self.line.socket.send_with_str(text),
            Message::Binary(bytes) => self.line.socket.send_with_u8_array(bytes),
        };
        self.line.flow.borrow_mut().hand(message.len());
        self.line.timer.soon();
    }

    fn close(&self, code: u16, reason: &str) {
        // The machine keeps to what a page may send; should it not, a close without a code still ends the line.
        if self.line.socket.close_with_code_and_reason(code, reason).is_err() {
            let _ = self.line.socket.close();
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.line.socket.set_onopen(None);
        self.line.socket.set_onmessage(None);
        self.line.socket.set_onclose(None);
        let _ = self.line.socket.close();
    }
}

/// What the closures share.
struct Line {
    socket: WebSocket,
    generation: u64,
    tell: Tell,
    flow: RefCell<Flow>,
    timer: Timer,
}

impl Line {
    fn new(socket: WebSocket, generation: u64, tell: Tell) -> Rc<Self> {
        Rc::new_cyclic(|me: &Weak<Self>| {
            let me = me.clone();
            let timer = Timer::new(move || {
                if let Some(line) = me.upgrade() {
                    line.look();
                }
            });
            Self { socket, generation, tell, flow: RefCell::default(), timer }
        })
    }

    /// Tells what the network took, and looks again while something waits.
    fn look(&self) {
        if self.flow.borrow().is_empty() {
            return;
        }
        let taken = self.flow.borrow_mut().look(self.socket.buffered_amount());
        if !self.flow.borrow().is_empty() {
            self.timer.arm(LOOK_AGAIN);
        }
        if let Some(messages) = taken {
            (self.tell)(Input::Written { generation: self.generation, messages });
        }
    }
}

fn open(url: &str, subprotocols: &[String]) -> Result<WebSocket, JsValue> {
    if subprotocols.is_empty() {
        return WebSocket::new(url);
    }
    let names: Array = subprotocols.iter().map(|name| JsValue::from_str(name)).collect();
    WebSocket::new_with_str_sequence(url, &names)
}

/// A message event's data; nothing for kinds that do not occur with [`BinaryType::Arraybuffer`].
fn read(data: &JsValue) -> Option<Message> {
    if let Some(text) = data.as_string() {
        return Some(Message::Text(text));
    }
    data.dyn_ref::<ArrayBuffer>().map(|buffer| Message::Binary(Uint8Array::new(buffer).to_vec()))
}

fn words_of(error: JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map_or_else(|| "the browser refused to dial".to_owned(), |error| error.message().into())
}
