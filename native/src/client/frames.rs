//! Between the machines' messages and the WebSocket library's frames, for both ends of a line.

use std::{io, time::Duration};

use futures_util::{
    SinkExt,
    stream::{SplitSink, SplitStream},
};
use heartline_core::{
    close::{self, code},
    frame::{Stopped, Violation},
    line::{Ended, Message},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Message as Frame, protocol::CloseFrame},
};

use super::dial::io_words;
use crate::{closing::Closed, output::escape::excerpt};

/// How long a peer that broke the protocol is listened to after it was told so.
const LINGER: Duration = Duration::from_secs(1);

/// Who ended a line, if not by a close frame.
pub(super) enum Fault {
    /// The peer, against the protocol: the code to close with, and what it did.
    Peer(u16, String),
    /// The peer after all, with this code and reason; the library did not see it, and has not answered.
    Closed(u16, String),
    /// The network, or the peer's machine.
    Line(Ended),
}

/// A message as a frame.
pub(super) fn frame(message: Message) -> Frame {
    match message {
        Message::Text(text) => Frame::Text(text.into()),
        Message::Binary(bytes) => Frame::Binary(bytes.into()),
    }
}

/// A close frame; a reason that is too long is cut.
pub(super) fn close_frame(code: u16, reason: &str) -> Frame {
    let reason = close::fit_reason(reason).to_owned().into();
    Frame::Close(Some(CloseFrame { code: code.into(), reason }))
}

/// What a close frame says; without a code it is 1005.
pub(super) fn closed_with(frame: Option<CloseFrame>) -> (u16, String) {
    match frame {
        Some(frame) => (frame.code.into(), frame.reason.as_str().to_owned()),
        None => (code::NO_STATUS, String::new()),
    }
}

/// What an error of the reader means.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a foreign enum: whatever else it may say is the peer's doing"
)]
pub(super) fn fault(error: tungstenite::Error) -> Fault {
    use tungstenite::{Error, error::ProtocolError};
    if let Some(said) = Closed::of(&error) {
        return misjudged(said);
    }
    match error {
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Fault::Line(Ended::Eof),
        // TLS without its own goodbye, or a frame that stops in the middle.
        Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => Fault::Line(Ended::Eof),
        Error::Io(error) => Fault::Line(Ended::Reset { why: io_words(&error) }),
        Error::Capacity(error) => Fault::Peer(code::TOO_BIG, format!("a message over the limit ({error})")),
        Error::Utf8(_) => Fault::Peer(code::INVALID_DATA, "text that is not UTF-8".to_owned()),
        Error::Protocol(error) => Fault::Peer(code::PROTOCOL_ERROR, error.to_string()),
        other => Fault::Peer(code::PROTOCOL_ERROR, other.to_string()),
    }
}

/// What a close frame means that the library did not see.
fn misjudged(said: &Stopped) -> Fault {
    let Some(violation) = said.violation else { return Fault::Closed(said.code, said.reason.clone()) };
    let reason = match said.reason.as_str() {
        "" => String::new(),
        reason => format!(" (\"{}\")", excerpt(reason, 123)),
    };
    let code = match violation == Violation::ReasonNotUtf8 {
        true => code::INVALID_DATA,
        false => code::PROTOCOL_ERROR,
    };
    Fault::Peer(code, format!("it closed with {}{reason}, but {violation}", said.code))
}

/// Tells a peer that broke the protocol so, and listens on for a moment: hanging up on bytes that nobody has read
/// resets the connection, and the peer may never see the code.
pub(super) async fn reject<S>(
    mut sink: SplitSink<WebSocketStream<S>, Frame>,
    stream: SplitStream<WebSocketStream<S>>,
    code: u16,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let goodbye = async {
        sink.send(close_frame(code, "")).await.ok()?;
        let mut socket = sink.reunite(stream).ok()?;
        let raw = socket.get_mut();
        raw.shutdown().await.ok()?;
        let mut unread = [0; 4096];
        while raw.read(&mut unread).await.ok()? > 0 {}
        Some(())
    };
    // Whatever fails here was over before.
    let _ = tokio::time::timeout(LINGER, goodbye).await;
}
