//! The one driver: it runs any [`Machine`] in a browser, and decides nothing.
//!
//! Inputs go in one by one, in the order they came; after each the machine's polls are drained; at the end the one timer
//! is armed. Events are handed on only then.

use std::{
    cell::RefCell,
    collections::VecDeque,
    rc::{Rc, Weak},
};

use heartline_core::{
    line::{Ended, Input, Machine, Message, Signal, Transmit},
    time::{Duration, Instant},
};
use wasm_bindgen::JsValue;

use crate::{
    clock::{self, JumpDetector},
    lifecycle::{self, Lifecycle},
    timer::Timer,
};

/// Where sockets and listeners tell what they hear. Outlives nothing: once the driver is gone it does nothing.
pub type Tell = Rc<dyn Fn(Input)>;

/// Hears of the events of a step.
type Heard<M> = dyn FnMut(&M, Vec<<M as Machine>::Event>);

/// An established or beginning connection. Dropping it abandons it: nothing more is heard of it.
pub trait Wire {
    /// Hands a message to the browser.
    fn send(&self, message: &Message);
    /// Begins the closing handshake.
    fn close(&self, code: u16, reason: &str);
}

/// Makes connections.
pub trait Dial {
    /// Begins the dial number `generation`; what comes of it is told to `tell`.
    ///
    /// # Errors
    /// Words, if the browser refuses even to try; such a dial is not worth repeating.
    fn dial(&self, generation: u64, tell: Tell) -> Result<Box<dyn Wire>, String>;
}

/// A machine at work. Dropping the driver drops the line, the timer and all listeners.
pub struct Driver<M: Machine>(Rc<Shared<M>>);

impl<M: Machine + 'static> Driver<M> {
    /// Puts `machine` to work over the connections `dial` makes.
    ///
    /// `heard` is called with the machine and the events of each step, also with none, since states change without
    /// events too. It is there to look and to note; it must not call the driver.
    ///
    /// # Errors
    /// There is no window, or it lacks what every browser has.
    pub fn new(
        machine: M,
        dial: impl Dial + 'static,
        heard: impl FnMut(&M, Vec<M::Event>) + 'static,
    ) -> Result<Self, JsValue> {
        let window = web_sys::window().ok_or(JsValue::NULL)?;
        let document = window.document().ok_or(JsValue::NULL)?;

        let work = Work {
            machine,
            dial: Box::new(dial),
            wire: None,
            jumps: JumpDetector::new(),
            armed: None,
            events: Vec::new(),
        };
        let shared = Rc::new_cyclic(|me| Shared {
            me: me.clone(),
            work: RefCell::new(work),
            waiting: RefCell::default(),
            heard: RefCell::new(Box::new(heard)),
            outfit: RefCell::new(None),
        });
        let timer = Timer::new({
            let me = Rc::downgrade(&shared);
            move || {
                if let Some(shared) = me.upgrade() {
                    shared.ring();
                }
            }
        });
        let lifecycle = Lifecycle::listen(&window, &document, {
            let tell = shared.tell();
            Rc::new(move |signal| tell(Input::Signal(signal)))
        });
        *shared.outfit.borrow_mut() = Some(Outfit { timer, _lifecycle: lifecycle });
        for signal in lifecycle::present(&window, &document) {
            shared.feed(Input::Signal(signal));
        }
        Ok(Self(shared))
    }

    /// Lets the application do something to the machine (its verbs), then does what follows from it.
    pub fn with<R>(&self, act: impl FnOnce(&mut M, Instant) -> R) -> R {
        let result = {
            let mut work = self.0.work.borrow_mut();
            let now = work.look_at_clocks(&self.0);
            let result = act(&mut work.machine, now);
            work.drain(&self.0);
            result
        };
        self.0.settle();
        result
    }

    /// Reads the machine.
    pub fn read<R>(&self, look: impl FnOnce(&M) -> R) -> R {
        look(&self.0.work.borrow().machine)
    }
}

struct Shared<M: Machine> {
    me: Weak<Self>,
    work: RefCell<Work<M>>,
    // Apart from `work`, so that an input that comes during a step can queue up.
    waiting: RefCell<VecDeque<Input>>,
    heard: RefCell<Box<Heard<M>>>,
    outfit: RefCell<Option<Outfit>>,
}

