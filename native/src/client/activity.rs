//! Tells that bytes moved, below the frame layer.
//!
//! A large message on a slow link is not silence, and neither is a slow reader that keeps taking bytes: the
//! heartbeat wants to know about bytes, while the layers above only report whole messages.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
};

/// Anything bytes can travel over.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What moved since it was last asked. One per dial; the socket's side marks, the driver takes.
///
/// Marks do not queue: any number of reads between two takes is one sign of life.
#[derive(Debug, Default)]
pub struct Activity {
    came_in: AtomicBool,
    taken: AtomicBool,
    notify: Notify,
}

/// Which directions moved.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Moved {
    /// Bytes came in from the peer.
    pub came_in: bool,
    /// The kernel took bytes of ours.
    pub taken: bool,
}

impl Activity {
    /// What moved since the last call.
    pub fn take(&self) -> Moved {
        Moved {
            came_in: self.came_in.swap(false, Ordering::Relaxed),
            taken: self.taken.swap(false, Ordering::Relaxed),
        }
    }

    /// Waits until something has moved. Cancel-safe: what moved meanwhile is remembered.
    pub async fn moved(&self) {
        self.notify.notified().await;
    }

    fn mark(&self, flag: &AtomicBool) {
        flag.store(true, Ordering::Relaxed);
        self.notify.notify_one();
    }
}

/// A stream that marks in an [`Activity`] what passes.
pub struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> Watched<S> {
    /// Wraps `stream`.
    pub fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.activity.mark(&self.activity.came_in);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        if matches!(polled, Poll::Ready(Ok(1..))) {
            self.activity.mark(&self.activity.taken);
        }
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        if matches!(polled, Poll::Ready(Ok(1..))) {
            self.activity.mark(&self.activity.taken);
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn both_directions_are_marked_apart() {
        let (near, mut far) = tokio::io::duplex(64);
        let activity = Arc::new(Activity::default());
        let mut stream = Watched::new(near, Arc::clone(&activity));
        assert_eq!(activity.take(), Moved::default());

        stream.write_all(b"out").await.unwrap();
        activity.moved().await;
        assert_eq!(activity.take(), Moved { came_in: false, taken: true });

        far.write_all(b"in").await.unwrap();
        stream.read_exact(&mut [0; 2]).await.unwrap();
        activity.moved().await;
        assert_eq!(activity.take(), Moved { came_in: true, taken: false });
    }
}
