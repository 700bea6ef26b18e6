//! A relay's feed: its driver, and what the Inspector tab shows of it.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use heartline_core::{
    close::{Dialect, code},
    inspect::{Frame, ToRelay},
    line::{Line, LineConfig, LineEvent, Message, State},
};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::{redraw::Redraw, set_if_new};
use crate::{
    dialer::Dialer,
    driver::Driver,
    identity,
    model::{
        address::Address,
        badge::Badge,
        inspection::{self, Inspection, Row},
    },
};

/// The Inspector tab's state. Copies are the same session.
#[derive(Clone, Copy)]
pub struct InspectSession {
    /// The liveness badge of the feed itself.
    pub badge: RwSignal<Badge>,
    /// Whether a feed is there or wanted.
    pub wanted: RwSignal<bool>,
    /// Where the relay leads; empty before it said so.
    pub to: RwSignal<String>,
    /// The connections, the newest first.
    pub lines: RwSignal<Vec<inspection::Line>>,
    /// The faults that lines to come will have.
    pub to_come: RwSignal<Vec<String>>,
    /// The connection that is looked at; all, if none is.
    pub chosen: RwSignal<Option<u64>>,
    /// The words that rows must hold.
    pub filter: RwSignal<String>,
    /// The rows to be seen.
    pub rows: RwSignal<Vec<Row>>,
    /// The frame that is open.
    pub open: RwSignal<Option<u64>>,
    inner: StoredValue<Inner, LocalStorage>,
}

struct Inner {
    driver: Option<(Address, Driver<Line>)>,
    // Shared with the driver's listener, which outlives no driver.
    told: Rc<RefCell<Inspection>>,
    redraw: Option<Redraw>,
}

impl InspectSession {
    /// Not connected to anything.
    pub fn new() -> Self {
        let session = Self {
            badge: RwSignal::new(Badge::idle()),
            wanted: RwSignal::new(false),
            to: RwSignal::new(String::new()),
            lines: RwSignal::new(Vec::new()),
            to_come: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(None),
            filter: RwSignal::new(String::new()),
            rows: RwSignal::new(Vec::new()),
            open: RwSignal::new(None),
            inner: StoredValue::new_local(Inner { driver: None, told: Rc::default(), redraw: None }),
        };
        let redraw = Redraw::new(move || session.draw());
        session.inner.update_value(|inner| inner.redraw = Some(redraw));
        // Another choice shows other rows.
        Effect::new(move || {
            session.chosen.track();
            session.filter.track();
            session.draw();
        });
        session
    }

    /// Reads the feed at this address.
    ///
    /// # Errors
    /// The browser lacks what every browser has.
    pub fn connect(self, address: Address) -> Result<(), JsValue> {
        let is_same =
            self.inner.with_value(|inner| inner.driver.as_ref().is_some_and(|(it, _)| *it == address));
        if !is_same {
            let driver = self.drive(&address)?;
            self.inner.update_value(|inner| inner.driver = Some((address, driver)));
        }
        self.with(|driver| driver.with(Line::connect));
        Ok(())
    }

    /// Reads no more.
    pub fn disconnect(self) {
        self.with(|driver| driver.with(|line, now| line.disconnect(now, code::NORMAL, "")));
    }

    /// Dials at once.
    pub fn dial_now(self) {
        self.with(|driver| driver.with(Line::redial));
    }

    /// Asks the relay for a fault, on the connection that is looked at or on all.
    pub fn fault(self, text: &str) {
        self.ask(&ToRelay::Fault { connection: self.chosen.get_untracked(), text: text.to_owned() });
    }

    /// Asks it to take all faults away.
    pub fn clear(self) {
        self.ask(&ToRelay::Clear { connection: self.chosen.get_untracked() });
    }

    /// The frame of a row.
    pub fn frame(self, key: u64) -> Option<Arc<Frame>> {
        self.inner.with_value(|inner| inner.told.borrow().frame(key))
    }

    /// What was told, as JSON lines.
    pub fn as_lines(self) -> String {
        self.inner.with_value(|inner| inner.told.borrow().as_lines())
    }

    /// A full outbox means that the feed is away for long: the badge says so.
    fn ask(self, request: &ToRelay) {
        let message = Message::Text(request.to_text());
        let _ = self.with(|driver| driver.with(|line, now| line.send(now, message)));
    }

    fn with<R>(self, act: impl FnOnce(&Driver<Line>) -> R) -> Option<R> {
        self.inner.with_value(|inner| inner.driver.as_ref().map(|(_, driver)| act(driver)))
    }

    fn drive(self, address: &Address) -> Result<Driver<Line>, JsValue> {
        let dialer = Dialer::new(address.clone(), Vec::new());
        let told = self.inner.with_value(|inner| inner.told.clone());
        *told.borrow_mut() = Inspection::default();
        let line = Line::new(LineConfig::new(Dialect::Plain), identity::seed()?);
        Driver::new(line, dialer, move |line, events| {
            let mut heard = false;
            for event in events {
                if let LineEvent::Message(Message::Text(text)) = event {
                    told.borrow_mut().take(&text);
                    heard = true;
                }
            }
            let is_due = |inner: &Inner| inner.redraw.as_ref().is_some_and(Redraw::is_due);
            if heard && self.inner.with_value(is_due) {
                self.draw();
            }
            set_if_new(self.badge, self.badge.with_untracked(|before| Badge::of(line, before)));
            set_if_new(self.wanted, !matches!(line.state(), State::Idle | State::Closed(_)));
        })
    }

    fn draw(self) {
        let told = self.inner.with_value(|inner| inner.told.clone());
        let told = told.borrow();
        set_if_new(self.to, told.to.clone());
        set_if_new(self.lines, told.lines());
        set_if_new(self.to_come, told.faults.clone());
        let rows = self.filter.with_untracked(|words| told.rows(self.chosen.get_untracked(), words));
        set_if_new(self.rows, rows);
    }
}

impl Default for InspectSession {
    fn default() -> Self {
        Self::new()
    }
}
