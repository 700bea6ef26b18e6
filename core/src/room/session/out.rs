//! What a session sends to its client, and how it takes leave.

use std::sync::Arc;

use super::{Notice, Session, State};
use crate::close::code;
use crate::heartbeat::Heartbeat;
use crate::room::talk::{ToHub, weight};
use crate::time::{Duration, Instant};
use crate::wire::{Beat, ErrorCode, ServerMessage};

/// What the shell must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transmit {
    /// Send a text message, and say [`Session::handle_sent`] once it is written.
    Send(Parcel),
    /// End the connection with a close frame, if one fits through. Nothing follows.
    Close {
        /// The close code.
        code: u16,
        /// The reason, in words.
        reason: &'static str,
    },
}

/// A message on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The text; its bytes may be shared with other lines.
    pub text: Arc<str>,
    pub(super) from_hub: bool,
}

impl Session {
    pub(super) fn admitted(&mut self, now: Instant, report_every: usize) {
        let (State::Greeting, Some(identity)) = (&self.state, self.identity) else { return };
        self.state = State::Live;
        self.report_every = report_every;
        let policy = self.config.heartbeat.clone();
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let heartbeat = Beat { interval_ms: millis(policy.interval()), grace_ms: millis(policy.grace()) };
        let welcome = ServerMessage::Welcome {
            session: self.id.0.to_string(),
            you: identity.to_string(),
            heartbeat,
            limits: self.config.limits,
        };
        self.send(now, &welcome);
        if self.token_ends_at().is_some() {
            self.tell_token_end(now);
        }
        self.heartbeat = Some(Heartbeat::driver(policy, now, self.jitter, true));
    }

    /// Tells the client what it did wrong; of too much of it the line dies.
    pub(super) fn mistake(&mut self, now: Instant, code: ErrorCode, why: String, room: Option<String>) {
        self.notice(Notice::Mistake(code.clone()));
        if self.errors.take(now) {
            self.send(now, &ServerMessage::Error { code, why, room });
        } else {
            let why = format!("{why}; this was one mistake too many");
            self.send(now, &ServerMessage::Error { code: ErrorCode::TooManyErrors, why, room });
            self.close(code::BAD_MESSAGE, "too many bad messages");
        }
    }

    pub(super) fn send(&mut self, now: Instant, message: &ServerMessage) {
        self.push(now, Parcel { text: message.encode().into(), from_hub: false });
    }

    pub(super) fn push(&mut self, now: Instant, parcel: Parcel) {
        if self.unwritten == 0 {
            self.stuck_since = now;
        }
        self.unwritten += weight(&parcel.text);
        self.out.push_back(Transmit::Send(parcel));
    }

    pub(super) fn close_if_settled(&mut self) {
        if let State::Leaving { code, reason, .. } = self.state
            && self.in_flight == 0
        {
            self.close(code, reason);
        }
    }

    pub(super) fn close(&mut self, code: u16, reason: &'static str) {
        self.out.push_back(Transmit::Close { code, reason });
        self.end();
    }

    pub(super) fn end(&mut self) {
        if !matches!(self.state, State::Closed | State::Expecting(_)) {
            self.hub.push_back(ToHub::Gone);
        }
        self.state = State::Closed;
        self.heartbeat = None;
    }
}
