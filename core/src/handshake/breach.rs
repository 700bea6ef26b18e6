//! What each half of the handshake can do wrong.

use super::accept::{KeyFault, check_key};
use super::extension::DeflateFault;
use super::head::Request;

/// What keeps a request from being the opening handshake (RFC 6455 section 4.1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestBreach {
    /// Another method than GET.
    #[error("the method is {0} and must be GET")]
    Method(String),
    /// HTTP before 1.1.
    #[error("{0} knows no Upgrade; HTTP/1.1 does")]
    Version(String),
    /// No `Host`, or several.
    #[error("there must be one Host and there are {0}")]
    Host(usize),
    /// No `Upgrade: websocket`.
    #[error("Upgrade does not say websocket")]
    Upgrade,
    /// No `Connection: Upgrade`.
    #[error("Connection does not say Upgrade")]
    Connection,
    /// No key.
    #[error("there is no Sec-WebSocket-Key")]
    NoKey,
    /// A key that is none.
    #[error("Sec-WebSocket-Key is no key: {0}")]
    Key(KeyFault),
    /// A field twice that may be there once.
    #[error("{0} stands there more than once")]
    Twice(&'static str),
    /// No `Sec-WebSocket-Version`.
    #[error("there is no Sec-WebSocket-Version")]
    NoWebSocketVersion,
    /// Another version than 13.
    #[error("Sec-WebSocket-Version is {0} and must be 13")]
    WebSocketVersion(String),
    /// A line that is no header field.
    #[error("a line is no header field: {0:?}")]
    OddLine(String),
}

/// What is wrong with a 101 (RFC 6455 section 4.1, "the client MUST validate").
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerBreach {
    /// No `Upgrade: websocket`.
    #[error("Upgrade does not say websocket")]
    Upgrade,
    /// No `Connection: Upgrade`.
    #[error("Connection does not say Upgrade")]
    Connection,
    /// No `Sec-WebSocket-Accept`.
    #[error("there is no Sec-WebSocket-Accept")]
    NoAccept,
    /// One that is not the key's.
    #[error("Sec-WebSocket-Accept is {found} and must be {expected}")]
    Accept {
        /// What the key asks for.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A subprotocol that was not offered.
    #[error("the subprotocol {0:?} was not offered")]
    Subprotocol(String),
    /// More than one subprotocol.
    #[error("more than one subprotocol is chosen")]
    Subprotocols,
    /// An extension that was not offered.
    #[error("the extension {0:?} was not offered")]
    Extension(String),
    /// permessage-deflate with parameters that cannot be.
    #[error("{0}")]
    Deflate(DeflateFault),
    /// A line that is no header field.
    #[error("a line is no header field: {0:?}")]
    OddLine(String),
}

impl Request {
    /// Whether it asks for a WebSocket at all, well or badly.
    #[must_use]
    pub fn is_websocket(&self) -> bool {
        self.fields.lists("upgrade", "websocket") || self.key().is_some()
    }

    /// Everything a server may object to.
    #[must_use]
    pub fn breaches(&self) -> Vec<RequestBreach> {
        use RequestBreach as Breach;
        let mut breaches = Vec::new();
        if self.method != "GET" {
            breaches.push(Breach::Method(self.method.clone()));
        }
        if matches!(self.version.as_str(), "HTTP/0.9" | "HTTP/1.0") {
            breaches.push(Breach::Version(self.version.clone()));
        }
        let hosts = self.fields.all("host").count();
        if hosts != 1 {
            breaches.push(Breach::Host(hosts));
        }
        if !self.fields.lists("upgrade", "websocket") {
            breaches.push(Breach::Upgrade);
        }
        if !self.fields.lists("connection", "upgrade") {
            breaches.push(Breach::Connection);
        }
        match self.key().map(check_key) {
            None => breaches.push(Breach::NoKey),
            Some(Err(fault)) => breaches.push(Breach::Key(fault)),
            Some(Ok(())) => {}
        }
        match self.fields.get("sec-websocket-version") {
            None => breaches.push(Breach::NoWebSocketVersion),
            Some("13") => {}
            Some(other) => breaches.push(Breach::WebSocketVersion(other.to_owned())),
        }
        for name in ["Sec-WebSocket-Key", "Sec-WebSocket-Version"] {
            if self.fields.all(name).count() > 1 {
                breaches.push(Breach::Twice(name));
            }
        }
        breaches.extend(self.odd_lines.iter().cloned().map(Breach::OddLine));
        breaches
    }
}
