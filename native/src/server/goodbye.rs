//! Ending a line so that the peer hears why.
//!
//! A socket closed with unread bytes in it sends a reset, and a reset may eat the close frame before the peer has read it.
//! So: the close frame, then the end of our half, then a bounded while of reading and forgetting until the peer ends its own.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use heartline_core::close::code;
use heartline_core::frame::Violation;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Utf8Bytes};

use super::line::Frames;
use super::transport::Transport;
use crate::closing::Closed;

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
            match message {
                // Its answer, whatever code is in it.
                Err(error) if Closed::of(&error).is_some() => break,
                message => drop(message?),
            }
        }
        Ok::<_, Error>(())
    })
    .await;
    if let Ok(Ok(())) = told {
        linger(frames.into_inner().into_inner()).await;
    }
}

/// Tells a peer that broke the rules which one, and hangs up. Nothing it says is understood any more.
pub async fn reject(mut frames: Frames, code: u16, reason: impl Into<Utf8Bytes>) {
    if let Ok(Ok(())) = timeout(PATIENCE, say(&mut frames, code, reason)).await {
        linger(frames.into_inner().into_inner()).await;
    }
}

/// Hangs up after the closing handshake.
pub async fn hang_up(frames: Frames) {
    linger(frames.into_inner().into_inner()).await;
}

/// Gives a line whose reading failed the end that is due to it.
pub async fn answer(frames: Frames, error: &Error) {
    if let Some((code, reason)) = fault(error) {
        reject(frames, code, reason).await;
    } else if let Some(said) = Closed::of(error) {
        reject(frames, said.code, said.reason.clone()).await;
    } else if is_half_closed(error) {
        deliver(frames).await;
    }
}

/// The word that a line whose reading failed is counted under.
pub fn label(error: &Error) -> &'static str {
    match fault(error) {
        Some((code::INVALID_DATA, _)) => "not_utf8",
        Some((code::TOO_BIG, _)) => "too_large",
        Some(_) => "protocol",
        None if Closed::of(error).is_some() => "closed",
        None => "gone",
    }
}

/// Whether the peer ended its half without a word. It may be reading on, as `nc` does behind the end of its input.
fn is_half_closed(error: &Error) -> bool {
    matches!(error, Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))
}

/// Sends what still waits for a peer that will say nothing more, and hangs up.
async fn deliver(mut frames: Frames) {
    if let Ok(Ok(())) = timeout(PATIENCE, frames.flush()).await {
        linger(frames.into_inner().into_inner()).await;
    }
}

/// Leaves a word for a peer that is probably gone, without waiting for it, and hangs up by a reset. Where only its bytes
/// are lost and ours arrive, a reset arrives, too; an orderly end would stay behind what it cannot acknowledge.
pub async fn abandon(mut frames: Frames, code: u16, reason: &'static str) {
    // One try: what the kernel does not take at once would wait for a peer that takes nothing.
    let _ = timeout(Duration::ZERO, say(&mut frames, code, reason)).await;
    let _ = frames.get_ref().get_ref().end_by_reset();
}

/// The code and the words for what went wrong while reading; nothing if nobody is left to hear them.
fn fault(error: &Error) -> Option<(u16, &'static str)> {
    if let Some(said) = Closed::of(error) {
        return said.violation.map(|violation| match violation == Violation::ReasonNotUtf8 {
            true => (code::INVALID_DATA, "a reason that is not UTF-8"),
            false => (code::PROTOCOL_ERROR, "a close code that may not be sent"),
        });
    }
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

async fn say(frames: &mut Frames, code: u16, reason: impl Into<Utf8Bytes>) -> Result<(), Error> {
    let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
    frames.close(Some(frame)).await
}
