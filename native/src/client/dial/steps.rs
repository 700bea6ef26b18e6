//! What each step of a dial found: for those who want to know more than whether there is a line.

use std::{net::SocketAddr, time::Duration};

use heartline_core::handshake::{Request, Response};
use socket2::{SockRef, Socket};
use tokio::net::TcpStream;

use super::tls::Agreed;

/// What each step found, as far as the dial went. Of a dial that was redirected, the last way counts.
#[derive(Default)]
pub struct Steps {
    /// Keep a second handle of the socket: it outlives nothing, but can be asked while the line is open.
    pub keep_socket: bool,
    /// The address that was connected to: the server's, or the proxy's.
    pub address: Option<SocketAddr>,
    /// How long the TCP connection took.
    pub tcp: Option<Duration>,
    /// The second handle.
    pub socket: Option<Socket>,
    /// How long TLS with the server took, and what was agreed upon.
    pub tls: Option<(Duration, Agreed)>,
    /// How long the answer took.
    pub http: Option<Duration>,
    /// Request and answer, as sent. The request may hold secrets.
    pub heads: Option<(Request, Response)>,
}

impl Steps {
    pub(super) fn connected(&mut self, took: Duration, stream: &TcpStream) {
        self.tcp = Some(took);
        self.address = stream.peer_addr().ok();
        if self.keep_socket {
            self.socket = SockRef::from(stream).try_clone().ok();
        }
    }

    pub(super) fn answered(&mut self, took: Duration, request: &str, response: &[u8]) {
        self.http = Some(took);
        let request = Request::parse(request.as_bytes());
        self.heads = request.ok().zip(Response::parse(response).ok());
    }
}
