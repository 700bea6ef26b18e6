//! An echo line: its driver, and what the Echo tab shows of it.

use std::{cell::RefCell, rc::Rc};

use heartline_core::{
    close::{Dialect, code},
    echo::{Echo, Event, PlanError, ProbePlan},
    line::{LineConfig, Machine, Message, Proof, Refused, State},
    policy::Policy,
};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::{redraw::Redraw, set_if_new};
use crate::{
    clock,
    dialer::Dialer,
    driver::Driver,
    harm::{Hand, Harm},
    identity,
    model::{
        address::Address,
        badge::Badge,
        echo_view,
        log::{Filter, Log, Row, What},
        plot::Plot,
        probes::{self, Probes},
        pulse::{Pulse, Shown},
    },
};

/// What decides how an endpoint is dialled. Another choice is another line.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Where to.
    pub address: Address,
    /// What to offer; none is the rule.
    pub subprotocols: Vec<String>,
    /// What proves life, where the user knows something that does.
    pub proof: Proof,
    /// By which numbers.
    pub policy: Policy,
}

/// The Echo tab's state. Copies are the same session.
#[derive(Clone, Copy)]
pub struct EchoSession {
    /// The liveness badge.
    pub badge: RwSignal<Badge>,
    /// The line in detail.
    pub line: RwSignal<Shown>,
    /// How many messages wait for a line.
    pub waiting: RwSignal<usize>,
    /// How many lines of the log are asked for.
    pub logged: RwSignal<usize>,
    /// Those of them that are in sight.
    pub rows: RwSignal<Vec<Row>>,
    /// The line of the log that is open.
    pub open: RwSignal<Option<u64>>,
    /// Which of the lines that are asked for is the first in sight.
    first: StoredValue<usize>,
    /// Whether a line is there or wanted.
    pub wanted: RwSignal<bool>,
    /// Whether a run of probes is under way.
    pub probing: RwSignal<bool>,
    /// The drawing of round trips.
    pub plot: RwSignal<Plot>,
    /// The summary of the run.
    pub summary: RwSignal<Vec<(&'static str, String)>>,
    inner: StoredValue<Inner, LocalStorage>,
}

struct Inner {
    driver: Option<(Choice, Driver<Echo>)>,
    // Shared with the driver's listener, which outlives no driver.
    noted: Rc<RefCell<Noted>>,
    hand: Hand,
    redraw: Option<Redraw>,
}

/// How many rows of the log are drawn: more than are in sight on any screen.
pub const ROWS: usize = 48;

#[derive(Default)]
struct Noted {
    pulse: Pulse,
    log: Log,
    probes: Probes,
}

impl EchoSession {
    /// Not connected to anything.
    pub fn new() -> Self {
        let session = Self {
            badge: RwSignal::new(Badge::idle()),
            line: RwSignal::new(Shown::default()),
            waiting: RwSignal::new(0),
            logged: RwSignal::new(0),
            rows: RwSignal::new(Vec::new()),
            open: RwSignal::new(None),
            first: StoredValue::new(0),
            wanted: RwSignal::new(false),
            probing: RwSignal::new(false),
            plot: RwSignal::new(Plot::default()),
            summary: RwSignal::new(Vec::new()),
            inner: StoredValue::new_local(Inner {
                driver: None,
                noted: Rc::default(),
                hand: Hand::default(),
                redraw: None,
            }),
        };
        let redraw = Redraw::new(move || session.draw());
        session.inner.update_value(|inner| inner.redraw = Some(redraw));
        session
    }

    /// Connects as chosen. What waits in the outbox of the same choice is kept.
    ///
    /// # Errors
    /// The browser lacks what every browser has.
    pub fn connect(self, choice: Choice) -> Result<(), JsValue> {
        let is_same =
            self.inner.with_value(|inner| inner.driver.as_ref().is_some_and(|(it, _)| *it == choice));
        if !is_same {
            let driver = self.drive(&choice)?;
            self.inner.update_value(|inner| inner.driver = Some((choice, driver)));
        }
        self.with(|driver| driver.with(Echo::connect));
        Ok(())
    }

    /// Closes the line and stays away.
    pub fn disconnect(self) {
        self.with(|driver| driver.with(|echo, now| echo.disconnect(now, code::NORMAL, "")));
    }

    /// Dials at once.
    pub fn dial_now(self) {
        self.with(|driver| driver.with(Echo::redial));
    }

    /// Breaks the line on purpose.
    pub fn harm(self, harm: Harm) {
        self.inner.with_value(|inner| inner.hand.harm(harm));
    }

