//! A WebSocket line as its handler gets it: the handshake is done, everything it needs is at hand.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::Server;
use super::transport::Transport;

/// tungstenite's 128 KiB per connection is its cost of being idle; 4 KiB loses no speed.
const READ_BUFFER: usize = 4 * 1024;

/// How much is gathered before it is written without being asked to.
const WRITE_BUFFER: usize = 16 * 1024;

/// Room for the frame headers and the control frames that go between.
const FRAME_SLACK: usize = 1024;

/// The frames of a client.
pub type Frames = WebSocketStream<Transport>;

/// An accepted line.
///
/// `frames.get_ref()` knows how many bytes moved; `server` has limits, timing, metrics and the shutdown signal.
#[derive(Debug)]
pub struct Line {
    /// To be read and written by one task.
    pub frames: Frames,
    /// Who is there, as the kernel sees it.
    pub peer: SocketAddr,
    /// The server this line belongs to.
    pub server: Arc<Server>,
}

impl Line {
    /// Goes on where the handshake stopped; `read_ahead` is what the client sent right behind it.
    pub(super) async fn new(
        transport: Transport,
        read_ahead: Bytes,
        max_message: usize,
        peer: SocketAddr,
        server: Arc<Server>,
    ) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(WRITE_BUFFER + max_message + FRAME_SLACK)
            .max_message_size(Some(max_message))
            .max_frame_size(Some(max_message));
        let frames =
            WebSocketStream::from_partially_read(transport, read_ahead.into(), Role::Server, Some(config))
                .await;
        Self { frames, peer, server }
    }
}
