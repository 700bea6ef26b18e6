//! What the flags mean: one plain, checked value that every part of the server reads.

use std::sync::Arc;
use std::time::Duration;

use heartline_core::policy::HeartbeatPolicy;
use tokio_rustls::TlsAcceptor;

use super::gatekeeper::Gatekeeper;
use super::guard::Door;
use super::history::HistoryConfig;
use super::page::Page;
use crate::net::TcpLiveness;

/// Everything a server needs to know beside its listener. `Config::default()` is what `heartline serve` does without a
/// flag, except that its history ends with the server.
#[derive(Clone)]
pub struct Config {
    /// Who may come in.
    pub door: Door,
    /// Whom a token proves, and what it opens.
    pub gate: Arc<Gatekeeper>,
    /// The kernel's heartbeat.
    pub tcp: TcpLiveness,
    /// What an HTTP connection may do before it becomes a line.
    pub http: HttpLimits,
    /// What a line may do.
    pub line: LineLimits,
    /// Where what was said is kept.
    pub history: HistoryConfig,
    /// When lines are pinged and when they are given up.
    pub heartbeat: HeartbeatPolicy,
    /// Connections of every kind at the same time; further ones get 503.
    pub max_connections: usize,
    /// The time from the signal to the last goodbye.
    pub drain: Duration,
    /// TLS, if there is a certificate.
    pub tls: Option<TlsAcceptor>,
    /// What `/` shows.
    pub page: Page,
}

/// Limits of the HTTP side. An upgraded connection leaves them behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// From the accepted connection to the end of the first request's head, TLS included.
    pub handshake: Duration,
    /// Bytes of a request's head; at least 8192.
    pub header_bytes: usize,
    /// Requests on one connection.
    pub requests: u32,
    /// Life of one connection.
    pub lifetime: Duration,
    /// From one request to the next.
    pub idle: Duration,
}

/// Limits of a WebSocket line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineLimits {
    /// Bytes of one message on `/echo`, all its fragments together.
    pub echo_message_bytes: usize,
    /// Bytes of one message on `/chat`. Larger ones would look like silence to a page on a slow link.
    pub chat_message_bytes: usize,
    /// Messages per second that `/echo` reads from one line; the rest waits in the sender's kernel. None: as fast as its echo drains.
    pub echo_rate: Option<u32>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            door: Door::default(),
            gate: Arc::default(),
            tcp: TcpLiveness::default(),
            http: HttpLimits::default(),
            line: LineLimits::default(),
            history: HistoryConfig::default(),
            heartbeat: HeartbeatPolicy::default(),
            max_connections: 10_000,
            drain: Duration::from_secs(10),
            tls: None,
            page: Page::none(),
        }
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            header_bytes: 16 * 1024,
            requests: 1000,
            lifetime: Duration::from_secs(3600),
            idle: Duration::from_secs(75),
        }
    }
}

impl Default for LineLimits {
    fn default() -> Self {
        Self { echo_message_bytes: 16 << 20, chat_message_bytes: 64 << 10, echo_rate: None }
    }
}
