//! The names of the handshake's headers, as RFC 6455 spells them.
//!
//! Names are the same in any case, but naive clients look for `Sec-WebSocket-Accept` letter by letter. hyper knows names in
//! small letters only, and its nearest is `Sec-Websocket-Accept`.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const WRITTEN: &[u8] = b"\r\nSec-Websocket-";
const SPELLED: &[u8] = b"\r\nSec-WebSocket-";

/// A stream below hyper, which must be told to write `title_case_headers`.
#[derive(Debug)]
pub struct Spelled<S>(pub S);

/// The head of an answer to a handshake, if it is one and a name in it wants mending; of the same length.
fn mended(bytes: &[u8]) -> Option<Vec<u8>> {
    let (head, status) = (bytes.strip_prefix(b"HTTP/1.1 ")?, [&b"101 "[..], b"426 "]);
    let is_wrong = |bytes: &[u8]| bytes.windows(WRITTEN.len()).any(|window| window == WRITTEN);
    if !status.iter().any(|status| head.starts_with(status)) || !is_wrong(bytes) {
        return None;
    }
    let mut bytes = bytes.to_vec();
    for at in 0..=bytes.len() - WRITTEN.len() {
        if bytes[at..].starts_with(WRITTEN) {
            bytes[at..at + SPELLED.len()].copy_from_slice(SPELLED);
        }
    }
    Some(bytes)
}

impl<S: AsyncRead + Unpin> AsyncRead for Spelled<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Spelled<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mended = mended(bytes);
        Pin::new(&mut self.0).poll_write(cx, mended.as_deref().unwrap_or(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match slices.first().and_then(|head| mended(head)) {
            Some(head) => Pin::new(&mut self.0).poll_write(cx, &head),
            None => Pin::new(&mut self.0).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::mended;

    #[test]
    fn only_names_in_answers_to_handshakes_are_touched() {
        let head = b"HTTP/1.1 101 Switching Protocols\r\nSec-Websocket-Accept: x\r\nSec-Websocket-Protocol: Sec-Websocket-x\r\n\r\n";
        let spelled = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: Sec-Websocket-x\r\n\r\n";
        assert_eq!(mended(head).as_deref(), Some(&spelled[..]));
        for untouched in
            ["HTTP/1.1 101 ", "HTTP/1.1 200 OK\r\n\r\n\r\nSec-Websocket-", "\r\nSec-Websocket-", ""]
        {
            assert_eq!(mended(untouched.as_bytes()), None, "{untouched}");
        }
    }
}
