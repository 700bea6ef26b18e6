//! What goes into a machine and what comes out: the words every shell and every machine share.

use super::{Cause, Line, LineEnd, State};
use crate::close::Dialect;
use crate::outbox::MessageId;
use crate::time::{Duration, Instant};
use crate::wire::{BearerToken, ServerMessage};

/// One WebSocket message, opaque to the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A Text message.
    Text(String),
    /// A Binary message.
    Binary(Vec<u8>),
}

impl Message {
    /// Its payload's size in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether its payload is empty, which RFC 6455 allows.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a shell tells a machine. Whatever names a generation that is not the present one is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The handshake succeeded.
    Opened {
        /// The dial that succeeded.
        generation: u64,
        /// The subprotocol the server chose, if any.
        subprotocol: Option<String>,
    },
    /// A whole message came in.
    Message {
        /// The line it came in on.
        generation: u64,
        /// The message.
        message: Message,
    },
    /// Bytes came in below the frame layer: a large message on a slow link is not silence. Pages cannot see them.
    Bytes {
        /// The line they came in on.
        generation: u64,
    },
    /// The network took bytes.
    Written {
        /// The line that took them.
        generation: u64,
        /// How many whole [`Transmit::Send`] messages are gone since the last such input; may be 0 for a part of one.
        /// A line hands over only so many at a time: **a shell that never reports them stops the line's sending.**
        messages: usize,
    },
    /// A pong frame came in. Pages cannot see them.
    Pong {
        /// The line it came in on.
        generation: u64,
        /// Its payload, which repeats that of a [`Transmit::Ping`].
        payload: Vec<u8>,
    },
    /// The line ended, or the dial failed.
    Closed {
        /// The line that ended.
        generation: u64,
        /// How.
        ended: Ended,
    },
    /// A token, fetched anew: for the line this dial will open if it comes before [`Opened`](Self::Opened), else for the one that is
    /// open. Only applications that show one to their server take it.
    Token {
        /// The dial it was fetched for.
        generation: u64,
        /// The token; `None` if there is none to show any more.
        token: Option<BearerToken>,
    },
    /// The world around changed.
    Signal(Signal),
    /// The moment named by [`Machine::poll_timeout`] has come. Hand over waiting input first.
    Timeout,
}

/// What happened around the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The page was hidden: its timers will be throttled.
    Hidden,
    /// The page is shown.
    Visible,
    /// The machine believes it has a network again. A hint.
    Online,
    /// The machine believes it has none. A hint.
    Offline,
    /// The page is about to be frozen: no timer will fire.
    Frozen,
    /// The page was unfrozen, or the machine slept: the wall clock and the monotonic one disagree.
    Resumed,
}

/// How a line ended or a dial failed, as the shell saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With a close frame, or with what the browser reports, 1005 and 1006 included.
    Code {
        /// The close code.
        code: u16,
        /// The peer's reason, at most 123 bytes.
        reason: String,
    },
    /// The stream ended without a close frame.
    Eof,
    /// The connection broke.
    Reset {
        /// The system's words.
        why: String,
    },
    /// There was no connection, or nothing that speaks WebSocket at its end.
    DialFailed {
        /// What failed, who is at fault, what to do.
        why: String,
        /// Whether the same dial may succeed later: a closed port may open, a wrong certificate stays wrong.
        retry: bool,
    },
    /// An HTTP answer other than 101.
    Refused {
        /// The HTTP status.
        status: u16,
        /// Its `Retry-After`, if it had one.
        retry_after: Option<Duration>,
        /// The status in words and the first of the body.
        why: String,
    },
}

/// What a machine tells its shell to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transmit {
    /// Open a connection and name it with this generation.
    Dial {
        /// The number of the dial; every dial has a higher one.
        generation: u64,
    },
    /// Send a message. Messages, pings and the close go out in the order they were handed over.
    Send {
        /// On which line.
        generation: u64,
        /// What.
        message: Message,
    },
    /// Send a ping frame. Only asked of shells that said they can.
    Ping {
        /// On which line.
        generation: u64,
        /// At most 125 bytes.
        payload: Vec<u8>,
    },
    /// Send what was handed over before, then close with a close frame; wait for the peer's only as long as that
    /// holds nothing else up.
    Close {
        /// Which line.
        generation: u64,
        /// The close code.
        code: u16,
        /// At most 123 bytes.
        reason: String,
    },
    /// Drop the connection or the dial at once. Its end need not be reported, and never waited for.
    Abandon {
        /// Which line.
        generation: u64,
    },
}

/// What a [`Line`] tells its application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineEvent {
    /// The state is another now.
    StateChanged(State),
    /// A dial succeeded. On `heartline.v1` the application now posts its `hello`.
    Opened {
        /// The number of the dial.
        generation: u64,
        /// What was agreed on.
        dialect: Dialect,
        /// The subprotocol the server chose, if any.
        subprotocol: Option<String>,
    },
    /// A message on a plain line.
    Message(Message),
    /// A message on a `heartline.v1` line; `ping` and `pong` stay below.
    Server(ServerMessage),
    /// A message on a `heartline.v1` line that is none. It was ignored.
    Unreadable {
        /// What is wrong with it.
        why: String,
    },
    /// The server announced numbers that cannot work; others are used.
    Clamped {
        /// Which, and what is used instead.
        what: String,
    },
    /// A beat was answered.
    RoundTrip(Duration),
    /// The network took this message of a plain line.
    Sent(MessageId),
    /// A beat sent after this message was answered: it and all before it reached the peer.
    Arrived {
        /// The latest of them.
        through: MessageId,
    },
    /// The plain line ended before anything proved that these arrived. They are gone from the outbox.
    UnknownFate {
        /// The messages, oldest first.
        ids: Vec<MessageId>,
        /// How many more there were before those, whose names were no longer kept.
        forgotten: u64,
    },
    /// These grew too old before there was a line to send them on; they are handed back.
    Expired(Vec<(MessageId, Message)>),
    /// The server wants a fresh token before the next dial.
    TokenWanted,
    /// A line or a dial ended.
    Ended(LineEnd),
}

/// Why a machine wants to wake up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// When to give a dial up.
    Dial,
    /// When to give up waiting for `welcome`.
    Welcome,
    /// When to beat, to suspect, or to give up on a probe.
    Heartbeat,
    /// When to forget earlier failures.
    Stable,
    /// When to dial again.
    Redial,
    /// When the application above the line has something to do.
    Application,
}

/// What one driver per shell needs to serve a [`Line`] and every application on one.
///
/// After any call that takes `&mut self` the shell drains [`poll_transmit`](Self::poll_transmit) and
/// [`poll_event`](Self::poll_event) to `None`, then arms one timer for [`poll_timeout`](Self::poll_timeout).
pub trait Machine {
    /// What the machine tells the user interface.
    type Event;

    /// Takes one input. `now` must not go backwards.
    fn handle(&mut self, now: Instant, input: Input);

    /// The next thing the shell must do.
    fn poll_transmit(&mut self) -> Option<Transmit>;

    /// The next thing the user interface should know.
    fn poll_event(&mut self) -> Option<Self::Event>;

    /// When to call [`handle`](Self::handle) with [`Input::Timeout`], and why.
    fn poll_timeout(&self) -> Option<(Instant, Timer)>;

    /// The line underneath.
    fn line(&self) -> &Line;
}

impl Ended {
    /// The same as a cause.
    pub(super) const fn into_cause(self) -> Cause {
        Cause::Peer(self)
    }
}
