//! What clients and servers say to each other.

use heartline_core::line::Message;
use heartline_core::time::{Duration, Instant};

/// One dial: which client, which generation.
pub(crate) type ConnectionId = (usize, u64);

/// What travels over a connection, as a shell sees it.
#[derive(Clone, Debug)]
pub(crate) enum Packet {
    /// The upgrade request.
    Dial,
    /// 101.
    Accept { subprotocol: Option<String> },
    /// Any other HTTP answer.
    Refuse { status: u16, retry_after: Option<Duration> },
    /// A message.
    Message(Message),
    /// A ping frame.
    Ping(Vec<u8>),
    /// A pong frame.
    Pong(Vec<u8>),
    /// A close frame.
    Close { code: u16, reason: String },
    /// The stream ends.
    Fin,
    /// The stream breaks.
    Reset,
}

impl Packet {
    /// Its size on the wire.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Message(message) => message.len() + 6,
            Self::Dial | Self::Accept { .. } | Self::Refuse { .. } => 400,
            Self::Ping(_) | Self::Pong(_) | Self::Close { .. } => 16,
            Self::Fin | Self::Reset => 0,
        }
    }
}

/// The far end.
pub(crate) trait Server {
    /// A packet came in.
    fn receive(&mut self, now: Instant, from: ConnectionId, packet: Packet);
    /// The kernel of the server took bytes of this connection, and with them so many whole messages.
    fn taken(&mut self, _now: Instant, _to: ConnectionId, _messages: usize) {}
    /// Time has passed.
    fn tick(&mut self, now: Instant);
    /// When to call `tick`.
    fn next_tick(&self) -> Option<Instant>;
    /// The next packet to send.
    fn poll_send(&mut self) -> Option<(ConnectionId, Packet)>;
}