struct Outfit {
    timer: Timer,
    _lifecycle: Lifecycle,
}

struct Work<M: Machine> {
    machine: M,
    dial: Box<dyn Dial>,
    wire: Option<(u64, Box<dyn Wire>)>,
    jumps: JumpDetector,
    armed: Option<Instant>,
    events: Vec<M::Event>,
}

impl<M: Machine + 'static> Shared<M> {
    fn tell(&self) -> Tell {
        let me = self.me.clone();
        Rc::new(move |input| {
            if let Some(shared) = me.upgrade() {
                shared.feed(input);
            }
        })
    }

    fn feed(&self, input: Input) {
        self.waiting.borrow_mut().push_back(input);
        self.settle();
    }

    /// The timer rang. What waits has gone in meanwhile, and may have moved the deadline.
    fn ring(&self) {
        if let Ok(mut work) = self.work.try_borrow_mut() {
            work.armed = None;
            let due = work.machine.poll_timeout().is_some_and(|(at, _)| at <= Instant::now());
            if due {
                self.waiting.borrow_mut().push_back(Input::Timeout);
            }
        }
        self.settle();
    }

    /// Takes in all that waits, arms the timer, hands on the events.
    fn settle(&self) {
        // Busy means that a step is under way further down the stack: it will take what waits.
        let Ok(mut work) = self.work.try_borrow_mut() else { return };
        while let Some(input) = self.next() {
            let now = work.look_at_clocks(self);
            work.machine.handle(now, input);
            work.drain(self);
        }
        if let Some(outfit) = &*self.outfit.borrow() {
            work.arm(&outfit.timer);
        }
        let events = std::mem::take(&mut work.events);
        drop(work);
        (self.heard.borrow_mut())(&self.work.borrow().machine, events);
    }

    fn next(&self) -> Option<Input> {
        self.waiting.borrow_mut().pop_front()
    }
}

impl<M: Machine + 'static> Work<M> {
    /// The time; a sleep the monotonic clock did not see is told to the machine first.
    fn look_at_clocks(&mut self, shared: &Shared<M>) -> Instant {
        let now = Instant::now();
        if self.jumps.observe(clock::wall_ms(), now) {
            self.machine.handle(now, Input::Signal(Signal::Resumed));
            self.drain(shared);
        }
        now
    }

    fn drain(&mut self, shared: &Shared<M>) {
        while let Some(transmit) = self.machine.poll_transmit() {
            self.transmit(transmit, shared);
        }
        while let Some(event) = self.machine.poll_event() {
            self.events.push(event);
        }
    }

    fn transmit(&mut self, transmit: Transmit, shared: &Shared<M>) {
        match transmit {
            Transmit::Dial { generation } => {
                // The old one goes first, should the machine not have abandoned it.
                self.wire = None;
                match self.dial.dial(generation, shared.tell()) {
                    Ok(wire) => self.wire = Some((generation, wire)),
                    Err(why) => {
                        let ended = Ended::DialFailed { why, retry: false };
                        shared.waiting.borrow_mut().push_back(Input::Closed { generation, ended });
                    }
                }
            }
            Transmit::Send { generation, message } => {
                if let Some(wire) = self.wire_of(generation) {
                    wire.send(&message);
                }
            }
            Transmit::Close { generation, code, reason } => {
                if let Some(wire) = self.wire_of(generation) {
                    wire.close(code, &reason);
                }
            }
            Transmit::Abandon { generation } => {
                if self.wire_of(generation).is_some() {
                    self.wire = None;
                }
            }
            // A page has no ping frames, and its machines are told so.
            Transmit::Ping { .. } => {}
        }
    }

    fn wire_of(&self, generation: u64) -> Option<&dyn Wire> {
        self.wire.as_ref().filter(|(of, _)| *of == generation).map(|(_, wire)| &**wire)
    }

    fn arm(&mut self, timer: &Timer) {
        let wanted = self.machine.poll_timeout().map(|(at, _)| at);
        if wanted == self.armed {
            return;
        }
        self.armed = wanted;
        match wanted {
            Some(at) => timer.arm(at.checked_duration_since(Instant::now()).unwrap_or(Duration::ZERO)),
            None => timer.clear(),
        }
    }
}
