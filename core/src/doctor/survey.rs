//! What the first seconds show: who answers, how, and how fast. Found by the shell, before any line is watched.
//!
//! Whatever was not tried, or could not be found out, is `None` or empty: that is no failure. As JSON all times are seconds with a
//! fraction. What came from the wire stands here as it came: whoever shows it escapes it.

use serde::{Deserialize, Serialize};

use super::{TcpState, seconds};
use crate::time::Duration;

/// The survey of one URL.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Survey {
    /// The host of the URL, as it was looked up.
    pub host: String,
    /// How long the lookup took; `None` for an address, which needs none, and where a proxy looks up.
    #[serde(with = "seconds::optional")]
    pub lookup: Option<Duration>,
    /// Why the lookup found nothing, in the system's words.
    pub lookup_failed: Option<String>,
    /// The proxy that was dialled instead of the host, without its password.
    pub proxy: Option<String>,
    /// Each address behind the name, tried one by one, in the order of the lookup.
    pub addresses: Vec<Address>,
    /// What TLS agreed on; `None` for `ws:`, and where it failed.
    pub tls: Option<Tls>,
    /// Why TLS failed, in words.
    pub tls_failed: Option<String>,
    /// The opening handshake; `None` where it was not reached.
    pub handshake: Option<Handshake>,
    /// What the server said first, without being asked.
    pub first_message: Option<FirstMessage>,
    /// A message of ours came back as it was sent.
    pub echoes: Option<bool>,
    /// A ping frame of ours was answered with its payload (RFC 6455 section 5.5.3).
    pub answers_ping: Option<bool>,
    /// Ping frames of the server, while it was looked at.
    pub server_pings: Option<ServerPings>,
    /// What became of a connection that was left idle after a plain request (RFC 9112 section 9.3); `None` where none was tried.
    pub http_keepalive: Option<HttpKeepAlive>,
    /// Round trips at each level.
    pub round_trips: RoundTrips,
    /// What the system knew of the connection at the end of the survey.
    pub tcp: Option<TcpState>,
}

/// One address behind the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// IP address and port, as `192.0.2.1:443` or `[2001:db8::1]:443`.
    pub address: String,
    /// What became of the connection.
    #[serde(flatten)]
    pub reached: Reached,
}

/// What became of a connection to one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// It took so long to connect.
    Connected(#[serde(with = "seconds")] Duration),
    /// It failed, in the system's words.
    Failed(String),
}

/// What TLS agreed on, and the certificate of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tls {
    /// The version, as `TLS 1.3`.
    pub version: String,
    /// The cipher suite, by its name.
    pub cipher: Option<String>,
    /// How long its handshake took.
    #[serde(with = "seconds::optional")]
    pub took: Option<Duration>,
    /// Whom the certificate names.
    pub subject: Option<String>,
    /// Who issued it.
    pub issuer: Option<String>,
    /// When it ends, as RFC 3339 writes it: `2026-11-26T00:00:00Z`.
    pub ends: Option<String>,
    /// Whole days left at the time of the survey; negative once it has ended.
    pub days_left: Option<i64>,
    /// It was not checked, because that was asked for.
    pub unchecked: bool,
}

/// The opening handshake of WebSocket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Handshake {
    /// The status of the answer; `None` where none came.
    pub status: Option<u16>,
    /// From the request's last byte to the end of the answer's head.
    #[serde(with = "seconds::optional")]
    pub took: Option<Duration>,
    /// What came of it.
    pub verdict: HandshakeVerdict,
    /// What is wrong with it, each in words; empty for a clean one.
    pub wrong: Vec<String>,
    /// What to do about it.
    pub advice: Option<String>,
    /// Fields that point to who answered. Evidence, never certainty.
    pub pointers: Vec<Pointer>,
    /// The subprotocol agreed on.
    pub subprotocol: Option<String>,
    /// The extensions agreed on, as the answer spells them.
    pub extensions: Vec<String>,
}

/// What came of a handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandshakeVerdict {
    /// A line.
    Open,
    /// The server believes it is a line, and a client must not.
    Broken,
    /// No line: another status than 101.
    Refused,
    /// No answer at all, or none that is HTTP.
    #[default]
    NoAnswer,
}

/// A header field that points to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// Its name, as spelled.
    pub field: String,
    /// Its value.
    pub value: String,
    /// Whom it points to.
    pub suggests: String,
}

impl From<crate::handshake::Evidence> for Pointer {
    fn from(evidence: crate::handshake::Evidence) -> Self {
        Self { field: evidence.field, value: evidence.value, suggests: evidence.suggests.to_owned() }
    }
}

/// The first message of a server that speaks without being asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstMessage {
    /// Since the line was open.
    #[serde(with = "seconds")]
    pub after: Duration,
    /// Binary; otherwise text.
    pub binary: bool,
    /// Its whole length.
    pub bytes: u64,
    /// Its beginning: text as it is, binary as hexadecimal digits. The shell bounds it (200 characters are plenty).
    pub beginning: String,
}

/// Ping frames that the server sent of its own accord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerPings {
    /// How many came.
    pub count: u32,
    /// The median time between two; `None` before the second.
    #[serde(with = "seconds::optional")]
    pub every: Option<Duration>,
}

/// How long a plain HTTP connection is kept for the next request. It says nothing of lines: those are no requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpKeepAlive {
    /// The status of the answer to the plain request; on the address of a WebSocket often 400 or 426.
    pub status: u16,
    /// The answer's own `Keep-Alive` field, if it has one.
    pub announced: Option<String>,
    /// The answer said that the connection would not be kept.
    pub refused: bool,
    /// The connection was closed so long after the answer; `None` if it stood to the end of the watch.
    #[serde(with = "seconds::optional")]
    pub closed_after: Option<Duration>,
    /// How long it was looked at, from the answer on.
    #[serde(with = "seconds")]
    pub watched: Duration,
}

/// The median round trip at each level; `None` where nothing was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoundTrips {
    /// As TCP measures it: to the next hop that ends TCP.
    #[serde(with = "seconds::optional")]
    pub tcp: Option<Duration>,
    /// Ping frame to pong frame: to the next hop that speaks WebSocket.
    #[serde(with = "seconds::optional")]
    pub ping: Option<Duration>,
    /// Message to echo: to the application.
    #[serde(with = "seconds::optional")]
    pub echo: Option<Duration>,
}