    /// Sends a message and expects it back.
    ///
    /// # Errors
    /// The outbox is full; the message is still the writer's.
    pub fn send(self, message: Message) -> Result<(), Refused> {
        // Noted before it is sent, so that it stands above its echo.
        self.on_log(|log| echo_view::sent(log, &message, &clock::time_of_day()));
        let sent = self
            .with(|driver| driver.with(|echo, now| echo.send(now, message).map(|_| ())))
            .unwrap_or(Ok(()));
        if let Err(refused) = &sent {
            self.on_log(|log| log.note(clock::time_of_day(), refused.to_string()));
        }
        if self.is_due() {
            self.draw();
        }
        sent
    }

    /// Asks for other lines of the log.
    pub fn ask(self, filter: Filter) {
        self.on_log(|log| log.ask(filter));
        self.draw();
    }

    /// Forgets the log.
    pub fn clear(self) {
        self.on_log(Log::clear);
        self.open.set(None);
        self.draw();
    }

    /// The log as JSON lines.
    pub fn as_lines(self) -> String {
        self.on_log(|log| log.as_lines())
    }

    /// What a line of the log is about, whole.
    pub fn logged_at(self, key: u64) -> Option<What> {
        self.on_log(|log| log.get(key).map(|entry| entry.what.clone()))
    }

    /// Shows the rows from that one on.
    pub fn look(self, first: usize) {
        if self.first.get_value() != first {
            self.first.set_value(first);
            self.draw();
        }
    }

    /// Which of the lines that are asked for the first row is.
    pub fn first_row(self) -> usize {
        self.first.get_value()
    }

    fn on_log<R>(self, act: impl FnOnce(&mut Log) -> R) -> R {
        let noted = self.inner.with_value(|inner| inner.noted.clone());
        act(&mut noted.borrow_mut().log)
    }

    /// Whether to draw now what changed in the log; if not, it is drawn later.
    fn is_due(self) -> bool {
        self.inner.with_value(|inner| inner.redraw.as_ref().is_some_and(Redraw::is_due))
    }

    fn draw(self) {
        let Some(noted) = self.inner.try_with_value(|inner| inner.noted.clone()) else { return };
        self.draw_log(&noted.borrow().log);
    }

    fn draw_log(self, log: &Log) {
        set_if_new(self.logged, log.asked());
        set_if_new(self.rows, log.window(self.first.get_value(), ROWS));
    }

    /// Begins a run of probes.
    ///
    /// # Errors
    /// What cannot work in the plan.
    pub fn start(self, plan: ProbePlan) -> Result<(), PlanError> {
        self.inner.with_value(|inner| inner.noted.borrow_mut().probes = Probes::default());
        self.with(|driver| driver.with(|echo, now| echo.start(now, plan))).unwrap_or(Ok(()))
    }

    /// Sends no more probes.
    pub fn stop(self) {
        self.with(|driver| driver.with(Echo::stop));
    }

    fn with<R>(self, act: impl FnOnce(&Driver<Echo>) -> R) -> Option<R> {
        self.inner.with_value(|inner| inner.driver.as_ref().map(|(_, driver)| act(driver)))
    }

    fn drive(self, choice: &Choice) -> Result<Driver<Echo>, JsValue> {
        let mut config = LineConfig::new(Dialect::Plain);
        config.policy = choice.policy.clone();
        config.proof = choice.proof.clone();
        let dialer = Dialer::new(choice.address.clone(), choice.subprotocols.clone());
        let (noted, hand) = self.inner.with_value(|inner| (inner.noted.clone(), inner.hand.clone()));
        Driver::new(Echo::new(config, identity::seed()?), hand.over(dialer), move |echo, events| {
            self.show(echo, &events, &mut noted.borrow_mut());
        })
    }

    fn show(self, echo: &Echo, events: &[Event], noted: &mut Noted) {
        let time = clock::time_of_day();
        let (mut logged, mut probed) = (false, false);
        for event in events {
            let is_probe = noted.probes.take(event);
            probed |= is_probe;
            logged |= !is_probe;
            echo_view::note(&mut noted.log, event, &time);
        }
        if logged && self.is_due() {
            self.draw_log(&noted.log);
        }
        if probed {
            self.plot.set(noted.probes.plot());
            self.summary.set(echo.report().map(probes::summary).unwrap_or_default());
        }
        let lines =
            events.iter().filter_map(|event| if let Event::Line(event) = event { Some(event) } else { None });
        if noted.pulse.take(lines, clock::time_of_day) {
            self.line.set(noted.pulse.shown(echo.line()));
        }
        set_if_new(self.waiting, echo.line().outbox().len());
        set_if_new(self.probing, echo.is_running());
        set_if_new(self.badge, self.badge.with_untracked(|before| Badge::of(echo.line(), before)));
        set_if_new(self.wanted, !matches!(echo.line().state(), State::Idle | State::Closed(_)));
    }
}

impl Default for EchoSession {
    fn default() -> Self {
        Self::new()
    }
}
