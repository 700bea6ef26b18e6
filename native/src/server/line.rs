//! A WebSocket line as its handler gets it: the handshake is done, everything it needs is at hand.

use std::net::SocketAddr;
use std::sync::Arc;

use heartline_core::frame::Side;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::Server;
use super::transport::Transport;
use crate::closing::Closing;

/// How large a line's buffers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measures {
    /// Bytes of one message, all its fragments together.
    pub(super) message: usize,
    /// Bytes read at once. tungstenite's default of 128 KiB per connection is its cost of being idle.
    pub(super) read: usize,
    /// How much is gathered before it is written without being asked to. tungstenite keeps that much, once it was needed.
    pub(super) write: usize,
}

/// Room for the frame headers and the control frames that go between.
const FRAME_SLACK: usize = 1024;

/// The frames of a client.
pub type Frames = WebSocketStream<Closing<Transport>>;

/// An accepted line.
///
/// `frames.get_ref().get_ref()` knows how many bytes moved; `server` has limits, timing, metrics and the shutdown signal.
#[derive(Debug)]
pub struct Line {
    /// The number of its connection; its log has it too.
    pub id: u64,
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
        id: u64,
        transport: Transport,
        mut read_ahead: Vec<u8>,
        measures: Measures,
        peer: SocketAddr,
        server: Arc<Server>,
    ) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(measures.read)
            .write_buffer_size(measures.write)
            .max_write_buffer_size(measures.write + measures.message + FRAME_SLACK)
            .max_message_size(Some(measures.message))
            .max_frame_size(Some(measures.message));
        let stream = Closing::new(transport, Side::Client, &mut read_ahead);
        let frames =
            WebSocketStream::from_partially_read(stream, read_ahead, Role::Server, Some(config)).await;
        Self { id, frames, peer, server }
    }
}
