//! The close frames of the peer, as it sent them.
//!
//! tungstenite judges close codes by RFC 6455 alone. It takes 1014, which IANA's registry has, for a breach, and tells of each code
//! it does not take as 1002. So the bytes it reads pass a watch that stops at those codes, and reading fails with what the peer said.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use heartline_core::close::{code, may_be_sent};
use heartline_core::frame::{CloseWatch, Side, Stopped};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite;

/// A stream below a WebSocket that is read by tungstenite.
#[derive(Debug)]
pub struct Closing<S> {
    stream: S,
    watch: CloseWatch,
}

/// Reading ended at a close frame that tungstenite did not see; it has not been answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("closed with {}", .0.code)]
pub struct Closed(pub Stopped);

impl Closed {
    /// The close frame that an error of the reader stands for, if it does.
    pub fn of(error: &tungstenite::Error) -> Option<&Stopped> {
        let tungstenite::Error::Io(error) = error else { return None };
        error.get_ref()?.downcast_ref().map(|Self(stopped)| stopped)
    }
}

impl<S> Closing<S> {
    /// Watches over what `peer` sends from here on. Of `read_ahead`, which was read before, stays what tungstenite may see.
    pub fn new(stream: S, peer: Side, read_ahead: &mut Vec<u8>) -> Self {
        let mut watch = CloseWatch::new(peer, |code| code == code::BAD_GATEWAY || !may_be_sent(code));
        let passed = watch.pass(read_ahead);
        read_ahead.truncate(passed);
        Self { stream, watch }
    }

    /// The stream below.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream below, for good.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Closing<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if let Some(stopped) = this.watch.stopped() {
                return Poll::Ready(Err(io::Error::other(Closed(stopped))));
            }
            let before = buffer.filled().len();
            ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
            let came = buffer.filled().len() - before;
            let passed = this.watch.pass(&buffer.filled()[before..]);
            buffer.set_filled(before + passed);
            // To pass nothing of what came would say that the stream has ended.
            if passed > 0 || came == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Closing<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
