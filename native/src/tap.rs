//! A tap on the bytes of a connection: what passes, in both directions, with its time.
//!
//! A [`Tap`] that wants something wraps each stream it is given in a `Tapped`; one that wants nothing gives the stream
//! back as it is, so that it costs nothing. What passes goes through a [`Veil`] first, which overwrites
//! secrets, and only then to whoever looks: the [`trace`], and the [`pcap`] file. Nobody behind the veil can leak what
//! it never saw. The stream itself is not touched.

mod again;
pub mod anatomy;
pub mod pcap;
pub mod trace;
pub mod veil;

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Instant,
};

use heartline_core::frame::Side;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub use self::again::Again;
use self::{
    anatomy::{Anatomy, Seen},
    pcap::Pcap,
    trace::Trace,
    veil::Veil,
};
use crate::client::activity::Stream;

/// What is wanted of the bytes of all connections of a command.
#[derive(Clone, Default)]
pub struct Tap(Option<Arc<Wanted>>);

struct Wanted {
    trace: Option<Trace>,
    pcap: Option<Pcap>,
    lookers: Vec<Arc<dyn Looker>>,
    show_secrets: bool,
    connections: AtomicU64,
}

/// Somebody else who looks on, behind the veil. Called where the bytes pass: it must not take long.
pub trait Looker: Send + Sync {
    /// Whether anybody looks at a connection that begins now.
    fn is_looking(&self) -> bool;
    /// Bytes passed.
    fn passed(&self, _number: u64, _side: Side, _at: Instant, _bytes: &[u8]) {}
    /// Something is whole.
    fn saw(&self, _number: u64, _seen: &Seen) {}
}

impl Tap {
    /// A tap for those who want to see something; else one that is off.
    pub fn new(trace: Option<Trace>, pcap: Option<Pcap>, show_secrets: bool) -> Self {
        Self::with_lookers(trace, pcap, show_secrets, Vec::new())
    }

    /// The same, for others as well.
    pub fn with_lookers(
        trace: Option<Trace>,
        pcap: Option<Pcap>,
        show_secrets: bool,
        lookers: Vec<Arc<dyn Looker>>,
    ) -> Self {
        let is_on = trace.is_some() || pcap.is_some() || !lookers.is_empty();
        let connections = AtomicU64::new(0);
        Self(is_on.then(|| Arc::new(Wanted { trace, pcap, lookers, show_secrets, connections })))
    }

    /// Looks at a stream from now on. `near` is the side that writes into it here; `far` is a word for the other end.
    pub fn on(&self, stream: Box<dyn Stream>, near: Side, far: &str) -> Box<dyn Stream> {
        let number = |wanted: &Arc<Wanted>| wanted.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let number = self.0.as_ref().map_or(0, number);
        self.on_numbered(stream, number, near, far)
    }

    /// The same, where connections have numbers already.
    pub(crate) fn on_numbered(
        &self,
        stream: Box<dyn Stream>,
        number: u64,
        near: Side,
        far: &str,
    ) -> Box<dyn Stream> {
        match &self.0 {
            None => stream,
            Some(wanted) => {
                Box::new(Tapped { stream, near, wire: Wire::new(Arc::clone(wanted), number, far) })
            }
        }
    }

    /// The connection with this number, for whoever carries its bytes and hands them in; `None` if nobody looks. Of one that
    /// `is_late` the heads are handed in first, and then what is new.
    pub(crate) fn wire(&self, number: u64, far: &str, is_late: bool) -> Option<Wire> {
        let wanted = self.0.as_ref()?;
        self.is_wanted().then(|| {
            let mut wire = Wire::new(Arc::clone(wanted), number, far);
            if is_late {
                wire.anatomy = Anatomy::late();
            }
            wire
        })
    }

    /// Whether anybody looks at a connection that begins now.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.as_ref().is_some_and(|wanted| {
            let others = || wanted.lookers.iter().any(|one| one.is_looking());
            wanted.trace.is_some() || wanted.pcap.is_some() || others()
        })
    }

    /// Where the trace is to be written from now on: a prompt has a way of its own to print above it.
    pub fn trace_to(&self, out: impl io::Write + Send + 'static) {
        if let Some(trace) = self.0.as_ref().and_then(|wanted| wanted.trace.as_ref()) {
            trace.write_to(out);
        }
    }
}

/// A stream that tells what passes. Its end is told when it is dropped.
struct Tapped<S> {
    stream: S,
    near: Side,
    wire: Wire,
}

/// One connection as those who look see it. Its end is told when it is dropped.
pub(crate) struct Wire {
    wanted: Arc<Wanted>,
    number: u64,
    client: Veil,
    server: Veil,
    anatomy: Anatomy,
}

impl Wire {
    fn new(wanted: Arc<Wanted>, number: u64, far: &str) -> Self {
        let now = Instant::now();
        if let Some(trace) = &wanted.trace {
            trace.begun(number, now, far);
        }
        if let Some(pcap) = &wanted.pcap {
            pcap.begun(number, now);
        }
        let veil = |side| if wanted.show_secrets { Veil::none() } else { Veil::over(side) };
        Self {
            number,
            client: veil(Side::Client),
            server: veil(Side::Server),
            anatomy: Anatomy::default(),
            wanted,
        }
    }

    /// Bytes of `side` have passed.
    pub(crate) fn passed(&mut self, side: Side, bytes: &[u8]) {
        let veil = if side == Side::Client { &mut self.client } else { &mut self.server };
        let seen = veil.pass(Instant::now(), bytes);
        self.show(side, seen);
    }

    fn show(&mut self, side: Side, pieces: Vec<veil::Piece>) {
        for piece in pieces {
            if let Some(pcap) = &self.wanted.pcap {
                pcap.passed(self.number, side, piece.at, &piece.bytes);
            }
            for looker in &self.wanted.lookers {
                looker.passed(self.number, side, piece.at, &piece.bytes);
            }
            if self.wanted.trace.is_some() || !self.wanted.lookers.is_empty() {
                let (wanted, number) = (&self.wanted, self.number);
                self.anatomy.read(side, piece.at, &piece.bytes, &mut |seen| wanted.saw(number, &seen));
            }
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for side in [Side::Client, Side::Server] {
            let veil = if side == Side::Client { &mut self.client } else { &mut self.server };
            let rest = veil.end();
            self.show(side, rest);
        }
        let now = Instant::now();
        if let Some(pcap) = &self.wanted.pcap {
            pcap.ended(self.number, now);
        }
        let (wanted, number) = (&self.wanted, self.number);
        std::mem::take(&mut self.anatomy).end(now, &mut |seen| wanted.saw(number, &seen));
        if let Some(trace) = &self.wanted.trace {
            trace.ended(self.number, now, None);
        }
    }
}

impl Wanted {
    fn saw(&self, number: u64, seen: &Seen) {
        if let Some(trace) = &self.trace {
            trace.saw(number, seen);
        }
        for looker in &self.lookers {
            looker.saw(number, seen);
        }
    }
}

const fn other(side: Side) -> Side {
    match side {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tapped<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            let far = other(self.near);
            self.wire.passed(far, &buf.filled()[before..]);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tapped<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(count @ 1..)) = polled {
            let near = self.near;
            self.wire.passed(near, &buf[..count]);
        }
        polled
    }

    // Vectored writes come as plain ones: this way there is one place that sees what was taken.

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
