//! Ending a line so that the peer hears why.
//!
//! A socket closed with unread bytes in it sends a reset, and a reset may eat the close frame before the peer has read it.
//! So: the close frame, then the end of our half, then a bounded while of reading and forgetting until the peer ends its own.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::line::Frames;
use super::transport::Transport;

/// How long a peer may take for its half of a goodbye.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long we read on behind our own end.
const LINGER: Duration = Duration::from_secs(2);

/// How much we read on behind our own end.
const LINGER_BYTES: u64 = 64 << 20;

/// Says goodbye to a peer that did nothing wrong, and waits for its answer.
pub async fn part(mut frames: Frames, code: u16, reason: &'static str) {
    let told = timeout(PATIENCE, async {
        say(&mut frames, code, reason).await?;
        while let Some(message) = frames.next().await {
            message?;
        }
        Ok::<_, Error>(())
    })
    .await;
    if let Ok(Ok(())) = told {
        linger(frames.into_inner()).await;
    }
}

/// Tells a peer that broke the rules which one, and hangs up. Nothing it says is understood any more.
pub async fn reject(mut frames: Frames, code: u16, reason: &'static str) {
    if let Ok(Ok(())) = timeout(PATIENCE, say(&mut frames, code, reason)).await {
        linger(frames.into_inner()).await;
    }
}

/// Hangs up after the closing handshake.
pub async fn hang_up(frames: Frames) {
    linger(frames.into_inner()).await;
}

/// Whether the peer ended its half without a word. It may be reading on, as `nc` does behind the end of its input.
pub fn is_half_closed(error: &Error) -> bool {
    matches!(error, Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))
}

/// Sends what still waits for a peer that will say nothing more, and hangs up.
pub async fn deliver(mut frames: Frames) {
    if let Ok(Ok(())) = timeout(PATIENCE, frames.flush()).await {
        linger(frames.into_inner()).await;
    }
}

/// Leaves a word for a peer that is probably gone, without waiting for it, and hangs up by a reset. Where only its bytes
/// are lost and ours arrive, a reset arrives, too; an orderly end would stay behind what it cannot acknowledge.
pub async fn abandon(mut frames: Frames, code: u16, reason: &'static str) {
    // One try: what the kernel does not take at once would wait for a peer that takes nothing.
    let _ = timeout(Duration::ZERO, say(&mut frames, code, reason)).await;
    let _ = frames.get_ref().end_by_reset();
}

/// The code and the words for what went wrong while reading; nothing if nobody is left to hear them.
pub fn fault(error: &Error) -> Option<(u16, &'static str)> {
    match error {
        Error::Utf8(_) => Some((1007, "text that is not UTF-8")),
        Error::Capacity(_) => Some((1009, "message too large")),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing) => {
            None
        }
        Error::Protocol(ProtocolError::UnmaskedFrameFromClient) => {
            Some((1002, "a client's frame without a mask"))
        }
        Error::Protocol(ProtocolError::NonZeroReservedBits) => {
            Some((1002, "reserved bits set, but no extension agreed"))
        }
        Error::Protocol(_) => Some((1002, "against the WebSocket protocol")),
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Io(_)
        | Error::Tls(_)
        | Error::WriteBufferFull(_)
        | Error::AttackAttempt
        | Error::Url(_)
        | Error::Http(_)
        | Error::HttpFormat(_) => None,
    }
}

/// Ends our half, then reads and forgets until the peer ends its own or has had its chance.
pub async fn linger(mut transport: Transport) {
    let _ = timeout(LINGER, async {
        transport.shutdown().await?;
        let mut scratch = [0; 1024];
        let mut left = LINGER_BYTES;
        while left > 0 {
            match transport.read(&mut scratch).await? {
                0 => break,
                read => left = left.saturating_sub(read as u64),
            }
        }
        Ok::<_, std::io::Error>(())
    })
    .await;
}

async fn say(frames: &mut Frames, code: u16, reason: &'static str) -> Result<(), Error> {
    let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
    frames.close(Some(frame)).await
}
