//! Large payloads from one socket to the other within the kernel: a relay that copies them in and out costs as much as both ends
//! together.
//!
//! Only of frames that nobody looks into, and between bare sockets. Elsewhere than on Linux there is none of it.

use std::{io, os::fd::OwnedFd};

use rustix::{
    net::{RecvFlags, recv},
    pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice},
};
use tokio::{io::Interest, net::TcpStream};

use crate::net::Breaker;

/// Payload from which on it is worth it.
pub(super) const LARGE: u64 = 16 << 10;
/// Bytes that can be under way, where the system gives as many.
const PIPE: usize = 256 << 10;
/// The longest header of a frame.
const HEADER: usize = 14;

/// The way from one socket to another.
pub(super) struct Splice {
    from: TcpStream,
    to: TcpStream,
    into: OwnedFd,
    out: OwnedFd,
}

impl Splice {
    /// A way from this socket to that; `None` where there is no socket, or the system gives no pipe.
    pub(super) fn between(from: &Breaker, to: &Breaker) -> Option<Self> {
        let (out, into) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC).ok()?;
        // A smaller one does it, too.
        let _ = fcntl_setpipe_size(&into, PIPE);
        let from = TcpStream::from_std(from.socket()?.into()).ok()?;
        let to = TcpStream::from_std(to.socket()?.into()).ok()?;
        Some(Self { from, to, into, out })
    }

    /// Looks at the beginning of the next frame, which stays where it is; nothing at the end of the stream. Cancel-safe.
    pub(super) async fn peek(&self) -> io::Result<Vec<u8>> {
        let mut space = vec![0; HEADER];
        let peek = || Ok(recv(&self.from, &mut space[..], RecvFlags::PEEK)?.0);
        let count = self.from.async_io(Interest::READABLE, peek).await?;
        space.truncate(count);
        Ok(space)
    }

    /// Takes up to `most` bytes out of the first socket; 0 at the end of the stream. Cancel-safe. They are to be given before
    /// more are taken.
    pub(super) async fn take(&self, most: usize) -> io::Result<usize> {
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        let take = || Ok(splice(&self.from, None, &self.into, None, most, flags)?);
        self.from.async_io(Interest::READABLE, take).await
    }

    /// Gives `count` bytes that were taken to the second socket.
    pub(super) async fn give(&self, mut count: usize) -> io::Result<()> {
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        while count > 0 {
            let give = || Ok(splice(&self.out, None, &self.to, None, count, flags)?);
            count -= self.to.async_io(Interest::WRITABLE, give).await?;
        }
        Ok(())
    }
}
