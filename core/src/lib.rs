//! WebSockets that know when the line is dead, say who cut it, and lose nothing when it is.
//!
//! This crate decides; it does nothing. It opens no socket, reads no clock, no environment and no source of randomness,
//! and runs the same in a browser and natively. Two shells are built on it, a page and a terminal program; this page is
//! what a third one needs to know.
//!
//! # Floors
//!
//! Each module knows only those below it.
//!
//! | floor | modules |
//! | --- | --- |
//! | 4 | [`echo`], [`chat`]: the applications; [`room`]: the server half of chat |
//! | 3 | [`mod@line`]: one client connection over all its dials; [`fault`], [`inspect`]: what goes wrong on purpose, and what is told of it |
//! | 2 | [`heartbeat`], [`rtt`], [`backoff`], [`outbox`]: the parts of a line; [`frame`], [`handshake`]: its bytes as named fields; [`doctor`]: what ends lines; [`stage`]: bullet comments |
//! | 1 | [`policy`]: every number that decides; [`close`]: what close codes mean; [`wire`]: the `heartline.v1` messages |
//! | 0 | [`time`]: the one name for a clock's values |
//!
//! # The contract
//!
//! A machine takes what happened ([`Machine::handle`](line::Machine::handle), or the `handle_*` method of the same
//! name) and says what to do (`poll_*`). Plain verbs (`connect`, `send`, `disconnect`) are what the application wants.
//!
//! 1. Every call that cares takes `now`, which never goes backwards.
//! 2. After **any** call that takes `&mut self`: drain `poll_transmit` and `poll_event` to `None`, then arm the one timer
//!    that `poll_timeout` names, if it names one.
//! 3. When the timer fires, first hand over whatever input is waiting, then [`Input::Timeout`](line::Input::Timeout).
//!    A timer may fire late or early; early is harmless, late is expected.
//! 4. Every input from a socket names the **generation** its [`Transmit::Dial`](line::Transmit::Dial) had. Inputs of
//!    other generations are ignored, so an abandoned socket may say what it likes as late as it likes.
//! 5. Report what the network took ([`Input::Written`](line::Input::Written)), and tell the machine when the page is
//!    hidden or shown, and when the wall clock and the monotonic clock part by more than 2 s: the machine slept.
//!
//! A chat can outlive its program: see [`Chat::keep`](chat::Chat::keep). Its shell then stores what
//! [`Event::Keep`](chat::Event::Keep) names, in that order, and says [`kept`](chat::Chat::kept) for each message; what was
//! never accepted is handed back by the next run of the same identity, and goes out with the numbers it had.
//!
//! # Invariants
//!
//! - The timer never lies in the past once `Timeout` was handled: a shell cannot be made to spin.
//! - Nothing of one generation (a deadline, a pending beat, a sample) is left in the next.
//! - Every queue, buffer and wait has a bound, and a name for what happens at it.
//! - The same inputs and the same seed give the same outputs.
//! - No input makes it panic. A panic is a bug here; an `expect` states the invariant that was broken.
//!
//! # A whole shell in one screen
//!
//! The network of this one is two queues in memory: the far end echoes whatever it gets.
//!
//! ```
//! use heartline_core::close::Dialect;
//! use heartline_core::line::{Input, Line, LineConfig, LineEvent, Machine, Message, Transmit};
//! use heartline_core::time::Instant;
//! use std::collections::VecDeque;
//!
//! let now = Instant::now(); // a shell reads the clock before each call
//! let mut line = Line::new(LineConfig::new(Dialect::Plain), 42);
//! line.connect(now);
//! line.send(now, Message::Text("hello".to_owned())).expect("an empty outbox has room");
//!
//! let mut network = VecDeque::new();
//! let mut heard = Vec::new();
//! loop {
//!     // Drain both polls …
//!     while let Some(transmit) = line.poll_transmit() {
//!         match transmit {
//!             Transmit::Dial { generation } => network.push_back(Input::Opened { generation, subprotocol: None }),
//!             Transmit::Send { generation, message } => {
//!                 network.push_back(Input::Written { generation, messages: 1 });
//!                 network.push_back(Input::Message { generation, message }); // the echo
//!             }
//!             Transmit::Ping { generation, payload } => network.push_back(Input::Pong { generation, payload }),
//!             Transmit::Close { .. } | Transmit::Abandon { .. } => {} // drop the socket, wait for nothing
//!         }
//!     }
//!     while let Some(event) = line.poll_event() {
//!         if let LineEvent::Message(Message::Text(text)) = event {
//!             heard.push(text);
//!         }
//!     }
//!     // … arm `line.poll_timeout()` (an in-memory network is never late), and wait for the next input.
//!     let Some(input) = network.pop_front() else { break };
//!     line.handle(now, input);
//! }
//! assert_eq!(heard, ["hello"]);
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::disallowed_methods))] // tests may panic and read clocks

pub mod backoff;
pub mod chat;
pub mod close;
pub mod doctor;
pub mod echo;
pub mod fault;
pub mod frame;
pub mod handshake;
pub mod heartbeat;
pub mod inspect;
pub mod line;
pub mod outbox;
pub mod policy;
pub mod room;
pub mod rtt;
pub mod stage;
pub mod time;
pub mod wire;
